"""Looks at settings, folders, the key's file, and what else this machine must have."""

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.doctor.finding import Finding
from bot.doctor.web import NoAnswer, get
from bot.settings import Settings
from storage.backup import missing_tool
from storage.keys import load_or_make_key

Now = Callable[[], datetime]

ENOUGH = 1_000_000_000  # bytes
TOO_LITTLE = 200_000_000


def settings(_: Settings, __: Now) -> Iterator[Finding]:
    """They were read; what else there is to say about them."""
    file = Path(".env")
    if file.exists() and file.stat().st_mode & 0o077:
        yield Finding(
            "settings", "attention", "Others on this machine can read .env.", "Run `chmod 600 .env`."
        )
    else:
        yield Finding("settings", "ok", "All can be used.")


def address(settings: Settings, _: Now) -> Iterator[Finding]:
    """People's words must not travel in the clear."""
    url = urlsplit(settings.address)
    if url.scheme == "https":
        yield Finding("address", "ok", f"{settings.address}.")
    elif _is_loopback(url.hostname or ""):
        yield Finding("address", "ok", f"{settings.address}, for this machine alone.")
    else:
        cure = "Put an HTTPS proxy before it, and set TREDE_PUBLIC_URL to its https address."
        yield Finding("address", "fault", f"{settings.address} sends people's words in the clear.", cure)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def data_folder(settings: Settings, _: Now) -> Iterator[Finding]:
    """Where the key lies, and the SQLite file."""
    folder = settings.data_dir
    if not folder.exists():
        yield Finding("data folder", "attention", f"{folder} is not made yet.", "`trede run` makes it.")
    elif not (folder.is_dir() and os.access(folder, os.R_OK | os.W_OK | os.X_OK)):
        cure = "Give it to the user that Trede runs as, or set TREDE_DATA_DIR."
        yield Finding("data folder", "fault", f"{folder} cannot be written.", cure)
    else:
        yield Finding("data folder", "ok", f"{folder} can be written.")


def room(settings: Settings, _: Now) -> Iterator[Finding]:
    """Free space on that disk."""
    folder = settings.data_dir.absolute()
    there = next(each for each in (folder, *folder.parents) if each.exists())
    free = shutil.disk_usage(there).free
    said, cure = f"{free // 1_000_000} MB free.", f"Make room on the disk of {there}."
    if free < TOO_LITTLE:
        yield Finding("room", "fault", said, cure)
    elif free < ENOUGH:
        yield Finding("room", "attention", said, cure)
    else:
        yield Finding("room", "ok", said)


def key(settings: Settings, _: Now) -> Iterator[Finding]:
    """The file alone; whether it fits is found with the database. Raises KeyUnsafe."""
    if not settings.key.exists():
        cure = "`trede run` makes one. If there was one before, put it back first: nothing is read without."
        yield Finding("key", "attention", f"{settings.key} is not made yet.", cure)
        return
    if not os.access(settings.key, os.R_OK):
        yield Finding(
            "key", "fault", f"{settings.key} cannot be read.", "Give it to the user that Trede runs as."
        )
        return
    load_or_make_key(settings.key)
    yield Finding("key", "ok", f"{settings.key} is there, for its owner alone.")


def backup(settings: Settings, _: Now) -> Iterator[Finding]:
    """Whether `trede backup` has what it needs."""
    if missing := missing_tool(settings.database):
        yield Finding("backup", "attention", "`trede backup` does not work here.", missing)
    else:
        yield Finding("backup", "ok", "`trede backup` has what it needs.")


def time_zones(_: Settings, __: Now) -> Iterator[Finding]:
    """Hers, for times that she reads."""
    try:
        ZoneInfo("Europe/Amsterdam")
    except ZoneInfoNotFoundError:
        cure = "Install the system's package tzdata."
        yield Finding("time zones", "fault", "There is no data about time zones.", cure)
    else:
        yield Finding("time zones", "ok", "Known.")


def server(settings: Settings, _: Now) -> Iterator[Finding]:
    """Whether somebody serves where this Trede would."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104 - not bound
    where = f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"
    try:
        answer = get(f"{where}/healthz", seconds=5)
    except NoAnswer:
        yield Finding("server", "attention", f"Nothing answers at {where}.", "Start it with `trede run`.")
        return
    if answer.status == 200:
        yield Finding("server", "ok", f"Trede answers at {where}.")
    elif answer.status == 503:
        yield Finding(
            "server", "fault", "Trede runs, but does not reach its database.", "See `database` above."
        )
    else:
        cure = "Is it another program? Then set TREDE_PORT."
        yield Finding("server", "fault", f"{where} answers {answer.status}.", cure)
