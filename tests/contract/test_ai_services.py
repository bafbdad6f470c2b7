"""What every AI service owes its callers, whichever it is. A new folder below ``ai`` is held to it by itself."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from meshop_shared.ai.registry import RegisteredModel, Registry
from meshop_shared.ai.store import artefact_put, digest_of
from tests.support.ai import SERVICES, ai_database, ai_module, ai_settings, settings_class
from tests.support.polling import wait_until
from tools.paths import AI

MODULES = ("main", "settings", "schemas", "routes", "model", "train")


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    with ai_database() as url:
        yield url


@pytest.fixture(params=SERVICES)
def service(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def client(service: str, database: str, tmp_path: Path) -> Iterator[TestClient]:
    app = ai_module(service, "main").create(ai_settings(database, tmp_path, service=service))
    with TestClient(app) as client:
        wait_until(lambda: client.get("/readyz").status_code == 200)
        yield client


def operations(client: TestClient) -> dict[str, dict]:
    paths = client.get("/openapi.json").json()["paths"]
    return {path: methods["post"] for path, methods in paths.items() if "post" in methods}


def test_there_are_services():
    assert "recommendations" in SERVICES


def test_it_is_made_of_the_same_modules(service):
    missing = [name for name in MODULES if not (AI / service / f"{name}.py").is_file()]
    assert missing == []


def test_its_model_knows_no_framework_and_no_clock(service):
    source = (AI / service / "model.py").read_text()
    for word in ("fastapi", "pydantic", "datetime.now", "time.time", "meshop_shared.web"):
        assert word not in source, word


def test_it_has_probes_metrics_and_a_name(client, service):
    assert client.get("/healthz").json() == {"status": "healthy"}
    assert client.get("/v1/model").json() == {"service": service, "model": None}
    assert f'service="{service}"' in client.get("/metrics").text


def test_it_speaks_the_common_errors(client):
    unknown = client.get("/nowhere")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "not_found")
    for path in operations(client):
        refused = client.post(path, content=b"{")
        assert refused.status_code == 400, path
        assert set(refused.json()) == {"code", "message", "extra", "request_id"}


def test_every_answer_carries_source_model_and_reasons(client):
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    found = operations(client)
    assert found
    for path, operation in found.items():
        schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
        answer = schemas[schema["$ref"].rpartition("/")[2]]
        assert {"source", "model", "reasons"} <= set(answer["required"]), path


def test_its_document_promises_the_common_errors(client):
    document = client.get("/openapi.json").json()
    assert document == client.get("/openapi.json").json()
    for path, methods in document["paths"].items():
        for operation in methods.values():
            assert "422" not in operation["responses"], path
            for status in ("4XX", "5XX"):
                schema = operation["responses"][status]["content"]["application/json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/Error"}
    assert document["components"]["schemas"]["Error"]["required"] == [
        "code",
        "message",
        "extra",
        "request_id",
    ]


def test_it_refuses_readiness_when_it_drains(client):
    client.app.state.draining = True
    assert client.get("/readyz").status_code == 503
    assert client.get("/healthz").status_code == 200


def test_it_starts_without_its_database(service, tmp_path):
    nowhere = "postgres://nobody@127.0.0.1:1/nothing"
    app = ai_module(service, "main").create(ai_settings(nowhere, tmp_path, service=service))
    with TestClient(app) as client:
        wait_until(lambda: client.get("/readyz").status_code == 200)
        assert client.get("/v1/model").json()["model"] is None


def test_bytes_that_are_no_model_are_not_served(client, service, database, tmp_path):
    content = b"not a model"
    address = artefact_put(store=tmp_path.as_uri(), name=service, version="bad", content=content)
    registry = Registry(database)
    registry.register(
        RegisteredModel(
            name=service, version="bad", digest=digest_of(content), artefact=address, data_digest="", seed=1,
            metrics={}, card="",
        )
    )  # fmt: skip
    registry.promote(name=service, version="bad")
    failed = f'meshop_ai_model_loads_total{{outcome="failed",service="{service}"}}'
    wait_until(lambda: failed in client.get("/metrics").text)
    assert client.get("/v1/model").json()["model"] is None


def test_its_settings_build_on_the_common_ones(service):
    silent = [name for name, field in settings_class(service).model_fields.items() if not field.description]
    assert silent == []
