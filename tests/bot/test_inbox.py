"""Only so much is under way at once; what is more is refused before anything is begun."""

import asyncio

import pytest

from bot.inbox import Inbox, InboxFull, Take
from bot.incoming import Incoming, Taken
from bot.intake import Intake
from dialogs.said import Text


class Turns:
    """Turns that last until the gate is opened."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.begun = 0

    async def take(self, incoming: Incoming) -> Taken:
        self.begun += 1
        await self.gate.wait()
        if incoming.event == "bad":
            raise KeyError("x")
        return Taken("done")


def update(event: str = "1") -> Incoming:
    return Incoming("telegram", event, Text("x"), address="1001")


async def started(take: Take, event: str) -> Taken:
    return await take(update(event))


async def filled(take: Take, *events: str) -> list[asyncio.Task[Taken]]:
    """As many turns under way as there are events."""
    tasks = [asyncio.create_task(started(take, event)) for event in events]
    await asyncio.sleep(0)
    return tasks


async def test_what_is_more_than_it_holds_is_refused_and_not_begun() -> None:
    turns = Turns()
    inbox = Inbox(most=2)
    take = inbox.around(turns.take)
    await filled(take, "1", "2")

    with pytest.raises(InboxFull):
        await take(update())

    assert (inbox.is_full, inbox.waiting, inbox.refused, turns.begun) == (True, 2, 1, 2)
    turns.gate.set()


async def test_when_a_turn_ends_well_or_badly_another_one_can_come() -> None:
    turns = Turns()
    inbox = Inbox(most=2)
    take = inbox.around(turns.take)
    tasks = await filled(take, "1", "bad")
    turns.gate.set()
    await asyncio.gather(*tasks, return_exceptions=True)

    assert (inbox.is_full, inbox.waiting) == (False, 0)
    assert await take(update()) == Taken("done")


async def test_a_webhook_is_told_to_come_again_when_it_is_full() -> None:
    turns = Turns()
    take = Inbox(most=1).around(turns.take)
    await filled(take, "1")

    async def counted(*_: object) -> bool:
        raise AssertionError("being full is nobody's failure")

    intake = Intake(take, counted, counted, ())
    received = await intake.receive(update("2"), lambda: "")

    assert (received.fate, received.status) == ("full", 503)
    turns.gate.set()
