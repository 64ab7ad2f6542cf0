"""SQLite: one thread writes, two read, each with a connection it keeps; what is short is written at once.

SQLite lets one transaction write at a time anyway; a line of jobs before one thread is faster than
connections that wait for each other's lock. Handing a job to a thread and back costs more than a commit does
on a fast disk, so a group of turns is written in the event loop itself, as long as nobody else writes and
the disk keeps up.
"""

import asyncio
import sqlite3
import time
from concurrent.futures import Future
from dataclasses import dataclass, field
from queue import SimpleQueue
from threading import Thread
from typing import Any

from sqlalchemy import Connection, Engine, NullPool, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DatabaseError, IntegrityError, OperationalError

from storage.database import Database, T, Work, shown
from storage.driver import run
from storage.errors import DatabaseUnreadable

PRAGMAS = (
    "busy_timeout=10000",  # milliseconds; `trede invite` writes while the server runs
    "journal_mode=WAL",
    "synchronous=FULL",
    "cache_size=-8000",  # kB of pages in memory, for each connection
    "wal_autocheckpoint=2000",  # pages; what was written to one page several times is copied once
    "foreign_keys=ON",
    "secure_delete=ON",  # what is deleted is overwritten
)
WRITES = "BEGIN IMMEDIATE"
READERS = 2
QUICK = 0.01
"""Seconds that a commit in the event loop may take on average; with a slower disk, the thread writes."""
ONLY_TURNS = "only turns"
"""In the `info` of a connection by which turns are written and nothing else."""
TRIES_AGAIN = 1.0
"""Seconds until a disk that was slow is tried again: it may only have been busy."""


def engine_for(address: URL, begin: str = "", pragmas: tuple[str, ...] = PRAGMAS) -> Engine:
    """An engine without a pool, whose transactions open with `begin` ("BEGIN IMMEDIATE" to write), if any."""
    engine = create_engine(address, poolclass=NullPool, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # else the driver opens transactions on its own account
        for pragma in pragmas:
            _set(connection, pragma)

    def start(connection: Connection) -> None:
        run(connection, begin, ())

    if begin:
        event.listen(engine, "begin", start)
    return engine


def _set(connection: sqlite3.Connection, pragma: str) -> None:
    """Two who open a new file at once both turn it to WAL; SQLite refuses one of them without waiting."""
    for _ in range(200):
        try:
            connection.execute(f"PRAGMA {pragma}")
        except sqlite3.OperationalError as error:
            if not error.sqlite_errorname.startswith("SQLITE_BUSY"):
                raise
            time.sleep(0.02)
        else:
            return
    connection.execute(f"PRAGMA {pragma}")


class SqliteDatabase(Database):
    """One SQLite file. Threads start with the first job."""

    def __init__(self, address: URL) -> None:
        super().__init__()
        self._where = shown(address)
        at_once = ("busy_timeout=0", *PRAGMAS[1:])
        self._quick = _Hand(engine_for(address, pragmas=at_once), WRITES, only_turns=True)
        self._writer = _Line(engine_for(address), WRITES, threads=1)
        self._slow_until = 0.0
        self._readers = _Line(engine_for(address, pragmas=(*PRAGMAS, "query_only=ON")), "BEGIN", READERS)

    async def write(self, work: Work[T]) -> T:
        """Waits its turn: jobs are done in the order they came."""
        return await self._do(self._writer, work)

    async def write_now(self, work: Work[T]) -> T:
        """In this thread, unless somebody else is writing or the disk is slow."""
        if time.monotonic() < self._slow_until:
            return await self.write(work)
        try:
            result: T = self._quick.do(work)
        except _Busy:
            return await self.write(work)
        except DatabaseError as error:
            raise self._told(error) from None
        if self._quick.took > QUICK:
            self._slow_until = time.monotonic() + TRIES_AGAIN
            self._quick.took = QUICK  # then one slow commit is enough to leave it again
        return result

    async def read(self, work: Work[T]) -> T:
        """Reads do not wait for the writer, and see what was committed before they began."""
        return await self._do(self._readers, work)

    async def close(self) -> None:
        """Jobs that were handed in are still done."""
        await asyncio.to_thread(self._readers.close)
        await asyncio.to_thread(self._writer.close)
        self._quick.close()

    async def _do(self, line: "_Line", work: Work[T]) -> T:
        try:
            result: T = await asyncio.wrap_future(line.add(work))
        except _Busy:
            raise DatabaseUnreadable(self._where, "somebody else is writing to it all the time") from None
        except DatabaseError as error:
            raise self._told(error) from None
        return result

    def _told(self, error: DatabaseError) -> Exception:
        return (
            error if isinstance(error, IntegrityError) else DatabaseUnreadable(self._where, str(error.orig))
        )


class _Busy(Exception):
    """Somebody else is writing; nothing was done."""


class _Hand:
    """A connection that is kept, and does one piece of work after another in the thread that asks.

    Transactions are opened with `begin` and closed here; for SQLAlchemy there is one that never ends.
    `only_turns`: see ONLY_TURNS. `took`: seconds of a commit, a running average.
    """

    def __init__(self, engine: Engine, begin: str, *, only_turns: bool = False) -> None:
        self.took = 0.0
        self._engine = engine
        self._begin = begin
        self._only_turns = only_turns
        self._connection: Connection | None = None

    def do(self, work: Work[T]) -> T:
        """One transaction. Raises `_Busy` if it could not even begin."""
        if self._connection is None:
            self._connection = self._engine.connect()
            self._connection.info[ONLY_TURNS] = self._only_turns
            self._connection.begin()  # nothing happens; now SQLAlchemy never opens or closes one by itself
        self._start(self._connection)
        try:
            result = work(self._connection)
            began = time.perf_counter()
            run(self._connection, "COMMIT", ())
        except BaseException:
            if self._connection.connection.dbapi_connection.in_transaction:  # type: ignore[union-attr]
                run(self._connection, "ROLLBACK", ())
            raise
        self.took += (time.perf_counter() - began - self.took) / 16
        return result

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _start(self, connection: Connection) -> None:
        try:
            run(connection, self._begin, ())
        except OperationalError as error:
            if isinstance(error.orig, sqlite3.OperationalError) and error.orig.sqlite_errorname.startswith(
                "SQLITE_BUSY"
            ):
                raise _Busy from None
            raise


@dataclass(frozen=True, slots=True)
class _Job:
    work: Work[Any]
    done: "Future[Any]" = field(default_factory=Future)


class _Line:
    """Jobs waiting for one or more threads."""

    def __init__(self, engine: Engine, begin: str, threads: int) -> None:
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._workers = [_Worker(_Hand(engine, begin), self._jobs) for _ in range(threads)]
        self._closed = False

    def add(self, work: Work[T]) -> "Future[T]":
        if self._closed:
            raise RuntimeError("The database was closed. Open it again.")
        for worker in self._workers:
            worker.start_once()
        job = _Job(work)
        self._jobs.put(job)
        return job.done

    def close(self) -> None:
        self._closed = True
        for _ in self._workers:
            self._jobs.put(None)
        for worker in self._workers:
            worker.join()


class _Worker:
    """A thread that keeps its connection and does one job after another."""

    def __init__(self, hand: _Hand, jobs: "SimpleQueue[_Job | None]") -> None:
        self.hand = hand
        self._jobs = jobs
        self._thread: Thread | None = None

    def start_once(self) -> None:
        if self._thread is None:
            self._thread = Thread(target=self._run, name="trede-sqlite", daemon=True)
            self._thread.start()

    def join(self) -> None:
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            if job.done.set_running_or_notify_cancel():
                self._take(job)
            del job  # else its words stay in memory until the next one
        self.hand.close()

    def _take(self, job: _Job) -> None:
        try:
            result = self.hand.do(job.work)
        except _Busy as busy:
            job.done.set_exception(busy)
            self._refuse_waiting(busy)
        except BaseException as error:
            job.done.set_exception(error)
        else:
            job.done.set_result(result)

    def _refuse_waiting(self, busy: _Busy) -> None:
        """Whoever stands in line has waited already, and would wait as long again, one after the other."""
        for _ in range(self._jobs.qsize()):
            waiting = self._jobs.get()
            if waiting is None:  # we are to end after what is at hand
                self._jobs.put(None)
            elif waiting.done.set_running_or_notify_cancel():
                waiting.done.set_exception(busy)
