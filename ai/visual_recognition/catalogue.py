"""Keeping the index like the shop: its list of pictures is looked at every few seconds, and what is new described.

Nothing is told to this service, so nothing that it is told can be lost or forged: whatever happened meanwhile, the next
look makes it right.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx
import structlog
from prometheus_client import Counter, Gauge

from meshop_shared.errors import MeshopError
from visual_recognition.encoder import Describer
from visual_recognition.index import Entry, PictureIndex, Shown
from visual_recognition.pictures import Limits, picture_read

log = structlog.get_logger(__name__)

INDEXED = Gauge("meshop_visual_pictures", "Pictures of the shop that can be found.")
LOOKS = Counter("meshop_visual_looks_total", "Looks at the shop's pictures.", ["outcome"])
#: The newest pictures of a shop that has more; 5,000 take 200 MB.
MOST = 5_000
_BATCH = 16
_TIMEOUT_S = 10.0


class Catalogue:
    """The shop's pictures, read over HTTP from ``GET /api/products/pictures/`` and ``/media/``."""

    def __init__(
        self,
        *,
        client: httpx.Client,
        index: PictureIndex,
        describer: Describer,
        limits: Limits,
        poll_s: float,
    ) -> None:
        self._client, self._index, self._describer = client, index, describer
        self._limits, self._poll_s = limits, poll_s
        self._pages: dict[str, tuple[str, dict[str, Any]]] = {}
        #: Files that could not be read are not tried again while they stay.
        self._unreadable: set[str] = set()

    async def watch(self) -> None:
        """Look until cancelled. Survives whatever the shop, or Qdrant, does."""
        while True:
            try:
                await asyncio.to_thread(self.look)
                LOOKS.labels("done").inc()
            except Exception as error:  # the shop or Qdrant is away: what is indexed goes on being found
                LOOKS.labels("failed").inc()
                log.warning("pictures not looked at", error=f"{type(error).__name__}: {error}"[:300])
            await asyncio.sleep(self._poll_s)

    def look(self) -> None:
        """Make the index like the shop. Raises ``httpx.HTTPError`` and what the index raises."""
        wanted = self._listed()
        kept = self._index.files()
        self._index.drop([file for file in kept if file not in wanted])
        self._index.reshow(
            {file: whom for file, whom in wanted.items() if file in kept and kept[file] != whom}
        )
        self._unreadable &= set(wanted)
        missing = [file for file in wanted if file not in kept and file not in self._unreadable]
        for start in range(0, len(missing), _BATCH):
            entries = [self._entry(file, wanted[file]) for file in missing[start : start + _BATCH]]
            self._index.put([entry for entry in entries if entry is not None])
        INDEXED.set(len(wanted) - len(self._unreadable))

    def _listed(self) -> Mapping[str, tuple[Shown, ...]]:
        """Whom each file shows, of the newest pictures."""
        found: dict[str, list[Shown]] = {}
        query, rows, read = "", 0, {}
        while rows < MOST:
            page = self._page(query)
            read[query] = self._pages[query]
            for row in page["results"]:
                found.setdefault(row["file"], []).append(Shown(row["id"], row["product_id"], row["category"]))
            rows += len(page["results"])
            if page["next"] is None:
                break
            query = f"?before={page['next']}"
        self._pages = read
        return {file: tuple(whom) for file, whom in found.items()}

    def _page(self, query: str) -> dict[str, Any]:
        """A page; the shop sends it again only when it has changed."""
        known = self._pages.get(query)
        headers = {"If-None-Match": known[0]} if known else {}
        answer = self._client.get(f"/api/products/pictures/{query}", headers=headers, timeout=_TIMEOUT_S)
        if known and answer.status_code == 304:
            return known[1]
        answer.raise_for_status()
        self._pages[query] = (answer.headers.get("etag", ""), answer.json())
        return self._pages[query][1]

    def _entry(self, file: str, shown: tuple[Shown, ...]) -> Entry | None:
        answer = self._client.get(f"/media/{file}", timeout=_TIMEOUT_S)
        if answer.status_code == 404:
            self._unreadable.add(file)
            return None
        answer.raise_for_status()
        try:
            pixels = picture_read(answer.content, limits=self._limits)
        except MeshopError as error:
            log.warning("picture of the shop not read", file=file, error=error.code)
            self._unreadable.add(file)
            return None
        return Entry(file, shown, self._describer.describe(pixels))
