"""Trede as one row of a bench that loads rows from files: `setup`, `handle`, `outgoing`, `stored`, `prefill`.

Its own `walk` is imported for `outgoing` and `fake_api`, and must be the walk of walk.yaml. The environment
says where: `BENCH_DATA` is the folder, `BENCH_PG_HOST` and `BENCH_PG_PORT` a PostgreSQL; without these it is
SQLite. `BENCH_WAY` is the way in: "web" (as a matter of course), "aiogram" or "ptb".
"""

import importlib
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.row import Place, Row
from bench.rows import ROWS
from bench.rows.trede_web import fill
from bot.collecting import settle

WAYS = {"web": "trede", "aiogram": "trede-aiogram", "ptb": "trede-ptb"}
WARMING = 3  # people who walk before the others
NUMBER = re.compile(rb'("update_id": ?)(\d+)')
APART = 10_000_000  # more updates than one run has

_walk: Any = importlib.import_module("walk")
outgoing: list[dict[str, Any]] = _walk.outgoing
_row: Row
_there = 0  # people stored beforehand
_shift = 0  # added to the updates' numbers


async def setup(n_users: int) -> None:
    """Everything there already (after a crash) stays."""
    global _row, _shift
    _shift = APART * _starts_before()
    _row = await ROWS[WAYS[os.environ.get("BENCH_WAY", "web")]](_place(_chats(n_users)))
    settle()  # as `trede run` does


async def handle(update: bytes) -> None:
    """Returns once the reply has been handed over."""
    await _row.handle(_renumbered(update) if _shift else update)


async def stored() -> int | None:
    """Answers of the people who walked here."""
    return await _row.stored()


async def prefill(n: int) -> None:
    """So many people have finished before."""
    global _there
    _there = n
    await fill(_place([], stored=n))


def _starts_before() -> int:
    """How often this folder was set up already."""
    file = Path(os.environ["BENCH_DATA"]) / "starts"
    before = int(file.read_text()) if file.exists() else 0
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(str(before + 1))
    return before


def _renumbered(update: bytes) -> bytes:
    """After a crash the numbers may begin where they began before. We would take those for repeats."""
    return NUMBER.sub(lambda found: found[1] + str(int(found[2]) + _shift).encode(), update, count=1)


def _place(chats: list[int], stored: int = 0) -> Place:
    folder = Path(os.environ["BENCH_DATA"])
    folder.mkdir(parents=True, exist_ok=True)
    answer: Callable[..., str] = _walk.fake_api
    return Place(folder, _url(), chats, int(os.environ.get("POOL", "32")), answer, stored)


def _chats(n_users: int) -> list[int]:
    """The chats that will be used, as the other side numbers them."""
    span = max(_there, n_users)
    walking = [10 * (number * span // n_users) + 5 for number in range(n_users)]
    return [*walking, *(10 * (span + number) + 5 for number in range(WARMING))]


def _url() -> str:
    host = os.environ.get("BENCH_PG_HOST")
    if host is None:
        return ""
    return f"postgresql://postgres@/postgres?host={host}&port={os.environ['BENCH_PG_PORT']}"


__all__ = ["handle", "outgoing", "prefill", "setup", "stored"]
