"""What staff did, as a chain: each entry carries the hash of the one before it, and a head says where it ends.

The database itself numbers and hashes the entries when their transaction commits, and refuses to change them
(``migrations/0001_chain.py``).
"""

from django.db import models
from django.db.models.functions import Now

#: What the first entry has in place of the hash of an entry before it.
GENESIS = "0" * 64


class AuditEntry(models.Model):
    """One action of a member of staff. ``sequence`` and the hashes are filled in by the database at the commit."""

    id = models.BigAutoField(primary_key=True)
    sequence = models.BigIntegerField(
        null=True, blank=True, unique=True, help_text="1, 2, 3 … without gaps, in the order of commits."
    )
    at = models.DateTimeField(db_default=Now())
    actor_id = models.BigIntegerField(
        null=True, blank=True, help_text="Who; no reference, the number outlives the account."
    )
    actor_label = models.CharField(
        max_length=254, help_text="Their e-mail at the time, or the program's name."
    )
    action = models.CharField(max_length=80, help_text="As `product.update`.")
    target = models.CharField(max_length=120, help_text="What it was done to, as `order:17`.")
    before = models.JSONField(default=dict, help_text="What changed, as it was.")
    after = models.JSONField(default=dict, help_text="What changed, as it is.")
    request_id = models.CharField(max_length=64, blank=True)
    previous_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64, blank=True)

    class Meta:
        verbose_name_plural = "audit entries"
        ordering = ["sequence"]
        indexes = [
            models.Index(fields=["target", "sequence"], name="audit_by_target"),
            models.Index(fields=["actor_id", "sequence"], name="audit_by_actor"),
            models.Index(fields=["action", "sequence"], name="audit_by_action"),
            models.Index(fields=["at"], name="audit_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.sequence}: {self.action} {self.target}"


class AuditHead(models.Model):
    """The last entry of the chain, in the one row of this table: entries cut off at the end are missed by it."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    sequence = models.BigIntegerField()
    hash = models.CharField(max_length=64)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="audit_one_head")]

    def __str__(self) -> str:
        return f"{self.sequence}:{self.hash}"
