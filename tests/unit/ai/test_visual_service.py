"""The service over a shop that a test plays: what is listed is found, in memory and in Qdrant."""

import base64
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import httpx
import numpy as np
import pytest
from fastapi.testclient import TestClient
from qdrant_client import QdrantClient

from meshop_shared.ai.service import AiService, create_app
from tests.support.ai import ai_settings
from tests.support.drawings import encoded, thing
from tests.support.polling import wait_until
from tests.unit.ai.test_visual import small_encoder
from visual_recognition.catalogue import Catalogue
from visual_recognition.encoder import Describer, describer_load
from visual_recognition.index import MemoryIndex, PictureIndex
from visual_recognition.model import VisualModel
from visual_recognition.pictures import Limits
from visual_recognition.qdrant_index import QdrantIndex
from visual_recognition.routes import Eye, routes_build

LIMITS = Limits(max_bytes=5_000_000, max_pixels=24_000_000)


class Shop:
    """Lists files and serves them, as the backend does."""

    def __init__(self) -> None:
        self.files = {f"{n}.jpg": encoded(thing(n)) for n in range(3)}
        self.hidden: set[str] = set()
        self.sent = 0
        self.down = False

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if self.down:
            return httpx.Response(503)
        if request.url.path.startswith("/media/"):
            content = self.files.get(request.url.path.removeprefix("/media/"))
            return httpx.Response(404) if content is None else httpx.Response(200, content=content)
        rows = [
            {"id": n + 1, "file": file, "product_id": n + 10, "category": "things"}
            for n, file in enumerate(self.files)
            if file not in self.hidden
        ]
        tag = f'"{[row["file"] for row in rows]}"'
        if request.headers.get("if-none-match") == tag:
            return httpx.Response(304)
        self.sent += 1
        return httpx.Response(200, json={"next": None, "results": rows}, headers={"ETag": tag})


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture(params=["memory", "qdrant"])
def index(request: pytest.FixtureRequest) -> Iterator[PictureIndex]:
    if request.param == "memory":
        yield MemoryIndex()
        return
    client = QdrantClient(":memory:")
    describer = Describer()
    yield QdrantIndex(client, descriptor=describer.name, size=describer.size)
    client.close()


def catalogue_of(shop: Shop, index: PictureIndex, describer: Describer) -> Catalogue:
    client = httpx.Client(base_url="http://shop", transport=httpx.MockTransport(shop))
    return Catalogue(client=client, index=index, describer=describer, limits=LIMITS, poll_s=0.05)


def test_the_index_follows_the_shop(shop, index):
    catalogue = catalogue_of(shop, index, Describer())
    catalogue.look()
    assert set(index.files()) == {"0.jpg", "1.jpg", "2.jpg"}
    catalogue.look()
    assert shop.sent == 1  # nothing has changed, nothing is sent again
    shop.files["new.png"] = encoded(thing(9), "PNG")
    shop.files["broken.jpg"] = b"no picture"
    shop.hidden.add("1.jpg")
    catalogue.look()
    assert set(index.files()) == {"0.jpg", "2.jpg", "new.png"}
    (nearest, *_) = index.nearest(Describer().describe(thing(9)).vector, count=3)
    assert nearest.file == "new.png"
    assert nearest.described.features.shape[1] == 128
    assert nearest.shown[0].product_id == 13


def test_a_shop_that_is_away_takes_nothing_away(shop, index):
    catalogue = catalogue_of(shop, index, Describer())
    catalogue.look()
    shop.down = True
    with pytest.raises(httpx.HTTPStatusError):
        catalogue.look()
    assert len(index.files()) == 3


def test_what_qdrant_kept_is_what_was_described():
    describer, client = Describer(), QdrantClient(":memory:")
    index = QdrantIndex(client, descriptor=describer.name, size=describer.size)
    catalogue_of(Shop(), index, describer).look()
    again = QdrantIndex(client, descriptor=describer.name, size=describer.size)
    entry = again.nearest(describer.describe(thing(1)).vector, count=1)[0]
    kept, memory = entry.described, MemoryIndex()
    catalogue_of(Shop(), memory, describer).look()
    made = memory.nearest(describer.describe(thing(1)).vector, count=1)[0].described
    assert np.array_equal(kept.features, made.features)
    assert np.array_equal(kept.thumb, made.thumb)
    assert np.allclose(kept.vector, made.vector, atol=1e-5)
    assert np.allclose(kept.points, made.points, atol=0.06)
    client.close()


def served(shop: Shop, tmp_path: Path, describer: Describer) -> TestClient:
    index = MemoryIndex()
    eye = Eye(index=index, describer=describer, limits=LIMITS, catalogue=catalogue_of(shop, index, describer))
    service = AiService(
        name="visual_recognition", loads=VisualModel.loads, routes=partial(routes_build, eye=eye)
    )
    return TestClient(create_app(service, ai_settings("postgres://nobody@127.0.0.1:1/nothing", tmp_path)))


def asked(client: TestClient, path: str, pixels: np.ndarray | bytes, **more: object) -> httpx.Response:
    content = pixels if isinstance(pixels, bytes) else encoded(pixels)
    return client.post(path, json={"image": base64.b64encode(content).decode(), **more})


@pytest.mark.parametrize("encoder", [False, True])
def test_photos_are_answered_with_an_encoder_in_the_slot_or_without(shop, tmp_path, encoder):
    describer = describer_load(small_encoder(tmp_path / "e.onnx").as_uri()) if encoder else Describer()
    with served(shop, tmp_path, describer) as client:
        wait_until(lambda: asked(client, "/v1/search", thing(2)).json()["items"] != [])
        wait_until(lambda: len(asked(client, "/v1/search", thing(2)).json()["items"]) == 3)
        answer = asked(client, "/v1/search", thing(2), limit=2).json()
        assert (answer["source"], answer["model"], answer["confidence"]) == ("baseline", None, None)
        assert [len(answer["items"]), answer["items"][0]["product_id"]] == [2, 12]
        seen = asked(client, "/v1/inspect", thing(2)[20:-20, 20:-20]).json()
        assert [copy["product_id"] for copy in seen["duplicates"]] == [12]
        assert seen["categories"] == [{"slug": "things", "share": 1.0}]
        assert seen["colours"][0]["name"] in ("red", "brown", "orange")


def test_bad_pictures_are_refused(shop, tmp_path):
    with served(shop, tmp_path, Describer()) as client:
        for content, status, code in (
            (b"text", 400, "image_invalid"),
            (b"\xff\xd8\xff", 400, "image_invalid"),
            (b"x" * 5_000_001, 413, "payload_too_large"),
        ):
            answer = asked(client, "/v1/search", content)
            assert (answer.status_code, answer.json()["code"]) == (status, code)
        answer = client.post("/v1/search", json={"image": "%%%"})
        assert (answer.status_code, answer.json()["code"]) == (400, "image_invalid")
