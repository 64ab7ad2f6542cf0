"""Runs `trede` as an operator would: a process of its own, with a folder and a port of its own."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.commands import trede

TREDE = Path(sys.executable).parent / "trede"
QUICK_START = {"TREDE_TELEGRAM_LIBRARY": "ptb"}
"""For tests in which either library would do: aiogram takes some seconds to load."""

READY_WITHIN = 30.0  # seconds; a busy machine is slow


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers. `chat` and `enter` are the demo's links; `logs` is what it wrote."""

    address: str
    chat: str
    enter: str
    env: Mapping[str, str]
    process: subprocess.Popen[str]
    logs: Path

    def trede(self, *words: str) -> str:
        """Run another command on the same data; what it printed."""
        done = trede(words, self.env, self.logs.parent)
        done.check_returncode()
        return done.stdout

    def stop(self, how: int = signal.SIGTERM) -> int:
        """Tell it to stop; its exit status."""
        self.process.send_signal(how)
        return self.process.wait(timeout=20)


def free_port() -> int:
    """A port that nobody uses just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(folder: Path, *, program: Sequence[str | Path] = (TREDE,), **settings: str) -> Iterator[Running]:
    """`trede run --demo` in `folder`, until the end of the block. `program`: instead of `trede`."""
    port = settings.pop("TREDE_PORT", str(free_port()))
    env = {
        **{name: value for name, value in os.environ.items() if not name.startswith("TREDE_")},
        "TREDE_DATA_DIR": str(folder / "data"),
        "TREDE_PORT": port,
        "TREDE_DRAFT_LANGUAGES": "all",
        **settings,
    }
    logs = folder / f"logs-{time.monotonic_ns()}"
    with logs.open("w") as out:
        process = subprocess.Popen(
            [*program, "run", "--demo"], env=env, cwd=folder, stdout=out, stderr=out, text=True
        )
    try:
        said = _until_ready(process, logs)
        chat, enter = (_link(said, part) for part in ("/chat/", "/staff/enter/"))
        yield Running(f"http://127.0.0.1:{port}", chat, enter, env, process, logs)
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(timeout=20)


def _until_ready(process: subprocess.Popen[str], logs: Path) -> str:
    deadline = time.monotonic() + READY_WITHIN
    while time.monotonic() < deadline:
        said = logs.read_text()
        if "Stop with" in said:
            return said
        if process.poll() is not None:
            raise AssertionError(f"trede run ended with {process.returncode}: {said}")
        time.sleep(0.05)
    raise AssertionError(f"trede run was not ready in {READY_WITHIN} s: {logs.read_text()}")


def _link(said: str, part: str) -> str:
    found = re.search(rf"\S+{part}\S+", said)
    assert found is not None, said
    return found[0]
