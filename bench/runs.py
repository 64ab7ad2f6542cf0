"""Runs measures in rounds, each in a process of its own, the order turned round every other time."""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.services import Postgres, missing, postgres, redis
from bench.targets import Measure

ROOT = Path(__file__).parent.parent


class BenchFailed(Exception):
    """A row could not be measured: its figures would not be those of the walk."""

    def __init__(self, measure: Measure, errors: str) -> None:
        last = errors.strip().splitlines()[-1:] or ["it ended without a word"]
        super().__init__(f"{measure.name}: {last[0]}")


@dataclass(frozen=True, slots=True)
class Figures:
    """One run. Milliseconds are those of single updates, waiting in line included."""

    per_second: float
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True)
class Measured:
    """Everything of one go. `rounds`: measure → its figures, round by round. `skipped`: measure → why."""

    rounds: dict[Measure, list[Figures]]
    skipped: dict[Measure, str]
    fdatasync_us: list[float]


class Bench:
    """The benchmark in a folder that is on a real disk. `tell` hears how it goes."""

    def __init__(self, folder: Path, people: int, tell: Callable[[str], None]) -> None:
        self._folder = folder
        self._people = people
        self._tell = tell
        self._kept: dict[Measure, Path] = {}
        self._postgres: Postgres | None = None

    def rounds(self, measures: Sequence[Measure], how_many: int) -> Measured:
        """All measures, then all again. Raises BenchFailed."""
        skipped = {each: why for each in measures if (why := missing(each.service) or missing(each.needs))}
        wanted = [each for each in measures if each not in skipped]
        measured = Measured({each: [] for each in wanted}, skipped, [])
        with self._services(wanted):
            for number in range(how_many):
                measured.fdatasync_us.append(fdatasync_us(self._folder))
                for each in wanted if number % 2 == 0 else reversed(wanted):
                    measured.rounds[each].append(self._measure(each, number))
                    self._tell(f"round {number + 1}/{how_many}: {each.name}: {_last(measured, each)}")
        return measured

    @contextmanager
    def _services(self, wanted: Sequence[Measure]) -> Iterator[None]:
        with ExitStack() as stack:
            if any(each.service == "postgres" for each in wanted):
                self._postgres = stack.enter_context(postgres(self._folder / "postgres"))
            yield

    def _measure(self, measure: Measure, number: int) -> Figures:
        with ExitStack() as stack:
            folder = self._place(measure, stack)
            url = self._url(measure, stack, folder)
            workers: list[subprocess.Popen[str]] = []
            try:
                for share in range(measure.processes):
                    workers.append(self._start(measure, folder, url, number, share))
                    _hear(
                        measure, workers[-1]
                    )  # ready; one after the other, since the first makes the tables
                return _together(measure, workers)
            finally:
                _end(workers)

    def _place(self, measure: Measure, stack: ExitStack) -> Path:
        """A folder for this run; for one with people stored, the same again, since filling it takes long."""
        if measure.stored:
            if measure not in self._kept:
                self._kept[measure] = self._folder / f"stored-{measure.stored}"
                self._kept[measure].mkdir()
            return self._kept[measure]
        return Path(stack.enter_context(TemporaryDirectory(dir=self._folder)))

    def _url(self, measure: Measure, stack: ExitStack, folder: Path) -> str:
        if measure.service == "redis":
            return stack.enter_context(redis(folder / "redis"))
        if measure.service == "postgres":
            assert self._postgres is not None
            return self._postgres.fresh()
        return ""

    def _start(
        self, measure: Measure, folder: Path, url: str, number: int, share: int
    ) -> "subprocess.Popen[str]":
        own = folder / str(share) if measure.processes > 1 else folder
        own.mkdir(exist_ok=True)
        # Where people are stored, every round brings new ones.
        who = number if measure.stored else share
        asked = {
            "folder": str(own),
            "url": url,
            "people": str(self._people // measure.processes),
            "in-flight": str(measure.in_flight),
            "stored": str(measure.stored),
            "share": str(who),
        }
        options = [word for name, value in asked.items() for word in (f"--{name}", value)]
        return subprocess.Popen(  # noqa: S603
            [sys.executable, "-W", "ignore", "-m", "bench.worker", measure.row, *options, "--wait"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


def _together(measure: Measure, workers: "Sequence[subprocess.Popen[str]]") -> Figures:
    """All are ready, and begin now. Raises BenchFailed."""
    for worker in workers:
        _say_go(worker)
    found = [json.loads(_hear(measure, worker)) for worker in workers]
    return Figures(
        per_second=sum(each["updates"] for each in found) / max(each["seconds"] for each in found),
        p50_ms=statistics.median(each["p50_ms"] for each in found),
        p99_ms=max(each["p99_ms"] for each in found),
    )


def _hear(measure: Measure, worker: "subprocess.Popen[str]") -> str:
    assert worker.stdout is not None
    line = worker.stdout.readline()
    if not line:
        assert worker.stderr is not None
        raise BenchFailed(measure, worker.stderr.read())
    return line


def _end(workers: "Sequence[subprocess.Popen[str]]") -> None:
    for worker in workers:
        worker.kill()
        worker.communicate()


def _say_go(worker: "subprocess.Popen[str]") -> None:
    assert worker.stdin is not None
    worker.stdin.write("go\n")
    worker.stdin.flush()


def _last(measured: Measured, measure: Measure) -> str:
    return f"{measured.rounds[measure][-1].per_second:,.0f} updates/s"


def fdatasync_us(folder: Path) -> float:
    """Microseconds that this disk takes to keep 4 KiB for good: the median of 200 times."""
    took = []
    with (folder / "fdatasync").open("wb", buffering=0) as file:
        for _ in range(200):
            file.write(b"x" * 4096)
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            took.append((time.perf_counter() - began) * 1e6)
    return statistics.median(took)
