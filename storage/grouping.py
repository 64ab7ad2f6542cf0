"""Work that waits while a commit is under way is done together in the next one.

One commit for many turns is the largest lever for speed there is. If a group fails, its members are done one
by one, so that one that must fail takes nobody down with it.
"""

import asyncio
import math
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, Generic, TypeVar

from storage.errors import DatabaseUnreadable, Held

Job = TypeVar("Job")

ALONE = object()
"""What `together` returns for a job that has to be done by itself, after the others."""

MOST = 64
"""Jobs of each kind in one transaction: beyond that, waiting costs more than the commit saves."""

LEAST = 24
"""Jobs that are not shared out between two groups: one transaction is less work than two.

With 16, one process alone does more, but two of them on one machine hardly more than one; with 32, one alone
waits for PostgreSQL (figures: docs/adr/0004-storage.md).
"""

MOST_IN_A_ROW = 16
"""Jobs that one task may do in one round of the loop before it lets others come."""

PATIENCE = 0.005
"""Seconds that a job without hurry waits for company."""


class Grouping(Generic[Job]):
    """`together(jobs)` does jobs in one transaction, a result each; `alone(job)` does one in its own.

    At most `at_once` groups are under way; if more than LEAST wait, they share them: one is decided on while
    another is written. Where it is one at most, who comes alone is done in her own task. What is added
    with `no_hurry` waits for a group that begins anyway, but not longer than PATIENCE.
    """

    def __init__(
        self,
        together: Callable[[Sequence[Job]], Awaitable[list[Any]]],
        alone: Callable[[Job], Awaitable[Any]],
        at_once: int,
    ) -> None:
        self._together = together
        self._alone = alone
        self._at_once = self._free = at_once
        self._is_gathering = False  # a group is about to begin
        self._in_a_row = 0  # jobs done in the task that brought them, in this round of the loop
        self._of: asyncio.Task[Any] | None = None  # that task
        self._is_busy = False  # the last group was one of several
        self._waiting: deque[tuple[Job, asyncio.Future[Any]]] = deque()
        self._no_hurry: deque[tuple[Job, asyncio.Future[Any]]] = deque()
        self._alarm: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def add(self, job: Job, *, no_hurry: bool = False) -> Any:
        """The job's result, committed; or its error, with nothing of it saved."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Any] = loop.create_future()
        if not no_hurry and self._is_alone():
            await self._do_here(job, done)
        elif no_hurry:
            self._no_hurry.append((job, done))
            self._alarm = self._alarm or loop.call_later(PATIENCE, self._hurry)
        else:
            self._is_busy = self._is_busy or self._of not in (None, asyncio.current_task())
            self._waiting.append((job, done))
            self._start()
        return await done

    def _is_alone(self) -> bool:
        """Nobody else is here who could go with it, and where one group is under way at most."""
        some_are_here = self._is_busy or self._waiting or self._no_hurry
        return (
            self._at_once == self._free == 1
            and not some_are_here
            and self._of in (None, asyncio.current_task())
        )

    async def _do_here(self, job: Job, done: "asyncio.Future[Any]") -> None:
        """Without a task of its own: that takes as long as a look into the database."""
        self._free -= 1
        self._in_a_row += 1
        if self._of is None:
            self._of = asyncio.current_task()
            asyncio.get_running_loop().call_soon(self._end_the_row)
        try:
            await self._do([(job, done)])
            if self._in_a_row == MOST_IN_A_ROW:
                await asyncio.sleep(0)  # whoever else is ready comes next
        finally:
            self._free += 1
            self._start()

    def _end_the_row(self) -> None:
        self._in_a_row, self._of = 0, None

    def _start(self) -> None:
        if self._waiting and self._free and not self._is_gathering:
            # A task of its own starts only after all who are ready now have added theirs.
            self._free -= 1
            self._is_gathering = True
            self._begin(self._work())

    def _hurry(self) -> None:
        self._alarm = None
        self._waiting.extend(self._no_hurry)
        self._no_hurry.clear()
        self._start()

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work(self) -> None:
        try:
            while some := await self._next_group():
                await self._do([(job, done) for job, done in some if not done.cancelled()])
        finally:
            self._free += 1

    async def _next_group(self) -> list[tuple[Job, "asyncio.Future[Any]"]]:
        self._is_gathering = True
        if self._waiting:
            await self._gather()
        share = max(LEAST, math.ceil(len(self._waiting) / (self._free + 1)))
        some = [*_taken(self._waiting, share), *_taken(self._no_hurry, MOST)] if self._waiting else []
        self._is_gathering = False
        self._start()
        return some

    async def _gather(self) -> None:
        """When many come, let those join who are about to: as long as each round of the loop brings more."""
        before = 0 if self._is_busy else MOST
        while before < len(self._waiting) < MOST:
            before = len(self._waiting)
            await asyncio.sleep(0)
        self._is_busy = len(self._waiting) > 1

    async def _do(self, some: list[tuple[Job, "asyncio.Future[Any]"]]) -> None:
        jobs = [job for job, _ in some]
        try:
            results = await self._together(jobs) if jobs else []
        except Held:
            results = [ALONE] * len(jobs)
        except DatabaseUnreadable as away:
            for _, done in some:
                _fail(done, away)
            return
        except Exception:
            results = [ALONE] * len(jobs)
        for (job, done), result in zip(some, results, strict=True):
            if result is ALONE:
                # It may wait for somebody's lock: the next group does not.
                self._begin(self._do_alone(job, done))
            elif not done.done():
                done.set_result(result)

    async def _do_alone(self, job: Job, done: "asyncio.Future[Any]") -> None:
        try:
            result = await self._alone(job)
        except Exception as error:
            _fail(done, error)
        else:
            if not done.done():
                done.set_result(result)


def _taken(
    jobs: deque[tuple[Job, "asyncio.Future[Any]"]], most: int
) -> list[tuple[Job, "asyncio.Future[Any]"]]:
    return [jobs.popleft() for _ in range(min(most, MOST, len(jobs)))]


def _fail(done: "asyncio.Future[Any]", error: Exception) -> None:
    if not done.done():
        done.set_exception(error)
