"""``manage.py index_audit``: what the index lacks, has wrong, or has too much."""

import json

import pytest
from django.core.management import CommandError, call_command

from apps.products.models import Product
from apps.search.documents import documents_of
from apps.search.services.auditing import index_audit, index_repair
from apps.search.services.indexing import dirty_mark, index_catch_up
from tests.support.factories import product_make
from tests.support.search import GENERATION, index_everything


@pytest.fixture
def shop(index):
    """Six products: the index lacks one, has one wrong, and has one that is gone; another's change is on its way."""
    products = [product_make(name=f"Kettle {number}") for number in range(6)]
    gone, changed, late, missing = products[:4]
    index_everything(index)
    Product.objects.filter(pk__in=[changed.pk, late.pk]).update(name="Teapot")
    Product.objects.filter(pk=gone.pk).delete()
    missing_documents = documents_of([missing.pk])
    missing_documents.documents.clear()
    missing_documents.missing.append(missing.pk)
    index.write([GENERATION], missing_documents, refresh=True)
    dirty_mark(product_ids=[late.pk])
    return {"gone": gone.pk, "changed": changed.pk, "late": late.pk, "missing": missing.pk}


@pytest.mark.parametrize("sample", [None, 1, 10**9])
def test_differences_are_found(shop, sample):
    drift = index_audit(sample=sample, seed=1)
    if sample == 1:
        assert set(drift.ids) <= {shop["gone"], shop["changed"], shop["missing"]}
        return
    assert (drift.missing, drift.outdated, drift.surplus) == (
        [shop["missing"]],
        [shop["changed"]],
        [shop["gone"]],
    )
    assert (drift.compared, drift.waiting) == (6, 1)


def test_repair_leaves_no_difference(index, shop):
    assert index_repair(index_audit(sample=None)) == 3
    index.refresh(GENERATION)
    assert index_audit(sample=None).ids == []


def test_all_is_read_in_batches(index, shop, monkeypatch):
    monkeypatch.setattr("apps.search.services.auditing.BATCH", 2)
    index_catch_up()
    assert index_audit(sample=None).compared == 6
    assert len(index_audit(sample=None).ids) == 3


def test_the_command_speaks_to_machines(index, shop, capsys):
    with pytest.raises(SystemExit) as ended:
        call_command("index_audit", "--all")
    assert ended.value.code == 1
    report = json.loads(capsys.readouterr().out)
    assert (report["generation"], report["missing"], report["outdated"], report["surplus"]) == (
        GENERATION,
        1,
        1,
        1,
    )
    call_command("index_audit", "--all", "--repair")
    assert json.loads(capsys.readouterr().out)["repaired"] == 3


def test_without_an_index_there_is_nothing_to_compare(index):
    index.unpoint(GENERATION)
    with pytest.raises(CommandError):
        call_command("index_audit")
