"""What docs/operator.md says about settings is what the class says."""

import re

from pydantic_core import PydanticUndefined

from meshop_operator.settings import OperatorSettings
from tools.paths import ROOT

ROW = re.compile(r"^\| `([A-Z_]+)` \| (.+?) \| (.+?) \|$", re.M)
#: Of every service; documented with the gateway's.
COMMON = {"LOG_LEVEL", "SHUTDOWN_GRACE_S"}


def test_settings_are_documented_as_they_are():
    rows = {
        name: (default, text)
        for name, default, text in ROW.findall((ROOT / "docs" / "operator.md").read_text())
    }
    own = {
        name.upper(): field
        for name, field in OperatorSettings.model_fields.items()
        if name.upper() not in COMMON and not name.startswith("otel_")
    }
    assert set(rows) == set(own)
    for name, field in own.items():
        default, text = rows[name]
        assert text == field.description
        if field.default is PydanticUndefined:
            assert default == ("required" if field.is_required() else "the host name")
        else:
            assert default == (f"`{field.default}`" if field.default != "" else "none")
