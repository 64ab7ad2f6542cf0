"""Looks at the database: whether it answers, is up to date, fits the key, and what waits in it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from bot.doctor.clock import compared
from bot.doctor.finding import Finding
from bot.settings import Settings
from storage.counts import Counts, count
from storage.database import Database, address_of, open_database, shown
from storage.errors import DatabaseBehind, KeyUnsafe, WrongKey
from storage.health import clock, has_key_proof, version
from storage.key_proof import prove_key
from storage.keys import load_or_make_key
from storage.migrate import check
from storage.sealed import use_key

Now = Callable[[], datetime]
T = TypeVar("T")

STUCK = 600.0  # seconds


def look(settings: Settings, now: Now) -> Iterator[Finding]:
    """Raises a StorageError where it cannot be used at all."""
    where = address_of(settings.database)
    if where.get_backend_name() == "sqlite":
        file = Path(str(where.database))
        if not file.exists():
            yield Finding("database", "attention", f"{file} is not made yet.", "`trede run` makes it.")
            return
        if file.stat().st_mode & 0o077:
            cure = f"Run `chmod 600 {file}`."
            yield Finding("database", "attention", f"Others on this machine can read {file}.", cure)
    yield Finding("database", "ok", f"{shown(where)} answers: {_with(settings, version)}.")
    yield from _tables(settings, now)
    if theirs := _with(settings, clock):
        yield compared("the database's", theirs, now())


def _tables(settings: Settings, now: Now) -> Iterator[Finding]:
    try:
        check(settings.database)
    except DatabaseBehind as error:
        yield Finding("tables", "attention", str(error), "`trede run` does it as well.")
        return
    yield Finding("tables", "ok", "Up to date.")
    yield from _with(settings, lambda database: _listed(_key(database, settings)))
    yield from _waiting(_with(settings, lambda database: count(database, now())))


async def _key(database: Database, settings: Settings) -> AsyncIterator[Finding]:
    if not await has_key_proof(database):
        yield Finding(
            "key fits", "attention", "Nothing is sealed yet.", "`trede run` ties the key to the database."
        )
        return
    if not settings.key.exists():
        cure = f"Put back {settings.key}, or everything people said is lost."
        yield Finding("key fits", "fault", "The database is sealed, and there is no key.", cure)
        return
    try:
        use_key(load_or_make_key(settings.key))
        await prove_key(database)
    except WrongKey as error:
        rotating = settings.key.with_name(f"{settings.key.name}.next").exists()
        cure = "A rotation of the key was cut short: `trede run` ends it." if rotating else ""
        yield Finding("key fits", "fault", str(error), cure)
    except (KeyUnsafe, OSError):
        yield Finding("key fits", "fault", "The key cannot be used.", "See `key` above.")
    else:
        yield Finding("key fits", "ok", "The key belongs to this database.")


def _waiting(counts: Counts) -> Iterator[Finding]:
    oldest = max((waiting.oldest for waiting in counts.outbox.values()), default=0.0)
    if oldest > STUCK:
        cure = "Is `trede run` running? Lines `message waits` in its log tell why."
        yield Finding("outbox", "fault", f"Messages have waited for {int(oldest // 60)} minutes.", cure)
    else:
        yield Finding(
            "outbox", "ok", f"{sum(each.messages for each in counts.outbox.values())} messages wait."
        )
    yield _quarantine(sum(counts.failing.values()), sum(counts.given_up.values()))


def _quarantine(failing: int, given_up: int) -> Finding:
    if not failing and not given_up:
        return Finding("quarantine", "ok", "Empty.")
    said = f"Updates that failed and come again: {failing}. Given up in the last 14 days: {given_up}."
    cure = "Lines `turn failed` in the log tell where; please report them."
    return Finding("quarantine", "attention", said, cure)


async def _listed(findings: AsyncIterator[Finding]) -> list[Finding]:
    return [finding async for finding in findings]


def _with(settings: Settings, work: Callable[[Database], Coroutine[Any, Any, T]]) -> T:
    async def run() -> T:
        database = open_database(settings.database)
        try:
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(run())
