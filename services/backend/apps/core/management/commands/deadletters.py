"""``manage.py deadletters list|replay|purge``: what consumers have given up on."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from apps.core.broker import QUEUES
from apps.core.deadletters import deadletter_list, deadletter_purge, deadletter_replay
from config.celery import app


class Command(BaseCommand):
    """Works on one queue, or on all of them."""

    help = "List dead letters, send them again, or throw them away."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the actions."""
        parser.add_argument("action", choices=("list", "replay", "purge"))
        parser.add_argument("--queue", choices=QUEUES, help="only the dead letters of this queue")
        parser.add_argument("--event", metavar="UUID", help="replay only this event")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it, and say how many there were."""
        total = 0
        for queue in [options["queue"]] if options["queue"] else QUEUES:
            if options["action"] == "list":
                letters = deadletter_list(app=app, queue=queue)
                for letter in letters:
                    event = f"{letter.event_id}  {letter.event_type} for {letter.consumer}"
                    self.stdout.write(f"{queue}  {event if letter.event_id else letter.task}  {letter.error}")
                total += len(letters)
            elif options["action"] == "replay":
                total += deadletter_replay(app=app, queue=queue, event_id=options["event"])
            else:
                total += deadletter_purge(app=app, queue=queue)
        verb = {"list": "", "replay": " sent again", "purge": " thrown away"}[options["action"]]
        self.stdout.write(f"{total} dead letter{'' if total == 1 else 's'}{verb}.")
