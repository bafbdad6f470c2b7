import json
import os
import time

import pytest

from tools.errors import ToolError
from tools.stack import prepare
from tools.stack.config import DEFAULT_ADMIN, StackConfig
from tools.stack.ready import HEARTBEAT_MAX_AGE_S, heartbeat_fresh, http_ready
from tools.stack.services import backend, gateway, platform_services
from tools.state import StateFolder


def test_defaults_of_make_up():
    config = StackConfig.from_environment({})
    assert (config.url, config.rate_limit, config.servers, config.durable) == (
        "http://127.0.0.1:8000", "on", "embedded", True,
    )  # fmt: skip


def test_variables_of_make_up(tmp_path):
    catalog = tmp_path / "articles.csv.gz"
    catalog.touch()
    config = StackConfig.from_environment(
        {
            "PORT": "9000",
            "PG_PORT": "5433",
            "REDIS_PORT": "6380",
            "CATALOG": str(catalog),
            "ADMIN_EMAIL": "a@example.com",
            "ADMIN_PASSWORD": "s3cr3t",
            "RATE_LIMIT": "off",
            "SHOP_CURRENCY": "EUR",
            "DATABASE_URL": "postgres://somebody/else",
            "JWT_PRIVATE_KEY": "another",
        }
    )
    assert (config.port, config.pg_port, config.redis_port, config.catalog) == (9000, 5433, 6380, catalog)
    assert config.settings == {"RATE_LIMIT": "off", "SHOP_CURRENCY": "EUR"}
    assert "s3cr3t" not in repr(config)


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"PORT": "http"}, r"^PORT=http is not a port"),
        ({"PORT": "70000"}, r"^PORT=70000 is not a port"),
        ({"PG_PORT": "-1"}, r"^PG_PORT=-1 is not a port"),
        ({"CATALOG": "/no/such/file"}, r"^CATALOG=/no/such/file is not a file\.$"),
        ({"RATE_LIMIT": "no"}, r"^RATE_LIMIT=no is neither on nor off\.$"),
    ],
)
def test_a_wrong_variable_is_told_in_one_sentence(variables, sentence):
    with pytest.raises(ToolError, match=sentence):
        StackConfig.from_environment(variables)


def test_configuration_is_remembered_without_the_password(tmp_path):
    config = StackConfig(
        folder=tmp_path, port=9000, admin_password="s3cr3t", settings={"SHOP_CURRENCY": "EUR"}
    )
    text = json.dumps(config.to_json())
    assert "s3cr3t" not in text
    again = StackConfig.from_json(json.loads(text))
    assert (again.folder, again.port, again.settings) == (tmp_path, 9000, {"SHOP_CURRENCY": "EUR"})


def test_backend_is_served_on_loopback_by_a_production_server():
    service = backend(StackConfig(backend_port=9000), {"A": "b"})
    words = " ".join(service.command)
    assert "granian --interface wsgi --host 127.0.0.1 --port 9000 --workers 2 --blocking-threads 4" in words
    assert service.command[-1] == "config.wsgi:application"
    assert set(service.depends) == {"postgresql", "redis"}


def test_another_port_or_setting_means_a_restart():
    shop = {"DATABASE_URL": "postgres://meshop@127.0.0.1:1/meshop", "REDIS_URL": "redis://127.0.0.1:1/0"}
    one, same, port, setting = (
        platform_services(config, environment)[0].fingerprint()
        for config, environment in (
            (StackConfig(backend_port=1), shop),
            (StackConfig(backend_port=1), shop),
            (StackConfig(backend_port=1, port=9000), shop),
            (StackConfig(backend_port=1), {**shop, "RATE_LIMIT": "off"}),
        )
    )
    assert one == same
    assert len({one, port, setting}) == 3


def test_the_gateway_is_the_front_door_and_learns_no_secrets():
    service = gateway(
        StackConfig(port=9000, backend_port=9001), {"SECRET_KEY": "s3cr3t", "REDIS_URL": "redis://r"}
    )
    assert service.address == "http://127.0.0.1:9000"
    assert service.env["BACKEND_URL"] == "http://127.0.0.1:9001"
    assert service.env["REDIS_URL"] == "redis://r"
    assert "SECRET_KEY" not in service.env
    assert "backend" in service.depends


def test_a_program_without_a_sign_of_life_is_not_ready(tmp_path):
    ready, file = heartbeat_fresh(tmp_path / "heartbeat"), tmp_path / "heartbeat"
    assert ready() is False
    file.touch()
    assert ready() is True
    os.utime(file, (0, time.time() - HEARTBEAT_MAX_AGE_S - 1))
    assert ready() is False


def test_nothing_answering_is_not_ready():
    assert http_ready(1, "/healthz")() is False


@pytest.fixture
def calls(monkeypatch) -> list[tuple[tuple[str, ...], str | None]]:
    made: list[tuple[tuple[str, ...], str | None]] = []
    monkeypatch.setattr(
        prepare, "run_manage", lambda _environment, *arguments, text=None, **_: made.append((arguments, text))
    )
    return made


def test_a_made_up_password_is_told_once(tmp_path, calls):
    state = StateFolder(tmp_path)
    credentials = prepare.ensure_admin(StackConfig(), state, {}, new=True)
    assert credentials.email == DEFAULT_ADMIN
    assert calls == [(("admin_ensure", "--email", DEFAULT_ADMIN), credentials.password)]
    assert credentials.password not in (tmp_path / "state.json").read_text()
    assert prepare.ensure_admin(StackConfig(), state, {}, new=False) is None
    assert len(calls) == 1


def test_a_given_password_is_set_and_never_shown(tmp_path, calls):
    config = StackConfig(admin_email="a@example.com", admin_password="s3cr3t")
    assert prepare.ensure_admin(config, StateFolder(tmp_path), {}, new=False) is None
    assert calls == [(("admin_ensure", "--email", "a@example.com"), "s3cr3t")]


def test_a_new_database_gets_its_administrator_again(tmp_path, calls):
    state = StateFolder(tmp_path)
    prepare.ensure_admin(StackConfig(), state, {}, new=True)
    assert prepare.ensure_admin(StackConfig(), state, {}, new=True) is not None


def test_migration_runs_again_only_when_code_or_database_is_new(tmp_path, calls, monkeypatch):
    state = StateFolder(tmp_path)
    monkeypatch.setattr(prepare, "source_digest", lambda _paths: "one")
    prepare.prepare_schema(state, {}, new=True)
    prepare.prepare_schema(state, {}, new=False)
    assert [arguments[0] for arguments, _ in calls] == ["migrate", "collectstatic"]
    monkeypatch.setattr(prepare, "source_digest", lambda _paths: "two")
    prepare.prepare_schema(state, {}, new=False)
    assert len(calls) == 4


def test_catalogue_is_grown_only_into_an_empty_shop(calls, monkeypatch, tmp_path):
    for empty in (True, False):
        monkeypatch.setattr(prepare, "is_empty", lambda _url, _table, empty=empty: empty)
        prepare.load_catalogue(StackConfig(), {"DATABASE_URL": ""})
    prepare.load_catalogue(StackConfig(folder=tmp_path, catalog=tmp_path / "a.csv"), {"DATABASE_URL": ""})
    assert [arguments for arguments, _ in calls] == [
        ("demo_catalog", "--products", "500", "--seed", "1"),
        (
            "catalog_import",
            str(tmp_path / "a.csv"),
            "--rejects",
            str(tmp_path / "logs" / "a.csv.rejects.csv"),
        ),
    ]
