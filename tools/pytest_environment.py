"""pytest plugin, loaded before Django: what a test run does not set gets a placeholder, so unit tests need nothing."""

import os

from tools.environment import placeholder_environment
from tools.paths import BUILD

for _name, _value in placeholder_environment(BUILD / "unit").items():
    if _name != "JWT_PRIVATE_KEY" or "JWT_PRIVATE_KEY_FILE" not in os.environ:
        os.environ.setdefault(_name, _value)
