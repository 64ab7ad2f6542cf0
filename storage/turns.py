"""Takes turns: from an update's name to the messages that go out, all or nothing.

Turns that come while a commit is under way are taken together in the next transaction (see `grouping`); their
reads and writes are a few statements for all of them. Who cannot be taken so is taken by herself.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from casework.summary import Summary
from dialogs.message import Message
from dialogs.session import Session
from dialogs.turn import Deleted, Forgotten
from storage.arrivals import Arrival, arrivals
from storage.database import Database
from storage.errors import Conflict, Held
from storage.grouping import ALONE, Grouping
from storage.knocks import Admitted, Knock, Moved, admit, event_name, lock_at_once
from storage.outbox import Parcel, forget
from storage.saving import Change, Saved, Saving, begin_saving
from storage.standing import Caller, Standing, at_hand, load_one
from storage.tables import received
from storage.trusting import Trust

WAITS = 5.0
"""Seconds that a turn waits for who has her in hand; the other one may have stopped in mid-transaction."""
LOOKS = 0.25
"""Seconds between two looks, at most."""

__all__ = ["Caller", "Change", "Decide", "Knock", "Loaded", "Outcome", "sent", "take"]


class Loaded(NamedTuple):
    """What a turn is decided on. `session` is None before her first word."""

    caller: Caller
    session: Session | None
    last_summary: Summary | None
    is_dealt_with: bool = False  # her case manager has marked the case as done


class Outcome(NamedTuple):
    """What came of an update. `messages` are this turn's, numbered; `parcels` are yours to send now.

    "duplicate": taken before, nothing changed. "unknown": from nobody we know; say nothing about anyone.
    """

    status: Literal["done", "duplicate", "unknown"]
    messages: tuple[tuple[int, Message], ...] = ()
    parcels: tuple[Parcel, ...] = ()


Decide = Callable[[Loaded], Change]


class _Visit(NamedTuple):
    knock: Knock
    decide: Decide


@dataclass(frozen=True, slots=True)
class _Sent:
    ref: str


_Job = _Visit | _Sent

_RECEIVED = {
    "sqlite": sqlite.insert(received).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(received).on_conflict_do_nothing(),
}


async def take(database: Database, knock: Knock, decide: Decide) -> Outcome:
    """Committed before it returns. What `decide` raises comes out, and nothing is saved.

    `decide` must be pure: it is called again if a group fails, or somebody else's first knock got in between.
    Raises Conflict if the session was changed by something that does not take turns.
    """
    outcome: Outcome = await _grouping(database).add(_Visit(knock, decide))
    return outcome


async def sent(database: Database, ref: str) -> None:
    """A parcel arrived, or never will: forget it. Written with the next turns, or a moment later."""
    await _grouping(database).add(_Sent(ref), no_hurry=True)


def _grouping(database: Database) -> Grouping[_Job]:
    found: Grouping[_Job] | None = database.attached.get("turns")
    if found is None:
        found = database.attached["turns"] = _Turns(database).grouping()
    return found


class _Turns:
    """The turns of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._near = at_hand(database)
        self._trust = Trust(self._near)

    def grouping(self) -> Grouping[_Job]:
        return Grouping(self._commit_together, self.alone, self._database.groups)

    async def _commit_together(self, jobs: Sequence[_Job]) -> list[Any]:
        try:
            return await self._write(jobs, trusts=True)
        except Conflict:
            self._trust.doubt()
        except IntegrityError:
            pass  # an update came a second time
        return await self._write(jobs, trusts=False)

    async def _write(self, jobs: Sequence[_Job], *, trusts: bool) -> list[Any]:
        held: set[str] = set()
        try:
            results, saving = await self._database.write_now(
                lambda connection: self._together(connection, jobs, trusts, held)
            )
            saving.keep(self._near)
        finally:
            self._trust.in_hand -= held
        return results

    def _together(
        self, connection: Connection, jobs: Sequence[_Job], trusts: bool, held: set[str]
    ) -> tuple[list[Any], Saving]:
        forget(connection, [job.ref for job in jobs if isinstance(job, _Sent)])
        visits = [job for job in jobs if isinstance(job, _Visit)]
        found = self._found(connection, [visit.knock for visit in visits], trusts, held)
        saving = Saving(connection)
        outcomes = iter([_outcome(saving, *both) for both in zip(visits, found, strict=True)])
        saving.write()
        return [next(outcomes) if isinstance(job, _Visit) else None for job in jobs], saving

    def _found(
        self, connection: Connection, knocks: Sequence[Knock], trusts: bool, held: set[str]
    ) -> list[Arrival | None]:
        nobody: list[Arrival | None] = [None] * len(knocks)
        found = self._trust.who(connection, knocks) if trusts else nobody
        # Before the look: on PostgreSQL another group goes on meanwhile. Whom that one has is not looked for.
        self._hold(held, found)
        others = [
            n for n, arrival in enumerate(found) if arrival is None and not self._trust.holds(knocks[n])
        ]
        if others:
            asked = arrivals(connection, [knocks[n] for n in others], self._near, self._trust.in_hand)
            self._hold(held, asked)
            for n, arrival in zip(others, asked, strict=True):
                found[n] = arrival
        return found

    def _hold(self, held: set[str], found: Sequence[Arrival | None]) -> None:
        held.update(arrival.who.client for arrival in found if arrival is not None)
        self._trust.in_hand |= held

    # ── one by herself ────────────────────────────────────────────────────────────────────────────

    async def alone(self, job: _Job) -> Outcome | None:
        """One job in a transaction of its own. Who waits has no connection meanwhile: others need it.

        Raises Held if somebody else has her in hand all the time.
        """
        until, pause = time.monotonic() + WAITS, 0.005
        while True:
            is_late = time.monotonic() > until
            try:
                if is_late or not self._is_in_hand(job):
                    return await self._try_alone(job)
            except Held:
                if is_late:
                    raise
            await asyncio.sleep(pause)
            pause = min(pause * 2, LOOKS)

    def _is_in_hand(self, job: _Job) -> bool:
        """By a group of ours, which may lock her only at its end: if she were locked now, it would fail."""
        return isinstance(job, _Visit) and self._trust.holds(job.knock)

    async def _try_alone(self, job: _Job) -> Outcome | None:
        try:
            return await self._commit_alone(job)
        except (IntegrityError, Moved):
            return await self._commit_alone(job)

    async def _commit_alone(self, job: _Job) -> Outcome | None:
        if isinstance(job, _Sent):
            await self._database.write_now(lambda connection: forget(connection, [job.ref]))
            return None
        held: set[str] = set()
        try:
            outcome, saving = await self._database.write_now(
                lambda connection: self._alone(connection, job, held)
            )
            if saving is not None:
                saving.keep(self._near)
        finally:
            self._trust.in_hand -= held
        return outcome

    def _alone(self, connection: Connection, visit: _Visit, held: set[str]) -> tuple[Outcome, Saving | None]:
        knock = visit.knock
        # First, as in a group: in another order, two who take the same update could wait for one another.
        lock_at_once(connection, knock)
        row = {"channel": knock.channel, "event": event_name(knock.event), "at": knock.now}
        if connection.execute(_RECEIVED[connection.dialect.name], row).rowcount != 1:
            return Outcome("duplicate"), None
        who = admit(connection, knock)
        if who is None:
            return Outcome("unknown"), None
        held.add(who.client)
        self._trust.in_hand |= held
        standing = load_one(connection, who.client, self._near)
        saving = begin_saving(connection, who)
        saving.settle(knock)
        outcome = _saved(saving, visit, who, standing, _decided(visit, standing))
        saving.write()
        return outcome, saving


def _outcome(saving: Saving, visit: _Visit, arrival: Arrival | None) -> Any:
    """Of somebody in a group; ALONE if she is to be let in by herself."""
    if arrival is None:
        return ALONE
    if arrival.standing is None:
        return Outcome("duplicate")
    change = _decided(visit, arrival.standing)
    if arrival.is_trusted and _erases(change):
        return ALONE  # nothing is erased before the database was asked
    saving.add_event(visit.knock, failed_before=arrival.failed)
    if arrival.who.chat is not None and arrival.is_busy:
        saving.busy.add(arrival.who.chat.order_key)
    return _saved(saving, visit, arrival.who, arrival.standing, change)


def _decided(visit: _Visit, standing: Standing) -> Change:
    is_dealt_with = standing.case_state == "done"
    return visit.decide(Loaded(standing.caller, standing.session, standing.last_summary, is_dealt_with))


def _erases(change: Change) -> bool:
    return change.session is None or not change.happened.isdisjoint((Deleted, Forgotten))


def _saved(saving: Saving, visit: _Visit, who: Admitted, standing: Standing, change: Change) -> Outcome:
    saved: Saved = saving.add(visit.knock, who, standing, change)
    return Outcome("done", saved.messages, saved.parcels)
