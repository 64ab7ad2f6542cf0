"""Turns encryption off in this process, so that its price can be measured."""

import json
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from storage import sealed
from storage.sealed import Key, written

_read = json.JSONDecoder().decode


def unseal_everything() -> None:
    """From now on what is sealed is only JSON, and a person's key lies open."""
    Key.seal = _plain  # type: ignore[method-assign]
    Key.unseal = _back  # type: ignore[method-assign]
    sealed.wrap = _same
    sealed.unwrap = _open


def _plain(self: Key, value: Any, column: str, row: str) -> bytes:
    return value if isinstance(value, bytes) else written(value)


def _back(self: Key, stored: bytes, column: str, row: str) -> Any:
    return _read(stored.decode())


def _open(wrapped: bytes, client: str, wrapping: AESGCM) -> bytes:
    return wrapped


def _same(secret: bytes, client: str, wrapping: AESGCM) -> bytes:
    return secret
