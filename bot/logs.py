"""Logs to standard error, one JSON object a line, of allowed keys and shapes only: nobody's words get in.

What a line may hold is in `KEYS`. Of an error, its kind and its place are told, never its text; of what a
library logs, only where it did.
"""

import logging
import re
import sys
import threading
import warnings
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, TextIO

import structlog

from bot.fault import fault, file_name, trail

_PLACE = r"[\w.<>-]+:\d+( in [\w.<>]+)?"
_WORD = "[a-z_]{1,30}"

KEYS: Mapping[str, str] = {
    "channel": _WORD,
    "error": rf"\w{{1,80}}( after \w{{1,80}})?( at {_PLACE})?",  # see `fault`
    "logger": r"[\w.-]{1,80}",
    "place": _PLACE,
    "places": r"[\w.]{1,80}(, [\w.]{1,80})*",  # names of fields
    "seconds": "",
    "trail": rf"{_PLACE}( > {_PLACE})*",
    "why": _WORD,
}
"""Every key that a line may have, and what text under it must look like. Numbers need no shape."""

EVENT = "[a-z][a-z ,'-]{0,60}"
"""What every line begins with: a constant text of ours."""

WITHHELD = "(withheld)"

Heard = Callable[[str, str], None]
"""Is told the level and the event of every line."""

log = structlog.get_logger()


def set_up_logs(level: str = "info", heard: Heard | None = None, out: TextIO | None = None) -> None:
    """Call before anything is started; again to change `level` ("debug", "info", "warning" or "error").

    Libraries are heard from warnings on, or all of them with "debug".
    """
    least = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[
            only_allowed,
            *([_telling(heard)] if heard else []),
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=lambda: _Lines(out or sys.stderr),
    )
    logging.basicConfig(
        level=least if least < logging.INFO else max(least, logging.WARNING), handlers=[_Told()], force=True
    )
    logging.raiseExceptions = False  # else a fault of a handler is printed with the words it was handed
    _hook_up()


def only_allowed(_: Any, __: str, line: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """The line without keys that are not in `KEYS`, and without text that has another shape."""
    kept = {name: _shaped(KEYS[name], value) for name, value in line.items() if name in KEYS}
    dropped = len(line) - len(kept) - 1
    return {"event": _shaped(EVENT, line.get("event")), **kept, **({"dropped": dropped} if dropped else {})}


def _shaped(shape: str, value: Any) -> Any:
    if type(value) in (bool, int, float):
        return value
    if isinstance(value, str) and len(value) <= 500 and re.fullmatch(shape, value, re.ASCII):
        return value
    return WITHHELD


def _telling(heard: Heard) -> structlog.typing.Processor:
    def tell(_: Any, level: str, line: structlog.typing.EventDict) -> structlog.typing.EventDict:
        heard(level, line["event"])
        return line

    return tell


class _Lines:
    """Writes lines. One that nobody reads any more must not break the turn that tells something."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def msg(self, line: str) -> None:
        try:
            self._out.write(f"{line}\n")
            self._out.flush()
        except (OSError, ValueError):
            return

    debug = info = warning = error = critical = msg


class _Told(logging.Handler):
    """What libraries log. It may quote a request or a person, so only the place is kept."""

    def emit(self, record: logging.LogRecord) -> None:
        """One line."""
        found = {"logger": record.name, "place": f"{record.filename}:{record.lineno} in {record.funcName}"}
        if record.exc_info and record.exc_info[1]:
            found["error"] = fault(record.exc_info[1])
        level = min(max(record.levelno, logging.DEBUG), logging.CRITICAL) // 10 * 10
        log.log(level, "library", **found)


# ── what nobody caught ───────────────────────────────────────────────────────────────────────────


def _hook_up() -> None:
    """asyncio needs no hook: it logs what its tasks raise, which comes by `_Told`."""
    sys.excepthook = _uncaught
    sys.unraisablehook = lambda found: _tell(found.exc_value)
    threading.excepthook = lambda found: _tell(found.exc_value)
    warnings.showwarning = _warned


def _uncaught(_: type[BaseException], error: BaseException, __: TracebackType | None) -> None:
    _tell(error)


def _tell(error: BaseException | None) -> None:
    if error is not None and not isinstance(error, SystemExit):
        log.critical("uncaught", error=fault(error), trail=trail(error))


def _warned(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Python's own text quotes source and values."""
    log.warning("python warns", error=category.__name__, place=f"{file_name(filename)}:{lineno}")
