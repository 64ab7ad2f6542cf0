"""Moves everybody who stands in one script version to another, and counts what becomes of them."""

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from dialogs.move_over import Fate, Moved, MoveOver
from dialogs.session import Session
from storage import moving
from storage.database import Database
from storage.saving import Change


@dataclass(frozen=True, slots=True)
class Line:
    """What happens to people at one question. `question` and `to` are END for those who are at the end."""

    question: str
    fate: Fate
    to: str


Tally = Mapping[Line, int]
"""How many people, in the order of the old version's questions."""


async def foresee(database: Database, over: MoveOver, now: datetime) -> Tally:
    """What a move would come to. Changes nothing."""
    return _in_order(over, Counter([line async for line in _foreseen(database, over, now)]))


async def carry_out(database: Database, over: MoveOver, now: datetime) -> Tally:
    """Move them all, one after the other. Cut off in the middle, it goes on where it was when run again."""
    lines: Counter[Line] = Counter()
    for client in await moving.clients_in(database, over.old.version):
        done: list[Line] = []

        def decide(session: Session, done: list[Line] = done) -> Change | None:
            moved = over.move(session, now)
            done[:] = [_line(session, moved)]
            return None if moved.session is None else Change(moved.session, moved.events)

        await moving.move(database, client, over.old.version, decide, now)
        lines.update(done)
    return _in_order(over, lines)


async def _foreseen(database: Database, over: MoveOver, now: datetime) -> AsyncIterator[Line]:
    for client in await moving.clients_in(database, over.old.version):
        session = await moving.look_at(database, client, over.old.version)
        if session is not None:
            yield _line(session, over.move(session, now))


def _line(session: Session, moved: Moved) -> Line:
    return Line(session.at.step, moved.fate, moved.to)


def _in_order(over: MoveOver, lines: Counter[Line]) -> Tally:
    places = {step.name: number for number, step in enumerate(over.old.steps)}
    last = len(places)
    return dict(sorted(lines.items(), key=lambda line: (places.get(line[0].question, last), line[0].to)))
