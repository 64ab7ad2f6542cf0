"""Nobody's words get into the logs: not by a key, not by a library, not by an error, at no level."""

import ast
import io
import json
import logging
import re
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import structlog

from bot.logs import EVENT, KEYS, WITHHELD, only_allowed, set_up_logs

ROOT = Path(__file__).parents[2]
ROOMS = ("bot", "casework", "console", "dialogs", "locales", "storage")
LEVELS = {"debug", "info", "warning", "error", "critical"}
HERS = "Zwaluwnest is my house"
ODD = [HERS, "سنونو", HERS.encode(), [HERS], {HERS: 1}, KeyError(HERS), "a\nb", None]


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """Where the log of this test goes, from debug level on."""
    with left_as_it_was():
        out = io.StringIO()
        set_up_logs("debug", out=out)
        yield out


@contextmanager
def left_as_it_was() -> Iterator[None]:
    """All that `set_up_logs` changes in this process is put back after the block."""
    hooks = sys.excepthook, sys.unraisablehook, threading.excepthook, warnings.showwarning
    root = logging.getLogger()
    handlers, level, raising = root.handlers[:], root.level, logging.raiseExceptions
    try:
        yield
    finally:
        sys.excepthook, sys.unraisablehook, threading.excepthook, warnings.showwarning = hooks
        root.handlers[:] = handlers
        root.setLevel(level)
        logging.raiseExceptions = raising
        structlog.reset_defaults()


def lines(out: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


# ── our own lines ────────────────────────────────────────────────────────────────────────────────


def test_an_allowed_line_comes_out_whole(written: io.StringIO) -> None:
    structlog.get_logger().error("turn failed", channel="web", error="KeyError at engine.py:12 in reply")

    [line] = lines(written)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "turn failed",
        "level": "error",
        "channel": "web",
        "error": "KeyError at engine.py:12 in reply",
    }


@pytest.mark.parametrize("value", [HERS, HERS.encode(), [HERS], {HERS: HERS}, KeyError(HERS), 17])
def test_an_unknown_key_never_comes_out(written: io.StringIO, value: object) -> None:
    structlog.get_logger().debug("turn failed", answer=value, **{HERS: 1})

    [line] = lines(written)
    assert set(line) == {"event", "level", "timestamp", "dropped"}
    assert line["dropped"] == 2


@pytest.mark.parametrize("name", sorted(KEYS))
@pytest.mark.parametrize("value", ODD)
def test_words_under_an_allowed_key_are_withheld(name: str, value: object) -> None:
    line = only_allowed(None, "info", {"event": "turn failed", name: value})

    assert line == {"event": "turn failed", name: WITHHELD}


@pytest.mark.parametrize("event", [HERS, "سنونو", "a" * 80, 7.5j, KeyError(HERS), None])
def test_an_event_that_is_no_text_of_ours_is_withheld(event: object) -> None:
    assert only_allowed(None, "info", {"event": event}) == {"event": WITHHELD}


def test_a_counter_hears_every_line_by_its_event(written: io.StringIO) -> None:
    heard: list[tuple[str, str]] = []
    set_up_logs("warning", lambda level, event: heard.append((level, event)), written)

    structlog.get_logger().warning("not swept", error=HERS)
    structlog.get_logger().info("not heard")
    structlog.get_logger().error(HERS)

    assert heard == [("warning", "not swept"), ("error", WITHHELD)]


def test_a_standard_error_that_is_closed_breaks_nothing() -> None:
    closed = io.StringIO()
    closed.close()
    with left_as_it_was():
        set_up_logs(out=closed)

        structlog.get_logger().error("turn failed")


# ── what others write ────────────────────────────────────────────────────────────────────────────

UNCAUGHT = """
import asyncio, gc, logging, sys, threading, warnings
from bot.logs import set_up_logs
set_up_logs("debug")
HERS = "Zwaluwnest is my house"

def fails(*_):
    words = HERS
    raise KeyError(words) from ValueError(HERS)

class Dropped:
    __del__ = fails

async def in_a_task():
    task = asyncio.create_task(asyncio.to_thread(fails), name=HERS)
    await asyncio.wait([task])
    del task
    gc.collect()
    asyncio.get_running_loop().call_soon(fails, HERS)
    await asyncio.sleep(0.01)

logging.getLogger("uvicorn.error").error(f"Invalid request: {HERS}")
logging.getLogger("httpx").debug("GET %s", HERS)
logging.getLogger(HERS).error("%s", HERS, extra={"answer": HERS}, stack_info=True)
logging.getLogger("odd").error("%d", HERS)
try:
    fails()
except KeyError:
    logging.getLogger("uvicorn.error").exception("Exception in ASGI application\\n%s", HERS)
warnings.warn(HERS)
thread = threading.Thread(target=fails, name=HERS)
thread.start()
thread.join()
Dropped()
asyncio.run(in_a_task(), debug=True)
fails()
"""


@pytest.fixture(scope="module")
def uncaught() -> subprocess.CompletedProcess[str]:
    """A process in which libraries quote her, and everything that can fail fails with her words."""
    return subprocess.run(
        [sys.executable, "-c", UNCAUGHT], cwd=ROOT, capture_output=True, text=True, timeout=60
    )


def test_nothing_that_fails_or_that_a_library_logs_quotes_her(
    uncaught: subprocess.CompletedProcess[str],
) -> None:
    assert "Zwaluwnest" not in uncaught.stderr + uncaught.stdout
    assert "Traceback" not in uncaught.stderr
    assert uncaught.returncode == 1


def test_all_that_nobody_caught_is_told_by_its_place(uncaught: subprocess.CompletedProcess[str]) -> None:
    told = [json.loads(line) for line in uncaught.stderr.splitlines()]

    ours = [line for line in told if line["event"] == "uncaught"]
    assert len(ours) == 3, "in a thread, while an object went, and at last in the main thread"
    assert {line["error"] for line in ours} == {"KeyError after ValueError at <string>:9 in fails"}
    assert ours[-1]["trail"] == "<string>:36 > <string>:9"
    loop = [line for line in told if line.get("logger") == "asyncio" and "error" in line]
    assert len(loop) == 2, "a task that nobody waited for, and a callback"
    assert {line["error"].split()[0] for line in ours + loop} == {"KeyError"}
    assert [line["error"] for line in told if line["event"] == "python warns"] == ["UserWarning"]
    assert {"uvicorn.error", "httpx", "odd", WITHHELD} <= {line.get("logger") for line in told}


def test_a_command_that_fails_says_where_in_one_line_and_quotes_nothing() -> None:
    code = f"from bot import cli; cli.app = lambda: {{}}[{HERS!r}]; cli.main()"

    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)

    assert done.returncode == 70
    assert done.stderr.startswith("trede: A fault in Trede itself: KeyError at <string>:1 in <lambda>.")
    assert "Zwaluwnest" not in done.stderr
    assert done.stderr.count("\n") == 1


# ── every line in the code ───────────────────────────────────────────────────────────────────────


def log_calls() -> Iterator[tuple[str, ast.Call]]:
    """Every `log.error(…)` and the like, with its place."""
    for room in ROOMS:
        for file in sorted((ROOT / room).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Call) and re.match(r"log(ger)?\.", ast.unparse(node.func)):
                    yield f"{file.relative_to(ROOT)}:{node.lineno}", node


CALLS = [(place, call) for place, call in log_calls() if not place.startswith("bot/logs.py")]


def event_of(call: ast.Call) -> str:
    texts = [each.value for each in call.args if isinstance(each, ast.Constant)]
    return texts[0] if texts and isinstance(texts[0], str) else ""


def test_log_lines_are_found_in_the_code() -> None:
    assert {"turn failed", "telegram away", "database away", "message waits"} <= {
        event_of(call) for _, call in CALLS
    }


@pytest.mark.parametrize(("place", "call"), CALLS, ids=[place for place, _ in CALLS])
def test_every_log_line_is_a_constant_text_with_allowed_keys(place: str, call: ast.Call) -> None:
    assert isinstance(call.func, ast.Attribute)
    assert call.func.attr in LEVELS, "a traceback would quote values: use error=fault(error)"
    assert re.fullmatch(EVENT, event_of(call))
    assert len(call.args) == 1, "words filled into the text could be a person's"
    assert {keyword.arg for keyword in call.keywords} <= set(KEYS), "allow the key in bot/logs.py first"


@pytest.mark.parametrize(("place", "call"), CALLS, ids=[place for place, _ in CALLS])
def test_no_log_line_tells_the_text_of_an_error(place: str, call: ast.Call) -> None:
    for keyword in call.keywords:
        if keyword.arg == "error":
            told = ast.unparse(keyword.value)
            assert re.fullmatch(r"fault\(\w+\)|type\(\w+\)\.__name__|error", told), told


def test_every_log_line_is_explained_to_operators() -> None:
    page = (ROOT / "docs/operate.md").read_text().partition("### Log lines\n")[2].partition("\n#")[0]
    explained = set(re.findall(r"^\| `([a-z][a-z ]+)` \|", page, re.MULTILINE)) - {"event"}
    told = {event_of(call) for _, call in log_calls() if event_of(call)}

    assert told - explained == set(), "add a row to the table of log lines in docs/operate.md"
    assert explained - told == set(), "no line says that any more"
