"""The artefact: weights of the fusion. No framework, no clock."""

import json
from dataclasses import asdict

from meshop_shared.fusion import Weights


def weights_load(content: bytes) -> Weights:
    """Read an artefact. Raises ``ValueError``, ``TypeError`` or ``KeyError`` for what is none."""
    values = json.loads(content)
    return Weights(
        lexical=float(values["lexical"]), depth=float(values["depth"]), least=float(values["least"]),
        extra=int(values["extra"]),
    )  # fmt: skip


def weights_dump(weights: Weights) -> bytes:
    """The artefact of weights."""
    return json.dumps(asdict(weights), sort_keys=True).encode()
