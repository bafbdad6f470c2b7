"""The training harness: train, judge beside named baselines, and publish only what beats them.

A job says what it learned from (``data_digest``) and from which seed; both are in its card and in the registry, and
the same two give the same artefact again on the same machine and library versions.
"""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from meshop_shared.ai.registry import RegisteredModel, Registry
from meshop_shared.ai.store import artefact_put, digest_of
from meshop_shared.settings import ServiceSettings, load_settings

#: Exit status of a training whose model was refused.
REFUSED = 3


@dataclass(frozen=True)
class Requirement:
    """``metric`` must be at least ``factor`` times that of ``baseline``; without a baseline, at least ``factor``.

    ``at_most`` turns that round, for errors.
    """

    metric: str
    baseline: str | None
    factor: float
    at_most: bool = False

    def broken(self, trained: "Trained") -> str | None:
        """A sentence when the model does not meet it."""
        value = trained.metrics[self.metric]
        bar = self.factor * (trained.baselines[self.baseline][self.metric] if self.baseline else 1)
        if value <= bar if self.at_most else value >= bar:
            return None
        than = f"{self.factor:g} × {self.baseline}" if self.baseline else f"{self.factor:g}"
        return f"{self.metric} {value:.4f} is {'more' if self.at_most else 'less'} than {than} = {bar:.4f}"


@dataclass(frozen=True, kw_only=True)
class Trained:
    """The result of a job. ``artefact`` makes the bytes only when they are to be published."""

    artefact: Callable[[], bytes]
    data_digest: str
    split: str
    metrics: Mapping[str, float]
    baselines: Mapping[str, Mapping[str, float]]
    requirements: Sequence[Requirement]
    notes: str = ""

    def refusals(self) -> list[str]:
        """Why this model must not be published; empty when it may be."""
        if not self.requirements:
            return ["no baseline was named"]
        return [sentence for one in self.requirements if (sentence := one.broken(self))]


class Job(Protocol):
    """What a service trains."""

    name: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add where the data is and how it is split."""

    def train(self, options: argparse.Namespace) -> Trained:
        """Learn and judge; must depend on ``options`` only."""


class DataSettings(ServiceSettings):
    """Where the feature tables are."""

    ai_database_url: SecretStr = Field(description="PostgreSQL of the AI services.")


class TrainingSettings(DataSettings):
    """Where trained models go."""

    model_config = SettingsConfigDict(env_ignore_empty=True, protected_namespaces=())

    model_store: str = Field(description="Folder of the artefacts, as fsspec names it.")


@dataclass(frozen=True)
class Published:
    """What became of a training."""

    version: str
    digest: str
    artefact: str
    card: str = field(repr=False)


def card_write(*, name: str, version: str, digest: str, seed: int, trained: Trained) -> str:
    """The model card: what it is, what it learned from, and how it did beside the baselines (Mitchell et al. 2019)."""
    names = list(trained.metrics)
    rows = [
        f"| {label} | " + " | ".join(f"{values[n]:.4f}" if n in values else "–" for n in names) + " |"
        for label, values in [("**this model**", trained.metrics), *trained.baselines.items()]
    ]
    return "\n".join(
        [
            f"# {name} {version}", "",
            f"- artefact SHA-256: `{digest}`", f"- data SHA-256: `{trained.data_digest}`", f"- seed: {seed}",
            f"- split: {trained.split}", "",
            "| | " + " | ".join(names) + " |", "|---|" + "---|" * len(names), *rows, "", trained.notes, "",
        ]
    )  # fmt: skip


def publish(
    *, name: str, version: str | None, seed: int, trained: Trained, registry: Registry, store: str, promote: bool
) -> Published:  # fmt: skip
    """Store, register and, unless told otherwise, promote. The caller has looked at the refusals."""
    content = trained.artefact()
    digest = digest_of(content)
    version = version or f"{datetime.now(UTC):%Y%m%d%H%M%S}-{digest[:8]}"
    card = card_write(name=name, version=version, digest=digest, seed=seed, trained=trained)
    registry.prepare()
    address = artefact_put(store=store, name=name, version=version, content=content)
    registry.register(
        RegisteredModel(
            name=name, version=version, digest=digest, artefact=address, data_digest=trained.data_digest,
            seed=seed, metrics={"model": dict(trained.metrics), "baselines": dict(trained.baselines)}, card=card,
        )
    )  # fmt: skip
    if promote:
        registry.promote(name=name, version=version)
    return Published(version, digest, address, card)


def train_main(job: Job, arguments: Sequence[str] | None = None) -> int:
    """The command line of ``python -m <service>.train``; its exit status, 3 when the model was refused."""
    parser = argparse.ArgumentParser(prog=f"python -m {job.name}.train", description=job.__doc__)
    parser.add_argument("--seed", type=int, default=1, help="of everything random (1)")
    parser.add_argument("--version", help="name of the version; default: the time and the digest")
    parser.add_argument("--no-promote", action="store_true", help="register without serving it as latest")
    parser.add_argument("--dry-run", action="store_true", help="train and judge only")
    job.add_arguments(parser)
    options = parser.parse_args(arguments)
    settings = None if options.dry_run else load_settings(TrainingSettings)
    trained = job.train(options)
    print(
        card_write(name=job.name, version="(not published)", digest="–", seed=options.seed, trained=trained)
    )
    if refusals := trained.refusals():
        print(f"refused, it does not beat its baselines: {'; '.join(refusals)}", file=sys.stderr)
        return REFUSED
    if settings is None:
        return 0
    done = publish(
        name=job.name,
        version=options.version,
        seed=options.seed,
        trained=trained,
        registry=Registry(settings.ai_database_url.get_secret_value()),
        store=settings.model_store,
        promote=not options.no_promote,
    )
    print(f"published {job.name} {done.version} at {done.artefact}")
    return 0
