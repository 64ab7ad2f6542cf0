"""Work that waits while a commit is under way is done together in the next one.

One commit for many turns is the largest lever for speed there is. If a group fails, its members are done one
by one, so that one that must fail takes nobody down with it.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, Generic, TypeVar

from storage.errors import DatabaseUnreadable, Held

Job = TypeVar("Job")

ALONE = object()
"""What `together` returns for a job that has to be done by itself, after the others."""

MOST = 64
"""Jobs in one transaction: beyond that, waiting for the others costs more than the commit saves."""


class Grouping(Generic[Job]):
    """`together(jobs)` does jobs in one transaction, a result each; `alone(job)` does one in its own.

    At most `at_once` groups are under way.
    """

    def __init__(
        self,
        together: Callable[[Sequence[Job]], Awaitable[list[Any]]],
        alone: Callable[[Job], Awaitable[Any]],
        at_once: int,
    ) -> None:
        self._together = together
        self._alone = alone
        self._free = at_once
        self._waiting: deque[tuple[Job, asyncio.Future[Any]]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()

    async def add(self, job: Job) -> Any:
        """The job's result, committed; or its error, with nothing of it saved."""
        done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append((job, done))
        if self._free:
            # A task of its own starts only after all who are ready now have added theirs.
            self._free -= 1
            self._begin(self._work())
        return await done

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work(self) -> None:
        try:
            while self._waiting:
                some = [self._waiting.popleft() for _ in range(min(MOST, len(self._waiting)))]
                await self._do([(job, done) for job, done in some if not done.cancelled()])
        finally:
            self._free += 1

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
                self._begin(
                    self._do_alone(job, done)
                )  # it may wait for somebody's lock: the next group does not
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


def _fail(done: "asyncio.Future[Any]", error: Exception) -> None:
    if not done.done():
        done.set_exception(error)
