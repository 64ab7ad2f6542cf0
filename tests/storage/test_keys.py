"""The key file: made once, readable by nobody else."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from storage.errors import KeyUnsafe
from storage.keys import hash_code, load_or_make_key


def test_a_key_is_made_once_and_found_again(tmp_path: Path) -> None:
    path = tmp_path / "data" / "key"

    key = load_or_make_key(path)

    assert len(key) == 32
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

    with pytest.raises(KeyUnsafe, match="5 bytes instead of 32"):
        load_or_make_key(path)


def test_a_hash_differs_with_key_and_text() -> None:
    one, two = bytes(32), bytes([1]) * 32

    assert hash_code(one, "a") == hash_code(one, "a")
    assert len({hash_code(one, "a"), hash_code(two, "a"), hash_code(one, "b")}) == 3
