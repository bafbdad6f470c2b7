import subprocess
import tomllib

from tools.lock import addresses, compile_command
from tools.paths import IMPORT_ROOTS, REQUIREMENTS, ROOT, write_path_file


def test_lock_files_hold_hashes_and_no_address():
    for source in REQUIREMENTS.glob("*.in"):
        lock = source.with_suffix(".txt")
        assert addresses(lock) == []
        assert lock.read_text().count("--hash=sha256:") >= lock.read_text().count("==")


def test_an_address_would_be_seen(tmp_path):
    lock = tmp_path / "x.txt"
    lock.write_text("a==1\n    # from https" + "://example.com\n")
    assert len(addresses(lock)) == 1


def test_other_locks_are_constrained_by_dev():
    command = compile_command(REQUIREMENTS / "backend.in", constraint=REQUIREMENTS / "dev.txt", upgrade=False)
    assert command[-5:] == [
        "--constraint", "requirements/dev.txt", "requirements/backend.in", "--output-file", "requirements/backend.txt",
    ]  # fmt: skip


def test_import_roots_are_the_same_everywhere(tmp_path):
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    pytest_roots = {
        (ROOT / path).resolve() for path in settings["tool"]["pytest"]["ini_options"]["pythonpath"]
    }
    assert pytest_roots == set(IMPORT_ROOTS)
    lines = write_path_file(tmp_path).read_text().splitlines()
    assert {(tmp_path / line).resolve() for line in lines} == set(IMPORT_ROOTS)


def test_make_help_lists_every_target():
    listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for target in (
        "help", "setup", "lock", "up", "down", "status", "lint", "test", "test-unit", "test-integration", "test-e2e",
        "bench", "bench-catalog", "bench-store", "fmt", "clean",
    ):  # fmt: skip
        assert f"  make {target} " in listed
