"""What her web page shows: a read that changes nothing."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, select

from dialogs.message import Message
from dialogs.session import Session
from storage.database import Database
from storage.knocks import find_by_code
from storage.sealed import Key
from storage.standing import Caller, load
from storage.stored_session import turn_row
from storage.tables import turns

NEWEST = 300
"""Messages on a page: more than any visit has, but somebody who floods should not make every page slow."""


@dataclass(frozen=True, slots=True)
class Transcript:
    """The newest `messages` of the current visit, numbered as in `Outcome`.

    `session` is None before her first word.
    """

    caller: Caller
    session: Session | None
    messages: tuple[tuple[int, Message], ...]


_TURNS = (
    select(turns.c.n, turns.c.first, turns.c.messages)
    .where(turns.c.session == bindparam("session"), turns.c.visit == bindparam("visit"))
    .where(turns.c.messages.is_not(None))
    .order_by(turns.c.n.desc())
    .limit(NEWEST)
)


async def look(database: Database, code: str, now: datetime) -> Transcript | None:
    """None for a code that is wrong, used up or expired: all alike."""

    def work(connection: Connection) -> Transcript | None:
        client = find_by_code(connection, code, now)
        if client is None:
            return None
        standing = load(connection, client)
        said = () if standing.session is None else _said(connection, standing.session, standing.key)
        return Transcript(standing.caller, standing.session, said)

    return await database.read(work)


def _said(connection: Connection, session: Session, key: Key) -> tuple[tuple[int, Message], ...]:
    rows = connection.execute(_TURNS, {"session": session.id, "visit": session.visit}).all()
    said: list[tuple[int, Message]] = []
    for row in rows[::-1]:
        bodies = row.messages.open(key, turn_row(session.id, row.n))
        said += enumerate((Message.from_json(body) for body in bodies), start=row.first)
    return tuple(said[-NEWEST:])
