"""Both policies about targets."""

from typing import Any

import pytest


@pytest.fixture
def public_only(settings: Any) -> None:
    settings.MESHOP = settings.MESHOP.model_copy(update={"webhook_targets": "public"})


@pytest.fixture
def any_target(settings: Any) -> None:
    settings.MESHOP = settings.MESHOP.model_copy(update={"webhook_targets": "any"})
