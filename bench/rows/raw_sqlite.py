"""Raw sqlite3, WAL, synchronous FULL: the session and the answer in one transaction.

One commit an answer on the event loop's own thread; or grouped: a writer thread commits at once whatever has
queued up meanwhile, and answers all of it.
"""

import asyncio
import sqlite3
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread

from bench.row import Place, Row
from bench.rows.bare import BareRow, Given, Session

TABLES = (
    "CREATE TABLE IF NOT EXISTS session (person INTEGER PRIMARY KEY, at TEXT NOT NULL, "
    "language TEXT NOT NULL, answers INTEGER NOT NULL, turns INTEGER NOT NULL)",
    "CREATE TABLE IF NOT EXISTS answer (person BIGINT NOT NULL, n INTEGER NOT NULL, key TEXT NOT NULL, "
    "value TEXT NOT NULL, PRIMARY KEY (person, n)) WITHOUT ROWID",
)
PUT_SESSION = (
    "INSERT INTO session VALUES (?, ?, ?, ?, ?) ON CONFLICT (person) DO UPDATE SET at = excluded.at, "
    "language = excluded.language, answers = excluded.answers, turns = excluded.turns"
)
PUT_ANSWER = "INSERT INTO answer VALUES (?, ?, ?, ?)"
FORGET_ANSWERS = "DELETE FROM answer WHERE person = ?"
GET_SESSION = "SELECT at, language, answers, turns FROM session WHERE person = ?"
LARGEST_GROUP = 256

Write = tuple[int, Session, Given | None]


class SqliteStore:
    """One connection; one commit a write."""

    def __init__(self, file: Path) -> None:
        self.connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        self.connection.execute("PRAGMA journal_mode=WAL")
        self.connection.execute("PRAGMA synchronous=FULL")
        for table in TABLES:
            self.connection.execute(table)

    async def load(self, chat: int) -> Session | None:
        """The session, if there is one."""
        row = self.connection.execute(GET_SESSION, (chat,)).fetchone()
        return None if row is None else Session(*row)

    async def save(self, chat: int, session: Session, given: Given | None) -> None:
        """One transaction."""
        self.commit([(chat, session, given)])

    def commit(self, writes: list[Write]) -> None:
        """All of them, in one transaction."""
        self.connection.execute("BEGIN IMMEDIATE")
        for chat, session, given in writes:
            self.connection.execute(PUT_SESSION, (chat, *session))
            if given is None:
                self.connection.execute(FORGET_ANSWERS, (chat,))
            else:
                self.connection.execute(PUT_ANSWER, (chat, session.answers, *given))
        self.connection.execute("COMMIT")

    def count(self) -> int:
        """All answers."""
        found: int = self.connection.execute("SELECT count(*) FROM answer").fetchone()[0]
        return found


class GroupedStore(SqliteStore):
    """A writer thread commits what waits."""

    def __init__(self, file: Path) -> None:
        super().__init__(file)
        self._loop = asyncio.get_running_loop()
        self._waiting: SimpleQueue[tuple[asyncio.Future[None], Write]] = SimpleQueue()
        Thread(target=self._write_on, daemon=True).start()

    async def save(self, chat: int, session: Session, given: Given | None) -> None:
        """Returns once the group it went with is committed."""
        done: asyncio.Future[None] = self._loop.create_future()
        self._waiting.put((done, (chat, session, given)))
        await done

    def _write_on(self) -> None:
        while True:
            group = self._next_group()
            self.commit([write for _, write in group])
            self._loop.call_soon_threadsafe(_answer, [done for done, _ in group])

    def _next_group(self) -> list[tuple["asyncio.Future[None]", Write]]:
        group = [self._waiting.get()]
        try:
            while len(group) < LARGEST_GROUP:
                group.append(self._waiting.get_nowait())
        except Empty:
            pass
        return group


def _answer(everybody: list["asyncio.Future[None]"]) -> None:
    for done in everybody:
        done.set_result(None)


class _SqliteRow(BareRow):
    def __init__(self, place: Place, store: SqliteStore) -> None:
        super().__init__(place, store)
        self._file = store

    async def stored(self) -> int | None:
        return self._file.count()


async def raw_sqlite(place: Place) -> Row:
    """One commit an answer."""
    return _SqliteRow(place, SqliteStore(place.folder / "raw.sqlite3"))
