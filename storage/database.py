"""The one place where a transaction is opened and closed.

    database = open_database("sqlite:////var/lib/trede/trede.sqlite3")
    name = await database.read(lambda connection: connection.scalar(...))

`work` is synchronous and gets a SQLAlchemy connection, so that the same functions serve both databases.
On SQLite it runs in a thread, on PostgreSQL in the event loop: it must neither wait nor touch the loop.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from storage.errors import DatabaseUnreadable

T = TypeVar("T")
Work = Callable[[Connection], T]


class Database(ABC):
    """Where everything is remembered. What `work` raises comes out again, and nothing of it is saved.

    `groups`: how many groups of turns may be under way at once (see `storage.grouping`). `attached`: what
    belongs to this database as long as it is open, such as the sessions at hand, by name.
    """

    groups = 1
    own_address: str | None = None
    """Where a connection of one's own can be made, beside those kept here; None for SQLite."""

    def __init__(self) -> None:
        self.attached: dict[str, Any] = {}

    @abstractmethod
    async def write(self, work: Work[T]) -> T:
        """`work` in one transaction, committed to disk before this returns."""

    async def write_now(self, work: Work[T]) -> T:
        """As `write`, for turns and nothing else: they are not put in line where they can be done at once."""
        return await self.write(work)

    @abstractmethod
    async def read(self, work: Work[T]) -> T:
        """`work` on one unchanging view of the data."""

    @abstractmethod
    async def close(self) -> None:
        """Finish the work at hand and let go of every connection."""


def open_database(url: str, connections: int | None = None, *, serves: bool = False) -> Database:
    """A SQLite file ("sqlite:////path") or a PostgreSQL ("postgresql://user:password@host/name").

    `connections`: how many to keep to PostgreSQL. `serves`: what takes long there is ended.
    Nothing is read yet: call `migrate.check` first. Raises DatabaseUnreadable for any other address.
    """
    from storage.postgres import CONNECTIONS, LONGEST, PostgresDatabase
    from storage.sqlite import SqliteDatabase

    address = address_of(url)
    if address.get_backend_name() == "sqlite":
        return SqliteDatabase(address)
    return PostgresDatabase(address, connections or CONNECTIONS, longest=LONGEST if serves else None)


def address_of(url: str) -> URL:
    """The address with the driver we use. Raises DatabaseUnreadable where it is none of ours."""
    try:
        address = make_url(url)
    except ArgumentError:
        raise DatabaseUnreadable("address", "it is not a URL such as sqlite:////path/to/file") from None
    kind = address.drivername.partition("+")[0]
    if kind == "sqlite" and address.database not in (None, "", ":memory:"):
        return address.set(drivername="sqlite")
    if kind in ("postgresql", "postgres"):
        return _with_ssl(address).set(drivername="postgresql+asyncpg")
    raise DatabaseUnreadable(shown(address), "it is neither a SQLite file nor a PostgreSQL database")


def shown(address: URL) -> str:
    """For people and logs: without the password."""
    return address.set(query={}).render_as_string(hide_password=True)


def _with_ssl(address: URL) -> URL:
    """Hosting companies write `sslmode`, as libpq calls it; asyncpg calls the same thing `ssl`."""
    mode = address.query.get("sslmode")
    if mode is None:
        return address
    return address.difference_update_query(["sslmode"]).update_query_dict({"ssl": mode})
