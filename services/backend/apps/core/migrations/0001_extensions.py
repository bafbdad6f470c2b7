"""PostgreSQL extensions that the schema uses."""

from typing import ClassVar

from django.contrib.postgres.operations import TrigramExtension, UnaccentExtension
from django.db import migrations


class Migration(migrations.Migration):
    """Runs before every table that needs a trigram index."""

    initial = True
    operations: ClassVar[list] = [TrigramExtension(), UnaccentExtension()]
