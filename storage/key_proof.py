"""Proves that the key fits the database, before anything is read or written with it; and rotates it."""

from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, bindparam, insert, select, update

from storage.database import Database
from storage.errors import WrongKey
from storage.keys import load_key, master_of, sync_folder, write_key
from storage.sealed import (
    Closed,
    Key,
    Words,
    house_key,
    new_key,
    read_key_again,
    unwrap,
    use_key,
    wrap,
    wrapping_key,
)
from storage.tables import clients, meta

_NAME = "key"
_TEXT = b"this key fits"


async def prove_key(database: Database) -> None:
    """Raises WrongKey. In a new database, lays down what later keys are held against."""
    await database.write(_prove)


def key_for_new(connection: Connection, client: str) -> tuple[Key, bytes]:
    """`sealed.new_key`, never locked with a key that is being rotated away. Raises WrongKey."""
    proof = connection.scalar(
        select(meta.c.body).where(meta.c.name == _NAME).with_for_update(read=True)  # a rotation waits for us
    )
    if proof is not None and not _fits(proof) and not (read_key_again() and _fits(proof)):
        raise WrongKey
    return new_key(client)


def _prove(connection: Connection) -> None:
    proof = connection.scalar(select(meta.c.body).where(meta.c.name == _NAME))
    if proof is None:
        connection.execute(insert(meta).values(name=_NAME, body=_proof(wrapping_key())))
    elif not _fits(proof):
        raise WrongKey


def _fits(proof: Closed) -> bool:
    try:
        unwrap(bytes.fromhex(proof.open(house_key(), _NAME)), _NAME, wrapping_key())
    except InvalidTag:
        return False
    return True


def _proof(wrapping: AESGCM) -> Words:
    return Words(wrap(_TEXT, _NAME, wrapping).hex(), house_key(), _NAME)


# ── rotating ─────────────────────────────────────────────────────────────────────────────────────


async def rotate_key(database: Database, path: Path) -> int:
    """Lock every person's key with a new master key, and put that into `path`. How many persons.

    The key in use must be the one in `path`. If the power goes in the middle, `finish_rotation` knows at the
    next start which of the two files fits. Servers that are running read the new file when they need it.
    """
    content = master_of(load_key(path)).rotated()
    write_key(_next(path), content)
    old, new = wrapping_key(), AESGCM(master_of(content).locking)
    rotated = await database.write(lambda connection: _wrap_anew(connection, old, new))
    _next(path).replace(path)
    sync_folder(path)
    use_key(content)
    return rotated


async def finish_rotation(database: Database, path: Path) -> None:
    """`prove_key`; if not this key but that of a rotation which was cut short fits, take that one."""
    try:
        await prove_key(database)
    except WrongKey:
        if not _next(path).exists():
            raise
        use_key(load_key(_next(path)), lambda: load_key(path))
        await prove_key(database)
        _next(path).replace(path)
        sync_folder(path)


def _next(path: Path) -> Path:
    return path.with_name(f"{path.name}.next")


def _wrap_anew(connection: Connection, old: AESGCM, new: AESGCM) -> int:
    connection.execute(select(meta.c.name).where(meta.c.name == _NAME).with_for_update())
    rows = connection.execute(
        select(clients.c.id, clients.c.key).where(clients.c.key.is_not(None)).with_for_update()
    ).all()
    turned = [{"her": row.id, "locked": wrap(unwrap(row.key, row.id, old), row.id, new)} for row in rows]
    if turned:
        connection.execute(
            update(clients).where(clients.c.id == bindparam("her")).values(key=bindparam("locked")), turned
        )
    connection.execute(update(meta).where(meta.c.name == _NAME).values(body=_proof(new)))
    return len(turned)
