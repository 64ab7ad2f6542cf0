"""Words at rest are encrypted: one column type, AES-256-GCM, bound to the column it was written for.

A stored value is `format byte ‖ nonce (12) ‖ ciphertext and tag`. The format byte leaves room for keys per person.
"""

import json
import os
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import LargeBinary
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

_FORMAT = b"\x01"
_cipher: AESGCM | None = None


def use_key(key: bytes) -> None:
    """Set the key (32 bytes) for this process. Call once, before the first read or write."""
    global _cipher
    _cipher = AESGCM(key)


def seal(value: Any, about: str) -> bytes:
    """Encrypt any JSON value. NUL and lone surrogates survive, since JSON escapes them."""
    assert _cipher is not None, "use_key() was not called"
    nonce = os.urandom(12)
    plain = json.dumps(value, ensure_ascii=True, separators=(",", ":")).encode()
    return _FORMAT + nonce + _cipher.encrypt(nonce, plain, about.encode())


def unseal(stored: bytes, about: str) -> Any:
    """What `seal` made; raises `cryptography.exceptions.InvalidTag` for another key, column or changed bytes."""
    assert _cipher is not None, "use_key() was not called"
    return json.loads(_cipher.decrypt(stored[1:13], stored[13:], about.encode()))


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
