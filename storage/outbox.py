"""What still has to be sent, in order within each chat. A row goes when it was sent.

Who takes a parcel holds a lease on it; if nothing is heard until the lease is over, it is taken again. So
after a crash at most the message in flight comes twice, and none is lost.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import (
    Connection,
    Executable,
    bindparam,
    case,
    delete,
    func,
    insert,
    or_,
    select,
    type_coerce,
    update,
)

from dialogs.message import Message
from storage.database import Database
from storage.knocks import order_key
from storage.tables import Moment, chats, outbox


@dataclass(frozen=True, slots=True)
class Parcel:
    """One message on its way. `tries`: how often sending it failed so far."""

    id: int
    channel: str
    address: str
    message: Message
    tries: int


_later = outbox.alias("later")
_HEADS = (  # the oldest of each chat: while it waits, the chat waits
    select(func.min(_later.c.id)).where(_later.c.channel == bindparam("channel")).group_by(_later.c.order_key)
)
_DUE = (
    select(outbox)
    .where(
        outbox.c.id.in_(_HEADS),
        outbox.c.due <= bindparam("now", type_=Moment()),
        or_(outbox.c.lease.is_(None), outbox.c.lease <= bindparam("now", type_=Moment())),
    )
    .order_by(outbox.c.id)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
)
_free_at = case((outbox.c.lease > outbox.c.due, outbox.c.lease), else_=outbox.c.due)
_NEXT_DUE = select(type_coerce(func.min(_free_at), Moment())).where(outbox.c.id.in_(_HEADS))
_LEASE = update(outbox).where(outbox.c.id == bindparam("parcel")).values(lease=bindparam("until"))


async def put(
    database: Database, channel: str, address: str, messages: Sequence[Message], now: datetime
) -> None:
    """Something to send outside a turn, also to a chat that is nobody's."""
    key = order_key(channel, address)
    own_chat = select(chats.c.id).where(chats.c.channel == channel, chats.c.address_hash == key)

    def work(connection: Connection) -> None:
        common = {
            "chat": connection.scalar(own_chat),
            "channel": channel,
            "address": address,
            "due": now,
            "order_key": key,
        }
        for message in messages:
            connection.execute(insert(outbox).values(body=message.as_json(), **common))

    await database.write(work)


async def take_due(
    database: Database, channel: str, now: datetime, limit: int, lease: timedelta
) -> list[Parcel]:
    """At most one parcel a chat, the oldest; none from a chat whose oldest is leased or not due yet."""

    def work(connection: Connection) -> list[Parcel]:
        rows = connection.execute(_DUE, {"channel": channel, "now": now, "limit": limit}).all()
        if rows:
            connection.execute(_LEASE, [{"parcel": row.id, "until": now + lease} for row in rows])
        return [
            Parcel(row.id, row.channel, row.address, Message.from_json(row.body), row.tries) for row in rows
        ]

    return await database.write(work)


async def sent(database: Database, id: int) -> None:
    """It arrived: forget it. The next one of its chat can go."""
    await _do(database, delete(outbox).where(outbox.c.id == id))


async def drop(database: Database, id: int) -> None:
    """It can never be sent: forget it."""
    await _do(database, delete(outbox).where(outbox.c.id == id))


async def retry(database: Database, id: int, due: datetime) -> None:
    """Sending failed: the chat waits until `due`. The row still tells since when it waits."""
    waiting = {"lease": due, "tries": outbox.c.tries + 1}
    await _do(database, update(outbox).where(outbox.c.id == id).values(waiting))


async def unreachable(database: Database, channel: str, address: str) -> None:
    """She blocked us or the chat is gone: mark it, and send nothing more there until she writes again."""
    key = order_key(channel, address)

    def work(connection: Connection) -> None:
        connection.execute(
            update(chats)
            .where(chats.c.channel == channel, chats.c.address_hash == key)
            .values(unreachable=True)
        )
        connection.execute(delete(outbox).where(outbox.c.channel == channel, outbox.c.order_key == key))

    await database.write(work)


async def depth(database: Database) -> int:
    """How many messages wait."""
    count = select(func.count()).select_from(outbox)
    return await database.read(lambda connection: connection.scalar(count) or 0)


async def next_due(database: Database, channel: str) -> datetime | None:
    """When the next parcel can be taken; None if there is none."""
    moment: datetime | None = await database.read(
        lambda connection: connection.scalar(_NEXT_DUE, {"channel": channel})
    )
    return moment


async def _do(database: Database, statement: Executable) -> None:
    def work(connection: Connection) -> None:
        connection.execute(statement)

    await database.write(work)
