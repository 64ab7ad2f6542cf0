"""The key file: what everything is locked with, and what codes and addresses are found again by.

64 random bytes: the first 32 lock (they change when the key is rotated), the last 32 make the keyed hashes
(they stay). Trede 0.1 made files of 32 bytes; in these the second half is derived from the first.
"""

import hmac
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from storage.errors import KeyUnsafe

HALF = 32


@dataclass(frozen=True, slots=True)
class Master:
    """`locking` wraps the keys of persons; `hashing` is for codes and addresses. 32 bytes each."""

    locking: bytes
    hashing: bytes

    def hash(self, text: str) -> str:
        """HMAC-SHA256 in hex: comparable, but of no use to who copies the database."""
        return hmac.digest(self.hashing, text.encode("utf-8", "surrogatepass"), "sha256").hex()

    def rotated(self) -> bytes:
        """The content of a new key file: locks anew, finds what was there before."""
        return secrets.token_bytes(HALF) + self.hashing


def master_of(content: bytes) -> Master:
    """The master key in a file's content of 32 or 64 bytes."""
    locking, hashing = content[:HALF], content[HALF:]
    return Master(locking, hashing or hmac.digest(locking, b"trede: codes and addresses", "sha256"))


def load_or_make_key(path: Path) -> bytes:
    """The content of `path`, made if there is none. Raises KeyUnsafe if others may read it, or it is none."""
    if not path.exists():
        _make(path)
    return load_key(path)


def load_key(path: Path) -> bytes:
    """The content of `path`. Raises KeyUnsafe as above, and FileNotFoundError."""
    if path.stat().st_mode & 0o077:
        raise KeyUnsafe(str(path), f"can be read by others. Run `chmod 600 {path}`")
    key = path.read_bytes()
    if len(key) not in (HALF, 2 * HALF):
        raise KeyUnsafe(
            str(path), f"holds {len(key)} bytes instead of {HALF} or {2 * HALF}. Restore it from a backup"
        )
    return key


def write_key(path: Path, content: bytes) -> None:
    """A new file that only its owner can read, on disk before this returns; one that is there is replaced."""
    fresh = _fresh(path, content)
    fresh.replace(path)
    sync_folder(path)


def sync_folder(path: Path) -> None:
    """Make sure that a renamed file keeps its new name when the power goes."""
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _make(path: Path) -> None:
    """Whole or not at all, also when two processes start at once: the first one's key stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = _fresh(path, secrets.token_bytes(2 * HALF))
    try:
        os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()


def _fresh(path: Path, content: bytes) -> Path:
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return fresh
