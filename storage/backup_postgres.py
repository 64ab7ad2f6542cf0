"""A PostgreSQL database dumped while it is used, and a dump put back in one transaction, by its own tools."""

import asyncio
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import IO, cast

from sqlalchemy import Connection, text
from sqlalchemy.engine import URL

from storage.database import T, Work, address_of, open_database, shown
from storage.errors import BackupRefused

_EMPTY = b"""
BEGIN;
SET LOCAL lock_timeout = '10s';
SET LOCAL client_min_messages = warning;
DO $$ DECLARE name text; BEGIN
  FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
    EXECUTE format('DROP TABLE IF EXISTS public.%I CASCADE', name);
  END LOOP;
END $$;
"""
_STRICT = ("--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--output=/dev/null")
_PLAIN = ("--no-owner", "--no-privileges")


def dump(url: str, part: Path) -> None:
    """Fill `part`. `pg_dump` reads one unchanging view; writers need not wait for it."""
    server = _server(url)
    if not _ask(url, _has_tables):
        raise BackupRefused(f"There is nothing of Trede in {shown(address_of(url))} to back up.")
    _run([_tool("pg_dump", server), "--format=custom", *_PLAIN, f"--file={part}"], _env(address_of(url)))
    examined(url, part)


def examined(url: str, file: Path) -> str:
    """The revision of its tables. Raises BackupRefused if it is damaged."""
    tool = _tool("pg_restore", _server(url))
    try:
        _run([tool, "--file=/dev/null", str(file)])
        rows = _run([tool, "--data-only", "--table=alembic_version", "--file=-", str(file)])
    except BackupRefused:
        raise BackupRefused(f"{file} is damaged. Take another backup.") from None
    found = re.search(r"^COPY public\.alembic_version .*\n(\w+)$", rows, re.MULTILINE)
    if found is None:
        raise BackupRefused(f"{file} holds no tables of Trede. Check the name.")
    return found[1]


def put_back(url: str, file: Path, *, replace: bool) -> None:
    """Every table in the database is dropped and those of the backup made, in one transaction."""
    address = address_of(url)
    server = _server(url)
    if others := _ask(url, _others):
        raise BackupRefused(
            f"Something uses the database {shown(address)} ({others} connections). Stop Trede first."
        )
    if not replace and not _ask(url, _is_empty):
        raise BackupRefused(
            f"There is something in the database {shown(address)} already. "
            "With --replace, everything in it goes for good; back it up first."
        )
    _pour(_tool("pg_restore", server), _tool("psql", server), file, _env(address), server)


def _pour(pg_restore: str, psql: str, file: Path, env: Mapping[str, str], server: int) -> None:
    """What pg_restore writes goes through psql; it is committed only if all of it came."""
    with (
        _started([pg_restore, *_PLAIN, "--file=-", str(file)]) as read,
        _started([psql, *_STRICT], env) as write,
    ):
        source, to = cast(IO[bytes], read.stdout), cast(IO[bytes], write.stdin)
        try:
            _copy(source, to, server)
            if read.wait() == 0:
                to.write(b"\nCOMMIT;\n")
            to.close()
        except BrokenPipeError:  # psql gave up, and says why
            read.kill()
        said = cast(IO[bytes], write.stderr).read().decode(errors="replace")
    if write.returncode or read.returncode:
        raise BackupRefused(f"PostgreSQL did not take the backup, so nothing was changed: {_first(said)}")


def _started(words: list[str], env: Mapping[str, str] | None = None) -> "subprocess.Popen[bytes]":
    pipe = subprocess.PIPE
    return subprocess.Popen(words, env=env, stdin=pipe, stdout=pipe, stderr=pipe)  # noqa: S603 - words of ours


def _copy(source: IO[bytes], to: IO[bytes], server: int) -> None:
    to.write(_EMPTY)
    for line in source:
        # Newer tools say this to servers that do not know it.
        if server >= 17 or line != b"SET transaction_timeout = 0;\n":
            to.write(line)


# ── the tools ────────────────────────────────────────────────────────────────────────────────────


def _tool(name: str, server: int) -> str:
    """Its path. Raises BackupRefused if it is not installed, or older than the server."""
    cure = f"Install PostgreSQL's client programs, version {server} or newer (postgresql-client-{server})."
    path = shutil.which(name)
    if path is None:
        raise BackupRefused(f"The program {name} is not here. {cure}")
    found = re.search(r"\) (\d+)", _run([path, "--version"]))
    if found is None or int(found[1]) < server:
        raise BackupRefused(f"The program {name} is older than the server. {cure}")
    return path


def _run(words: list[str], env: Mapping[str, str] | None = None) -> str:
    """What it printed. Raises BackupRefused with the first line of what it complained of."""
    done = subprocess.run(words, env=env, capture_output=True, stdin=subprocess.DEVNULL)  # noqa: S603 - words of ours
    if done.returncode:
        raise BackupRefused(
            f"{Path(words[0]).name} did not work: {_first(done.stderr.decode(errors='replace'))}"
        )
    return done.stdout.decode(errors="replace")


def _first(said: str) -> str:
    """The first line: those after it may quote a row."""
    return (said.strip().splitlines() or ["it does not say why"])[0][:200]


def _env(address: URL) -> dict[str, str]:
    """Where the tools find the database. Not in their arguments, which everybody on the machine can read."""
    query = {
        name: value if isinstance(value, str) else ",".join(value) for name, value in address.query.items()
    }
    told = {
        "PGHOST": query.get("host") or address.host,
        "PGPORT": query.get("port") or (str(address.port) if address.port else None),
        "PGUSER": query.get("user") or address.username,
        "PGPASSWORD": query.get("password") or (str(address.password) if address.password else None),
        "PGDATABASE": address.database,
        "PGSSLMODE": query.get("ssl"),
        "PGCONNECT_TIMEOUT": "10",
        "LC_ALL": "C",
    }
    return {**os.environ, **{name: value for name, value in told.items() if value}}


# ── the server ───────────────────────────────────────────────────────────────────────────────────


def _ask(url: str, work: Work[T]) -> T:
    async def run() -> T:
        database = open_database(url)
        try:
            return await database.read(work)
        finally:
            await database.close()

    return asyncio.run(run())


def missing_tool(url: str) -> str | None:
    """What has to be installed before anything can be backed up or restored; None if nothing has to."""
    server = _server(url)
    try:
        for name in ("pg_dump", "pg_restore", "psql"):
            _tool(name, server)
    except BackupRefused as missing:
        return str(missing)
    return None


def _server(url: str) -> int:
    """The first part of its version."""
    return (
        _ask(url, lambda connection: int(connection.scalar(text("SHOW server_version_num")) or 0)) // 10_000
    )


def _has_tables(connection: Connection) -> bool:
    return connection.scalar(text("SELECT to_regclass('public.alembic_version')")) is not None


def _is_empty(connection: Connection) -> bool:
    """Nothing of an organisation in it, nor of anybody else."""
    if connection.scalar(text("SELECT to_regclass('public.organisations')")) is not None:
        return not connection.scalar(text("SELECT count(*) FROM public.organisations"))
    return not connection.scalar(text("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"))


def _others(connection: Connection) -> int:
    others = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    return connection.scalar(text(f"{others} AND backend_type = 'client backend'")) or 0
