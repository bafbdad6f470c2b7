"""The README's table of settings, made from the class that reads them: ``python -m tools.settings_table [--write]``."""

import argparse
import re
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo

from config.environment import BackendSettings
from tools.errors import ToolError
from tools.paths import ROOT

START, END = "<!-- settings -->", "<!-- /settings -->"
README = ROOT / "README.md"
_BLOCK = re.compile(f"{re.escape(START)}\n(.*?){re.escape(END)}", re.DOTALL)


def settings_table() -> str:
    """The block for the README, markers included."""
    rows = ["| variable | default | meaning |", "|---|---|---|", *_rows()]
    return "\n".join([START, *rows, END]) + "\n"


def documented_settings(text: str) -> dict[str, tuple[str, str]]:
    """``{variable: (default, meaning)}`` as a README says. Raises :class:`ToolError` when the markers are missing."""
    block = _BLOCK.search(text)
    if block is None:
        raise ToolError(
            f"README.md has no block between {START} and {END}: put both lines where the table belongs."
        )
    cells = ([cell.strip() for cell in line.strip("|").split(" | ")] for line in block[1].splitlines()[2:])
    return {variable.strip("`"): (default, meaning) for variable, default, meaning in cells}


def table_write(readme: Path = README) -> bool:
    """Replace the block in ``readme``; whether that changed anything. Raises :class:`ToolError` without markers."""
    text = readme.read_text()
    documented_settings(text)
    updated = _BLOCK.sub(lambda _: settings_table().rstrip("\n"), text)
    readme.write_text(updated)
    return updated != text


def _rows() -> Iterator[str]:
    for name, field in BackendSettings.model_fields.items():
        if not field.description:
            raise ToolError(f"The setting {name} of BackendSettings has no description.")
        yield f"| `{name.upper()}` | {_default(field)} | {field.description} |"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    text = _shown(field.get_default(call_default_factory=True, validated_data={}))
    return f"`{text}`" if text else "not set"


def _shown(value: Any) -> str:
    """A default as it would be written in the environment."""
    if value is None:
        return ""
    if isinstance(value, list):
        return ",".join(value)
    return str(value.value if isinstance(value, Enum) else value)


def main() -> None:
    """Print the table, or write it into the README."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="replace the block in README.md")
    if parser.parse_args().write:
        print("README.md changed." if table_write() else "README.md is up to date.")
    else:
        print(settings_table(), end="")


if __name__ == "__main__":
    main()
