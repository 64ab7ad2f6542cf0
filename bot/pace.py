"""How fast messages may go out: so many a second in all, and a burst and then a trickle in each chat.

Both say how long to wait, and count the message as sent after that wait. Times are monotonic seconds.
"""

from collections import deque


class OverallPace:
    """At most `most` messages within any second."""

    def __init__(self, most: int = 30) -> None:
        self._times: deque[float] = deque(maxlen=most)

    def wait(self, now: float) -> float:
        """Seconds until the next message may go."""
        full = len(self._times) == self._times.maxlen
        at = max(now, self._times[0] + 1.0) if full else now
        self._times.append(at)
        return at - now


class ChatPace:
    """In each chat `burst` messages at once, then one every `interval` seconds."""

    def __init__(self, burst: int = 30, interval: float = 1.0) -> None:
        self._slack = (burst - 1) * interval
        self._interval = interval
        self._spent: dict[str, float] = {}  # chat → when it will have its whole burst again

    def wait(self, chat: str, now: float) -> float:
        """Seconds until the next message may go to that chat."""
        if len(self._spent) > 10_000:
            self._spent = {each: until for each, until in self._spent.items() if until > now}
        spent = max(self._spent.get(chat, now), now)
        self._spent[chat] = spent + self._interval
        return max(0.0, spent - self._slack - now)
