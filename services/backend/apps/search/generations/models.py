"""The journal of generations: what is intended is written here before it is done anywhere else."""

import re
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from apps.search.generations.states import OPEN, TRANSITIONS

#: It is part of the names of indices and collections.
NAME = re.compile(r"[a-z0-9][a-z0-9_]{0,39}")


class IndexGeneration(models.Model):
    """One generation of the index in all its stores, under one name."""

    name = models.CharField(max_length=40, primary_key=True)
    state = models.CharField(
        max_length=10, choices=[(state, state) for state in TRANSITIONS], default="planned"
    )
    plan = models.JSONField(
        default=dict, help_text="Stores, shards, rate, replicas, as decided at the beginning."
    )
    replaces = models.CharField(max_length=40, blank=True, help_text="What was live when it was planned.")
    high_water = models.BigIntegerField(
        default=0, help_text="Events of the outbox up to here are in its rows."
    )
    caught_up = models.BigIntegerField(default=0, help_text="Events up to here have been followed.")
    expected = models.JSONField(
        default=dict, help_text="Of a swap: what each store's alias points to before it, by store."
    )
    came_from = models.CharField(max_length=10, blank=True, help_text="Of a swap: the state to go back to.")
    report = models.JSONField(default=dict, help_text="What the verification found.")
    keep_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering: ClassVar[list[str]] = ["-created_at"]
        constraints = [
            models.UniqueConstraint(models.Value(1), name="generation_one_open", condition=Q(state__in=OPEN)),
            models.UniqueConstraint(models.Value(1), name="generation_one_live", condition=Q(state="live")),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.state})"

    @property
    def stores(self) -> list[str]:
        """Names of the stores that it is built in."""
        return list(self.plan.get("stores", []))

    def option(self, name: str) -> Any:
        """A number of the plan."""
        return self.plan[name]


class GenerationShard(models.Model):
    """A range of product ids, to be built in one store by one process at a time."""

    generation = models.ForeignKey(IndexGeneration, on_delete=models.CASCADE, related_name="shards")
    store = models.CharField(max_length=10)
    number = models.PositiveSmallIntegerField()
    first = models.BigIntegerField(help_text="Ids above this,")
    last = models.BigIntegerField(help_text="up to this.")
    position = models.BigIntegerField(help_text="Everything up to here is in the store.")
    documents = models.BigIntegerField(default=0)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["store", "number"]
        constraints = [
            models.UniqueConstraint(fields=["generation", "store", "number"], name="generation_shard_once")
        ]

    def __str__(self) -> str:
        return f"{self.generation_id} {self.store} {self.number}: {self.position} of {self.last}"
