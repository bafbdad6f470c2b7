"""The tables of settings, made from the classes that read them: ``python -m tools.settings_table [--write]``.

Those of the backend stand in the README, those of the gateway and of the AI services in their pages.
"""

import argparse
import re
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo

from chatbot.settings import ChatbotSettings
from config.environment import BackendSettings
from fraud_detection.settings import FraudDetectionSettings
from meshop_gateway.settings import GatewaySettings
from meshop_shared.ai.settings import AiSettings
from meshop_shared.settings import ServiceSettings
from tools.errors import ToolError
from tools.paths import ROOT

START, END = "<!-- settings -->", "<!-- /settings -->"
README = ROOT / "README.md"
PAGES: dict[Path, type[ServiceSettings]] = {
    README: BackendSettings,
    ROOT / "docs" / "gateway.md": GatewaySettings,
    ROOT / "docs" / "ai.md": AiSettings,
    ROOT / "docs" / "ai-chatbot.md": ChatbotSettings,
    ROOT / "docs" / "ai-fraud.md": FraudDetectionSettings,
}
_BLOCK = re.compile(f"{re.escape(START)}\n(.*?){re.escape(END)}", re.DOTALL)


def settings_table(settings: type[ServiceSettings] = BackendSettings) -> str:
    """The block for a page, markers included."""
    rows = ["| variable | default | meaning |", "|---|---|---|", *_rows(settings)]
    return "\n".join([START, *rows, END]) + "\n"


def documented_settings(text: str) -> dict[str, tuple[str, str]]:
    """``{variable: (default, meaning)}`` as a page says. Raises :class:`ToolError` when the markers are missing."""
    block = _BLOCK.search(text)
    if block is None:
        raise ToolError(
            f"There is no block between {START} and {END}: put both lines where the table belongs."
        )
    cells = ([cell.strip() for cell in line.strip("|").split(" | ")] for line in block[1].splitlines()[2:])
    return {variable.strip("`"): (default, meaning) for variable, default, meaning in cells}


def table_write(page: Path = README, settings: type[ServiceSettings] = BackendSettings) -> bool:
    """Replace the block in ``page``; whether that changed anything. Raises :class:`ToolError` without markers."""
    text = page.read_text()
    documented_settings(text)
    updated = _BLOCK.sub(lambda _: settings_table(settings).rstrip("\n"), text)
    page.write_text(updated)
    return updated != text


def _rows(settings: type[ServiceSettings]) -> Iterator[str]:
    for name, field in settings.model_fields.items():
        if not field.description:
            raise ToolError(f"The setting {name} of {settings.__name__} has no description.")
        yield f"| `{name.upper()}` | {_default(field)} | {field.description} |"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    text = _shown(field.get_default(call_default_factory=True, validated_data={}))
    return f"`{text}`" if text else "not set"


def _shown(value: Any) -> str:
    """A default as it would be written in the environment."""
    if value is None or value == {}:
        return ""
    if isinstance(value, list):
        return ",".join(map(str, value))
    return str(value.value if isinstance(value, Enum) else value)


def main() -> None:
    """Print the tables, or write them into their pages."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="replace the blocks in the pages")
    write = parser.parse_args().write
    for page, settings in PAGES.items():
        if write:
            print(f"{page.name} {'changed' if table_write(page, settings) else 'is up to date'}.")
        else:
            print(settings_table(settings), end="")


if __name__ == "__main__":
    main()
