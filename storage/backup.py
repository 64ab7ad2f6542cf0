"""Takes a copy of the whole database while it is used, and puts one back. What is sealed stays sealed.

The key is never in a backup. A SQLite database gives a SQLite file, a PostgreSQL one what `pg_dump` writes.
"""

import os
from pathlib import Path

from storage import backup_postgres, backup_sqlite
from storage.database import address_of
from storage.errors import BackupRefused
from storage.fresh import fresh
from storage.migrate import is_newer

_MAGIC = {"sqlite": b"SQLite format 3\0", "postgresql": b"PGDMP"}


def back_up(url: str, file: Path) -> None:
    """Write a new file that only its owner can read, checked, and whole or not at all.

    It holds what was committed when this began. Raises BackupRefused or DatabaseUnreadable. Call it where no
    event loop runs.
    """
    if file.exists():
        raise BackupRefused(f"The file {file} is there already. Name one that is not.")
    address = address_of(url)
    with fresh(file) as part:
        if address.get_backend_name() == "sqlite":
            backup_sqlite.copy(address, part)
        else:
            backup_postgres.dump(url, part)
        _keep(part, file)


def restore(url: str, file: Path, *, replace: bool = False) -> None:
    """Put back what `file` holds; everything else in the database goes. All or nothing.

    Raises BackupRefused: for a file that is damaged, of another kind, or from a newer Trede, while something
    uses the database, and without `replace` for a database in which there is anything of an organisation.
    Call it where no event loop runs.
    """
    address = address_of(url)
    kind = address.get_backend_name()
    if _kind(file) != kind:
        raise BackupRefused(
            f"{file} is no backup of a database of this kind ({kind}). Check TREDE_DATABASE_URL."
        )
    on = backup_sqlite if kind == "sqlite" else backup_postgres
    revision = on.examined(url, file)
    if is_newer(revision):
        raise BackupRefused(
            f"{file} is from a newer Trede (its tables are at '{revision}'). Install that version."
        )
    on.put_back(url, file, replace=replace)


def missing_tool(url: str) -> str | None:
    """What has to be installed before `back_up` and `restore` work; None if nothing has to."""
    if address_of(url).get_backend_name() == "sqlite":
        return None
    return backup_postgres.missing_tool(url)


def _kind(file: Path) -> str | None:
    try:
        with file.open("rb") as opened:
            start = opened.read(16)
    except OSError as error:
        raise BackupRefused(
            f"{file} cannot be read: {(error.strerror or 'unknown reason').lower()}."
        ) from None
    return next((kind for kind, magic in _MAGIC.items() if start.startswith(magic)), None)


def _keep(part: Path, file: Path) -> None:
    """Give it its name, unless somebody took that meanwhile."""
    _sync(part)
    try:
        os.link(part, file)
    except FileExistsError:
        raise BackupRefused(f"The file {file} is there already. Name one that is not.") from None
    except OSError:  # sticks and network drives know no links
        part.rename(file)
    _sync(file.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
