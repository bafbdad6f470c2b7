"""A setting that the README does not explain does not exist for its readers."""

import pytest

from config.environment import BackendSettings
from tools.errors import ToolError
from tools.paths import ROOT
from tools.settings_table import END, START, documented_settings, settings_table, table_write

FIELDS = sorted(BackendSettings.model_fields)
WRITE = "run: python -m tools.settings_table --write"


@pytest.fixture(scope="module")
def readme() -> dict[str, tuple[str, str]]:
    return documented_settings((ROOT / "README.md").read_text())


@pytest.mark.parametrize("field", FIELDS)
def test_setting_stands_in_the_readme_with_its_default(readme, field):
    variable = field.upper()
    assert variable in readme, f"{variable} is missing; {WRITE}"
    assert readme[variable] == documented_settings(settings_table())[variable], WRITE


def test_readme_names_no_setting_that_does_not_exist(readme):
    assert set(readme) == {field.upper() for field in FIELDS}, WRITE


def test_every_setting_says_what_it_means():
    silent = [name for name, field in BackendSettings.model_fields.items() if not field.description]
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
