"""What still has to be sent, in order within each chat. A row goes when it was sent.

Who takes a parcel holds a lease on it; if nothing is heard until the lease is over, it is taken again. So
after a crash none is lost, and in each chat at most the message in flight comes twice. A turn that is taken
by a process which also sends leaves its parcels leased to that process, which need not look for them (see
`saving`).
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Connection,
    Executable,
    Row,
    bindparam,
    case,
    delete,
    func,
    insert,
    null,
    or_,
    select,
    type_coerce,
    update,
)

from dialogs.message import Message
from storage.bulk import listed, one_of
from storage.database import Database
from storage.driver import Written
from storage.knocks import order_key
from storage.sealed import Words, house_key, key_of
from storage.stored_session import message_body
from storage.tables import Moment, chats, clients, outbox
from storage.together import wake


@dataclass(frozen=True, slots=True)
class Parcel:
    """One message on its way. `tries`: how often sending it failed so far."""

    ref: str
    channel: str
    address: str
    message: Message
    tries: int


_later = outbox.alias("later")
_HEADS = (  # the oldest of each chat: while it waits, the chat waits
    select(func.min(_later.c.id)).where(_later.c.channel == bindparam("channel")).group_by(_later.c.order_key)
)
_DUE = (
    select(outbox, clients.c.id.label("client"), clients.c.key)
    .outerjoin(chats, chats.c.id == outbox.c.chat)
    .outerjoin(clients, clients.c.id == chats.c.client)
    .where(
        outbox.c.id.in_(_HEADS),
        outbox.c.due <= bindparam("now", type_=Moment()),
        or_(outbox.c.lease.is_(None), outbox.c.lease <= bindparam("now", type_=Moment())),
    )
    .order_by(outbox.c.id)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True, of=outbox)
)
_free_at = case((outbox.c.lease > outbox.c.due, outbox.c.lease), else_=outbox.c.due)
_NEXT_DUE = select(type_coerce(func.min(_free_at), Moment())).where(outbox.c.id.in_(_HEADS))
_LEASE = update(outbox).where(outbox.c.id == bindparam("parcel")).values(lease=bindparam("until"))
_SENT = Written(lambda dialect: delete(outbox).where(one_of(outbox.c.ref, "refs", dialect)))
_RELEASED = Written(
    lambda dialect: update(outbox).where(one_of(outbox.c.ref, "refs", dialect)).values(lease=null())
)


async def put(
    database: Database, channel: str, address: str, messages: Sequence[Message], now: datetime
) -> None:
    """Something to send outside a turn, also to a chat that is nobody's."""
    order = order_key(channel, address)
    own_chat = (
        select(chats.c.id, chats.c.client, clients.c.key)
        .join(clients, clients.c.id == chats.c.client)
        .where(chats.c.channel == channel, chats.c.address_hash == order)
    )

    def work(connection: Connection) -> None:
        chat = connection.execute(own_chat).first()
        key = house_key() if chat is None else key_of(chat.client, chat.key)
        for message in messages:
            ref = secrets.token_hex(16)
            connection.execute(
                insert(outbox).values(
                    ref=ref,
                    chat=None if chat is None else chat.id,
                    channel=channel,
                    address=Words(address, key, ref),
                    body=Words(message_body(message), key, ref),
                    due=now,
                    order_key=order,
                )
            )
        wake(connection, "outbox")

    await database.write(work)


async def take_due(
    database: Database, channel: str, now: datetime, limit: int, lease: timedelta
) -> list[Parcel]:
    """At most one parcel a chat, the oldest; none from a chat whose oldest is leased or not due yet."""

    def work(connection: Connection) -> list[Parcel]:
        rows = connection.execute(_DUE, {"channel": channel, "now": now, "limit": limit}).all()
        if rows:
            connection.execute(_LEASE, [{"parcel": row.id, "until": now + lease} for row in rows])
        return [_parcel(row) for row in rows]

    return await database.write(work)


def _parcel(row: Row[Any]) -> Parcel:
    key = house_key() if row.chat is None else key_of(row.client, row.key)
    message = Message.from_json(row.body.open(key, row.ref))
    return Parcel(row.ref, row.channel, row.address.open(key, row.ref), message, row.tries)


def forget(connection: Connection, refs: Sequence[str]) -> None:
    """They arrived, or never will. The next one of each chat can go."""
    if refs:
        _SENT.run(connection, {"refs": listed(refs, connection.dialect.name)})


async def retry(database: Database, ref: str, due: datetime) -> None:
    """Sending failed: the chat waits until `due`. The row still tells since when it waits."""
    waiting = {"lease": due, "tries": outbox.c.tries + 1}
    await _do(database, update(outbox).where(outbox.c.ref == ref).values(waiting))


async def release(database: Database, refs: Sequence[str]) -> None:
    """They were leased but not sent: whoever looks next may take them."""

    def work(connection: Connection) -> None:
        _RELEASED.run(connection, {"refs": listed(refs, connection.dialect.name)})

    await database.write(work)


async def release_all(database: Database, channel: str) -> None:
    """Whatever a process that is gone had leased. Only where there is one process for the database."""
    await _do(database, update(outbox).where(outbox.c.channel == channel).values(lease=None))


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


async def is_anything_unheld(database: Database, channel: str) -> bool:
    """Whether something waits that nobody has in hand, e.g. behind what is being sent to the same chat."""
    unheld = select(outbox.c.id).where(outbox.c.channel == channel, outbox.c.lease.is_(None)).limit(1)
    return await database.read(lambda connection: connection.scalar(unheld) is not None)


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
