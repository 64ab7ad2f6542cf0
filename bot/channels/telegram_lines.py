"""Fetched updates under way: in order within a chat, side by side across chats, confirmed once committed.

A chat that has to wait holds up nobody else: Telegram confirms in one line, so what was fetched and is not
committed is fetched again and let pass here, and new updates behind it are taken meanwhile.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, TypeVar

T = TypeVar("T")

FETCHED_AT_ONCE = 100
"""What Telegram hands out at most; what stands behind that cannot be seen."""


class Lines(Generic[T]):
    """`read(found)` is its chat and the update, None if it cannot be read.

    `take(update)` takes one, however long that lasts. False: it is not committed, since we stop.
    """

    def __init__(
        self, read: Callable[[dict[str, Any]], tuple[int, T | None]], take: Callable[[T], Awaitable[bool]]
    ) -> None:
        self._read = read
        self._take = take
        self._waiting: set[int] = set()  # not committed
        self._done: set[int] = set()  # committed, but behind one that is not
        self._hides_others = False
        self._newest: int | None = None
        self._chats: dict[int, asyncio.Task[None]] = {}

    @property
    def offset(self) -> int | None:
        """What to ask Telegram for: confirms all that lies before it. None: from the start.

        Once nothing comes, everything is confirmed, and ids may start anywhere after a quiet week.
        """
        if self._waiting:
            return min(self._waiting)
        return None if self._newest is None else self._newest + 1

    @property
    def hides_others(self) -> bool:
        """Whether so many wait that Telegram shows none behind them; until half of them are taken."""
        return self._hides_others

    def fetched(self, found: Sequence[dict[str, Any]]) -> None:
        """Begin with those that are new, as Telegram gave them."""
        for each in found:
            id = each["update_id"]
            if id not in self._waiting and id not in self._done:
                self._begin(id, *self._read(each))
        self._newest = max((each["update_id"] for each in found), default=None)
        self._hides_others = self._hides_others or len(self._waiting) >= FETCHED_AT_ONCE

    async def settled(self, seconds: float) -> None:
        """Until all are committed, but no longer than that."""
        if self._chats:
            await asyncio.wait(self._chats.values(), timeout=seconds)
        self._forget()

    async def finished(self) -> None:
        """Until every chat has come to its end, or has stopped."""
        await asyncio.gather(*self._chats.values())

    def _begin(self, id: int, chat: int, update: T | None) -> None:
        if update is None:
            self._done.add(id)
            return
        self._waiting.add(id)
        before = self._chats.get(chat)
        task = asyncio.create_task(self._after(before, id, update))
        self._chats[chat] = task
        task.add_done_callback(lambda done: self._ended(chat, done))

    async def _after(self, before: "asyncio.Task[None] | None", id: int, update: T) -> None:
        if before is not None:
            await before
        if await self._take(update):
            self._waiting.discard(id)
            self._done.add(id)
            self._hides_others = self._hides_others and len(self._waiting) > FETCHED_AT_ONCE // 2

    def _ended(self, chat: int, task: "asyncio.Task[None]") -> None:
        if self._chats.get(chat) is task:
            del self._chats[chat]

    def _forget(self) -> None:
        """What is confirmed by the next fetch will not come again."""
        oldest = min(self._waiting, default=None)
        self._done = set() if oldest is None else {id for id in self._done if id > oldest}
