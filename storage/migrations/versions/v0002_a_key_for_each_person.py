"""A key for each person: what was sealed with the one key is sealed anew, each value bound to its row."""

import hmac
import json
import os
import secrets
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import op
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection

from storage.errors import WrongKey
from storage.sealed import master

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

Seal = Callable[[bytes, str, str], bytes]


def upgrade() -> None:
    """The columns, then the words in them."""
    with op.batch_alter_table("clients") as table:
        table.add_column(sa.Column("key", sa.LargeBinary()))
    with op.batch_alter_table("quarantine") as table:
        table.add_column(sa.Column("client", sa.String(length=64)))
        table.create_foreign_key(
            op.f("fk_quarantine_client_clients"), "clients", ["client"], ["id"], ondelete="CASCADE"
        )
    op.add_column("outbox", sa.Column("ref", sa.String(length=32)))
    _name_parcels(op.get_bind())
    with op.batch_alter_table("outbox", table_kwargs={"sqlite_autoincrement": True}) as table:
        table.alter_column("ref", nullable=False)
        table.create_unique_constraint(op.f("uq_outbox_ref"), ["ref"])
    _reseal(op.get_bind())


def _name_parcels(connection: Connection) -> None:
    for (id,) in connection.execute(sa.text("SELECT id FROM outbox")).all():
        connection.execute(
            sa.text("UPDATE outbox SET ref = :ref WHERE id = :id"), {"ref": secrets.token_hex(16), "id": id}
        )


# ── the words: as the formats were when this step was written ────────────────────────────────────

# Of a client: (table, the row's key, its columns, the ids that make the row's name, the way to her).
_HERS = (
    ("clients", ("id",), ("name",), "id = :her"),
    ("invites", ("code_hash",), ("code",), "client = :her"),
    ("chats", ("id",), ("address",), "client = :her"),
    ("sessions", ("id",), ("state",), "client = :her"),
    ("answers", ("session", "n"), ("body",), "session IN (SELECT id FROM sessions WHERE client = :her)"),
    ("messages", ("session", "n"), ("body",), "session IN (SELECT id FROM sessions WHERE client = :her)"),
    ("outbox", ("ref",), ("address", "body"), "chat IN (SELECT id FROM chats WHERE client = :her)"),
    ("summaries", ("id",), ("body",), "client = :her"),
)
_NOBODY_S = (
    ("outbox", ("ref",), ("address", "body"), "chat IS NULL"),
    ("quarantine", ("channel", "event"), ("body",), "1 = 1"),
    ("meta", ("name",), ("body",), "name <> 'key'"),
)


def _reseal(connection: Connection) -> None:
    everybody = connection.execute(sa.text("SELECT id FROM clients")).scalars().all()
    if not everybody and not connection.scalar(sa.text("SELECT count(*) FROM meta")):
        return  # a new database: there is no key yet
    locking, hashing = master().locking, master().hashing
    old, house = AESGCM(locking), AESGCM(hmac.digest(hashing, b"trede: house", "sha256"))
    _check_key(connection, old)
    for her in everybody:
        secret = os.urandom(32)
        for table in _HERS:
            _reseal_rows(connection, table, {"her": her}, _sealer(old, AESGCM(secret)))
        _keep_key(connection, her, secret, old)
    for table in _NOBODY_S:
        _reseal_rows(connection, table, {}, _sealer(old, house))
    _prove_anew(connection, old, house)


def _check_key(connection: Connection, old: AESGCM) -> None:
    proof = connection.scalar(sa.text("SELECT body FROM meta WHERE name = 'key'"))
    try:
        if proof is not None:
            old.decrypt(bytes(proof[1:13]), bytes(proof[13:]), b"meta.body")
    except InvalidTag:
        raise WrongKey from None


def _sealer(old: AESGCM, new: AESGCM) -> Seal:
    def seal(stored: bytes, column: str, row: str) -> bytes:
        plain = old.decrypt(stored[1:13], stored[13:], column.encode())
        return _seal(new, plain, column, row)

    return seal


def _seal(cipher: AESGCM, plain: bytes, column: str, row: str) -> bytes:
    nonce = os.urandom(12)
    return b"\x02\x01" + nonce + cipher.encrypt(nonce, plain, f"{column}|{row}|1".encode())


def _reseal_rows(
    connection: Connection,
    table: tuple[str, tuple[str, ...], tuple[str, ...], str],
    params: dict[str, Any],
    seal: Seal,
) -> None:
    name, ids, columns, where = table
    chosen = ", ".join((*ids, *columns))
    rows = connection.execute(sa.text(f"SELECT {chosen} FROM {name} WHERE {where}"), params).all()  # noqa: S608
    sets = ", ".join(f"{column} = :new_{column}" for column in columns)
    which = " AND ".join(f"{id} = :{id}" for id in ids)
    update = sa.text(f"UPDATE {name} SET {sets} WHERE {which}")  # noqa: S608
    for row in rows:
        found = row._mapping
        place = "/".join(str(found[id]) for id in ids)
        new = {f"new_{c}": seal(bytes(found[c]), f"{name}.{c}", place) for c in columns}
        connection.execute(update, {**{id: found[id] for id in ids}, **new})


def _keep_key(connection: Connection, her: str, secret: bytes, wrapping: AESGCM) -> None:
    nonce = os.urandom(12)
    wrapped = nonce + wrapping.encrypt(nonce, secret, f"clients.key|{her}|1".encode())
    connection.execute(sa.text("UPDATE clients SET key = :key WHERE id = :her"), {"key": wrapped, "her": her})


def _prove_anew(connection: Connection, wrapping: AESGCM, house: AESGCM) -> None:
    nonce = os.urandom(12)
    wrapped = nonce + wrapping.encrypt(nonce, b"this key fits", b"clients.key|key|1")
    proof = _seal(house, json.dumps(wrapped.hex()).encode(), "meta.body", "key")
    connection.execute(sa.text("UPDATE meta SET body = :body WHERE name = 'key'"), {"body": proof})
