"""Words at rest are encrypted: one column type, AES-256-GCM, bound to the column it was written for.

A stored value is `format byte ‖ nonce (12) ‖ ciphertext and tag`. The format byte leaves room for keys per
person. Codes and addresses that have to be found again are stored beside it as a keyed hash.
"""

import json
import os
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import LargeBinary
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from storage.keys import hash_code

_FORMAT = b"\x01"
_key: bytes | None = None
_cipher: AESGCM | None = None


def use_key(key: bytes) -> None:
    """Set the key (32 bytes) for this process. Call once, before the first read or write."""
    global _key, _cipher
    _key, _cipher = key, AESGCM(key)


def hashed(text: str) -> str:
    """`hash_code` with this process's key: 64 hex digits, the same for the same text."""
    if _key is None:
        raise RuntimeError("There is no key yet. Call use_key() first.")
    return hash_code(_key, text)


def seal(value: Any, about: str) -> bytes:
    """Encrypt any JSON value. NUL and lone surrogates survive, since JSON escapes them."""
    nonce = os.urandom(12)
    plain = json.dumps(value, ensure_ascii=True, separators=(",", ":")).encode()
    return _FORMAT + nonce + _opened().encrypt(nonce, plain, about.encode())


def unseal(stored: bytes, about: str) -> Any:
    """Undo `seal`. Raises `cryptography.exceptions.InvalidTag` for another key, column or changed bytes."""
    plain = _opened().decrypt(stored[1:13], stored[13:], about.encode())
    return json.loads(plain.decode())  # given bytes, json would first guess their encoding


def _opened() -> AESGCM:
    if _cipher is None:
        raise RuntimeError("There is no key yet. Call use_key() first.")
    return _cipher


class Sealed(TypeDecorator[Any]):
    """A JSON value that only ciphertext of reaches the database. `about` is "table.column"."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self, about: str) -> None:
        super().__init__()
        self.about = about

    def process_bind_param(self, value: Any, dialect: Dialect) -> bytes | None:
        """Seal on the way in; None stays NULL."""
        return None if value is None else seal(value, self.about)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Any:
        """Unseal on the way out."""
        return None if value is None else unseal(value, self.about)
