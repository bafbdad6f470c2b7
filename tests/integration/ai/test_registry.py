import threading

import pytest

from meshop_shared.ai.registry import RegisteredModel, Registry, VersionTaken
from meshop_shared.ai.store import digest_of


def model(version: str, *, name: str = "thing", content: bytes = b"x") -> RegisteredModel:
    return RegisteredModel(
        name=name, version=version, digest=digest_of(content), artefact=f"file:///{version}", data_digest="d",
        seed=1, metrics={"recall": 0.5}, card="# card",
    )  # fmt: skip


def test_latest_is_what_was_promoted_last(registry):
    assert registry.find(name="thing") is None
    registry.register(model("1"))
    registry.register(model("2"))
    assert registry.find(name="thing") is None
    assert registry.promote(name="thing", version="2")
    assert registry.find(name="thing").version == "2"
    assert registry.promote(name="thing", version="1")  # back to the older one
    assert registry.find(name="thing").version == "1"
    assert registry.find(name="other") is None
    assert not registry.promote(name="thing", version="3")


def test_a_named_version_needs_no_promotion(registry):
    registry.register(model("1"))
    assert registry.find(name="thing", version="1") == model("1")
    assert registry.find(name="thing", version="2") is None


def test_a_version_keeps_its_digest(registry):
    registry.register(model("1"))
    registry.register(model("1"))
    with pytest.raises(VersionTaken):
        registry.register(model("1", content=b"y"))


def test_many_may_prepare_at_once(ai_database_url):
    problems: list[BaseException] = []

    def prepare() -> None:
        try:
            Registry(ai_database_url).prepare()
        except BaseException as error:
            problems.append(error)

    threads = [threading.Thread(target=prepare) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
