"""Takes an update in, and gives up on one that always fails, so that it cannot block its chat."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Literal

import structlog

from bot.fault import fault, trail
from bot.inbox import InboxFull
from bot.inbox import Take as Take
from bot.incoming import Incoming, Taken
from bot.limits import Limits, no_limits

log = structlog.get_logger()

Fate = Literal["taken", "failed", "away", "given_up", "gone", "slow", "full"]

STATUS: dict[Fate, int] = {
    "taken": 200,
    "given_up": 200,
    "gone": 200,
    "slow": 429,
    "failed": 500,
    "away": 503,
    "full": 503,
}
"""What a webhook answers. Only after 200 is an update not handed in again."""


@dataclass(frozen=True, slots=True)
class Received:
    """What became of an update.

    "taken": committed, with `taken`. "failed": nothing is saved, hand it in again. "away": the database
    cannot be reached, hand it in later. "given_up": this was the last try, she should be told. "gone": given
    up earlier. "slow": too much from this chat, hand it in again after `wait` seconds. "full": too much from
    everybody, hand it in later.
    """

    fate: Fate
    taken: Taken | None = None
    wait: float = 0.0

    @property
    def status(self) -> int:
        """As HTTP says it."""
        return STATUS[self.fate]


@dataclass(frozen=True, slots=True)
class Intake:
    """`failed(incoming, body, error)` counts a failure and says whether this was the last try.

    `is_given_up(event)` says whether it was given up before. `away` are the errors that mean that the
    database cannot be reached; they are nobody's fault and never counted. `is_full()`: whether the inbox is.
    """

    take: Take
    failed: Callable[[Incoming, str, str], Awaitable[bool]]
    is_given_up: Callable[[str], Awaitable[bool]]
    away: tuple[type[Exception], ...]
    limits: Limits = field(default_factory=no_limits)
    is_full: Callable[[], bool] = lambda: False

    async def receive(
        self, incoming: Incoming, body: Callable[[], str], *, in_a_hurry: bool = False
    ) -> Received:
        """Never raises for a turn that fails. `body`: the update as it came, kept if it fails.

        `in_a_hurry`: never "slow", since others wait behind this update.
        """
        wait = 0.0 if in_a_hurry else self._wait(incoming)
        if wait > 0:
            return Received("slow", wait=wait)
        received = await self._received(incoming, body)
        if incoming.code is not None:
            self._note_code(_visitor(incoming), incoming.code, received)
        return received

    def _wait(self, incoming: Incoming) -> float:
        wait = self.limits.turn(incoming)
        if wait == 0.0 and incoming.code is not None:
            return self.limits.begin_code(_visitor(incoming), incoming.code)
        return wait

    def _note_code(self, visitor: str, code: str, received: Received) -> None:
        if received.taken is None or received.taken.status == "duplicate":
            self.limits.unclear_code(visitor, code)
        elif received.taken.status == "done":
            self.limits.good_code(visitor, code)

    async def _received(self, incoming: Incoming, body: Callable[[], str]) -> Received:
        try:
            return Received("taken", await self.take(incoming))
        except InboxFull:
            return Received("full")
        except self.away as error:
            log.error("database away", error=fault(error))
            return Received("away")
        except Exception as error:
            log.error("turn failed", channel=incoming.channel, error=fault(error), trail=trail(error))
            return await self._after_failure(incoming, body(), fault(error))

    async def _after_failure(self, incoming: Incoming, body: str, error: str) -> Received:
        try:
            if await self.is_given_up(incoming.event):
                return Received("gone")
            if await self.failed(incoming, body, error):
                log.error("update given up", error=error)
                return Received("given_up")
        except Exception as trouble:
            log.error("failure not counted", error=fault(trouble))
            return Received("away")
        return Received("failed")


def _visitor(incoming: Incoming) -> str:
    """Whose wrong codes are counted: on Telegram a chat's."""
    return f"{incoming.channel} {incoming.address}"
