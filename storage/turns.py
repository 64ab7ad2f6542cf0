"""Takes a turn: one transaction from the update's name to the messages that go out. All or nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, bindparam, delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from casework.summary import Summary
from dialogs.message import Message
from dialogs.session import Session
from storage.database import Database
from storage.knocks import Knock, Moved, admit, event_name
from storage.saving import Change, save
from storage.standing import Caller, load
from storage.tables import quarantine, received

__all__ = ["Caller", "Change", "Decide", "Knock", "Loaded", "Outcome", "take"]


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a turn is decided on. `session` is None before her first word."""

    caller: Caller
    session: Session | None
    last_summary: Summary | None
    is_dealt_with: bool = False  # her case manager has marked the case as done


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an update. `messages` are this turn's, numbered.

    "duplicate": taken before, nothing changed. "unknown": from nobody we know; say nothing about anyone.
    """

    status: Literal["done", "duplicate", "unknown"]
    messages: tuple[tuple[int, Message], ...] = ()


Decide = Callable[[Loaded], Change]

_RECEIVED = {
    "sqlite": sqlite.insert(received).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(received).on_conflict_do_nothing(),
}
# An update that failed before and went well now leaves no copy of its words behind.
_SETTLED = delete(quarantine).where(
    quarantine.c.channel == bindparam("of"), quarantine.c.event == bindparam("called")
)


async def take(database: Database, knock: Knock, decide: Decide) -> Outcome:
    """Committed before it returns. What `decide` raises comes out, and nothing is saved.

    `decide` must be pure: it is called a second time if somebody else's first knock got in between.
    Raises Conflict if the session was changed by something that does not take turns.
    """

    def work(connection: Connection) -> Outcome:
        return _take(connection, knock, decide)

    try:
        return await database.write(work)
    except (IntegrityError, Moved):
        return await database.write(work)


def _take(connection: Connection, knock: Knock, decide: Decide) -> Outcome:
    if not _is_new(connection, knock):
        return Outcome("duplicate")
    who = admit(connection, knock)
    if who is None:
        return Outcome("unknown")
    standing = load(connection, who.client)
    change = decide(
        Loaded(standing.caller, standing.session, standing.last_summary, standing.case_state == "done")
    )
    messages = save(connection, knock, who, standing, change)
    connection.execute(_SETTLED, {"of": knock.channel, "called": event_name(knock.event)})
    return Outcome("done", messages)


def _is_new(connection: Connection, knock: Knock) -> bool:
    row = {"channel": knock.channel, "event": event_name(knock.event), "at": knock.now}
    return connection.execute(_RECEIVED[connection.dialect.name], row).rowcount == 1
