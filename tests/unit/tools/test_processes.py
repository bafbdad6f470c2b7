import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tools import procfs
from tools.errors import ToolError
from tools.processes import ProcessTable, Service, source_digest

SLEEP = (sys.executable, "-c", "import time; time.sleep(60)")


@pytest.fixture
def table(tmp_path) -> Iterator[ProcessTable]:
    table = ProcessTable(tmp_path, report=lambda _line: None)
    yield table
    table.stop()


def sleeper(name="sleeper", **changes) -> Service:
    return replace(Service(name, SLEEP, ready=lambda: True, grace_s=5), **changes)


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)


def test_a_service_that_runs_is_left_alone(table):
    assert table.ensure([sleeper()]) == ["sleeper"]
    pid = table.record("sleeper").pid
    assert table.ensure([sleeper()]) == []
    assert table.record("sleeper").pid == pid


def test_another_command_finds_and_stops_it(table, tmp_path):
    table.ensure([sleeper()])
    record = ProcessTable(tmp_path).record("sleeper")
    assert record.alive
    assert ProcessTable(tmp_path).stop() == ["sleeper"]
    assert not record.alive
    assert table.records() == {}


@pytest.mark.parametrize("change", [{"env": {"PORT": "1"}}, {"command": (*SLEEP, "x")}])
def test_a_change_of_configuration_restarts_it(table, change):
    table.ensure([sleeper()])
    before = table.record("sleeper")
    assert table.ensure([sleeper(**change)]) == ["sleeper"]
    assert not before.alive
    assert table.is_running("sleeper")


def test_a_change_of_its_sources_restarts_it(table, tmp_path):
    source = tmp_path / "code"
    source.mkdir()
    (source / "a.py").write_text("1")
    table.ensure([sleeper(sources=(source,))])
    assert table.ensure([sleeper(sources=(source,))]) == []
    (source / "b.py").write_text("2")
    assert table.ensure([sleeper(sources=(source,))]) == ["sleeper"]


def test_a_number_that_went_to_another_process_is_never_signalled(table, tmp_path):
    with subprocess.Popen(SLEEP, start_new_session=True) as stranger:
        table.ensure([sleeper()])
        file = tmp_path / "run" / "sleeper.json"
        values = json.loads(file.read_text())
        ours = values["pid"]
        file.write_text(json.dumps({**values, "pid": stranger.pid, "identity": f"{values['identity']}0"}))
        assert not table.is_running("sleeper")
        assert table.stop() == []
        assert stranger.poll() is None
        stranger.kill()
        kill(ours)


def test_an_ended_process_is_not_running_even_as_a_zombie(table):
    table.ensure([sleeper()])
    record = table.record("sleeper")
    kill(record.pid)  # the table is its parent and has not waited for it
    assert procfs.read_stat(record.pid).state == "Z"
    assert not record.alive
    assert table.ensure([sleeper()]) == ["sleeper"]


def test_children_that_a_killed_service_left_are_ended(table, tmp_path):
    ready = tmp_path / "ready"
    script = f"sleep 60 & echo $! > {ready}; wait"
    table.ensure(
        [sleeper(command=("bash", "-c", script), ready=lambda: ready.exists() and ready.read_text())]
    )
    child = int(ready.read_text())
    kill(table.record("sleeper").pid)
    assert procfs.identity(child)
    table.stop()
    assert procfs.identity(child) is None


def test_a_service_deaf_to_sigterm_is_killed_after_its_grace(table, tmp_path):
    ready = tmp_path / "ready"
    script = (
        f"import signal, time; signal.signal(15, signal.SIG_IGN); open({str(ready)!r}, 'w'); time.sleep(60)"
    )
    table.ensure([sleeper(command=(sys.executable, "-c", script), ready=ready.exists, grace_s=0.2)])
    record = table.record("sleeper")
    assert table.stop() == ["sleeper"]
    assert not record.alive


def test_dependants_start_later_and_stop_first(table):
    services = [sleeper("shop", depends=("database",)), sleeper("database")]
    assert table.ensure(services) == ["database", "shop"]
    assert table.stop() == ["shop", "database"]


def test_a_service_that_ends_while_starting_shows_its_last_words(table):
    service = sleeper(
        command=(sys.executable, "-c", "print('no such table'); raise SystemExit(1)"), ready=lambda: False
    )
    with pytest.raises(
        ToolError, match=r"ended while starting\.\n  \| no such table\nThe whole log is .*sleeper\.log"
    ):
        table.ensure([service])


def test_a_service_that_never_gets_ready_is_told_with_its_log(table):
    with pytest.raises(ToolError, match=r"was not ready after 0 s"):
        table.ensure([sleeper(ready=lambda: False, ready_s=0.2)])


def test_a_missing_program_is_named(table):
    with pytest.raises(ToolError, match=r"sleeper cannot start: /no/such/program is missing"):
        table.ensure([sleeper(command=("/no/such/program",))])


def test_a_long_log_is_set_aside_at_the_next_start(table, monkeypatch):
    monkeypatch.setattr("tools.processes.LOG_LIMIT", 10)
    table.log_path("sleeper").write_text("x" * 11)
    table.ensure([sleeper()])
    assert table.log_path("sleeper").with_suffix(".log.1").read_text() == "x" * 11
    assert "x" not in table.log_path("sleeper").read_text()


def test_scratch_is_empty_at_every_start(table, tmp_path):
    scratch = tmp_path / "metrics"
    table.ensure([sleeper(scratch=scratch)])
    (scratch / "counter_1.db").touch()
    table.ensure([sleeper(scratch=scratch)])
    assert [path.name for path in scratch.iterdir()] == ["counter_1.db"]
    table.ensure([sleeper(scratch=scratch, env={"A": "b"})])
    assert list(scratch.iterdir()) == []


def test_source_digest_ignores_compiled_files(tmp_path):
    (tmp_path / "a.py").write_text("1")
    before = source_digest([tmp_path])
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "a.pyc").write_text("2")
    assert source_digest([tmp_path]) == before
