"""``manage.py audit_verify``: is the record of what staff did complete and unchanged?"""

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.audit.verification import Anchor, ChainBroken, audit_verify


class Command(BaseCommand):
    """Names the first broken entry and fails, or prints the anchor of the end to be noted elsewhere."""

    help = (
        "Walk the chain of audit entries and check every hash, number and link. Ends with 1 at the first that is "
        "wrong. Prints the last entry's number and hash: kept outside this database and given with --anchor next "
        "time, they show even a chain that was written anew from the start."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--anchor", type=anchor_parse, metavar="NUMBER:HASH", help="what an earlier run printed"
        )

    def handle(self, *args: Any, anchor: Anchor | None, **options: Any) -> None:
        """Verify."""
        try:
            end = audit_verify(anchor=anchor, progress=self._progress)
        except ChainBroken as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{end.sequence} entries, none changed or missing. Anchor: {end}")

    def _progress(self, sequence: int) -> None:
        self.stderr.write(f"{sequence} entries are good")


def anchor_parse(text: str) -> Anchor:
    """Read ``17:<64 hexadecimal digits>``."""
    number, _, hash = text.partition(":")
    if not (number.isascii() and number.isdigit()) or len(hash) != 64:
        raise argparse.ArgumentTypeError("use NUMBER:HASH, as audit_verify printed it")
    return Anchor(int(number), hash)
