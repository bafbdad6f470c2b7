import pytest

from apps.products.imports.errors import ImportFailed
from apps.products.imports.records import Rejection
from apps.products.imports.rejects import RejectsFile

FIRST, SECOND = Rejection(2, "bad_price", "£5"), Rejection(9, "missing_name")


def test_nothing_rejected_leaves_no_file(tmp_path):
    with RejectsFile(tmp_path / "r.csv") as rejects:
        rejects.write([])
        assert rejects.sync() == 0
    assert not (tmp_path / "r.csv").exists()


def test_lines_with_reasons(tmp_path):
    with RejectsFile(tmp_path / "r.csv") as rejects:
        rejects.write([FIRST, SECOND])
        assert rejects.sync() == (tmp_path / "r.csv").stat().st_size
    text = (tmp_path / "r.csv").read_text()
    assert text.splitlines() == ["line,reason,detail", "2,bad_price,£5", "9,missing_name,"]


def test_an_interrupted_run_goes_on_at_what_was_committed(tmp_path):
    path = tmp_path / "r.csv"
    with RejectsFile(path) as rejects:
        rejects.write([FIRST])
        committed = rejects.sync()
        rejects.write([Rejection(5, "lost")])
    with RejectsFile(path) as rejects:
        assert rejects.can_resume(committed)
        rejects.rewind(committed)
        rejects.write([SECOND])
    assert path.read_text().splitlines() == ["line,reason,detail", "2,bad_price,£5", "9,missing_name,"]


def test_without_the_old_file_there_is_nothing_to_go_on_from(tmp_path):
    rejects = RejectsFile(tmp_path / "r.csv")
    assert rejects.can_resume(0)
    assert not rejects.can_resume(10)


def test_a_new_run_does_not_keep_old_lines(tmp_path):
    path = tmp_path / "r.csv"
    path.write_text("old")
    with RejectsFile(path) as rejects:
        rejects.rewind(0)
    assert not path.exists()


def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path):
    with (
        RejectsFile(tmp_path / "absent" / "r.csv") as rejects,
        pytest.raises(ImportFailed, match="cannot be written"),
    ):
        rejects.write([FIRST])


def test_texts_that_are_not_utf8_can_be_written(tmp_path):
    with RejectsFile(tmp_path / "r.csv") as rejects:
        rejects.write([Rejection(2, "not_utf8", "L\udce4mp")])
    assert "not_utf8" in (tmp_path / "r.csv").read_text()
