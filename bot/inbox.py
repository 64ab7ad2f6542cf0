"""Bounds how many updates are being worked on or wait here, so that a flood cannot fill the memory."""

from collections.abc import Awaitable, Callable

import structlog

from bot.incoming import Incoming, Taken

log = structlog.get_logger(__name__)

Take = Callable[[Incoming], Awaitable[Taken]]
"""Takes one turn; when it returns, the turn is committed."""

MOST = 500
"""A few seconds' work of a small server. More would wait for longer than Telegram or a person does, who then
send it a second time; and while a database is away, what waits in memory stays at some megabytes."""


class InboxFull(Exception):
    """Too much is under way. Nothing was begun; hand it in again after some seconds."""

    def __init__(self) -> None:
        super().__init__("Too much is under way. Hand it in again after some seconds.")


class Inbox:
    """One for all channels. `waiting`: how many turns are under way; `refused`: how many were not begun."""

    def __init__(self, most: int = MOST) -> None:
        self.waiting = 0
        self.refused = 0
        self._most = most
        self._is_told = False

    @property
    def is_full(self) -> bool:
        """Whether another one would be refused."""
        return self.waiting >= self._most

    def around(self, take: Take) -> Take:
        """The same, counted. Raises InboxFull, and what `take` raises."""

        async def counted(incoming: Incoming) -> Taken:
            if self.is_full:
                self._refuse()
            self.waiting += 1
            try:
                return await take(incoming)
            finally:
                self.waiting -= 1
                self._is_told = self._is_told and self.waiting > 0

        return counted

    def _refuse(self) -> None:
        self.refused += 1
        if not self._is_told:  # once, until it has been empty again
            log.warning("inbox full", waiting=self.waiting)
            self._is_told = True
        raise InboxFull
