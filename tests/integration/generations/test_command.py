"""``manage.py catalog_reindex``: all at once, phase by phase, and what it refuses."""

import orjson
import pytest
from django.core.management import CommandError, call_command

from apps.search.generations.building import generation_build
from apps.search.generations.journal import generation_get
from apps.search.generations.planning import PlanOptions, generation_plan
from apps.search.generations.running import generation_resume, generation_run, generations_status
from apps.search.management.commands import catalog_reindex as command

OPTIONS = PlanOptions(shards=2)


def test_the_command_runs_everything_and_prints_json_lines(both, catalogue, capsys):
    text, _ = both
    call_command("catalog_reindex", "--generation", "g1", "--shards", "2")
    lines = [orjson.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines[-1]["phase"] == "keep"
    assert text.active() == "g1"
    call_command("catalog_reindex", "--status")
    status = orjson.loads(capsys.readouterr().out)
    assert status["active"] == {"text": "g1", "vectors": "g1"}
    assert status["generations"][0]["state"] == "live"
    call_command("catalog_reindex", "--resume")
    assert orjson.loads(capsys.readouterr().out)["phase"] == "resume"


def test_the_command_runs_single_phases(both, catalogue, capsys):
    for arguments in (
        ("plan", "--shards", "2"),
        ("build", "--shard", "0/2"),
        ("build", "--shard", "1/2"),
        ("catch_up",),
        ("verify",),
        ("swap",),
        ("keep",),
    ):
        call_command("catalog_reindex", "--generation", "g1", "--phase", *arguments)
    assert generation_get("g1").state == "live"
    capsys.readouterr()
    with pytest.raises(CommandError, match="not in a state"):
        call_command("catalog_reindex", "--phase", "delete", "--generation", "g1")
    assert orjson.loads(capsys.readouterr().out)["error"] == "generation_refused"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--phase", "build"), "needs --generation"),
        (("--phase", "build", "--generation", "g1", "--shard", "2/2"), "--shard is I/N"),
        (("--phase", "build", "--generation", "g1", "--shard", "x"), "--shard is I/N"),
        (("--shards", "0"), "--shards is 1 to 1000"),
        (("--rate", "-1"), "no number is negative"),
        (("--phase", "plan", "--generation", "G 1"), "not valid"),
    ],
)
def test_the_command_refuses_nonsense(text, arguments, sentence):
    with pytest.raises(CommandError, match=sentence):
        call_command("catalog_reindex", *arguments)


def test_status_names_what_nobody_knows(both, catalogue):
    _, vectors = both
    generation_run(name="g1")
    vectors.create("stray")
    assert generations_status()["unknown"] == {"vectors": ["stray"]}


def test_resuming_goes_on_from_every_state(both, catalogue):
    text, _ = both
    generation_plan(name="g1", options=OPTIONS)
    generation_build(name="g1", shard=0)
    assert generation_resume().state == "live"
    assert text.active() == "g1"
    assert generation_resume() is None


def last_words(file):
    return orjson.loads(file.read_bytes())


def test_the_last_line_is_left_in_a_file_for_who_cannot_read_logs(text, catalogue, tmp_path):
    file = tmp_path / "termination-log"
    call_command("catalog_reindex", "--phase", "plan", "--generation", "g1", "--result", str(file))
    assert last_words(file)["generation"] == "g1"
    with pytest.raises(CommandError):
        call_command("catalog_reindex", "--phase", "swap", "--generation", "g1", "--result", str(file))
    assert last_words(file)["error"] == "generation_refused"


def test_a_last_line_that_is_too_long_is_left_without_its_lists(text, catalogue, tmp_path, monkeypatch):
    monkeypatch.setattr(command, "RESULT_MAX", 50)
    file = tmp_path / "termination-log"
    call_command("catalog_reindex", "--phase", "plan", "--generation", "g1", "--result", str(file))
    found = last_words(file)
    assert found["generation"] == "g1"
    assert "stores" not in found


def test_a_plan_is_refused_while_there_is_no_room(text, catalogue, capsys):
    generation_run(name="g1")
    with pytest.raises(CommandError, match="too little free disk"):
        call_command("catalog_reindex", "--phase", "plan", "--generation", "g2", "--disk-factor", "1e15")
    assert orjson.loads(capsys.readouterr().out.splitlines()[-1])["error"] == "disk_short"
    call_command("catalog_reindex", "--phase", "plan", "--generation", "g2", "--disk-factor", "1")
    assert generation_get("g2").state == "planned"


def test_leaving_a_generation_may_be_repeated(text, catalogue):
    generation_run(name="g1")
    generation_run(name="g2")
    for _ in range(2):
        call_command("catalog_reindex", "--phase", "rollback", "--generation", "g2")
        assert text.active() == "g1"
    with pytest.raises(CommandError, match="no kept generation"):
        call_command("catalog_reindex", "--phase", "rollback", "--generation", "g1")


def test_what_was_never_planned_is_given_up_already(text, catalogue, capsys):
    call_command("catalog_reindex", "--phase", "abort", "--generation", "g9")
    assert "nothing" in orjson.loads(capsys.readouterr().out)
