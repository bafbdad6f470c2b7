"""``manage.py fault NAME --strength 0.5 --seconds 60``, and ``manage.py fault --clear``."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core.faults import FAULTS, fault_set, faults_clear


class Command(BaseCommand):
    """Turns a fault on for a time, where MESHOP_FAULTS allows it."""

    help = "Turn a fault on, or all off."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which, how strong, how long."""
        says = " ".join(f"{name}: {what}." for name, what in FAULTS.items())
        parser.add_argument("name", nargs="?", default="", help=says)
        parser.add_argument("--strength", type=float, default=1.0)
        parser.add_argument("--seconds", type=float, default=60.0)
        parser.add_argument("--clear", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it."""
        if options["clear"]:
            self.stdout.write(f"{faults_clear()} faults were on.")
            return
        try:
            row = fault_set(name=options["name"], strength=options["strength"], seconds=options["seconds"])
        except (LookupError, PermissionError, ValueError) as error:
            raise CommandError(str(error.args[0])) from error
        self.stdout.write(f"{row.name} is on until {row.until:%H:%M:%S}.")
