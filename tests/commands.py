"""Runs commands of `trede` to their end, each in a process of its own.

The processes are forked from one that has loaded Trede: else most of a test's time would go by in loading it.
"""

import atexit
import gc
import io
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from socketserver import ForkingMixIn, StreamRequestHandler, UnixStreamServer
from typing import Any

Done = subprocess.CompletedProcess[str]

LOADED = ("bot.cli", "bot.serve", "storage.postgres", "storage.steps")
LONGEST = 60.0  # seconds that a command may take
LOADED_WITHIN = 60.0
MOST_AT_ONCE = 40
ROOT = Path(__file__).parent.parent


def trede(words: Sequence[str | Path], env: Mapping[str, str], folder: Path) -> Done:
    """What came of `trede WORDS` in that folder. Its tables are 200 columns wide."""
    with tempfile.TemporaryDirectory() as said, socket.socket(socket.AF_UNIX) as line:
        files = [str(Path(said) / name) for name in ("out", "err")]
        line.settimeout(LONGEST)
        line.connect(_forks())
        asked = {
            "words": [str(word) for word in words],
            "env": dict(env),
            "folder": str(folder),
            "files": files,
        }
        line.sendall(json.dumps(asked).encode() + b"\n")
        status = line.makefile().readline()
        assert status, f"trede {' '.join(map(str, words))} was killed"
        out, err = (Path(file).read_text("utf-8") for file in files)
    return subprocess.CompletedProcess(list(words), int(status), out, err)


@cache
def _forks() -> str:
    """Where the process waits from which the others are forked; started once for all tests of a worker."""
    folder = tempfile.TemporaryDirectory()
    address = str(Path(folder.name) / "forks")
    wide = {**os.environ, "COLUMNS": "200"}  # rich looks once, when it is loaded
    program = subprocess.Popen([sys.executable, "-m", __name__, address], env=wide, cwd=ROOT)
    atexit.register(folder.cleanup)
    atexit.register(program.wait)
    atexit.register(program.kill)
    deadline = time.monotonic() + LOADED_WITHIN
    while not os.path.exists(address):
        assert time.monotonic() < deadline
        assert program.poll() is None
        time.sleep(0.02)
    return address


class _Command(StreamRequestHandler):
    """In the forked process."""

    def handle(self) -> None:
        """Become that command; its exit status is the answer."""
        asked = json.loads(self.rfile.readline())
        self.wfile.write(f"{_run(asked)}\n".encode())


def _run(asked: dict[str, Any]) -> int:
    from bot.cli import main

    os.environ.clear()
    os.environ.update(asked["env"])
    os.chdir(asked["folder"])
    for number, file in enumerate(asked["files"], start=1):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT, 0o600), number)
    sys.stdout, sys.stderr = (
        io.TextIOWrapper(io.FileIO(n, "w"), "utf-8", write_through=True) for n in (1, 2)
    )
    sys.argv = ["trede", *asked["words"]]
    try:
        main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


class _Forks(ForkingMixIn, UnixStreamServer):
    max_children = request_queue_size = MOST_AT_ONCE


if __name__ == "__main__":
    for module in LOADED:
        import_module(module)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    gc.freeze()
    whose = os.getppid()
    with _Forks(f"{sys.argv[1]}.new", _Command) as server, suppress(KeyboardInterrupt):
        os.rename(f"{sys.argv[1]}.new", sys.argv[1])  # there once it listens
        server.timeout = 1.0
        while os.getppid() == whose:  # it ends with the tests, however they end
            server.handle_request()
