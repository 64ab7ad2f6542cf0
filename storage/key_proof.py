"""Proves that the key fits the database, before anything is read or written with it."""

from cryptography.exceptions import InvalidTag
from sqlalchemy import Connection, insert, select

from storage.database import Database
from storage.errors import WrongKey
from storage.tables import meta

_NAME = "key"
_TEXT = "this key fits"


async def prove_key(database: Database) -> None:
    """Raises WrongKey. In a new database, lays down what later keys are held against."""
    await database.write(_prove)


def _prove(connection: Connection) -> None:
    try:
        proof = connection.scalar(select(meta.c.body).where(meta.c.name == _NAME))
    except InvalidTag:
        raise WrongKey from None
    if proof is None:
        connection.execute(insert(meta).values(name=_NAME, body=_TEXT))
