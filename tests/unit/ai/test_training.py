import pytest

from meshop_shared.ai.training import REFUSED, Requirement, Trained, card_write, train_main


def trained(recall: float, **changes) -> Trained:
    values = {
        "artefact": lambda: b"model",
        "data_digest": "d" * 64,
        "split": "before and after",
        "metrics": {"recall": recall},
        "baselines": {"best sellers": {"recall": 0.1}},
        "requirements": (Requirement("recall", "best sellers", 1.5),),
    }
    return Trained(**(values | changes))


class Job:
    name = "thing"

    def __init__(self, result: Trained) -> None:
        self.result = result

    def add_arguments(self, parser) -> None:
        parser.add_argument("--data")

    def train(self, options) -> Trained:
        return self.result


@pytest.mark.parametrize(("recall", "refused"), [(0.151, False), (0.149, True), (float("nan"), True)])
def test_a_model_must_beat_its_baseline(recall, refused):
    assert bool(trained(recall).refusals()) is refused


def test_a_model_without_a_named_baseline_is_refused():
    assert trained(1, requirements=()).refusals() == ["no baseline was named"]


def test_a_floor_needs_no_baseline():
    floor = (Requirement("recall", None, 0.2),)
    assert trained(0.2, requirements=floor).refusals() == []
    assert "0.1900 is less than 0.2" in trained(0.19, requirements=floor).refusals()[0]


def test_a_refused_model_reaches_neither_store_nor_registry(capsys, monkeypatch):
    monkeypatch.setenv("AI_DATABASE_URL", "postgres://nobody@127.0.0.1:1/nothing")
    monkeypatch.setenv("MODEL_STORE", "file:///nowhere-at-all")

    def artefact() -> bytes:
        raise AssertionError("nobody may ask for the bytes")

    assert train_main(Job(trained(0.1, artefact=artefact)), []) == REFUSED
    assert "does not beat its baselines" in capsys.readouterr().err


def test_a_dry_run_needs_no_settings(capsys):
    assert train_main(Job(trained(0.2)), ["--dry-run"]) == 0
    assert "| best sellers | 0.1000 |" in capsys.readouterr().out


def test_missing_settings_are_named(capsys):
    with pytest.raises(SystemExit):
        train_main(Job(trained(0.2)), [])
    assert "AI_DATABASE_URL" in capsys.readouterr().err


def test_the_card_says_what_the_model_is():
    card = card_write(name="thing", version="7", digest="abc", seed=4, trained=trained(0.2))
    for part in (
        "# thing 7",
        "`abc`",
        "d" * 64,
        "seed: 4",
        "before and after",
        "| **this model** | 0.2000 |",
    ):
        assert part in card
