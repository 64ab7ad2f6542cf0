"""Passwords: hashed and checked with argon2id, away from the event loop, at most two at once.

One hash takes about 0.1 s and 64 MiB, so more than two at once would starve the conversations.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

AT_LEAST = 12
AT_MOST = 1000
"""Characters in a password."""


def is_long_enough(password: str) -> bool:
    """Length is the only rule: it helps more than odd signs do."""
    return AT_LEAST <= len(password) <= AT_MOST


class Passwords:
    """Hashes and checks in two threads of its own."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="password")
        self._nobodys = ""

    async def hash(self, password: str) -> str:
        """What may be stored."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._hasher.hash, password)

    async def is_right(self, stored: str | None, password: str) -> bool:
        """Takes as long for an unknown account (`stored` None), so that time does not tell who exists."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._check, stored, password)

    def _check(self, stored: str | None, password: str) -> bool:
        if stored is None:
            self._nobodys = self._nobodys or self._hasher.hash("nobody's password")
        try:
            return self._hasher.verify(stored or self._nobodys, password) and stored is not None
        except (Argon2Error, InvalidHashError):
            return False
