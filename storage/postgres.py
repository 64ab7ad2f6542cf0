"""PostgreSQL, through asyncpg."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as NoneFree
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from storage.database import Database, T, Work, shown
from storage.driver import cause_of, sqlstate
from storage.errors import DatabaseUnreadable, Held

CONNECTIONS = 8  # of one process, unless TREDE_DATABASE_CONNECTIONS says otherwise
PATIENCE = 10  # seconds to connect, or to get a connection; then it counts as away

# Somebody else's process may stop in the middle of a transaction. Who waits for its locks gives up and can
# try again; after a while the server ends the transaction, so that nobody waits for ever.
LIMITS = {"lock_timeout": "5s", "idle_in_transaction_session_timeout": "30s"}

LONGEST = "40s"
"""A transaction of one who serves; what an operator does by hand may take longer. It ends as well what the
limit above does not: a process that stopped after it had a statement prepared counts as busy, not as idle."""

_LIMIT = (  # PostgreSQL before 17 does not know it, so it cannot be said when connecting
    "SELECT set_config('transaction_timeout', $1, false) "
    "WHERE current_setting('server_version_num')::integer >= 170000"
)

# What a turn runs is always the same, so it is planned once: planning takes longer than carrying it out. What
# it looks for is found by an index, also while the server takes a table for small and would read all of it.
PLANS = {
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
}

_HELD = {"55P03", "40P01"}  # lock not available, deadlock


class PostgresDatabase(Database):
    """One PostgreSQL database. Connections are made when needed, and kept. `longest`: see LONGEST."""

    groups = 2  # one is decided on while the other's statements are under way

    def __init__(
        self,
        address: URL,
        connections: int = CONNECTIONS,
        limits: Mapping[str, str] = LIMITS,
        longest: str | None = None,
    ) -> None:
        super().__init__()
        self._where = shown(address)
        self.own_address = _plain(address)
        self._engine = create_async_engine(
            address,
            pool_size=connections,
            max_overflow=0,
            pool_reset_on_return=None,  # every transaction is closed by us; a reset costs a round trip
            pool_recycle=300,
            pool_timeout=PATIENCE,
            hide_parameters=True,  # parameters are people's words
            connect_args={"server_settings": {**PLANS, **limits}, "timeout": PATIENCE},
        )
        if longest is not None:
            event.listen(self._engine.sync_engine, "connect", _limiting(longest))
        # What is read in several statements must fit together.
        self._reading = self._engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )

    async def write(self, work: Work[T]) -> T:
        """Transactions run side by side; `work` locks the rows it must have for itself."""
        async with self._transaction(self._engine) as connection:
            return await connection.run_sync(work)

    async def read(self, work: Work[T]) -> T:
        """A repeatable-read, read-only transaction."""
        async with self._transaction(self._reading) as connection:
            return await connection.run_sync(work)

    async def close(self) -> None:
        """Close the pool."""
        await self._engine.dispose()

    @asynccontextmanager
    async def _transaction(self, engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
        try:
            async with engine.begin() as connection:
                yield connection
        except IntegrityError:
            raise
        except DBAPIError as error:
            raise _told(self._where, error) from None
        except NoneFree:  # it is slow, or hangs
            raise DatabaseUnreadable(self._where, "all connections are in use") from None
        except OSError as error:
            raise DatabaseUnreadable(self._where, error.strerror or type(error).__name__) from None


def _limiting(longest: str) -> Callable[[Any, Any], None]:
    def limit(connection: Any, _record: Any) -> None:
        connection.run_async(lambda driver: driver.execute(_LIMIT, longest))

    return limit


def _told(where: str, error: DBAPIError) -> DatabaseUnreadable:
    """With the class's name only: the text may quote a value."""
    kind = Held if sqlstate(error) in _HELD else DatabaseUnreadable
    return kind(where, type(cause_of(error)).__name__)


def _plain(address: URL) -> str:
    """The address as asyncpg itself reads it."""
    mode = address.query.get("ssl")
    if mode is not None:
        address = address.difference_update_query(["ssl"]).update_query_dict({"sslmode": mode})
    return address.set(drivername="postgresql").render_as_string(hide_password=False)
