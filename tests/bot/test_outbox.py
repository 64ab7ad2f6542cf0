"""What waits in the outbox is sent in order, at least once, and never faster than the channel allows."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import pytest

from bot.outbox import LEASE, Sender
from bot.pace import OverallPace
from bot.sending import Away, Blocked, Rejected, RetryAfter, WrongToken
from dialogs.message import Message
from storage import outbox
from storage.database import Database


class Channel:
    """Keeps what was sent, and fails as told: `fails[words]` are the errors for a message, in order."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []
        self.tries: list[str] = []
        self.fails: dict[str, list[Exception]] = {}
        self.holds: dict[str, asyncio.Event] = {}

    async def send(self, address: str, message: Message) -> None:
        words = message.paragraphs[0]
        self.tries.append(words)
        if words in self.holds:
            await self.holds[words].wait()
        if self.fails.get(words):
            raise self.fails[words].pop(0)
        self.sent.append((address, words))

    def to(self, address: str) -> list[str]:
        return [words for each, words in self.sent if each == address]


StartSender = Callable[..., Sender]


@pytest.fixture
async def start(fresh_database: Database) -> AsyncIterator[StartSender]:
    senders: list[Sender] = []

    def start(channel: Channel, after: timedelta = timedelta()) -> Sender:
        sender = Sender(
            fresh_database,
            "telegram",
            channel.send,
            asyncio.Event(),
            lambda: datetime.now(UTC) + after,
            OverallPace(),
            first_pause=0.01,
        )
        sender.start()
        senders.append(sender)
        return sender

    yield start
    for sender in senders:
        await sender.stop()


async def waiting(database: Database, address: str, *words: str) -> None:
    messages = [Message("en", (each,)) for each in words]
    await outbox.put(database, "telegram", address, messages, datetime.now(UTC))


async def all_sent(database: Database) -> None:
    async with asyncio.timeout(5):
        while await outbox.depth(database):  # noqa: ASYNC110 - it is another task that empties it
            await asyncio.sleep(0.01)


async def test_a_chat_gets_its_messages_in_order(fresh_database: Database, start: StartSender) -> None:
    channel = Channel()
    await waiting(fresh_database, "1", "a", "b", "c")
    await waiting(fresh_database, "2", "x", "y")

    start(channel)
    await all_sent(fresh_database)

    assert channel.to("1") == ["a", "b", "c"]
    assert channel.to("2") == ["x", "y"]


async def test_a_slow_chat_does_not_hold_up_another(fresh_database: Database, start: StartSender) -> None:
    channel = Channel()
    channel.holds["a"] = asyncio.Event()
    await waiting(fresh_database, "1", "a")
    await waiting(fresh_database, "2", "x", "y")

    sender = start(channel)
    async with asyncio.timeout(5):
        while sender.tally["sent"] < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    assert channel.sent == [("2", "x"), ("2", "y")]
    channel.holds["a"].set()
    await all_sent(fresh_database)


async def test_no_more_than_so_many_are_under_way_whoever_put_them_there(fresh_database: Database) -> None:
    channel, held = Channel(), asyncio.Event()
    channel.holds = dict.fromkeys("abcd", held)
    for address in "abcd":
        await waiting(fresh_database, address, address)
    parcels = await outbox.take_due(fresh_database, "telegram", datetime.now(UTC), 2, LEASE)
    clock, pace = (lambda: datetime.now(UTC)), OverallPace()
    sender = Sender(fresh_database, "telegram", channel.send, asyncio.Event(), clock, pace, at_once=3)

    for parcel in parcels:
        sender.hand([parcel])
    sender.start()
    await asyncio.sleep(0.3)

    assert len(channel.tries) == 3
    held.set()
    await all_sent(fresh_database)
    await sender.stop()
    assert sorted(channel.tries) == list("abcd")


async def test_when_told_to_slow_down_it_waits_and_keeps_the_order(
    fresh_database: Database, start: StartSender
) -> None:
    channel = Channel()
    channel.fails["a"] = [RetryAfter(0.3)]
    await waiting(fresh_database, "1", "a", "b")

    began = asyncio.get_running_loop().time()
    sender = start(channel)
    await all_sent(fresh_database)

    assert channel.tries == ["a", "a", "b"]
    assert asyncio.get_running_loop().time() - began >= 0.3
    assert sender.tally["slowed"] == 1


async def test_nothing_more_goes_to_one_who_blocked_us(fresh_database: Database, start: StartSender) -> None:
    channel = Channel()
    channel.fails["a"] = [Blocked()]
    await waiting(fresh_database, "1", "a", "b")
    await waiting(fresh_database, "2", "x")

    sender = start(channel)
    await all_sent(fresh_database)

    assert channel.tries.count("b") == 0
    assert channel.to("2") == ["x"]
    assert sender.tally["blocked"] == 1


@pytest.mark.parametrize("away", [Away("down"), WrongToken()])
async def test_while_the_channel_is_away_nothing_is_lost(
    fresh_database: Database, start: StartSender, away: Exception
) -> None:
    channel = Channel()
    channel.fails["a"] = [away] * 5
    await waiting(fresh_database, "1", "a", "b")

    sender = start(channel)
    await all_sent(fresh_database)

    assert channel.sent == [("1", "a"), ("1", "b")]
    assert sender.tally["away"] == 5
    assert sender.tally["refused"] == (5 if isinstance(away, WrongToken) else 0)


@pytest.mark.parametrize("error", [Rejected(), KeyError("a fault of ours")])
async def test_a_message_that_is_always_rejected_is_dropped_after_three_tries(
    fresh_database: Database, start: StartSender, error: Exception
) -> None:
    channel = Channel()
    channel.fails["a"] = [error] * 9
    await waiting(fresh_database, "1", "a", "b")

    sender = start(channel)
    await all_sent(fresh_database)

    assert channel.tries == ["a", "a", "a", "b"]
    assert sender.tally["dropped"] == 1


async def test_troubles_of_the_network_do_not_count_as_rejections(
    fresh_database: Database, start: StartSender
) -> None:
    channel = Channel()
    channel.fails["a"] = [Away("down"), Away("down"), Away("down"), Rejected()]
    await waiting(fresh_database, "1", "a")

    start(channel)
    await all_sent(fresh_database)

    assert channel.sent == [("1", "a")]


async def test_after_a_crash_only_the_message_in_flight_comes_again(
    fresh_database: Database, start: StartSender
) -> None:
    crashed, restarted = Channel(), Channel()
    crashed.holds["b"] = asyncio.Event()
    await waiting(fresh_database, "1", "a", "b", "c")
    start(crashed)
    async with asyncio.timeout(5):
        while crashed.tries != ["a", "b"]:  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    start(restarted, after=LEASE + timedelta(seconds=1))
    await all_sent(fresh_database)

    assert restarted.to("1") == ["b", "c"]
    crashed.holds["b"].set()


async def test_stopping_finishes_the_send_at_hand_and_keeps_the_rest(
    fresh_database: Database, start: StartSender
) -> None:
    channel = Channel()
    channel.holds["a"] = asyncio.Event()
    await waiting(fresh_database, "1", "a", "b")
    sender = start(channel)
    async with asyncio.timeout(5):
        while not channel.tries:  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    asyncio.get_running_loop().call_later(0.1, channel.holds["a"].set)
    await sender.stop()

    assert channel.sent == [("1", "a")]
    assert await outbox.depth(fresh_database) == 1


async def test_it_wakes_for_a_message_that_is_put_in_later(fresh_database: Database) -> None:
    channel, wake = Channel(), asyncio.Event()
    sender = Sender(fresh_database, "telegram", channel.send, wake, lambda: datetime.now(UTC), OverallPace())
    sender.start()
    await asyncio.sleep(0.1)

    await waiting(fresh_database, "1", "a")
    wake.set()
    async with asyncio.timeout(2):
        while not channel.sent:  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    await sender.stop()


async def test_what_waited_so_long_that_its_lease_may_be_over_is_left_to_whoever_takes_it_next(
    fresh_database: Database,
) -> None:
    channel = Channel()
    sender = Sender(
        *(
            fresh_database,
            "telegram",
            channel.send,
            asyncio.Event(),
            lambda: datetime.now(UTC),
            OverallPace(),
        ),
        lease=timedelta(seconds=0.2),
        at_once=1,
    )
    channel.holds["slow"] = asyncio.Event()
    await waiting(fresh_database, "1", "slow")
    await waiting(fresh_database, "2", "late")
    parcels = await outbox.take_due(fresh_database, "telegram", datetime.now(UTC), 10, timedelta(seconds=0.2))

    for parcel in parcels:
        sender.hand([parcel])
    await asyncio.sleep(0.15)
    channel.holds["slow"].set()
    await sender.stop()

    assert channel.sent == [("1", "slow")]
    late = await outbox.take_due(fresh_database, "telegram", datetime.now(UTC) + LEASE, 10, LEASE)
    assert [parcel.message.paragraphs[0] for parcel in late] == ["late"]
