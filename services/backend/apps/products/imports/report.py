"""Counting lines so that the sums can be checked, and saying so at the end."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Self

from apps.products.imports.records import UpsertResult


@dataclass(slots=True)
class ImportReport:
    """Lines and products of one import, over all its interrupted runs."""

    lines_read: int = 0
    lines_imported: int = 0
    products_created: int = 0
    products_updated: int = 0
    products_unchanged: int = 0
    rejected: Counter[str] = field(default_factory=Counter)

    @classmethod
    def from_counters(cls, counters: dict[str, Any]) -> Self:
        """Read what :meth:`counters` gave; missing values are 0."""
        values = {name: counters.get(name, 0) for name in cls.__slots__ if name != "rejected"}
        return cls(**values, rejected=Counter(counters.get("rejected", {})))

    def counters(self) -> dict[str, Any]:
        """Everything as JSON."""
        values = {name: getattr(self, name) for name in self.__slots__ if name != "rejected"}
        return {**values, "rejected": dict(self.rejected)}

    def add_products(self, result: UpsertResult) -> None:
        """Count a batch of products; says nothing about lines."""
        self.products_created += result.created
        self.products_updated += result.updated
        self.products_unchanged += result.unchanged

    def check(self) -> None:
        """Every line read must be imported or rejected; anything else is a bug worth stopping for."""
        if self.lines_read != self.lines_imported + self.rejected.total():
            raise AssertionError(f"lines do not reconcile: {self.counters()}")

    def text(self, *, rejects_path: str) -> str:
        """The report for people. Raises ``AssertionError`` when the sums do not agree."""
        self.check()
        rejected = self.rejected.total()
        text = [f"Lines read {self.lines_read:,} = {self.lines_imported:,} imported + {rejected:,} rejected"]
        text += [f"  rejected, {reason}: {count:,}" for reason, count in sorted(self.rejected.items())]
        if rejected:
            text.append(f"  each with its line number in {rejects_path}")
        text.append(
            f"Products: {self.products_created:,} created, {self.products_updated:,} updated, "
            f"{self.products_unchanged:,} unchanged"
        )
        return "\n".join(text)
