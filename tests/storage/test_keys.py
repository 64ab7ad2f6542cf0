"""The key file: made once, readable by nobody else."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from storage.errors import KeyUnsafe
from storage.keys import load_or_make_key, master_of


def test_a_key_is_made_once_and_found_again(tmp_path: Path) -> None:
    path = tmp_path / "data" / "key"

    key = load_or_make_key(path)

    assert len(key) == 64
    assert load_or_make_key(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["key"]


def test_two_who_start_at_once_have_the_same_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        keys = set(threads.map(load_or_make_key, [tmp_path / "key"] * 8))

    assert len(keys) == 1


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key"
    load_or_make_key(path)
    path.chmod(0o640)

    with pytest.raises(KeyUnsafe, match="chmod 600"):
        load_or_make_key(path)


def test_a_file_that_is_no_key_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(b"short")
    path.chmod(0o600)

    with pytest.raises(KeyUnsafe, match="5 bytes instead of 32 or 64"):
        load_or_make_key(path)


def test_a_hash_differs_with_key_and_text() -> None:
    one, two = master_of(bytes(64)), master_of(bytes([1]) * 64)

    assert one.hash("a") == one.hash("a")
    assert len({one.hash("a"), two.hash("a"), one.hash("b")}) == 3


def test_a_rotated_key_locks_anew_and_finds_what_was_there() -> None:
    before = master_of(bytes(32))

    after = master_of(before.rotated())

    assert after.locking != before.locking
    assert after.hash("a") == before.hash("a")
