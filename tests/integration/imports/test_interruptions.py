"""An import that is killed at any moment goes on, and ends as if nothing had happened."""

from contextlib import contextmanager
from functools import partial

import psycopg
import pytest
from django.core.management import CommandError
from django.db import IntegrityError, OperationalError, connection, transaction

from apps.accounts.models import User
from apps.inventory.models import StockItem
from apps.inventory.selectors import stock_drift_list
from apps.orders.imports import statements
from apps.orders.models import Order, OrderItem
from apps.products.imports import stream
from apps.products.imports.lock import LOCK_KEY
from apps.products.models import CatalogImport, Product
from tests.support.polling import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(400)]

LINES, BAD_EVERY, BATCH = 3_000, 50, 25
GOOD = LINES - LINES // BAD_EVERY
DEADLINE_S = 150


def rows():
    """Every fiftieth line is wrong."""
    return [
        f"S{number},{'' if number % BAD_EVERY == 0 else f'Lamp {number}'},1.{number % 100:02d},Home > Room {number % 7}"
        for number in range(1, LINES + 1)
    ]


def lines_done():
    return CatalogImport.objects.values_list("line", flat=True).first() or 0


def reached(line):
    return lines_done() >= line


def test_killed_and_started_again(own_csv, start_command, catalog_import, rejected, tmp_path):
    file = own_csv(*rows(), header="sku,name,price,category")
    arguments = (
        "catalog_import",
        str(file),
        "--batch-size",
        str(BATCH),
        "--rejects",
        str(tmp_path / "rejects.csv"),
    )
    for wanted in (BATCH * 5, BATCH * 40):
        process = start_command(*arguments)
        wait_until(partial(reached, wanted), timeout_s=DEADLINE_S, what=f"line {wanted}")
        process.kill()
        process.communicate()
        done = lines_done()
        assert done < LINES, "killed too late to show anything"
        assert Product.objects.count() == done - done // BAD_EVERY, "products and checkpoint commit together"
    report = catalog_import(file, batch_size=BATCH)
    assert f"Went on after line {done:,}" in report
    assert f"Lines read {LINES:,} = {GOOD:,} imported + {LINES - GOOD:,} rejected" in report
    assert f"Products: {GOOD:,} created, 0 updated, 0 unchanged" in report
    assert rejected() == [(line + 1, "missing_name") for line in range(BAD_EVERY, LINES + 1, BAD_EVERY)]
    assert Product.objects.count() == StockItem.objects.count() == GOOD
    assert not stock_drift_list()
    assert f"0 created, 0 updated, {GOOD:,} unchanged" in catalog_import(file, batch_size=1_000)


def interrupted(catalog_import, file, monkeypatch, *, after, **options):
    """Let ``after`` batches through, then fail between the rejected lines and the commit, as a dead database does."""
    real, calls = stream.checkpoint_advance, []

    def advance(checkpoint, **arguments):
        calls.append(1)
        if len(calls) > after:
            raise OperationalError("server closed the connection unexpectedly")
        real(checkpoint, **arguments)

    with monkeypatch.context() as patch:
        patch.setattr(stream, "checkpoint_advance", advance)
        with pytest.raises(CommandError, match="run the same command again"):
            catalog_import(file, **options)


def test_without_resume_it_begins_at_the_first_line(own_csv, catalog_import, monkeypatch):
    file = own_csv(*[f"S{number},Lamp,1" for number in range(30)])
    interrupted(catalog_import, file, monkeypatch, after=1, batch_size=10)
    assert lines_done() == 10
    report = catalog_import(file, resume=False, batch_size=10)
    assert "Went on after" not in report
    assert "20 created, 0 updated, 10 unchanged" in report


def test_a_lost_rejects_file_is_written_anew(own_csv, catalog_import, rejected, tmp_path, monkeypatch):
    file = own_csv(*[f"S{number},{'' if number % 3 else 'Lamp'},1" for number in range(30)])
    interrupted(catalog_import, file, monkeypatch, after=2, batch_size=10)
    (tmp_path / "rejects.csv").unlink()
    report = catalog_import(file, batch_size=10)
    assert "Lines read 30 = 10 imported + 20 rejected" in report
    assert len(rejected()) == 20


def test_a_changed_file_begins_at_its_first_line(own_csv, catalog_import, monkeypatch):
    lines = [f"S{number},Lamp,1" for number in range(30)]
    interrupted(catalog_import, own_csv(*lines), monkeypatch, after=1, batch_size=10)
    report = catalog_import(own_csv("S0,Brass lamp,1", *lines[1:]), batch_size=10)
    assert "20 created, 1 updated, 9 unchanged" in report


def test_repeated_codes_are_noticed_across_an_interruption(own_csv, catalog_import, rejected, monkeypatch):
    file = own_csv(*[f"S{number},Lamp,1" for number in range(20)], "S3,Another lamp,2")
    interrupted(catalog_import, file, monkeypatch, after=1, batch_size=10)
    catalog_import(file, batch_size=10)
    assert rejected() == [(22, "duplicate_sku")]
    assert Product.objects.get(sku="S3").price_minor == 100


def test_rejected_lines_of_a_lost_batch_are_not_listed_twice(own_csv, catalog_import, rejected, monkeypatch):
    file = own_csv(*[f"S{number},{'' if number % 3 else 'Lamp'},1" for number in range(30)])
    interrupted(catalog_import, file, monkeypatch, after=1, batch_size=10)
    report = catalog_import(file, batch_size=10)
    assert "Went on after line 10" in report
    assert rejected() == [(number + 2, "missing_name") for number in range(30) if number % 3]


def test_a_batch_that_lost_a_race_is_done_again(own_csv, catalog_import, rejected, monkeypatch):
    real, calls = stream.checkpoint_advance, []

    def advance(checkpoint, **arguments):
        calls.append(1)
        if len(calls) in (1, 3):
            raise IntegrityError("duplicate key: somebody was faster")
        real(checkpoint, **arguments)

    monkeypatch.setattr(stream, "checkpoint_advance", advance)
    file = own_csv("A,Lamp,1,Home", "B,,1,", "C,Vase,1,Home", "D,,1,", header="sku,name,price,category")
    report = catalog_import(file, batch_size=2)
    assert "Lines read 4 = 2 imported + 2 rejected" in report
    assert "2 created" in report
    assert rejected() == [(3, "missing_name"), (5, "missing_name")]
    assert len(calls) == 4


@contextmanager
def other_session():
    database = connection.settings_dict
    with psycopg.connect(
        host=database["HOST"], port=database["PORT"], user=database["USER"], password=database["PASSWORD"],
        dbname=database["NAME"], autocommit=True,
    ) as session:  # fmt: skip
        yield session


def test_two_imports_at_once_are_refused(own_csv, catalog_import):
    with other_session() as session, connection.cursor() as cursor:
        session.execute("SELECT pg_advisory_lock(%s)", [LOCK_KEY])
        cursor.execute("SET lock_timeout = '100ms'")
        try:
            with pytest.raises(CommandError, match="Another import is running"):
                catalog_import(own_csv("A,Lamp,1"))
        finally:
            cursor.execute("RESET lock_timeout")
    assert not Product.objects.exists()
    catalog_import(own_csv("A,Lamp,1"))
    assert Product.objects.exists()


def test_the_lock_is_given_back_after_a_failure(own_csv, catalog_import, tmp_path):
    with pytest.raises(CommandError, match="unknown columns"):
        catalog_import(own_csv("A,Lamp,1,2", header="sku,name,price,prize"))
    with other_session() as session:
        assert session.execute("SELECT pg_try_advisory_lock(%s)", [LOCK_KEY]).fetchone() == (True,)


def retail_file(tmp_path, invoices=1_500, lines=4):
    path = tmp_path / "retail.csv"
    header = "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country"
    body = [
        f"{500_000 + number},2{line:04d},LAMP {line},{line + 1},2010-01-01 10:00:00,1.25,{number % 90},France"
        for number in range(invoices)
        for line in range(lines)
    ]
    path.write_text("\n".join([header, *body]) + "\n")
    return path


def test_order_history_killed_and_started_again(start_command, catalog_import, tmp_path):
    file = retail_file(tmp_path)
    process = start_command("catalog_import", str(file), "--orders", "--batch-size", "10")
    wait_until(lambda: Order.objects.count() >= 50, timeout_s=DEADLINE_S, what="the first orders")
    process.kill()
    process.communicate()
    some = Order.objects.count()
    assert some < 1_500, "killed too late to show anything"
    assert OrderItem.objects.count() == some * 4, "an order and its items commit together"
    report = catalog_import(file, orders=True, batch_size=500)
    assert f"Orders: {1_500 - some:,} created, {some:,} unchanged" in report
    assert f"Order lines: 6,000 = {6_000 - some * 4:,} added + {some * 4:,} unchanged" in report
    assert Order.objects.count() == 1_500
    assert OrderItem.objects.count() == 6_000


def test_the_shop_hears_of_products_that_an_interrupted_run_stored(
    catalog_import, tmp_path, monkeypatch, import_events
):
    file = retail_file(tmp_path, invoices=3)
    with monkeypatch.context() as patch:
        patch.setattr(statements, "INSERT_EVENTS", "SELECT 1 / 0")
        with pytest.raises(CommandError):
            catalog_import(file, orders=True)
    assert Product.objects.exists()
    assert not import_events()
    assert "0 created, 0 updated, 4 unchanged" in catalog_import(file, orders=True)
    assert len(import_events()) == 1
    catalog_import(file, orders=True)
    assert len(import_events()) == 1


def test_an_order_and_its_items_commit_together(catalog_import, tmp_path, monkeypatch):
    monkeypatch.setattr(statements, "INSERT_EVENTS", "SELECT 1 / 0")
    with pytest.raises(CommandError, match="run the same command again"):
        catalog_import(retail_file(tmp_path, invoices=3), orders=True)
    assert not Order.objects.exists()
    assert not User.objects.exists()


def test_a_failing_batch_leaves_nothing(own_csv, catalog_import, counts, monkeypatch):
    def advance(*arguments, **options):
        raise OperationalError("disk full")

    monkeypatch.setattr(stream, "checkpoint_advance", advance)
    before = counts()
    with pytest.raises(CommandError, match="disk full"):
        catalog_import(own_csv("A,Lamp,1,Home", header="sku,name,price,category"))
    after = counts()
    assert after.pop("products_catalogimport") == 1
    before.pop("products_catalogimport")
    assert after == before
    with transaction.atomic():
        assert not Product.objects.exists()
