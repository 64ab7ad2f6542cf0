"""Takes an update in, and gives up on one that always fails, so that it cannot block its chat."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

import structlog

from bot.fault import fault, trail
from bot.incoming import Incoming, Taken

log = structlog.get_logger()

Take = Callable[[Incoming], Awaitable[Taken]]
"""Takes one turn; when it returns, the turn is committed."""


@dataclass(frozen=True, slots=True)
class Received:
    """What became of an update.

    "taken": committed, with `taken`. "failed": nothing is saved, hand it in again. "away": the database
    cannot be reached, hand it in later. "given_up": this was the last try, she should be told. "gone": given
    up earlier.
    """

    fate: Literal["taken", "failed", "away", "given_up", "gone"]
    taken: Taken | None = None


@dataclass(frozen=True, slots=True)
class Intake:
    """`failed(event, body, error)` counts a failure and says whether this was the last try.

    `is_given_up(event)` says whether it was given up before. `away` are the errors that mean that the
    database cannot be reached; they are nobody's fault and never counted.
    """

    take: Take
    failed: Callable[[str, str, str], Awaitable[bool]]
    is_given_up: Callable[[str], Awaitable[bool]]
    away: tuple[type[Exception], ...]

    async def receive(self, incoming: Incoming, body: Callable[[], str]) -> Received:
        """Never raises for a turn that fails. `body`: the update as it came, kept if it fails."""
        try:
            return Received("taken", await self.take(incoming))
        except self.away as error:
            log.error("database away", error=fault(error))
            return Received("away")
        except Exception as error:
            log.error("turn failed", channel=incoming.channel, error=fault(error), trail=trail(error))
            return await self._after_failure(incoming.event, body(), fault(error))

    async def _after_failure(self, event: str, body: str, error: str) -> Received:
        try:
            if await self.is_given_up(event):
                return Received("gone")
            if await self.failed(event, body, error):
                log.error("update given up", error=error)
                return Received("given_up")
        except Exception as trouble:
            log.error("failure not counted", error=fault(trouble))
            return Received("away")
        return Received("failed")
