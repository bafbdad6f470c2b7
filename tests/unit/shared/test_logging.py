"""Logs."""

import io
import json
import logging

import pytest
import structlog

from meshop_shared.logging import configure_logging, request_id_from


@pytest.mark.parametrize(
    "header", [None, "", "short", "a b c d e f g", "x" * 65, "drop\ntable", 'quote"quote']
)
def test_unsafe_request_ids_are_replaced(header: str | None) -> None:
    assert request_id_from(header) != header
    assert len(request_id_from(header)) == 32


def test_safe_request_ids_are_kept() -> None:
    assert request_id_from("client-id_1.23456") == "client-id_1.23456"


def test_lines_are_json_and_secrets_are_not_in_them() -> None:
    before = structlog.get_config()
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    try:
        configure_logging(service="shop")
        root.handlers[0].setStream(stream)
        with structlog.contextvars.bound_contextvars(request_id="r-1"):
            structlog.get_logger("x").info("signed in", password="hunter2", refresh="abc", user_id=3)
        logging.getLogger("library").warning("from %s", "elsewhere")
    finally:
        structlog.configure(**before)
        root.handlers[:] = handlers
        root.setLevel(level)
    first, second = (json.loads(line) for line in stream.getvalue().splitlines())
    assert "hunter2" not in stream.getvalue()
    assert (first["event"], first["request_id"], first["user_id"], first["service"]) == (
        "signed in",
        "r-1",
        3,
        "shop",
    )
    assert first["password"] == first["refresh"] == "[redacted]"
    assert second["event"] == "from elsewhere"
