"""A setting that its page does not explain does not exist for its readers."""

from pathlib import Path

import pytest

from tools.errors import ToolError
from tools.settings_table import END, PAGES, START, documented_settings, settings_table, table_write

FIELDS = [(page, name) for page, settings in PAGES.items() for name in sorted(settings.model_fields)]
WRITE = "run: python -m tools.settings_table --write"


@pytest.fixture(scope="module")
def pages() -> dict[Path, dict[str, tuple[str, str]]]:
    return {page: documented_settings(page.read_text()) for page in PAGES}


@pytest.mark.parametrize(("page", "field"), FIELDS, ids=lambda value: getattr(value, "stem", value))
def test_setting_stands_in_its_page_with_its_default(pages, page, field):
    variable = field.upper()
    assert variable in pages[page], f"{variable} is missing; {WRITE}"
    assert pages[page][variable] == documented_settings(settings_table(PAGES[page]))[variable], WRITE


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_page_names_no_setting_that_does_not_exist(pages, page):
    assert set(pages[page]) == {field.upper() for field in PAGES[page].model_fields}, WRITE


@pytest.mark.parametrize("settings", PAGES.values(), ids=lambda settings: settings.__name__)
def test_every_setting_says_what_it_means(settings):
    silent = [name for name, field in settings.model_fields.items() if not field.description]
    assert silent == []


def test_table_shows_required_and_default_values():
    table = documented_settings(settings_table())
    assert table["DATABASE_URL"][0] == "required"
    assert table["JWT_PRIVATE_KEY"][0] == "not set"
    assert table["ALLOWED_HOSTS"][0] == "`127.0.0.1,localhost`"
    assert table["ACCESS_TOKEN_S"][0] == "`900`"


def test_missing_markers_are_named():
    with pytest.raises(ToolError, match=START):
        documented_settings("# Meshop\n\n| variable | default |\n")


def test_write_replaces_only_the_block_and_settles(tmp_path):
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{START}\n| old |\n|---|\n{END}\nafter\n")
    assert table_write(readme) is True
    assert readme.read_text() == f"before\n{settings_table()}after\n"
    assert table_write(readme) is False
