"""Raw asyncpg: a transaction an answer, with the session in it, and a connection for each in flight."""

import asyncpg

from bench.row import Place, Row
from bench.rows.bare import BareRow, Given, Session

TABLES = (
    "CREATE TABLE session (person BIGINT PRIMARY KEY, at TEXT NOT NULL, language TEXT NOT NULL, "
    "answers INTEGER NOT NULL, turns INTEGER NOT NULL)",
    "CREATE TABLE answer (person BIGINT NOT NULL, n INTEGER NOT NULL, key TEXT NOT NULL, "
    "value TEXT NOT NULL, PRIMARY KEY (person, n))",
)
PUT_SESSION = (
    "INSERT INTO session VALUES ($1, $2, $3, $4, $5) ON CONFLICT (person) DO UPDATE SET at = excluded.at, "
    "language = excluded.language, answers = excluded.answers, turns = excluded.turns"
)
PUT_ANSWER = "INSERT INTO answer VALUES ($1, $2, $3, $4)"


class _PostgresStore:
    def __init__(self, pool: asyncpg.Pool) -> None:
        self.pool = pool

    async def load(self, chat: int) -> Session | None:
        row = await self.pool.fetchrow(
            "SELECT at, language, answers, turns FROM session WHERE person = $1", chat
        )
        return None if row is None else Session(*row)

    async def save(self, chat: int, session: Session, given: Given | None) -> None:
        async with self.pool.acquire() as connection, connection.transaction():
            await connection.execute(PUT_SESSION, chat, *session)
            if given is None:
                await connection.execute("DELETE FROM answer WHERE person = $1", chat)
            else:
                await connection.execute(PUT_ANSWER, chat, session.answers, *given)


class _PostgresRow(BareRow):
    def __init__(self, place: Place, store: _PostgresStore) -> None:
        super().__init__(place, store)
        self._pool = store.pool

    async def stored(self) -> int | None:
        found: int = await self._pool.fetchval("SELECT count(*) FROM answer")
        return found


async def _no_reset(_connection: object) -> None:
    """asyncpg's own reset doubles the round trips; nothing here needs it."""


async def raw_postgres(place: Place) -> Row:
    """The tables are made in the place's database, which must be empty."""
    pool = await asyncpg.create_pool(
        place.url, min_size=place.in_flight, max_size=place.in_flight, reset=_no_reset
    )
    for table in TABLES:
        await pool.execute(table)
    return _PostgresRow(place, _PostgresStore(pool))
