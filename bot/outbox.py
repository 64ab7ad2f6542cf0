"""Sends what is to be sent: in order within a chat, side by side across chats, at least once.

What a turn of this process leaves is handed over right after its commit (`hand`); the rest, such as what a
process that is gone left behind, is found in the outbox by looking.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import datetime, timedelta
from itertools import chain, repeat
from math import inf
from typing import Any

import structlog

from bot.fault import fault
from bot.pace import ChatPace, OverallPace
from bot.sending import Away, Blocked, ChannelRefused, RetryAfter, Send
from storage import outbox
from storage.database import Database
from storage.outbox import Parcel
from storage.turns import sent

log = structlog.get_logger()

AT_ONCE = 30  # parcels found by looking, and sends, under way
LEASE = timedelta(seconds=90)  # longer than any send takes; after a crash, the wait before it is sent again
LOOK_AGAIN = 5.0  # seconds; another process may have put something in
SHORTEST_WAIT = 0.05
TRIES = 3  # of a message that the channel rejects
LONGEST_PAUSE = 60.0


class Sender:
    """One loop for one channel. Set `wake` whenever something was put into the outbox that nobody holds.

    `first_pause`: seconds after a first failure; it doubles with each further one, up to a minute.
    `lease`: how long what was taken to be sent is ours; if we are gone by then, somebody else sends it.
    `at_once`: sends under way, and so the most that may come twice after a kill; in each chat at most one.
    `tally` counts "sent", "slowed", "away", "rejected", "blocked" and "dropped" since the start,
    and of those "away" how many the channel "refused" because of our token.
    """

    def __init__(
        self,
        database: Database,
        channel: str,
        send: Send,
        wake: asyncio.Event,
        now: Callable[[], datetime],
        pace: OverallPace,
        chats: ChatPace | None = None,
        first_pause: float = 1.0,
        lease: timedelta = LEASE,
        at_once: int = AT_ONCE,
    ) -> None:
        self.tally: Counter[str] = Counter()
        self._database = database
        self._channel = channel
        self._send = send
        self._wake = wake
        self._now = now
        self._overall = pace
        self._first_pause = first_pause
        self._lease = lease
        self._free = asyncio.Semaphore(at_once)
        self._chats = chats or ChatPace()
        self._rejected: Counter[str] = Counter()  # parcel → how often the channel refused it
        self._under_way: set[asyncio.Task[None]] = set()
        self._something_waits = True  # as far as was known when we last looked
        self._stopping = False
        self._loop: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to send, in the background."""
        self._loop = asyncio.create_task(self._run())

    def hand(self, parcels: Sequence[Parcel]) -> None:
        """Send these at once, one after the other: all to one chat, leased to us from now on."""
        self._begin(self._deliver_all(parcels, time.monotonic() + self._lease.total_seconds() / 2))

    async def stop(self) -> None:
        """Finish the sends at hand; what is left stays in the outbox."""
        self._stopping = True
        self._wake.set()
        if self._loop:
            await self._loop
        await asyncio.gather(*self._under_way)

    async def _run(self) -> None:
        failures = 0
        while not self._stopping:
            self._wake.clear()
            try:
                await self._hand_out()
                self._something_waits = await outbox.is_anything_unheld(self._database, self._channel)
                wait = await self._until_next()
                failures = 0
            except Exception as error:
                log.error("outbox not readable", error=fault(error))
                wait = self._pause(failures)
                failures += 1
            await self._sleep(wait)

    async def _hand_out(self) -> None:
        free = AT_ONCE - len(self._under_way)
        if free > 0:
            now = self._now()
            for parcel in await outbox.take_due(self._database, self._channel, now, free, self._lease):
                self._begin(self._deliver_found(parcel))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _deliver_found(self, parcel: Parcel) -> None:
        await self._deliver(parcel)
        self._wake.set()  # the next one of that chat may be waiting

    async def _deliver_all(self, parcels: Sequence[Parcel], until: float) -> None:
        for n, parcel in enumerate(parcels, start=1):
            if not await self._deliver(parcel, until):
                return await self._let_go([each.ref for each in parcels[n:]])
        if self._something_waits:
            self._wake.set()  # it may be for that chat
        return None

    async def _let_go(self, refs: Sequence[str]) -> None:
        await self._note(lambda: outbox.release(self._database, refs))
        self._wake.set()

    async def _until_next(self) -> float:
        """Seconds until something falls due. A send that ends wakes us by itself."""
        if len(self._under_way) >= AT_ONCE:
            return LOOK_AGAIN
        due = await outbox.next_due(self._database, self._channel)
        left = LOOK_AGAIN if due is None else (due - self._now()).total_seconds()
        return min(max(left, SHORTEST_WAIT), LOOK_AGAIN)

    async def _sleep(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._wake.wait(), seconds)
        except TimeoutError:
            return

    async def _deliver(self, parcel: Parcel, until: float = inf) -> bool:
        """Send one parcel, and write down what became of it. Whether the next one of its chat may follow.

        After `until`, its lease may be over before it is sent: then it is left to whoever takes it next.
        """
        await self._rest(self._chats.wait(parcel.address, time.monotonic()))
        await self._rest(self._overall.wait(time.monotonic()))
        async with self._free:
            return time.monotonic() < until and await self._send_and_note(parcel)

    async def _send_and_note(self, parcel: Parcel) -> bool:
        try:
            await self._send(parcel.address, parcel.message)
        except RetryAfter as slow:
            await self._again(parcel, slow.seconds, "slowed")
        except (Away, ChannelRefused) as error:
            self.tally["refused"] += isinstance(error, ChannelRefused)
            await self._again(parcel, self._pause(parcel.tries), "away")
        except Blocked:
            await self._unreachable(parcel)
        except Exception as error:  # rejected, or a fault of ours: either way it is this message
            return await self._refused(parcel, error)
        else:
            self.tally["sent"] += 1
            await self._note(lambda: sent(self._database, parcel.ref))
            return True
        return False

    async def _rest(self, seconds: float) -> None:
        if seconds > 0:
            await asyncio.sleep(seconds)

    async def _again(self, parcel: Parcel, seconds: float, why: str) -> None:
        self.tally[why] += 1
        log.info("message waits", channel=self._channel, why=why, seconds=seconds)
        due = self._now() + timedelta(seconds=seconds)
        await self._note(lambda: outbox.retry(self._database, parcel.ref, due))

    async def _unreachable(self, parcel: Parcel) -> None:
        self.tally["blocked"] += 1
        log.info("chat unreachable", channel=self._channel)
        await self._note(lambda: outbox.unreachable(self._database, self._channel, parcel.address))

    async def _refused(self, parcel: Parcel, error: Exception) -> bool:
        self._rejected[parcel.ref] += 1
        if self._rejected[parcel.ref] < TRIES:
            await self._again(parcel, self._pause(self._rejected[parcel.ref] - 1), "rejected")
            return False
        del self._rejected[parcel.ref]
        self.tally["dropped"] += 1
        log.error("message dropped", channel=self._channel, error=fault(error))
        await self._note(lambda: sent(self._database, parcel.ref))
        return True

    async def _note(self, write: Callable[[], Awaitable[None]]) -> None:
        """Write it down, however long the database is away: what was sent and is not noted would be sent
        again, and its chat would wait until the lease is over. Once told to stop, one try must do."""
        for pause in chain((0.1, 0.5, 2.0), repeat(5.0)):
            try:
                return await write()
            except Exception as error:
                log.error("outbox not writable", error=fault(error))
            if self._stopping:
                break
            await asyncio.sleep(pause)
        return None

    def _pause(self, tries: int) -> float:
        return min(self._first_pause * 2.0 ** min(tries, 10), LONGEST_PAUSE)
