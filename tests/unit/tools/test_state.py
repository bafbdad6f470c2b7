import stat

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tools.errors import ToolError
from tools.state import StateFolder, write_private


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_secrets_are_made_once_and_only_their_owner_reads_them(tmp_path):
    state = StateFolder(tmp_path)
    word = state.secret("django_secret_key")
    assert len(word) >= 32
    assert StateFolder(tmp_path).secret("django_secret_key") == word
    assert state.secret("postgres_password") != word
    assert mode(tmp_path / "secrets") == 0o700
    assert {mode(path) for path in (tmp_path / "secrets").iterdir()} == {0o600}


def test_signing_key_is_an_rsa_key_of_2048_bits(tmp_path):
    file = StateFolder(tmp_path).signing_key_file()
    assert load_pem_private_key(file.read_bytes(), password=None).key_size == 2048
    assert mode(file) == 0o600


def test_private_file_replaces_a_readable_one(tmp_path):
    target = tmp_path / "word"
    target.write_text("old")
    target.chmod(0o644)
    write_private(target, "new")
    assert (target.read_text(), mode(target)) == ("new", 0o600)


def test_what_is_remembered_outlives_the_command_and_stays_private(tmp_path):
    StateFolder(tmp_path).remember("admin", "a@example.com")
    StateFolder(tmp_path).remember("prepared", "abc")
    assert StateFolder(tmp_path).remembered("admin") == "a@example.com"
    assert StateFolder(tmp_path).remembered("missing") is None
    assert mode(tmp_path / "state.json") == 0o600


def test_only_one_command_at_a_time_changes_a_stack(tmp_path):
    first, second = StateFolder(tmp_path), StateFolder(tmp_path)
    with first.lock(), pytest.raises(ToolError, match="Another command"), second.lock():
        pass
    with StateFolder(tmp_path).lock():
        pass
