"""docs/operations.md speaks of commands, options and metrics that exist, and of every command that operators have."""

import re
import shlex

import pytest
from django.core.management import get_commands, load_command_class

from tools.paths import BACKEND, ROOT

PAGE = (ROOT / "docs" / "operations.md").read_text()
#: As `deadletters replay --queue email`, from code blocks and from the text.
CALLS = sorted(set(re.findall(r"manage\.py ([a-z_]+(?: +[^`#\n]+?)?)(?= *[`#\n])", PAGE)))
OURS = {name for name, app in get_commands().items() if app.startswith("apps.")}
#: Made for setting up, and for beat.
ELSEWHERE = {"admin_ensure", "sessions_prune", "carts_prune", "catalog_import", "demo_catalog"}


@pytest.mark.parametrize("call", CALLS)
def test_calls_are_understood(call):
    name, *arguments = shlex.split(call)
    arguments = [
        "17:" + "0" * 64 if argument.startswith("17:") else argument.replace("…", "")
        for argument in arguments
    ]
    command = load_command_class(get_commands()[name], name)
    command.create_parser("manage.py", name).parse_args(arguments)


def test_every_command_is_explained():
    assert {call.split()[0] for call in CALLS} >= OURS - ELSEWHERE


@pytest.mark.parametrize("name", sorted(OURS))
def test_commands_have_help(name):
    command = load_command_class(get_commands()[name], name)
    assert command.help
    assert command.help in " ".join(command.create_parser("manage.py", name).format_help().split())


def test_metrics_exist():
    source = "".join(path.read_text() for path in (BACKEND / "apps").rglob("*.py"))
    for metric in re.findall(r"`(meshop_\w+)`", PAGE):
        assert metric.removesuffix("_total") in source, metric
