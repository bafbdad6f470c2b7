"""The chain stays whole under concurrency, refuses changes, and shows those that were made behind its back."""

import threading

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from apps.audit.models import GENESIS, AuditEntry, AuditHead
from apps.audit.services import audit_record
from apps.audit.verification import ChainBroken, audit_verify
from apps.products.services.products import product_update
from tests.support.factories import product_make, user_make
from tests.support.threads import run_together

pytestmark = pytest.mark.django_db(transaction=True)


@transaction.atomic
def record(number: int = 0, *, actor="a program", before=None) -> None:
    audit_record(actor=actor, action="test.act", target=f"test:{number}", before=before, after={"n": number})


def behind_its_back(*statements: str) -> None:
    """What the owner of the tables can do."""
    with transaction.atomic(), connection.cursor() as cursor:
        for table in ("audit_auditentry", "audit_audithead"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for statement in statements:
            cursor.execute(statement)
        for table in ("audit_auditentry", "audit_audithead"):
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
            cursor.execute(
                f"ALTER TABLE {table} DISABLE TRIGGER "
                f"{'audit_untruncated' if table.endswith('entry') else 'audit_head_untruncated'}"
            )


def test_entries_are_numbered_and_linked():
    assert str(audit_verify()) == f"0:{GENESIS}"
    record(1)
    with transaction.atomic():
        record(2)
        record(3)
    first, second, third = AuditEntry.objects.all()
    assert [first.sequence, second.sequence, third.sequence] == [1, 2, 3]
    assert first.previous_hash == GENESIS
    assert (second.previous_hash, third.previous_hash) == (first.hash, second.hash)
    head = AuditHead.objects.get()
    assert (head.sequence, head.hash) == (3, third.hash)
    end = audit_verify()
    assert (end.sequence, end.hash) == (3, third.hash)


def test_a_rolled_back_action_leaves_no_entry_and_no_gap():
    record(1)
    with transaction.atomic():
        record(2)
        transaction.set_rollback(True)
    record(3)
    assert list(AuditEntry.objects.values_list("sequence", "target")) == [(1, "test:1"), (2, "test:3")]
    audit_verify()


def test_any_text_and_number_can_be_verified():
    text = 'é\u2028"\\\n\t\x1f💶'
    awkward = {"text": text, "float": 0.1, "big": 2**70, "deep": [{"b": None, "a": True}], "1e22": 1e22}
    record(1, actor=user_make(email="ö@example.com"), before=awkward)
    entry = AuditEntry.objects.get()
    assert entry.before == awkward
    assert entry.actor_label == "ö@example.com"
    audit_verify()


def test_many_at_once_make_one_chain():
    """Red when the head is read without its lock: the loser of each race fails on the number that is taken."""

    def act(number):
        for step in range(5):
            with transaction.atomic():
                record(number * 10 + step)
                if step == 2:
                    record(1_000 + number)

    assert run_together([lambda n=n: act(n) for n in range(40)], at_once=40) == [None] * 40
    assert audit_verify().sequence == AuditEntry.objects.count() == 240
    assert sorted(AuditEntry.objects.values_list("sequence", flat=True)) == list(range(1, 241))


def test_the_chain_is_locked_at_the_commit_and_after_everything_else():
    """Two members of staff record first and lock then, in opposite orders to each other's recording.

    Red when ``audit_record`` locks the head itself: the one with the head waits for the product of the other, who
    waits for the head.
    """
    product, staff = product_make(stock=5), user_make(is_staff=True)
    recorded, locked = threading.Event(), threading.Event()

    def record_then_lock():
        with transaction.atomic():
            record(1, actor=staff)
            recorded.set()
            assert locked.wait(10)
            product_update(product_id=product.pk, data={"price_minor": 5}, actor=staff)

    def lock_then_record():
        assert recorded.wait(10)
        with transaction.atomic():
            product_update(product_id=product.pk, data={"price_minor": 7}, actor=staff)
            locked.set()
            record(2, actor=staff)

    assert run_together([record_then_lock, lock_then_record]) == [None, None]
    assert audit_verify().sequence == 4


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_auditentry SET actor_label = 'x' WHERE sequence = 2",
        "UPDATE audit_auditentry SET sequence = 9 WHERE sequence = 2",
        "UPDATE audit_auditentry SET sequence = NULL WHERE sequence = 2",
        "DELETE FROM audit_auditentry WHERE sequence = 3",
        "UPDATE audit_audithead SET sequence = 2",
        "UPDATE audit_audithead SET hash = repeat('1', 64)",
        "DELETE FROM audit_audithead",
    ],
)
def test_the_database_refuses(statement):
    for number in range(3):
        record(number)
    with pytest.raises(DatabaseError, match="never changed or deleted"), connection.cursor() as cursor:
        cursor.execute(statement)
    assert audit_verify().sequence == 3


@pytest.mark.parametrize(
    ("table", "trigger"),
    [("audit_auditentry", "audit_untruncated"), ("audit_audithead", "audit_head_untruncated")],
)
def test_the_database_refuses_to_truncate(table, trigger):
    """The tests' own database does not, so that it can be emptied after each test; here it does for a moment."""
    record()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER {trigger}")
        with pytest.raises(DatabaseError, match="never changed or deleted"), transaction.atomic():
            cursor.execute(f"TRUNCATE {table}")
        transaction.set_rollback(True)


def test_an_entry_cannot_be_rewritten_before_its_commit():
    with transaction.atomic():
        record(1)
        with pytest.raises(DatabaseError, match="never changed or deleted"), transaction.atomic():
            AuditEntry.objects.update(after={"n": 2})


ENTRY_2 = "UPDATE audit_auditentry SET {} WHERE sequence = 2"
TAMPERING = {
    "at": (ENTRY_2.format("at = at + interval '1 microsecond'"), 2),
    "actor_id": (ENTRY_2.format("actor_id = 1"), 2),
    "actor_label": (ENTRY_2.format("actor_label = 'b program'"), 2),
    "action": (ENTRY_2.format("action = 'test.ac'"), 2),
    "target": (ENTRY_2.format("target = 'test:9'"), 2),
    "before": (ENTRY_2.format("before = '{\"n\": null}'"), 2),
    "after": (ENTRY_2.format("after = '{\"n\": 2.0}'"), 2),
    "request_id": (ENTRY_2.format("request_id = 'r'"), 2),
    "previous_hash": (ENTRY_2.format("previous_hash = repeat('1', 64)"), 2),
    "hash": (ENTRY_2.format("hash = repeat('1', 64)"), 2),
    "sequence": ("UPDATE audit_auditentry SET sequence = 0 WHERE sequence = 2", 2),
    "unnumbered": ("UPDATE audit_auditentry SET sequence = NULL WHERE sequence = 4", 4),
    "first row": ("DELETE FROM audit_auditentry WHERE sequence = 1", 1),
    "middle row": ("DELETE FROM audit_auditentry WHERE sequence = 3", 3),
    "tail": ("DELETE FROM audit_auditentry WHERE sequence >= 3", 3),
    "last row": ("DELETE FROM audit_auditentry WHERE sequence = 4", 4),
    "all rows": ("DELETE FROM audit_auditentry", 1),
    "head gone": ("DELETE FROM audit_audithead", 1),
    "head back": ("UPDATE audit_audithead SET sequence = 3", 3),
    "head's hash": ("UPDATE audit_audithead SET hash = repeat('1', 64)", 4),
    "order": (
        "UPDATE audit_auditentry SET sequence = CASE sequence WHEN 2 THEN -3 ELSE -2 END WHERE sequence IN (2, 3);"
        "UPDATE audit_auditentry SET sequence = -sequence WHERE sequence < 0",
        2,
    ),
    "a row more": (
        "INSERT INTO audit_auditentry (sequence, at, actor_label, action, target, before, after, request_id,"
        " previous_hash, hash) SELECT 5, at, actor_label, action, target, before, after, request_id, hash,"
        " repeat('1', 64) FROM audit_auditentry WHERE sequence = 4",
        5,
    ),
}


@pytest.mark.parametrize("what", TAMPERING)
def test_tampering_is_found(what, capsys):
    statement, first_broken = TAMPERING[what]
    for number in range(1, 5):
        record(number, before={})
    behind_its_back(*statement.split(";"))
    with pytest.raises(ChainBroken) as found:
        audit_verify()
    assert found.value.sequence == first_broken
    with pytest.raises(CommandError, match=f"^Entry {first_broken}: "):
        call_command("audit_verify")


def test_every_column_is_covered():
    columns = {field.name for field in AuditEntry._meta.fields} - {"id"}
    assert columns <= TAMPERING.keys()


def test_a_chain_written_anew_is_found_by_an_anchor(capsys):
    """Whoever owns the tables can make a chain that is consistent in itself, but not one with a hash noted before."""
    for number in range(1, 4):
        record(number)
    call_command("audit_verify")
    out = capsys.readouterr()
    anchor = out.out.strip().rpartition(" ")[2]
    assert out.out.startswith("3 entries, none changed or missing.")
    assert "3 entries are good" in out.err
    behind_its_back("DELETE FROM audit_auditentry", "DELETE FROM audit_audithead")
    for number in (1, 2):
        record(number)
    call_command("audit_verify")
    with pytest.raises(CommandError, match="Entry 3: missing, though it was noted"):
        call_command("audit_verify", "--anchor", anchor)
    record(9)
    with pytest.raises(CommandError, match="Entry 3: its hash is not"):
        call_command("audit_verify", "--anchor", anchor)


def test_verification_reads_in_batches(monkeypatch):
    monkeypatch.setattr("apps.audit.verification.BATCH", 2)
    for number in range(5):
        record(number)
    heard = []
    assert audit_verify(progress=heard.append).sequence == 5
    assert heard == [2, 4, 5]


def test_nothing_is_recorded_for_nobody_or_for_no_change():
    with transaction.atomic():
        audit_record(actor=None, action="a.b", target="a:1", after={"n": 1})
        audit_record(actor="a program", action="a.b", target="a:1", before={"n": 1}, after={"n": 1})
        audit_record(
            actor="a program", action="a.b", target="a:1", before={"n": 1, "m": 2}, after={"n": 1, "m": 3}
        )
    entry = AuditEntry.objects.get()
    assert (entry.before, entry.after) == ({"m": 2}, {"m": 3})
