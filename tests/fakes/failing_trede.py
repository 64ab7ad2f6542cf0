"""Runs `trede`, but a turn whose words hold one of `FAULTS` fails in that way, and quotes them."""

import asyncio
import logging
import warnings
from typing import Any, NoReturn

from sqlalchemy.exc import IntegrityError, StatementError

from bot import cli, turn

FAULTS = ("raises", "integrity", "statement", "library", "callback", "task", "group", "recursion")
"""Words that no canary holds."""


def fail(fault: str, words: str) -> NoReturn:
    """Raises with her words in the text, the cause, the notes, the parameters and the local names."""
    match fault:
        case "integrity":
            raise IntegrityError(f"INSERT {words}", {"words": words}, ValueError(words))
        case "statement":
            raise StatementError(words, f"INSERT {words}", {"words": words}, ValueError(words))
        case "group":
            raise ExceptionGroup(words, [ValueError(words), KeyError(words)])
        case "recursion":
            fail(fault, words)
    error = RuntimeError(words)
    error.add_note(words)
    raise error from ValueError(words)


def log_loudly(words: str) -> None:
    """As a careless library would."""
    for name in ("uvicorn.error", "asyncio", "sqlalchemy.engine", "aiogram", "telegram", words):
        logging.getLogger(name).error("quoted: %s", words, extra={"answer": words}, stack_info=True)
    warnings.warn(words, stacklevel=1)
    try:
        fail("raises", words)
    except RuntimeError:
        logging.getLogger("uvicorn.error").exception("Exception in ASGI application\n%s", words)


async def fail_alone(words: str) -> None:
    """A task that nobody waits for."""
    fail("raises", words)


def reply(*parts: Any) -> Any:
    """The engine's own, unless her words ask for a fault."""
    words = getattr(parts[2], "words", "")
    fault = next((each for each in FAULTS if each in words), None)
    loop = asyncio.get_running_loop() if fault in ("callback", "task") else None
    if loop is not None and fault == "callback":
        loop.call_soon(fail, "raises", words)
    elif loop is not None:
        loop.create_task(fail_alone(words), name=words).add_done_callback(lambda _: None)
    elif fault == "library":
        log_loudly(words)
    elif fault is not None:
        fail(fault, words)
    return _reply(*parts)


if __name__ == "__main__":
    _reply, turn.reply = turn.reply, reply  # type: ignore[assignment, attr-defined]
    cli.main()
