import os
from pathlib import Path

import pytest

from tools.errors import ToolError
from tools.servers import postgres, privileges, redis


@pytest.fixture
def server(tmp_path) -> postgres.PostgresServer:
    return postgres.PostgresServer(postgres.embedded_programs(), tmp_path / "postgres", 23456, "s3cr3t")


def flags(service) -> dict[str, str]:
    command = service.command
    return dict(command[i + 1].split("=", 1) for i, part in enumerate(command) if part == "-c")


def test_postgres_listens_on_loopback_only_and_keeps_what_it_commits(server):
    found = flags(server.service())
    assert found["listen_addresses"] == "127.0.0.1"
    assert found["port"] == "23456"
    assert found["unix_socket_directories"] == ""
    assert (found["fsync"], found["synchronous_commit"], found["full_page_writes"]) == ("on", "on", "on")
    assert server.url() == "postgres://meshop:s3cr3t@127.0.0.1:23456/meshop"


def test_postgres_password_is_not_on_the_command_line(server):
    assert not [part for part in server.service().command if "s3cr3t" in part]


def test_postgres_of_tests_may_forget(tmp_path):
    server = postgres.PostgresServer(
        postgres.embedded_programs(), tmp_path / "postgres", 1, "s3cr3t", durable=False
    )
    assert flags(server.service())["fsync"] == "off"


def test_data_of_another_major_version_is_not_touched(server):
    server.data.mkdir()
    (server.data / "PG_VERSION").write_text("14\n")
    with pytest.raises(ToolError, match="written by PostgreSQL 14, and this is 18"):
        server.initialise()


def test_redis_wants_a_password_and_evicts_only_what_expires(tmp_path):
    server = redis.RedisServer(redis.embedded_programs(), tmp_path / "redis", 23457, "s3cr3t")
    server.initialise()
    lines = (tmp_path / "redis" / "redis.conf").read_text().splitlines()
    assert {"bind 127.0.0.1", "port 23457", "requirepass s3cr3t", "maxmemory-policy volatile-lru"} <= set(
        lines
    )
    assert (tmp_path / "redis" / "redis.conf").stat().st_mode & 0o077 == 0
    assert not [part for part in server.service().command if part == "s3cr3t"]


def test_configuration_that_is_the_same_does_not_restart_redis(tmp_path):
    server = redis.RedisServer(redis.embedded_programs(), tmp_path / "redis", 23457, "s3cr3t")
    server.initialise()
    before = server.service().fingerprint()
    server.initialise()
    assert server.service().fingerprint() == before


def test_wheels_bring_programs_that_can_be_run():
    assert os.access(postgres.embedded_programs().bin / "postgres", os.X_OK)
    assert os.access(redis.embedded_programs().server, os.X_OK)


@pytest.fixture
def as_root(monkeypatch):
    privileges.without_root.cache_clear()
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    yield
    privileges.without_root.cache_clear()


@pytest.mark.parametrize(
    ("reachable", "expected"),
    [
        (lambda way: way.run_as is not None, "another user"),
        (lambda way: way.prefix != (), "a namespace"),
    ],
)
def test_root_runs_postgres_as_somebody_else(as_root, monkeypatch, reachable, expected):
    monkeypatch.setattr(privileges, "_works", lambda way, _program, _folder: reachable(way))
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    way = privileges.without_root(Path("/pg/postgres"), Path("/data"))
    assert ("another user" if way.run_as else "a namespace") == expected


def test_root_without_a_way_out_gets_one_sentence(as_root, monkeypatch):
    monkeypatch.setattr(privileges, "_works", lambda *_: False)
    with pytest.raises(ToolError, match=r"^postgres refuses to run as root.*normal user\.$"):
        privileges.without_root(Path("/pg/postgres"), Path("/data"))


def test_normal_user_runs_postgres_directly(monkeypatch):
    privileges.without_root.cache_clear()
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert privileges.without_root(Path("/pg/postgres"), Path("/data")) == privileges.Privileges()
    privileges.without_root.cache_clear()
