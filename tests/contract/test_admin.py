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
PAGES = admin.site._registry
MANAGED = {model._meta.label for model in PAGES} | {
    inline.model._meta.label for page in PAGES.values() for inline in page.inlines
}


def test_there_are_models():
    assert len(OURS) > 20


@pytest.mark.parametrize("label", [model._meta.label for model in OURS])
def test_model_is_managed(label):
    assert label in MANAGED
