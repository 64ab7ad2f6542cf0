"""Many who are known and come in together: one look tells who each is, and where her conversation stands.

It tells as well whether her update was taken before, and whether something waits to be sent to her chat. On
PostgreSQL the same look locks whoever can be had at once.
"""

import json
import secrets
from collections.abc import Mapping, Sequence, Set
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import (
    CTE,
    ColumnElement,
    Connection,
    FromClause,
    Integer,
    Select,
    String,
    and_,
    bindparam,
    column,
    func,
    literal_column,
    select,
    union,
)
from sqlalchemy.dialects.postgresql import ARRAY

from storage.bulk import one_of
from storage.driver import Written
from storage.knocks import Admitted, Chat, Knock, event_name, order_key
from storage.sealed import hashed
from storage.standing import COLUMNS, AtHand, Found, Standing, around, standings
from storage.tables import chats, clients, invites, outbox, quarantine, received


class Arrival(NamedTuple):
    """Somebody who may come in. `standing`: None if her update was taken before.

    `failed`: this update failed before. `is_busy`: something waits to be sent to her chat. `is_trusted`: the
    database was not asked (see `storage.trusting`).
    """

    who: Admitted
    standing: Standing | None
    failed: bool
    is_busy: bool
    is_trusted: bool = False


_NAMES = ("channel", "event", "code", "address")
_ADDRESS = 3
_FIRST = {"sqlite": 0, "postgresql": 1}
"""The number that the first knock gets."""
_TAKEN, _HERS = 0, 7
"""Where in a row, after `n`, it says so; from _HERS on it is `Found`."""


def _at_the_door(dialect: str) -> FromClause:
    """The knocks as a table: their number `n` and _NAMES."""
    if dialect == "postgresql":
        lists = (bindparam(name, type_=ARRAY(String)) for name in _NAMES)
        names = (column(name, String) for name in _NAMES)
        return func.unnest(*lists).table_valued(*names, with_ordinality="n", name="knock").render_derived()
    each = func.json_each(bindparam("knocks", type_=String)).table_valued("key", "value")
    fields = (
        func.json_extract(each.c.value, literal_column(f"'$[{n}]'")).label(name)
        for n, name in enumerate(_NAMES)
    )
    return select(each.c.key.label("n"), *fields).subquery("knock")


def _look(dialect: str) -> Select[Any]:
    knock = _at_the_door(dialect)
    invite = and_(
        invites.c.code_hash == knock.c.code,
        invites.c.used_up.is_(False),
        invites.c.expires > bindparam("now", type_=invites.c.expires.type),
    )
    chat = and_(chats.c.channel == knock.c.channel, chats.c.address_hash == knock.c.address)
    others = chats.alias("others")
    she = clients.c.id == func.coalesce(invites.c.client, chats.c.client)
    if dialect == "postgresql":
        she = and_(she, clients.c.id.in_(select(_free().c.id)))
    them = knock.outerjoin(invites, invite).outerjoin(chats, chat).outerjoin(clients, she)
    return select(
        knock.c.n,
        _is_there(received.c.channel == knock.c.channel, received.c.event == knock.c.event),
        _is_there(quarantine.c.channel == knock.c.channel, quarantine.c.event == knock.c.event),
        _is_there(outbox.c.channel == knock.c.channel, outbox.c.order_key == knock.c.address),
        chats.c.id,
        chats.c.unreachable,
        chats.c.client,
        _is_there(others.c.client == clients.c.id, others.c.channel == knock.c.channel),
        *COLUMNS,
    ).select_from(around(them))


def _is_there(*so: ColumnElement[bool]) -> ColumnElement[Any]:
    """Whether there is such a row: 1 or NULL. With `exists`, PostgreSQL may read the whole table for it."""
    one, none = literal_column("1", Integer), literal_column("0", Integer)
    return select(one).where(*so).limit(one).offset(none).scalar_subquery()


def _free() -> CTE:
    """Locks whom nobody else has. In no fixed order: nobody waits here, so nobody waits for one another.

    What the look shows may be older by a moment than the lock. Then her session has another version than the
    one that was shown, or her update is there already; that shows when it is written, and she is let in by
    herself.
    """
    them = union(
        select(invites.c.client).where(one_of(invites.c.code_hash, "code", "postgresql")),
        select(chats.c.client).where(
            one_of(chats.c.channel, "channel", "postgresql"),
            one_of(chats.c.address_hash, "address", "postgresql"),
        ),
    )
    free = select(clients.c.id).where(clients.c.id.in_(them))
    return free.with_for_update(key_share=True, skip_locked=True).cte("free")


_LOOK = Written(_look)


def arrivals(
    connection: Connection, knocks: Sequence[Knock], near: AtHand, besides: Set[str] = frozenset()
) -> list[Arrival | None]:
    """In the order of `knocks`. None: let her in by herself.

    She is nobody, or her chat is not simply hers, or she is in somebody else's hands just now, or is here
    twice, or among those who are here `besides`.
    """
    keys = [_keys(knock) for knock in knocks]
    values = _values(keys, connection.dialect.name)
    seen: set[str | None] = {None, *besides}  # None: nobody
    rows: dict[int, tuple[Any, ...]] = {}
    found = _LOOK.run(connection, values | {"now": knocks[0].now}).fetchall()
    for n, *row in sorted(found, key=itemgetter(0)):
        client = row[_HERS]
        if client not in seen and _is_simply_hers(row):
            seen.add(client)
            rows[n - _FIRST[connection.dialect.name]] = tuple(row)
    new = [Found._make(row[_HERS:]) for row in rows.values() if not row[_TAKEN]]
    known = standings(connection, new, near)
    return [_arrival(knock, keys[n], rows.get(n), known) for n, knock in enumerate(knocks)]


def _keys(knock: Knock) -> tuple[str, str, str | None, str | None]:
    """The values of _NAMES. Who comes in by herself anyway is not looked for."""
    code, address = (knock.code, knock.address) if knock.client is None else (None, None)
    return (
        knock.channel,
        event_name(knock.event),
        None if code is None else hashed(code),
        None if address is None else order_key(knock.channel, address),
    )


def _is_simply_hers(row: Sequence[Any]) -> bool:
    """Her chat is known as hers; or nobody's yet, and she has no other one on this channel."""
    _taken, _failed, _is_busy, chat, unreachable, owner, has_another, client, *_ = row
    return not unreachable and (owner == client if chat is not None else not has_another)


def _values(keys: Sequence[tuple[str | None, ...]], dialect: str) -> dict[str, Any]:
    if dialect == "sqlite":
        return {"knocks": json.dumps(keys)}
    return {name: list(values) for name, values in zip(_NAMES, zip(*keys, strict=True), strict=True)}


def _arrival(
    knock: Knock, keys: tuple[Any, ...], row: tuple[Any, ...] | None, known: Mapping[str, Standing]
) -> Arrival | None:
    if row is None:
        return None
    taken, failed, is_busy, chat, _unreachable, _owner, _has_another, client, *_ = row
    hers: Chat | None = None
    if knock.address is not None:
        id = chat or secrets.token_hex(16)
        hers = Chat(id, knock.channel, knock.address, keys[_ADDRESS], is_new=chat is None)
    return Arrival(Admitted(client, hers), None if taken else known[client], bool(failed), bool(is_busy))
