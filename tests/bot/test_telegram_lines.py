"""What was fetched is taken in order within a chat; a chat that waits holds up nobody else."""

import asyncio
from typing import Any

from bot.channels.telegram_lines import FETCHED_AT_ONCE, Lines


class Phone:
    """Takes updates; those of a chat that is closed wait until it is opened."""

    def __init__(self, *closed: int) -> None:
        self.taken: list[int] = []
        self.read: list[int] = []
        self.gates = {chat: asyncio.Event() for chat in closed}
        self.lines = Lines(self._read, self._take)

    def fetches(self, *updates: tuple[int, int]) -> None:
        """Updates as (id, chat)."""
        self.lines.fetched([{"update_id": id, "chat": chat} for id, chat in updates])

    def _read(self, found: dict[str, Any]) -> tuple[int, tuple[int, int] | None]:
        self.read.append(found["update_id"])
        chat = found["chat"]
        return chat, (found["update_id"], chat) if chat else None

    async def _take(self, update: tuple[int, int]) -> bool:
        id, chat = update
        if chat in self.gates:
            await self.gates[chat].wait()
        self.taken.append(id)
        return True


SLOW, QUICK, NOBODY = 1, 2, 0


async def test_what_is_all_taken_is_confirmed_by_the_next_question() -> None:
    phone = Phone()
    assert phone.lines.offset is None

    phone.fetches((7, QUICK), (8, QUICK))
    await phone.lines.settled(1)

    assert phone.taken == [7, 8]
    assert phone.lines.offset == 9


async def test_once_nothing_comes_ids_may_start_anywhere() -> None:
    phone = Phone()
    phone.fetches((7, QUICK))
    await phone.lines.settled(1)

    phone.fetches()

    assert phone.lines.offset is None


async def test_a_chat_that_waits_holds_up_nobody_else_and_is_not_confirmed() -> None:
    phone = Phone(SLOW)
    phone.fetches((7, QUICK), (8, SLOW), (9, QUICK))
    await phone.lines.settled(0.01)
    assert (phone.taken, phone.lines.offset) == ([7, 9], 8)

    phone.fetches((8, SLOW), (9, QUICK), (10, QUICK))  # Telegram gives again what is not confirmed
    await phone.lines.settled(0.01)
    assert (phone.taken, phone.lines.offset) == ([7, 9, 10], 8)

    phone.gates[SLOW].set()
    await phone.lines.settled(1)
    assert (phone.taken, phone.lines.offset) == ([7, 9, 10, 8], 11)


async def test_a_chat_is_taken_in_order_however_often_it_is_fetched() -> None:
    phone = Phone(SLOW)
    phone.fetches((7, SLOW))
    await phone.lines.settled(0.01)
    phone.fetches((7, SLOW), (8, SLOW), (9, SLOW))
    await phone.lines.settled(0.01)

    phone.gates[SLOW].set()
    await phone.lines.finished()

    assert phone.taken == [7, 8, 9]


async def test_a_later_update_of_a_chat_never_overtakes_an_earlier_one() -> None:
    taken: list[int] = []
    first = asyncio.Event()

    async def take(id: int) -> bool:
        if id == 7:
            await first.wait()
        taken.append(id)
        return True

    lines: Lines[int] = Lines(lambda found: (SLOW, found["update_id"]), take)
    lines.fetched([{"update_id": 7}, {"update_id": 8}])
    await lines.settled(0.01)
    assert taken == []

    first.set()
    await lines.finished()
    assert taken == [7, 8]


async def test_an_update_that_nobody_can_read_is_let_pass_once() -> None:
    phone = Phone(SLOW)
    for _ in range(3):
        phone.fetches((7, SLOW), (8, NOBODY))
        await phone.lines.settled(0.01)
    phone.gates[SLOW].set()
    await phone.lines.settled(1)

    assert phone.read == [7, 8]
    assert phone.lines.offset == 9


async def test_what_comes_again_after_it_was_confirmed_is_taken_again() -> None:
    phone = Phone()
    for _ in range(2):
        phone.fetches((7, QUICK))
        await phone.lines.settled(1)

    assert phone.taken == [7, 7]


async def test_it_tells_when_one_chat_hides_all_others() -> None:
    phone = Phone(SLOW)
    phone.fetches(*((n, SLOW) for n in range(FETCHED_AT_ONCE - 1)))
    assert not phone.lines.hides_others

    phone.fetches(*((n, SLOW) for n in range(FETCHED_AT_ONCE)))
    assert phone.lines.hides_others

    phone.lines.fetched([])  # nothing was taken meanwhile
    assert phone.lines.hides_others

    phone.gates[SLOW].set()
    await phone.lines.finished()
    assert not phone.lines.hides_others
