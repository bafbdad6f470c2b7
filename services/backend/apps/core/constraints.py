"""Telling which rule of the schema a write broke, so that a race ends in a named conflict."""

from django.db import IntegrityError


def violated_constraint(error: IntegrityError) -> str:
    """Return the name of the constraint or unique index, empty when PostgreSQL did not name one."""
    diagnostics = getattr(error.__cause__, "diag", None)
    return getattr(diagnostics, "constraint_name", None) or ""
