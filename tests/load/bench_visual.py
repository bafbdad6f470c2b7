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
from visual_recognition.copies import Copies, copies_compare, copies_judge, line_choose, numbers_of
from visual_recognition.dataset import pictures_read
from visual_recognition.encoder import describer_load
from visual_recognition.evaluation import (
    Judged,
    judge_histogram,
    judge_normalised,
    judge_plain,
    library_build,
)
from visual_recognition.matching import SAME_CORRELATION

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
    print()
    halves = [
        copies_compare(library, pictures, describer, asked=numbers_of(library, classes=in_half).tolist())
        for in_half in (lambda one: one % 2 == 0, lambda one: one % 2 == 1)
    ]
    for choosing, judged in (halves, halves[::-1]):
        line = line_choose(choosing)
        print_copies(
            f"line {line:.3f} of one half of the classes, on the other", copies_judge(judged, line=line)
        )
    both = [*halves[0], *halves[1]]
    print_copies(f"line {SAME_CORRELATION} of the service, on all", copies_judge(both, line=SAME_CORRELATION))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    print(f"\ndata {pictures.digest()[:16]}, {time.monotonic() - began:.0f} s, {peak:.0f} MB")
    return 0


def print_copies(name: str, copies: Copies) -> None:
    """How copies were found."""
    kinds = ", ".join(f"{kind} {found:.3f}" for kind, found in copies.by_kind.items())
    print(
        f"copies, {name}: precision {copies.precision:.4f}, recall {copies.recall:.4f} ({kinds})", flush=True
    )


def row(name: str, judged: Judged) -> None:
    """One method with its intervals."""
    cells = []
    for figure, mean in judged.means().items():
        low, high = judged.interval(figure)
        cells.append(f"{f'{mean:.3f} [{low:.3f}, {high:.3f}]':>24}")
    print(f"{name:34}{''.join(cells)}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
