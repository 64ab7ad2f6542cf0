"""When we may write to a woman by ourselves, as rows that can be found when they are due.

Her session is what counts: it holds its timers, and these rows only mirror them. So a row that is taken twice
or too late rings a timer that her session has no more, and nothing comes of it. A row goes in the turn in
which it rings; if that turn fails or is killed, the row is taken again when its lease is over.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import Connection, bindparam, case, delete, func, insert, or_, select, type_coerce, update

from dialogs.session import Timer, TimerKind
from storage.database import Database
from storage.tables import Moment, sessions, timers


@dataclass(frozen=True, slots=True)
class Due:
    """A timer of this client is due. `id` is its row's, never given twice."""

    id: int
    client: str
    kind: TimerKind
    due: datetime
    token: str


_OF = select(timers.c.id, timers.c.kind, timers.c.due, timers.c.token).where(
    timers.c.session == bindparam("of")
)
_INSERT = insert(timers)
_DUE = (
    select(timers.c.id, sessions.c.client, timers.c.kind, timers.c.due, timers.c.token)
    .join(sessions, sessions.c.id == timers.c.session)
    .where(
        timers.c.due <= bindparam("now", type_=Moment()),
        or_(timers.c.lease.is_(None), timers.c.lease <= bindparam("now", type_=Moment())),
    )
    .order_by(timers.c.due, timers.c.id)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True, of=timers)
)
_LEASE = update(timers).where(timers.c.id == bindparam("timer")).values(lease=bindparam("until"))
_free_at = case((timers.c.lease > timers.c.due, timers.c.lease), else_=timers.c.due)
_NEXT_DUE = select(type_coerce(func.min(_free_at), Moment()))


def sync(connection: Connection, session: str, after: tuple[Timer, ...]) -> None:
    """Make the rows of a session what its timers are now. What rang goes, even if she had it no more."""
    rows = {
        Timer(row.kind, row.due, row.token): row.id for row in connection.execute(_OF, {"of": session}).all()
    }
    gone = [id for timer, id in rows.items() if timer not in after]
    new = [timer for timer in after if timer not in rows]
    if gone:
        connection.execute(delete(timers).where(timers.c.id.in_(gone)))
    if new:
        connection.execute(
            _INSERT, [{"session": session, "kind": t.kind, "due": t.due, "token": t.token} for t in new]
        )


async def take_due(database: Database, now: datetime, limit: int, lease: timedelta) -> list[Due]:
    """The timers that were due first, each to one taker only until its lease is over."""

    def work(connection: Connection) -> list[Due]:
        rows = connection.execute(_DUE, {"now": now, "limit": limit}).all()
        if rows:
            connection.execute(_LEASE, [{"timer": row.id, "until": now + lease} for row in rows])
        return [Due(row.id, row.client, cast(TimerKind, row.kind), row.due, row.token) for row in rows]

    return await database.write(work)


async def next_due(database: Database) -> datetime | None:
    """When the next timer can be taken; None if there is none."""
    moment: datetime | None = await database.read(lambda connection: connection.scalar(_NEXT_DUE))
    return moment
