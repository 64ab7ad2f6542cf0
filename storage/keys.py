"""The key: 32 random bytes in a file only its owner can read, and the keyed hash made with it."""

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from storage.errors import KeyUnsafe

LENGTH = 32


def load_or_make_key(path: Path) -> bytes:
    """The key in `path`, made if there is none. Raises KeyUnsafe if others may read it, or it is none."""
    if not path.exists():
        _make(path)
    if path.stat().st_mode & 0o077:
        raise KeyUnsafe(str(path), f"can be read by others. Run `chmod 600 {path}`")
    key = path.read_bytes()
    if len(key) != LENGTH:
        raise KeyUnsafe(str(path), f"holds {len(key)} bytes instead of {LENGTH}. Restore it from a backup")
    return key


def hash_code(key: bytes, text: str) -> str:
    """HMAC-SHA256 in hex, for codes and addresses: comparable, but of no use to who copies the database."""
    # A key of its own, so that hashing and sealing never share one.
    hashing = hmac.digest(key, b"trede: codes and addresses", "sha256")
    return hmac.new(hashing, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def _make(path: Path) -> None:
    """Whole or not at all, also when two processes start at once: the first one's key stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(secrets.token_bytes(LENGTH))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
