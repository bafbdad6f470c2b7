"""``docs/events.md``, made from the schemas of the events: ``python -m tools.event_docs [--write]``."""

import argparse
from collections.abc import Iterator
from typing import get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from config.subscriptions import SUBSCRIPTIONS
from meshop_shared.events import EventPayload, event_schemas
from tools.paths import ROOT

PAGE = ROOT / "docs" / "events.md"

_HEAD = """\
# Events

Made from `meshop_shared/events.py` by `python -m tools.event_docs --write`; a test compares.

An event is a fact, written to the outbox in the transaction of the change that it tells of. The relay publishes it to
the topic exchange `meshop.events`, and each consumer of the table in `config/subscriptions.py` gets it **at least
once and in no guaranteed order**; the inbox makes its effect happen exactly once. It travels, and reaches merchants'
webhooks, as

```json
{"id": "<uuid>", "type": "order.placed", "version": 1, "aggregate": "order:17",
 "created_at": "<ISO 8601>", "payload": {}, "headers": {"request_id": "<id>"}}
```

where `headers` stays inside the platform. Amounts are integers in minor units of `currency`. A change that readers of
the old fields would notice gets a new version; a new field with a default does not, so readers ignore fields that
they do not know.
"""


def events_page() -> str:
    """The whole page."""
    models = event_schemas().values()
    parts = {part.__name__: part for model in models for part in _parts(model)}
    lines = [_HEAD, *(line for model in models for line in _section(model))]
    for name, part in parts.items():
        lines += [f"## Part `{name}`", "", (part.__doc__ or "").strip(), "", *_table(part), ""]
    return "\n".join(lines)


def _parts(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for field in model.model_fields.values():
        for argument in get_args(field.annotation):
            if isinstance(argument, type) and issubclass(argument, BaseModel):
                yield argument


def _section(model: type[EventPayload]) -> Iterator[str]:
    yield f"## `{model.TYPE}` version {model.VERSION}"
    yield ""
    yield (model.__doc__ or "").strip()
    consumers = [f"`{s.consumer}`" for s in SUBSCRIPTIONS if s.wants(model.TYPE)]
    yield f"Consumers: {', '.join(consumers) or 'none yet'}. " + (
        "Merchants may receive it by webhook." if model.PUBLIC else "Never leaves the platform."
    )
    yield ""
    yield from _table(model)
    yield ""


def _table(model: type[BaseModel]) -> Iterator[str]:
    yield "| field | type | meaning |"
    yield "|---|---|---|"
    for name, field in model.model_fields.items():
        yield f"| `{name}` | {_type(field)} | {_meaning(field)} |"


def _type(field: FieldInfo) -> str:
    text = getattr(field.annotation, "__name__", "") if isinstance(field.annotation, type) else ""
    return f"`{text or str(field.annotation).replace('meshop_shared.events.', '')}`".replace("|", "\\|")


def _meaning(field: FieldInfo) -> str:
    default = "" if field.is_required() else f" Default `{field.default!r}`."
    return f"{field.description or ''}{default}".strip()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="replace the page")
    if parser.parse_args().write:
        PAGE.write_text(events_page())
    else:
        print(events_page())
