"""How much waits in each channel: cheap queries for /metrics and `trede doctor`, about nobody."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, select, type_coerce

from storage.database import Database
from storage.tables import Moment, outbox, quarantine, timers


@dataclass(frozen=True, slots=True)
class Waiting:
    """Messages that are to be sent by now, and for how many seconds the oldest has been."""

    messages: int
    oldest: float


@dataclass(frozen=True, slots=True)
class Counts:
    """By channel: what waits in the outbox, updates that failed and come again, updates given up.

    By kind: timers that should have rung by now.
    """

    outbox: Mapping[str, Waiting]
    failing: Mapping[str, int]
    given_up: Mapping[str, int]
    timers: Mapping[str, int]


_OUTBOX = select(outbox.c.channel, func.count(), type_coerce(func.min(outbox.c.due), Moment())).group_by(
    outbox.c.channel
)
_QUARANTINE = select(quarantine.c.channel, quarantine.c.given_up, func.count()).group_by(
    quarantine.c.channel, quarantine.c.given_up
)
_TIMERS = (
    select(timers.c.kind, func.count().label("n"))
    .where(timers.c.due <= bindparam("now", type_=Moment()))
    .group_by(timers.c.kind)
)


async def count(database: Database, now: datetime) -> Counts:
    """As it stands. The outbox is nearly empty on a good day, and the quarantine always."""

    def work(connection: Connection) -> Counts:
        waiting = connection.execute(_OUTBOX.where(outbox.c.due <= now)).all()
        quarantined = connection.execute(_QUARANTINE).all()
        return Counts(
            outbox={channel: Waiting(n, (now - since).total_seconds()) for channel, n, since in waiting},
            failing={channel: n for channel, is_given_up, n in quarantined if not is_given_up},
            given_up={channel: n for channel, is_given_up, n in quarantined if is_given_up},
            timers={row.kind: row.n for row in connection.execute(_TIMERS, {"now": now}).all()},
        )

    return await database.read(work)
