"""The version after this one, to go to and to come back from: another chart, another image, one more migration."""

import shutil
from pathlib import Path

import yaml

from tools.charts.assemble import assemble
from tools.kind import cluster, images
from tools.kind.config import HOME
from tools.paths import BACKEND

VERSION = "99.0.0"
IMAGE, TAG = "meshop/backend:next", "next"
APP, TABLE, COLUMN = "products", "products_product", "next_version_note"
MIGRATION = "9999_next_version"
_SOURCE = '''"""Expand: a column and an index that the code of today does not know."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("{app}", "{leaf}")]
    operations = [
        migrations.AddField("product", "{column}", models.CharField(max_length=40, null=True)),
        migrations.AddIndex("product", models.Index(fields=["{column}"], name="next_version_note_idx")),
    ]
'''
_DOCKERFILE = "ARG BASE\nFROM ${{BASE}}\nARG TODAY\nCOPY {name}.py /app/backend/apps/{app}/migrations/\n"


def next_image() -> None:
    """Put today's image with a migration that today's does not have into the cluster."""
    folder = HOME / "next"
    folder.mkdir(parents=True, exist_ok=True)
    leaf = sorted((BACKEND / "apps" / APP / "migrations").glob("0*.py"))[-1].stem
    migration = folder / f"{MIGRATION}.py"
    migration.write_text(_SOURCE.format(app=APP, leaf=leaf, column=COLUMN))
    dockerfile = folder / "Dockerfile"
    dockerfile.write_text(_DOCKERFILE.format(name=MIGRATION, app=APP))
    today = images.image_digest("meshop/backend:dev")
    images.image_build(IMAGE, dockerfile, [migration], BASE="meshop/backend:dev", TODAY=today)
    cluster.load_images([IMAGE])


def next_chart() -> Path:
    """This checkout's charts as they would be released next: the version of all of them is another one."""
    chart = HOME / "next" / "platform"
    shutil.rmtree(chart, ignore_errors=True)
    shutil.copytree(assemble("platform"), chart)
    for file in chart.rglob("Chart.yaml"):
        document = yaml.safe_load(file.read_text())
        document |= {"version": VERSION, "appVersion": VERSION}
        for dependency in document.get("dependencies", []):
            dependency["version"] = VERSION
        file.write_text(yaml.safe_dump(document))
    return chart


#: Takes the column away again, so that the next run has something to migrate.
FORGET = (
    f"ALTER TABLE {TABLE} DROP COLUMN IF EXISTS {COLUMN};"
    f"DELETE FROM django_migrations WHERE name = '{MIGRATION}';"
)
