"""The rows by name: peers, limits and ours. Each is opened in a place, and imported only then."""

from collections.abc import Awaitable, Callable
from importlib import import_module

from bench.row import Place, Row

Open = Callable[[Place], Awaitable[Row]]


def _row(module: str, name: str) -> Open:
    async def opened(place: Place) -> Row:
        row: Row = await getattr(import_module(f"bench.rows.{module}"), name)(place)
        return row

    return opened


ROWS: dict[str, Open] = {
    "floor": _row("floor", "floor"),
    "sqlite": _row("raw_sqlite", "raw_sqlite"),
    "postgres": _row("raw_postgres", "raw_postgres"),
    "aiogram-redis": _row("aiogram_redis", "aiogram_redis"),
    "aiogram-bare": _row("aiogram_bare", "aiogram_bare"),
    "ptb": _row("ptb", "ptb"),
    "trede-engine": _row("trede_engine", "trede_engine"),
    "trede": _row("trede_web", "trede_web"),
    "trede-unsealed": _row("trede_web", "trede_unsealed"),
    "trede-aiogram": _row("trede_telegram", "trede_aiogram"),
    "trede-ptb": _row("trede_telegram", "trede_ptb"),
}
