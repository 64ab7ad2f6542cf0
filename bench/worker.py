"""Runs one row once, in this process, and prints one line of JSON. Started by `bench.runs`.

The time is that of handling updates. Making them, checking the replies and a warm-up are not in it.
"""

import argparse
import asyncio
import itertools
import json
import os
import random
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.bot_api import BotApi
from bench.row import Place, Row
from bench.rows import ROWS, Open
from bench.walk import ANSWERS, UPDATES, Person
from bot.collecting import settle

WARMING = 3  # people who walk first, outside the time


class WrongReply(Exception):
    """Somebody heard something else than the walk says."""

    def __init__(self, person: Person, wanted: str, got: list[str | None]) -> None:
        super().__init__(f"wrong reply to person {person.number}: wanted {wanted!r}, got {got!r}")


class WrongCount(Exception):
    """Answers are missing in the store, or there are too many."""

    def __init__(self, stored: int, wanted: int) -> None:
        super().__init__(f"stored {stored} answers instead of {wanted}")


@dataclass
class Clock:
    """Seconds of the whole, and of each update."""

    whole: float = 0.0
    each: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Walking:
    """People walking through one row, so many updates in flight."""

    row: Row
    api: BotApi
    in_flight: int
    ids: Iterator[int]

    async def walk(self, people: Sequence[Person]) -> Clock:
        """All the way. Raises WrongReply."""
        clock = Clock()
        for _ in range(UPDATES):
            updates = [person.update(next(self.ids)) for person in people]
            await self._handle(updates, clock)
            self._check(people)
        return clock

    async def _handle(self, updates: list[bytes], clock: Clock) -> None:
        waiting = iter(updates)

        async def lane() -> None:
            for update in waiting:
                began = time.perf_counter()
                await self.row.handle(update)
                clock.each.append(time.perf_counter() - began)

        began = time.perf_counter()
        await asyncio.gather(*(lane() for _ in range(self.in_flight)))
        await self.row.settle()
        clock.whole += time.perf_counter() - began

    def _check(self, people: Sequence[Person]) -> None:
        sent = self.api.sent()
        for person in people:
            wanted, got = person.go_on(), sent.get(person.chat, [])
            if [call.text for call in got] != [wanted]:
                raise WrongReply(person, wanted, [call.text for call in got])
            person.last = got[0]


async def run(open_row: Open, asked: argparse.Namespace) -> dict[str, float]:
    """The figures of one run. Raises WrongReply or WrongCount."""
    api = BotApi()
    everybody = list(_people(asked.people + WARMING, asked.share))
    people, first = everybody[:-WARMING], everybody[-WARMING:]
    random.Random(1).shuffle(people)  # noqa: S311 — an order, not a secret
    chats = [person.chat for person in everybody]
    place = Place(asked.folder, asked.url, chats, asked.in_flight, api.answer, asked.stored)
    row = await open_row(place)
    walking = Walking(row, api, asked.in_flight, itertools.count(asked.share * 100_000_000))
    await walking.walk(first)
    if asked.wait:
        await asyncio.to_thread(_wait_for_the_others)
    settle()  # as `trede run` does; for the peers as well
    clock = await walking.walk(people)
    await _count(row, len(everybody))
    return _figures(clock)


async def _count(row: Row, people: int) -> None:
    stored = await row.stored()
    if stored is not None and stored != people * ANSWERS:
        raise WrongCount(stored, people * ANSWERS)


def _people(how_many: int, share: int) -> Iterator[Person]:
    return (Person(number, 10 * (share * 1_000_000 + number) + 5) for number in range(how_many))


def _wait_for_the_others() -> None:
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()


def _figures(clock: Clock) -> dict[str, float]:
    each = sorted(clock.each)
    return {
        "updates": len(each),
        "seconds": clock.whole,
        "p50_ms": each[len(each) // 2] * 1000,
        "p99_ms": each[int(len(each) * 0.99)] * 1000,
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("row", choices=sorted(ROWS))
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--url", default="")
    parser.add_argument("--people", type=int, default=300)
    parser.add_argument("--in-flight", type=int, default=32)
    parser.add_argument("--stored", type=int, default=0, help="so many people are there already")
    parser.add_argument("--share", type=int, default=0, help="which process of several this is")
    parser.add_argument("--wait", action="store_true", help="say 'ready', and begin on a line of input")
    return parser.parse_args()


if __name__ == "__main__":
    arguments = _arguments()
    figures = asyncio.run(run(ROWS[arguments.row], arguments))
    sys.stdout.write(json.dumps(figures) + "\n")
    sys.stdout.flush()
    os._exit(0)  # what is still open goes with the process
