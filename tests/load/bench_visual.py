"""``make bench-visual``: finding products by photos beside a colour histogram, and copies of pictures.

296 photos from shops against 81 iconic pictures of GroceryStoreDataset. ``BENCH_VISUAL_DATA`` names a folder or a tar
file when it is not in ``../shared/data``, ``BENCH_VISUAL_SPLIT`` the list of photos in it (val),
``BENCH_VISUAL_ENCODER`` an ONNX encoder.
"""

import os
import resource
import sys
import time
from pathlib import Path

import cv2

from tools.paths import ROOT
from visual_recognition.dataset import pictures_read
from visual_recognition.encoder import describer_load
from visual_recognition.evaluation import (
    Judged,
    judge_copies,
    judge_histogram,
    judge_normalised,
    judge_plain,
    library_build,
)

DATA = Path(
    os.environ.get("BENCH_VISUAL_DATA", ROOT.parent / "shared" / "data" / "grocery_store_subset.tar.gz")
)


def main() -> int:
    """Print the tables."""
    if not DATA.exists():
        print(f"the real pictures are not here: {DATA}", file=sys.stderr)
        return 2
    cv2.setNumThreads(1)
    began = time.monotonic()
    pictures = pictures_read(DATA, split=os.environ.get("BENCH_VISUAL_SPLIT", "val"))
    describer = describer_load(os.environ.get("BENCH_VISUAL_ENCODER", ""))
    library = library_build(pictures, describer)
    print(
        f"{len(pictures.photos)} photos, {len(pictures.iconic)} iconic pictures, {describer.name}; 95 % over classes"
    )
    print(f"{'':34}{'top-1':>24}{'Recall@10':>24}{'category top-1':>24}")
    row("colour histogram, middle half", judge_histogram(pictures))
    row("plain", judge_plain(library))
    row("normalised by half of the photos", judge_normalised(library))
    copies = judge_copies(library, pictures, describer, every=int(os.environ.get("BENCH_VISUAL_EVERY", "2")))
    print(f"\ncopies: precision {copies.precision:.3f}, recall {copies.recall:.3f}")
    for kind, found in copies.by_kind.items():
        print(f"  {kind:20}{found:8.3f} found")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    print(f"\ndata {pictures.digest()[:16]}, {time.monotonic() - began:.0f} s, {peak:.0f} MB")
    return 0


def row(name: str, judged: Judged) -> None:
    """One method with its intervals."""
    cells = []
    for figure, mean in judged.means().items():
        low, high = judged.interval(figure)
        cells.append(f"{f'{mean:.3f} [{low:.3f}, {high:.3f}]':>24}")
    print(f"{name:34}{''.join(cells)}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
