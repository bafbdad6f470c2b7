"""The admin manages every model: each has a page of its own, or is edited on the page of its parent."""

import pytest
from django.apps import apps
from django.contrib import admin

OURS = [
    model
    for config in apps.get_app_configs()
    if config.name.startswith("apps.")
    for model in config.get_models()
]
INLINE = {inline.model for page in admin.site._registry.values() for inline in page.inlines}


def test_there_are_models():
    assert len(OURS) > 20


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_model_is_managed(model):
    assert model in admin.site._registry or model in INLINE
