"""What every command needs: to print, to stop with one line, and a database that is open."""

import asyncio
import re
import sys
from collections.abc import Awaitable, Callable
from typing import Annotated, NoReturn, TypeVar

import typer
from rich.console import Console

from bot.opening import opened
from bot.settings import Settings, read_settings
from storage.database import Database

T = TypeVar("T")

WRONG = 2
FOUND = 1

AsJson = Annotated[bool, typer.Option("--json", help="JSON instead of a table.")]

out = Console(soft_wrap=True)

_OBEYED = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def say(text: str) -> None:
    """Print as it is."""
    out.print(text, markup=False, highlight=False)


def stop(text: str, status: int = WRONG) -> NoReturn:
    """One line on standard error, and that exit status."""
    print(f"trede: {' '.join(text.splitlines())}", file=sys.stderr)  # noqa: T201
    raise SystemExit(status)


def with_database(work: Callable[[Database, Settings], Awaitable[T]]) -> T:
    """What comes of `work`. Raises a StorageError or WrongSettings."""
    settings = read_settings()

    async def run() -> T:
        async with opened(settings) as database:
            return await work(database, settings)

    return asyncio.run(run())


def printable(words: str) -> str:
    """A person's words without what a terminal would obey, or what would turn its lines round."""
    return "".join("\ufffd" if _OBEYED.match(letter) else letter for letter in words)
