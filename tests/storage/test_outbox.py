"""What waits to be sent: in order, one a chat at a time, and never lost."""

import asyncio
from datetime import timedelta

from sqlalchemy import select

from storage import outbox
from storage.database import Database
from storage.outbox import Parcel
from storage.tables import chats
from storage.turns import sent, take
from tests.storage.house import NOW, amina, by_chat, ours, says

LEASE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


async def _due(database: Database, seconds: int = 0, limit: int = 10) -> list[Parcel]:
    return await outbox.take_due(database, "telegram", NOW + seconds * SECOND, limit, LEASE)


async def _wait(database: Database, address: str, *words: str) -> None:
    await outbox.put(database, "telegram", address, [ours(word) for word in words], NOW)


def _words(parcels: list[Parcel]) -> list[tuple[str, str]]:
    return [(parcel.address, parcel.message.paragraphs[0]) for parcel in parcels]


async def test_a_chat_gets_its_messages_one_by_one_and_in_order(database: Database) -> None:
    await _wait(database, "7", "one", "two", "three")
    heard = []

    for _ in range(3):
        (parcel,) = await _due(database)
        heard.append(parcel.message.paragraphs[0])
        assert await _due(database) == []
        await sent(database, parcel.ref)

    assert heard == ["one", "two", "three"]
    assert await _due(database) == []
    assert await outbox.depth(database) == 0


async def test_each_chat_has_its_own_line(database: Database) -> None:
    await _wait(database, "7", "a1", "a2")
    await _wait(database, "8", "b1", "b2")

    assert _words(await _due(database)) == [("7", "a1"), ("8", "b1")]


async def test_no_more_are_taken_than_asked_for(database: Database) -> None:
    for address in "123":
        await _wait(database, address, "hello")

    assert len(await _due(database, limit=2)) == 2
    assert len(await _due(database, limit=2)) == 1


async def test_what_two_take_at_once_goes_to_one_of_them(database: Database) -> None:
    for address in range(20):
        await _wait(database, str(address), "hello")

    taken = await asyncio.gather(*(_due(database, limit=8) for _ in range(5)))

    ids = [parcel.ref for parcels in taken for parcel in parcels]
    rest = [parcel.ref for parcel in await _due(database, limit=20)]
    assert len({*ids, *rest}) == len(ids) + len(rest) == 20


async def test_a_message_nobody_reported_on_is_taken_again_when_its_lease_is_over(database: Database) -> None:
    await _wait(database, "7", "one", "two")
    await _due(database)

    assert await _due(database, seconds=59) == []
    assert _words(await _due(database, seconds=60)) == [("7", "one")]


async def test_what_is_let_go_can_be_taken_at_once_and_the_rest_stays_in_hand(database: Database) -> None:
    for address in "1234":
        await _wait(database, address, "hello")
    taken = {parcel.address: parcel.ref for parcel in await _due(database)}

    await outbox.release(database, [taken["1"], taken["3"]])

    assert [parcel.address for parcel in await _due(database)] == ["1", "3"]


async def test_a_message_to_be_sent_later_holds_its_chat_back_but_no_other(database: Database) -> None:
    await _wait(database, "7", "one", "two")
    await _wait(database, "8", "b1")
    first, other = await _due(database)

    await outbox.retry(database, first.ref, NOW + 30 * SECOND)
    await sent(database, other.ref)

    assert await _due(database, seconds=29) == []
    (again,) = await _due(database, seconds=30)
    assert (again.message.paragraphs[0], again.tries) == ("one", 1)


async def test_the_next_time_to_look_is_known(database: Database) -> None:
    assert await outbox.next_due(database, "telegram") is None
    await _wait(database, "7", "one", "two")
    assert await outbox.next_due(database, "telegram") == NOW
    (parcel,) = await _due(database)
    assert await outbox.next_due(database, "telegram") == NOW + LEASE

    await outbox.retry(database, parcel.ref, NOW + 5 * SECOND)

    assert await outbox.next_due(database, "telegram") == NOW + 5 * SECOND
    assert await outbox.next_due(database, "signal") is None


async def test_a_message_that_can_never_be_sent_lets_the_next_one_go(database: Database) -> None:
    await _wait(database, "7", "impossible", "two")
    (parcel,) = await _due(database)

    await sent(database, parcel.ref)

    assert _words(await _due(database)) == [("7", "two")]


async def test_a_late_report_does_not_hit_a_newer_message(database: Database) -> None:
    await _wait(database, "7", "one")
    (slow,) = await _due(database)
    (quick,) = await _due(database, seconds=60)
    await sent(database, quick.ref)
    await _wait(database, "7", "two")

    await sent(database, slow.ref)

    assert _words(await _due(database, seconds=61)) == [("7", "two")]


async def test_who_blocked_us_gets_nothing_more_until_she_writes_again(database: Database) -> None:
    her = await amina(database)
    await take(database, by_chat("7", "1", her.code), says("Amina"))
    await _wait(database, "8", "to another")
    is_marked = select(chats.c.unreachable)

    await outbox.unreachable(database, "telegram", "7")

    assert await database.read(lambda connection: connection.scalar(is_marked)) is True
    assert _words(await _due(database)) == [("8", "to another")]
    await take(database, by_chat("7", "2"), says("Amina", reply="Welcome back"))
    assert await database.read(lambda connection: connection.scalar(is_marked)) is False
    assert _words(await _due(database)) == [("7", "Welcome back")]


async def test_replies_go_only_to_a_chat_with_an_address_and_only_ours(database: Database) -> None:
    her = await amina(database)

    await take(database, by_chat("7", "1", her.code), says("Amina"))
    await take(database, by_chat("7", "2"), says("Aminata"))

    parcels = await _due(database)
    await sent(database, parcels[0].ref)
    parcels += await _due(database)
    assert _words(parcels) == [("7", "You said Amina"), ("7", "You said Aminata")]
    assert parcels[0].message == ours("You said Amina")
    assert await outbox.depth(database) == 1
