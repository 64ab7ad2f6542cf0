"""Rings the timers that are due: each is a turn like any other, in which the engine decides what is said."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import structlog

from bot.fault import fault
from bot.incoming import Incoming, Taken
from dialogs.said import Rang
from storage import timers
from storage.database import Database
from storage.timers import Due

log = structlog.get_logger()

CHANNEL = "timer"
AT_ONCE = 30  # timers that ring together
LEASE = timedelta(minutes=2)  # longer than any turn takes; after a crash, the wait before it rings again
LOOK_AGAIN = 5.0  # seconds; so a clock that is set, or another process, cannot make us late by more
LONGEST_PAUSE = 60.0  # after failures


class Bell:
    """One loop a process; any number of processes. `take` is the way in for every channel."""

    def __init__(
        self,
        database: Database,
        take: Callable[[Incoming], Awaitable[Taken]],
        now: Callable[[], datetime],
        look_again: float = LOOK_AGAIN,
    ) -> None:
        self._database = database
        self._take = take
        self._now = now
        self._look_again = look_again
        self._stop = asyncio.Event()
        self._loop: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to ring, in the background."""
        self._loop = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Finish the turns at hand. Timers are rows: those that are left ring after the next start."""
        self._stop.set()
        if self._loop is not None:
            await self._loop

    async def ring(self) -> int:
        """Ring what is due; how many that was. Times are compared as they are now: nothing is slept for."""
        now = self._now()
        first = await timers.next_due(self._database)
        if first is None or first > now:
            return 0
        due = await timers.take_due(self._database, now, AT_ONCE, LEASE)
        await asyncio.gather(*(self._ring_one(timer) for timer in due))
        return len(due)

    async def _run(self) -> None:
        failures = 0
        while not self._stop.is_set():
            wait = self._look_again
            try:
                if await self.ring() == AT_ONCE:
                    wait = 0.0
                failures = 0
            except Exception as error:
                log.error("timers not readable", error=fault(error))
                wait = min(self._look_again * 2.0**failures, LONGEST_PAUSE)
                failures = min(failures + 1, 10)
            await self._sleep(wait)

    async def _ring_one(self, timer: Due) -> None:
        """One that fails is logged and rings again when its lease is over; it holds up no other."""
        event = f"{timer.id}:{timer.due.isoformat()}"
        try:
            await self._take(Incoming(CHANNEL, event, Rang(timer.kind, timer.token), client=timer.client))
        except Exception as error:
            log.error("timer failed", why=timer.kind, error=fault(error))

    async def _sleep(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stop.wait(), seconds)
        except TimeoutError:
            return
