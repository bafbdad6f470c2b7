"""A shop that may call loopback, and merchants' servers there."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.receiver import Receiver


@pytest.fixture(autouse=True)
def development(settings: Any) -> None:
    settings.MESHOP = settings.MESHOP.model_copy(update={"webhook_targets": "any", "webhook_timeout_s": 2.0})


@pytest.fixture
def receivers() -> Iterator[Callable[[], Receiver]]:
    made: list[Receiver] = []

    def make() -> Receiver:
        made.append(Receiver())
        return made[-1]

    yield make
    for receiver in made:
        receiver.close()


@pytest.fixture
def receiver(receivers: Callable[[], Receiver]) -> Receiver:
    return receivers()
