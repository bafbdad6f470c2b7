"""``manage.py catalog_reindex``: build the search index anew beside the one that is searched; a JSON line per step."""

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError

from apps.search.generations.building import generation_build
from apps.search.generations.catching_up import generation_catch_up
from apps.search.generations.journal import generation_open
from apps.search.generations.models import IndexGeneration
from apps.search.generations.planning import PlanOptions, generation_plan
from apps.search.generations.preflight import disk_check
from apps.search.generations.retiring import generation_abort, generation_delete, generations_expire
from apps.search.generations.running import generation_resume, generation_run, generations_status
from apps.search.generations.swapping import generation_rollback, generation_swap
from apps.search.generations.verifying import generation_verify
from meshop_shared.errors import MeshopError

PHASES = ("plan", "build", "catch_up", "verify", "swap", "keep", "delete", "abort", "rollback")
#: Kubernetes keeps so much of what a container leaves as its last word.
RESULT_MAX = 4_000
EXAMPLES = """
examples:
  manage.py catalog_reindex                                     everything, one phase after the other
  manage.py catalog_reindex --resume                            go on where a run was interrupted
  manage.py catalog_reindex --status                            what is searched, on its way, and kept
  manage.py catalog_reindex --rollback                          search the generation before this one again
  manage.py catalog_reindex --abort                             give up the one on its way
  manage.py catalog_reindex --phase plan --generation g7 --shards 4
  manage.py catalog_reindex --phase build --generation g7 --shard 2/4

Every phase may be repeated. Exit status: 0 done; 1 refused or failed, with a JSON line that has code and message.
"""


class Command(BaseCommand):
    """Runs phases; all of them are functions of :mod:`apps.search.generations`."""

    help = "Build the search index anew without interrupting searches."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.epilog = EXAMPLES
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--phase", choices=PHASES, help="only this phase")
        for name, sentence in (
            ("resume", "go on with the generation on its way; nothing to do without one"),
            ("rollback", "go back to the generation that was searched before"),
            ("abort", "give up the generation on its way"),
            ("status", "print the journal"),
        ):
            what.add_argument(f"--{name}", action="store_true", help=sentence)
        parser.add_argument(
            "--generation", default="", metavar="G", help="its name (default: made from the time)"
        )
        parser.add_argument("--shard", metavar="I/N", help="of build: only part I of N, counted from 0")
        parser.add_argument("--store", choices=("text", "vectors"), help="of build: only in this store")
        parser.add_argument("--result", default="", metavar="FILE", help="write the last JSON line there too")
        parser.add_argument(
            "--disk-factor", type=float, default=0.0, metavar="X",
            help="of plan: refuse unless the search engine has X times the searched index free; 0 does not ask",
        )  # fmt: skip
        defaults = PlanOptions()
        for name, kind, sentence in (
            ("shards", int, "parts of the build"),
            ("rate", int, "documents a second, 0 for as many as it can"),
            ("index-shards", int, "shards of the index"),
            ("replicas", int, "replicas of the index, once it is built"),
            ("keep-hours", float, "how long what is replaced can be gone back to"),
        ):
            default = getattr(defaults, name.replace("-", "_"))
            parser.add_argument(
                f"--{name}", type=kind, default=default, metavar="N", help=f"of plan: {sentence}"
            )

    def handle(self, *args: Any, **options: Any) -> None:
        """Do what was asked."""
        self._result = Path(options["result"]) if options["result"] else None
        try:
            self._run(options)
        except MeshopError as error:
            self._tell(error=error.code, message=error.message, extra=error.extra)
            raise CommandError(
                f"{error.message} {orjson.dumps(error.extra, default=str).decode()}"
            ) from error

    def _run(self, options: dict[str, Any]) -> None:
        if options["status"]:
            self._tell(**generations_status())
        elif options["resume"]:
            if generation_resume(report=self._tell) is None:
                self._tell(phase="resume", nothing="no generation is on its way")
        elif options["rollback"] or options["phase"] == "rollback":
            generation_rollback(name=options["generation"], report=self._tell)
        elif options["abort"]:
            found = generation_open()
            name = options["generation"] or (found.name if found else "")
            if name:
                generation_abort(name=name, report=self._tell)
            self._tell(phase="abort", generation=name or None)
        elif options["phase"]:
            self._phase(options)
        else:
            generation_run(name=options["generation"], options=_plan_options(options), report=self._tell)

    def _phase(self, options: dict[str, Any]) -> None:
        phase, name, report = options["phase"], options["generation"], self._tell
        if phase == "plan":
            if not IndexGeneration.objects.filter(name=name).exists():
                disk_check(factor=options["disk_factor"])
            generation_plan(name=name, options=_plan_options(options), report=report)
            return
        if phase == "keep":
            generations_expire(report=report)
            return
        if not name:
            raise CommandError(f"--phase {phase} needs --generation.")
        if phase == "abort" and not IndexGeneration.objects.filter(name=name).exists():
            self._tell(phase="abort", generation=name, nothing="it was never planned")
        elif phase == "build":
            shard = _shard(options["shard"])
            generation_build(name=name, shard=shard, store=options["store"], report=report)
        else:
            _BY_NAME[phase](name=name, report=report)

    def _tell(self, **what: Any) -> None:
        line = orjson.dumps(what, default=str)
        self.stdout.write(line.decode())
        self.stdout.flush()
        if self._result is not None:
            self._result.write_bytes(line if len(line) <= RESULT_MAX else _short(what))


def _short(what: dict[str, Any]) -> bytes:
    """What fits into the termination message of a pod: the plain values."""
    return orjson.dumps(
        {key: value for key, value in what.items() if isinstance(value, str | int | float | None)}
    )


_BY_NAME = {
    "catch_up": generation_catch_up,
    "verify": generation_verify,
    "swap": generation_swap,
    "delete": generation_delete,
    "abort": generation_abort,
}


def _plan_options(options: dict[str, Any]) -> PlanOptions:
    found = PlanOptions(
        shards=options["shards"], rate=options["rate"], index_shards=options["index_shards"],
        replicas=options["replicas"], keep_hours=options["keep_hours"],
    )  # fmt: skip
    negative = min(found.rate, found.replicas, found.keep_hours) < 0
    if not 1 <= found.shards <= 1_000 or found.index_shards < 1 or negative:
        raise CommandError("--shards is 1 to 1000, --index-shards at least 1, and no number is negative.")
    return found


def _shard(text: str | None) -> int | None:
    if text is None:
        return None
    number, _, of = text.partition("/")
    if not (number.isdigit() and of.isdigit() and int(number) < int(of)):
        raise CommandError("--shard is I/N with I from 0 to N-1.")
    return int(number)
