"""Takes turns: from an update's name to the messages that go out, all or nothing.

Turns that come while a commit is under way are taken together in the next transaction (see `grouping`); their
reads and writes are a few statements for all of them. Who cannot be taken so is taken by herself.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, delete, literal, select, union_all
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from casework.summary import Summary
from dialogs.message import Message
from dialogs.session import Session
from storage.bulk import insert_rows, listed, one_of
from storage.database import Database
from storage.errors import Held
from storage.grouping import ALONE, Grouping
from storage.knocks import Admitted, Knock, Moved, admit, admit_known, event_name, lock_at_once
from storage.outbox import Parcel, forget
from storage.saving import Change, Saved, Saving, begin_saving
from storage.standing import Caller, Standing, at_hand, load_all
from storage.tables import quarantine, received

WAITS = 5.0
"""Seconds that a turn waits for who has her in hand; the other one may have stopped in mid-transaction."""
LOOKS = 0.25
"""Seconds between two looks, at most."""

__all__ = ["Caller", "Change", "Decide", "Knock", "Loaded", "Outcome", "sent", "take"]


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a turn is decided on. `session` is None before her first word."""

    caller: Caller
    session: Session | None
    last_summary: Summary | None
    is_dealt_with: bool = False  # her case manager has marked the case as done


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an update. `messages` are this turn's, numbered; `parcels` are yours to send now.

    "duplicate": taken before, nothing changed. "unknown": from nobody we know; say nothing about anyone.
    """

    status: Literal["done", "duplicate", "unknown"]
    messages: tuple[tuple[int, Message], ...] = ()
    parcels: tuple[Parcel, ...] = ()


Decide = Callable[[Loaded], Change]


@dataclass(frozen=True, slots=True)
class _Visit:
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
_EVENT = (received.c.channel, received.c.event, received.c.at)


def _known_events(dialect: str) -> Any:
    """Which updates were taken before, and which failed before: once one goes well, its copy goes."""
    return union_all(
        *(
            select(table.c.channel, table.c.event, literal(table.name).label("where")).where(
                one_of(table.c.channel, "channels", dialect), one_of(table.c.event, "events", dialect)
            )
            for table in (received, quarantine)
        )
    )


_KNOWN_EVENTS = {dialect: _known_events(dialect) for dialect in ("sqlite", "postgresql")}


async def take(database: Database, knock: Knock, decide: Decide) -> Outcome:
    """Committed before it returns. What `decide` raises comes out, and nothing is saved.

    `decide` must be pure: it is called again if a group fails, or somebody else's first knock got in between.
    Raises Conflict if the session was changed by something that does not take turns.
    """
    outcome: Outcome = await _grouping(database).add(_Visit(knock, decide))
    return outcome


async def sent(database: Database, ref: str) -> None:
    """A parcel arrived, or never will: forget it. Written together with the turns that wait."""
    await _grouping(database).add(_Sent(ref))


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

    def grouping(self) -> Grouping[_Job]:
        return Grouping(self._commit_together, self.alone, self._database.groups)

    async def _commit_together(self, jobs: Sequence[_Job]) -> list[Any]:
        results, saving = await self._database.write_now(lambda connection: self._together(connection, jobs))
        saving.keep(self._near)
        return results

    def _together(self, connection: Connection, jobs: Sequence[_Job]) -> tuple[list[Any], Saving]:
        forget(connection, [job.ref for job in jobs if isinstance(job, _Sent)])
        visits = [job for job in jobs if isinstance(job, _Visit)]
        admitted = admit_known(connection, [visit.knock for visit in visits]) if visits else []
        outcomes, saving = self._take_known(connection, visits, admitted)
        return [next(outcomes) if isinstance(job, _Visit) else None for job in jobs], saving

    def _take_known(
        self, connection: Connection, visits: Sequence[_Visit], admitted: Sequence[Admitted | None]
    ) -> tuple[Any, Saving]:
        known = [(visit, who) for visit, who in zip(visits, admitted, strict=True) if who is not None]
        taken, failed = _events(connection, [visit.knock for visit, _ in known]) if known else (set(), set())
        new = [(visit, who) for visit, who in known if _event(visit.knock) not in taken]
        standings = load_all(connection, [who.client for _, who in new], self._near) if new else {}
        saving = begin_saving(connection, [who for _, who in new])
        done = {id(visit): _decided(saving, visit, who, standings[who.client]) for visit, who in new}
        insert_rows(connection, _EVENT, [(*_event(visit.knock), visit.knock.now) for visit, _ in new])
        saving.write()
        _settle(connection, failed)
        repeated = {id(visit): Outcome("duplicate") for visit, _ in known if id(visit) not in done}
        results = {**done, **repeated}
        return iter([results.get(id(visit), ALONE) for visit in visits]), saving

    # ── one by herself ────────────────────────────────────────────────────────────────────────────

    async def alone(self, job: _Job) -> Outcome | None:
        """One job in a transaction of its own. Who waits has no connection meanwhile: others need it.

        Raises Held if somebody else has her in hand all the time.
        """
        until, pause = time.monotonic() + WAITS, 0.005
        while True:
            try:
                return await self._try_alone(job)
            except Held:
                if time.monotonic() > until:
                    raise
            await asyncio.sleep(pause)
            pause = min(pause * 2, LOOKS)

    async def _try_alone(self, job: _Job) -> Outcome | None:
        try:
            return await self._commit_alone(job)
        except (IntegrityError, Moved):
            return await self._commit_alone(job)

    async def _commit_alone(self, job: _Job) -> Outcome | None:
        if isinstance(job, _Sent):
            await self._database.write(lambda connection: forget(connection, [job.ref]))
            return None
        outcome, saving = await self._database.write(lambda connection: self._alone(connection, job))
        if saving is not None:
            saving.keep(self._near)
        return outcome

    def _alone(self, connection: Connection, visit: _Visit) -> tuple[Outcome, Saving | None]:
        knock = visit.knock
        # First, as in a group: in another order, two who take the same update could wait for one another.
        lock_at_once(connection, knock)
        row = {"channel": knock.channel, "event": event_name(knock.event), "at": knock.now}
        if connection.execute(_RECEIVED[connection.dialect.name], row).rowcount != 1:
            return Outcome("duplicate"), None
        who = admit(connection, knock)
        if who is None:
            return Outcome("unknown"), None
        standing = load_all(connection, [who.client], self._near)[who.client]
        saving = begin_saving(connection, [who])
        outcome = _decided(saving, visit, who, standing)
        saving.write()
        _settle(connection, {_event(knock)})
        return outcome, saving


def _decided(saving: Saving, visit: _Visit, who: Admitted, standing: Standing) -> Outcome:
    change = visit.decide(
        Loaded(standing.caller, standing.session, standing.last_summary, standing.case_state == "done")
    )
    saved: Saved = saving.add(visit.knock, who, standing, change)
    return Outcome("done", saved.messages, saved.parcels)


def _event(knock: Knock) -> tuple[str, str]:
    return knock.channel, event_name(knock.event)


def _events(
    connection: Connection, knocks: Sequence[Knock]
) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    """Of these updates: those taken before, and those that failed before."""
    dialect = connection.dialect.name
    ours = {_event(knock) for knock in knocks}
    names = {
        "channels": listed(list({channel for channel, _ in ours}), dialect),
        "events": listed([event for _, event in ours], dialect),
    }
    rows = connection.execute(_KNOWN_EVENTS[dialect], names)
    found = [(where, (channel, event)) for channel, event, where in rows if (channel, event) in ours]
    taken = {event for where, event in found if where == received.name}
    return taken, {event for _, event in found} - taken


def _settle(connection: Connection, events: set[tuple[str, str]]) -> None:
    for channel, event in events:
        connection.execute(
            delete(quarantine).where(quarantine.c.channel == channel, quarantine.c.event == event)
        )
