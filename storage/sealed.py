"""Words at rest are encrypted: one column type, AES-256-GCM, a key for each person, bound to its own place.

    insert(summaries).values(body=Words(value, key, row))     in: what is said, whose key, which row
    row.body.open(key, row)                                 out: it opens with that key, in that row only

A stored value is `format byte ‖ key version ‖ nonce (12) ‖ ciphertext and tag`; table, column, row and key
version are its additional data, so that no two can be swapped. A person's key lies in `clients.key`, wrapped
by the master key, which is in a file outside the database: without that row or that file, nothing opens.
What belongs to no client is under the house key, which is derived from the key file and is never rotated.
"""

import hmac
import json
import os
from collections.abc import Callable
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic_core import PydanticSerializationError, to_json, to_jsonable_python
from sqlalchemy import LargeBinary
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from storage.keys import Master, master_of

_FORMAT = b"\x02"
_FIRST = 1
"""The version of a person's key. Rotating the master key wraps it anew and leaves it as it is."""

_escape = json.JSONEncoder(ensure_ascii=True, separators=(",", ":")).encode
_read = json.JSONDecoder().decode  # given bytes, `json.loads` would first guess their encoding


def written(value: Any) -> bytes:
    """JSON. Lone surrogates, which UTF-8 cannot hold, survive as escapes."""
    try:
        return to_json(value)
    except PydanticSerializationError:
        return _escape(to_jsonable_python(value)).encode()


class Key:
    """An opened key. `seal` and `unseal` take any JSON value and where it lies."""

    __slots__ = ("_cipher", "_head", "_version")

    def __init__(self, secret: bytes, version: int = _FIRST) -> None:
        self._cipher = AESGCM(secret)
        self._head = _FORMAT + bytes([version])
        self._version = version

    def seal(self, value: Any, column: str, row: str) -> bytes:
        """Encrypt it for this column ("table.column") and row. Bytes are JSON that is written already."""
        nonce = os.urandom(12)
        place = f"{column}|{row}|{self._version}".encode()
        text = value if isinstance(value, bytes) else written(value)
        return self._head + nonce + self._cipher.encrypt(nonce, text, place)

    def unseal(self, stored: bytes, column: str, row: str) -> Any:
        """Undo `seal`. Raises `cryptography.exceptions.InvalidTag` for any other key, place or bytes."""
        if stored[:2] != self._head:
            raise InvalidTag
        place = f"{column}|{row}|{self._version}".encode()
        return _read(self._cipher.decrypt(stored[2:14], stored[14:], place).decode())


class Words(NamedTuple):
    """What goes into a `Sealed` column: a JSON value (or its bytes), the key it is for, and the row's id."""

    value: Any
    key: Key
    row: str


class Closed(NamedTuple):
    """What comes out of a `Sealed` column."""

    stored: bytes
    column: str

    def open(self, key: Key, row: str) -> Any:
        """The value. Raises InvalidTag as `Key.unseal`."""
        return key.unseal(self.stored, self.column, row)


class Sealed(TypeDecorator[Any]):
    """A JSON value that only ciphertext of reaches the database. `about` is "table.column"."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self, about: str) -> None:
        super().__init__()
        self.about = about

    def process_bind_param(self, value: Words | None, dialect: Dialect) -> bytes | None:
        """Seal on the way in."""
        return self.seal(value)

    def seal(self, value: Words | None) -> bytes | None:
        """As it is stored; None stays NULL. Anything but `Words` is refused: it would go in readable."""
        if value is None:
            return None
        if not isinstance(value, Words):
            raise TypeError(f"{self.about} takes Words(value, key, row) only.")
        return value.key.seal(value.value, self.about, value.row)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Closed | None:
        """Still closed: who reads it says with which key and from which row."""
        return None if value is None else Closed(value, self.about)


# ── the keys of this process ─────────────────────────────────────────────────────────────────────


class _Ring:
    """The master key, and the house key made of it."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.master: Master = master_of(content)
        self.wrapping = AESGCM(self.master.locking)
        self.house = Key(hmac.digest(self.master.hashing, b"trede: house", "sha256"))


_ring: _Ring | None = None
_again: Callable[[], bytes] | None = None


def use_key(content: bytes, again: Callable[[], bytes] | None = None) -> None:
    """Set the master key (a key file's content) for this process. Call once, before the first read or write.

    `again` reads the file anew: asked when a key does not fit, since somebody may have rotated it meanwhile.
    """
    global _ring, _again
    _ring, _again = _Ring(content), again


def master() -> Master:
    """The master key in use."""
    return _opened().master


def hashed(text: str) -> str:
    """64 hex digits, the same for the same text: by these, codes and addresses are found again."""
    return _opened().master.hash(text)


def house_key() -> Key:
    """For what belongs to no client."""
    return _opened().house


def new_key(client: str) -> tuple[Key, bytes]:
    """A key for a new client, and what to keep of it in `clients.key`. See `key_proof.key_for_new`."""
    secret = os.urandom(32)
    return Key(secret), wrap(secret, client, _opened().wrapping)


def key_of(client: str, wrapped: bytes | None) -> Key:
    """Her key, out of `clients.key`. The house key where she has none any more: everything was erased.

    Raises `cryptography.exceptions.InvalidTag` if another master key wrapped it.
    """
    if wrapped is None:
        return house_key()
    try:
        return Key(unwrap(wrapped, client, _opened().wrapping))
    except InvalidTag:
        if not read_key_again():
            raise
        return Key(unwrap(wrapped, client, _opened().wrapping))


def read_key_again() -> bool:
    """Whether the key file has another key now; if so, that is used from here on."""
    if _again is None or (content := _again()) == _opened().content:
        return False
    use_key(content, _again)
    return True


def wrapping_key() -> AESGCM:
    """What persons' keys are locked with."""
    return _opened().wrapping


def wrap(secret: bytes, client: str, wrapping: AESGCM) -> bytes:
    """A person's key, locked with a master key."""
    nonce = os.urandom(12)
    return nonce + wrapping.encrypt(nonce, secret, f"clients.key|{client}|{_FIRST}".encode())


def unwrap(wrapped: bytes, client: str, wrapping: AESGCM) -> bytes:
    """Undo `wrap`. Raises InvalidTag."""
    return wrapping.decrypt(wrapped[:12], wrapped[12:], f"clients.key|{client}|{_FIRST}".encode())


def _opened() -> _Ring:
    if _ring is None:
        raise RuntimeError("There is no key yet. Call use_key() first.")
    return _ring
