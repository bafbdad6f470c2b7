"""The embedded servers themselves, whichever servers the other tests run on."""

import os
import signal
import subprocess
import sys

import pytest

from tools import procfs
from tools.testbed import TESTBEDS

USE_SERVERS = """
import os, psycopg, redis, sys
with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
    connection.execute("CREATE EXTENSION pg_trgm")
    print(connection.execute("SELECT lower('ÄÖ'), current_setting('fsync')").fetchone())
with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
    print(client.ping())
sys.stdout.flush()
"""


def run_testbed(script: str, *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            "tools.testbed",
            "--servers",
            "embedded",
            *options,
            "--",
            sys.executable,
            "-c",
            script,
        ],
        stdout=subprocess.PIPE,
        text=True,
    )


def server_processes(folder) -> list[int]:
    """Processes that have the folder of a testbed on their command line or as their working directory."""
    found = []
    for entry in procfs.PROC.iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_bytes().decode(errors="replace")
                place = str((entry / "cwd").readlink())
            except OSError:
                continue
            if str(folder) in command or place.startswith(str(folder)):
                found.append(int(entry.name))
    return found


def test_a_command_gets_servers_and_nothing_stays():
    with run_testbed(USE_SERVERS + "sys.exit(7)", "--durable") as run:
        output, _ = run.communicate(timeout=60)
    assert run.returncode == 7
    assert output.splitlines()[1:] == ["('äö', 'on')", "True"]
    folder = TESTBEDS / str(run.pid)
    assert not folder.exists()
    assert server_processes(folder) == []


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_run_leaves_nothing_for_long(ending):
    with run_testbed("import time; print('up', flush=True); time.sleep(60)") as run:
        while run.stdout.readline() != "up\n":
            assert run.poll() is None
        folder = TESTBEDS / str(run.pid)
        assert len(server_processes(folder)) >= 2
        (command,) = commands(run.pid)
        os.kill(run.pid, ending)
        run.wait(timeout=30)
    if ending == signal.SIGKILL:
        os.kill(command, signal.SIGKILL)
        with run_testbed("") as following:
            following.communicate(timeout=60)
    assert not folder.exists()
    assert server_processes(folder) == []
    assert procfs.identity(command) is None


def commands(testbed: int) -> list[int]:
    """Children that are no servers: those lead sessions of their own."""
    text = (procfs.PROC / str(testbed) / "task" / str(testbed) / "children").read_text()
    return [int(word) for word in text.split() if not procfs.session_members(int(word))]
