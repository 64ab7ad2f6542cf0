"""What a row is: one way of carrying out the walk, opened for one run in one place."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.bot_api import Answer


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row runs. `folder`: on a real disk, its own. `url`: of the server it needs, else "".

    `chats`: who will come. `answer`: the fake Bot API. `stored`: so many people are to be there already.
    """

    folder: Path
    url: str
    chats: Sequence[int]
    in_flight: int
    answer: Answer
    stored: int = 0


class Row:
    """One way of carrying out the walk."""

    async def handle(self, update: bytes) -> None:
        """What the webhook does with the body. Returns once the reply has been handed over."""
        raise NotImplementedError

    async def settle(self) -> None:
        """Waits for what is still being done about updates that were answered. Counts as work."""

    async def stored(self) -> int | None:
        """How many answers the people of `chats` have in the store; None if nothing is stored."""
        return None
