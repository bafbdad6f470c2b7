"""Texts that are the same to a merchandiser are the same to us."""

import re


def normalise(text: str) -> str:
    """Lower case, single spaces."""
    return " ".join(text.lower().split())


def rule_problem(rule: str) -> str:
    """Why a synonym rule cannot be read; empty when it can."""
    sides = rule.split("=>")
    if len(sides) > 2:
        return "Use at most one =>."
    parts = [[part.strip() for part in side.split(",")] for side in sides]
    if any(not re.search(r"\w", part) for side in parts for part in side):
        return "Each word or phrase between commas needs a letter or a digit."
    if len(sides) == 1 and len(parts[0]) < 2:
        return "Give at least two words or phrases, separated by commas."
    return ""
