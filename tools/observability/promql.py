"""Which metrics an expression of PromQL asks for."""

import re

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_GROUPING = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)")
_BRACES = re.compile(r"\{[^}]*\}")
_RANGE = re.compile(r"\[[^\]]*\]")
_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_CALL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*\s*(?=\()")
_WORDS = frozenset(
    (
        "and",
        "or",
        "unless",
        "offset",
        "bool",
        "inf",
        "nan",
        "by",
        "without",
        "on",
        "ignoring",
        "group_left",
        "group_right",
    )
)
_NUMBER = re.compile(r"\b\d[\w.]*\b")


def metric_names(expression: str) -> set[str]:
    """Names of the series selected. Good for the expressions written here: every selector begins with a name."""
    text = _STRING.sub('""', expression)
    for pattern in (_GROUPING, _BRACES, _RANGE, _CALL):
        text = pattern.sub(" ", text)
    text = re.sub(r"offset\s+\S+", " ", text)
    text = _NUMBER.sub(" ", text)
    return {name for name in _NAME.findall(text) if name.lower() not in _WORDS}
