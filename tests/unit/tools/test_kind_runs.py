"""What the tools of the cluster decide without one."""

import os
import subprocess
import sys
import time

import pytest

from tools.errors import ToolError
from tools.kind import obstacles, shell, testing
from tools.kind.__main__ import main


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setattr(shell, "HOME", tmp_path)
    return tmp_path


def test_a_command_that_fails_says_its_last_lines(home):
    with pytest.raises(ToolError, match=r"failed \(exit 3\)\.\n  \| because"):
        shell.run(sys.executable, "-c", "print('because'); raise SystemExit(3)")
    assert "because" in (home / "commands.log").read_text()


def test_a_command_that_hangs_is_ended(home):
    with pytest.raises(ToolError, match=r"did not end in 0 s"):
        shell.run("sleep", "60", timeout_s=0.2)


def test_a_run_that_is_over_ends_what_it_does_and_begins_nothing(home, monkeypatch):
    monkeypatch.setenv(shell.DEADLINE_AT, str(time.time() + 0.5))
    with pytest.raises(ToolError, match="The time for the cluster is over"):
        shell.run("sleep", "60")
    with pytest.raises(ToolError, match="The time for the cluster is over"):
        shell.run("touch", str(home / "begun"))
    assert not (home / "begun").exists()


@pytest.mark.parametrize(
    ("check", "sentence"),
    [("_programs", "Go is not"), ("_memory", "no memory"), ("_engine", "nobody may")],
)
def test_the_first_obstacle_is_the_reason(check, sentence, monkeypatch):
    for name in ("_platform", "_programs", "_kernel", "_memory", "_disk", "_engine"):
        monkeypatch.setattr(obstacles, name, lambda: "")
    assert obstacles.obstacle() == ""
    monkeypatch.setattr(obstacles, check, lambda: sentence)
    assert obstacles.obstacle() == sentence


def test_arguments_of_pytest_follow_ours(monkeypatch):
    asked = []
    monkeypatch.setattr(testing, "run_tests", lambda arguments, *, keep: asked.append((arguments, keep)) or 0)
    monkeypatch.setattr(sys, "argv", ["kind", "test", "--keep", "--", "tests/kind/test_30_mesh.py", "-x"])
    assert main() == 0
    assert asked == [(["tests/kind/test_30_mesh.py", "-x"], True)]


def test_too_little_memory_is_an_obstacle(monkeypatch):
    monkeypatch.setattr(obstacles, "MEMORY_GIB", 1 << 20)
    assert "GiB of memory" in obstacles._memory()


def test_where_there_can_be_no_cluster_every_test_is_skipped_by_name(monkeypatch, capfd):
    monkeypatch.setattr(testing, "obstacle", lambda: "this machine is made of paper")
    assert testing.run_tests(["-rs", "tests/kind/test_30_mesh.py"], keep=False) == 0
    said = capfd.readouterr().out
    assert "There is no cluster: this machine is made of paper" in said
    assert " passed" not in said
    assert shell.DEADLINE_AT not in os.environ


def test_when_the_time_is_over_tests_are_skipped_unless_somebody_insists(monkeypatch, capfd):
    def never_ready():
        raise shell.TimeIsOverError

    monkeypatch.setattr(testing, "obstacle", lambda: "")
    monkeypatch.setattr(testing.lifecycle, "is_up", lambda: True)
    monkeypatch.setattr(testing.lifecycle, "up", never_ready)
    assert testing.run_tests(["-rs", "tests/kind/test_40_scaling.py"], keep=True) == 0
    assert "The time for the cluster is over." in capfd.readouterr().out
    monkeypatch.setenv("KIND", "on")
    with pytest.raises(ToolError, match="The time for the cluster is over"):
        testing.run_tests([], keep=True)


@pytest.mark.parametrize("are_built", [False, True])
def test_the_run_that_builds_an_api_server_has_its_tests_too(are_built, monkeypatch, tmp_path):
    """Another one has had them among all other tests."""
    commands = []
    monkeypatch.setattr(testing, "obstacle", lambda: "")
    monkeypatch.setattr(testing.lifecycle, "is_up", lambda: True)
    monkeypatch.setattr(testing.lifecycle, "up", lambda: (tmp_path / "kube-apiserver").touch())
    monkeypatch.setattr(testing.config, "BIN", tmp_path)
    monkeypatch.setattr(
        testing.subprocess,
        "run",
        lambda command, **_: commands.append(command) or subprocess.CompletedProcess(command, 0),
    )
    if are_built:
        (tmp_path / "kube-apiserver").touch()
    assert testing.run_tests([], keep=True) == 0
    assert ("tests/contract/operator" in commands[0], "tests/kind" in commands[0]) == (not are_built, True)
