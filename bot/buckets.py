"""A bucket of tokens for each key: a burst at once, then a token every so often.

Nothing but arithmetic: times come in, in seconds of any clock that only moves forward.
"""

from collections import OrderedDict

MOST_KEYS = 10_000
"""About 2 MB. Whoever comes from more keys than that finds new buckets full, as after a pause."""


class Buckets:
    """`burst` tokens in a full bucket; an empty one gets one back `every` that many seconds."""

    def __init__(self, burst: int, every: float, most: int = MOST_KEYS) -> None:
        self._slack = (burst - 1) * every
        self._every = every
        self._most = most
        self._full_at: OrderedDict[str, float] = OrderedDict()  # the one used longest ago comes first

    def __len__(self) -> int:
        """How many keys are remembered."""
        return len(self._full_at)

    def take(self, key: str, now: float) -> float:
        """Take a token: 0.0. If there is none, nothing is taken: seconds until there will be one."""
        full_at = max(self._full_at.get(key, now), now)
        wait = full_at - now - self._slack
        if wait > 0:
            return wait
        self._full_at[key] = full_at + self._every
        self._full_at.move_to_end(key)
        if len(self._full_at) > self._most:
            self._full_at.popitem(last=False)  # most likely full again
        return 0.0

    def give_back(self, key: str) -> None:
        """Put a token back that was taken."""
        if key in self._full_at:
            self._full_at[key] -= self._every
