"""A SQLite database copied while it is used, and a copy put in its place when nobody uses it."""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from sqlalchemy.engine import URL

from storage.database import address_of, shown
from storage.errors import BackupRefused, DatabaseUnreadable
from storage.fresh import fresh

WAIT = 5.0  # seconds, for somebody who is just finishing


def copy(address: URL, part: Path) -> None:
    """Fill `part`, in one step, so that it shows one moment. Writers need not wait for it."""
    source = Path(str(address.database))
    if not source.exists():
        raise BackupRefused(f"There is no database {shown(address)} to back up. Check TREDE_DATABASE_URL.")
    try:
        with closing(_opened(source, "ro")) as live:
            _revision(live, source)
            with closing(_opened(part, "rw")) as copied:
                live.backup(copied)
                copied.execute("PRAGMA journal_mode=DELETE")  # one file, without companions
    except sqlite3.Error as error:
        if error.sqlite_errorname == "SQLITE_FULL":
            raise BackupRefused(f"There is no room for a backup in {part.parent}.") from None
        raise DatabaseUnreadable(shown(address), str(error)) from None
    _check(part)


def examined(_: str, file: Path) -> str:
    """The revision of its tables. Raises BackupRefused if anything in it is damaged."""
    return _check(file)


def put_back(url: str, file: Path, *, replace: bool) -> None:
    """Laid beside the database, and renamed into its place."""
    address = address_of(url)
    target = Path(str(address.database))
    with fresh(target) as part, _alone(target) as there:
        if not replace and not _is_empty(target, there):
            raise BackupRefused(
                f"There is something in the database {shown(address)} already. "
                "With --replace, everything in it goes for good; back it up first."
            )
        _lay(file, part, like=target if target.exists() else target.parent)
        for companion in ("-wal", "-shm"):  # an old one would be read into the new file
            target.with_name(target.name + companion).unlink(missing_ok=True)
        part.replace(target)


def _lay(file: Path, part: Path, like: Path) -> None:
    """Into `part`, which then belongs to whoever owns `like`, if we may say so."""
    with file.open("rb") as source, part.open("wb") as laid:
        shutil.copyfileobj(source, laid)
        if os.geteuid() == 0:  # else Trede's own user could not open it
            os.fchown(laid.fileno(), like.stat().st_uid, like.stat().st_gid)
        laid.flush()
        os.fsync(laid.fileno())
    _check(part)


def _check(file: Path) -> str:
    try:
        with closing(_opened(file, "ro")) as opened:
            if opened.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
                raise sqlite3.DatabaseError
            if opened.execute("PRAGMA foreign_key_check").fetchone() is not None:
                raise sqlite3.DatabaseError
            return _revision(opened, file)
    except sqlite3.Error:
        raise BackupRefused(f"{file} is damaged. Take another backup.") from None


def _revision(opened: sqlite3.Connection, file: Path) -> str:
    tables = _tables(opened)
    row = (
        opened.execute("SELECT version_num FROM alembic_version").fetchone()
        if "alembic_version" in tables
        else None
    )
    if row is None or "organisations" not in tables:
        raise BackupRefused(f"{file} holds no tables of Trede. Check the name.")
    return str(row[0])


def _is_empty(target: Path, there: sqlite3.Connection | None) -> bool:
    """Nothing of an organisation in it; what cannot be read is not taken for empty."""
    if there is None:
        return not target.exists()
    try:
        tables = _tables(there)
        if "organisations" in tables:
            return there.execute("SELECT 1 FROM organisations LIMIT 1").fetchone() is None
        return not tables
    except sqlite3.DatabaseError:
        return False


def _tables(opened: sqlite3.Connection) -> set[str]:
    return {name for (name,) in opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


@contextmanager
def _alone(target: Path) -> Iterator[sqlite3.Connection | None]:
    """The database, locked for us. None if there is none. Raises BackupRefused while anybody has it open."""
    if not target.exists():
        yield None
        return
    with closing(_opened(target, "rw")) as there:
        try:
            there.execute("PRAGMA locking_mode=EXCLUSIVE")
            there.execute("PRAGMA journal_mode=DELETE")  # no companions, which we would delete later
            there.execute("BEGIN EXCLUSIVE")
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorname.startswith("SQLITE_BUSY"):
                raise BackupRefused(f"Something uses the database {target}. Stop Trede first.") from None
            # Broken, which may be why a backup is put back: there is nothing in it to lock.
        yield there


def _opened(file: Path, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(
        f"file:{quote(str(file.absolute()))}?mode={mode}", WAIT, isolation_level=None, uri=True
    )
