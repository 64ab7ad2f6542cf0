"""Counts what happens, for Prometheus: kinds, times and channels, never a person.

Every label has a few fixed values: a channel, a status, a line of the log.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import version

from prometheus_client import (
    CONTENT_TYPE_PLAIN_0_0_4,
    CollectorRegistry,
    Counter,
    Histogram,
    Info,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bot.incoming import Incoming, Taken
from bot.intake import Take
from storage.counts import Counts
from storage.errors import DatabaseUnreadable

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Meter:
    """What this process counts since it began. `clock`: seconds, from any beginning."""

    def __init__(self, registry: CollectorRegistry, clock: Callable[[], float] = time.perf_counter) -> None:
        self._registry = registry
        self._clock = clock
        self._turns = Counter(
            "trede_turns", "Updates taken, by what came of them.", ("channel", "status"), registry=registry
        )
        self._seconds = Histogram(
            "trede_turn_seconds",
            "From an update to its commit.",
            ("channel",),
            buckets=SECONDS,
            registry=registry,
        )
        self._lines = Counter("trede_log_lines", "Lines logged.", ("level", "event"), registry=registry)
        self._standing = _Standing()
        registry.register(self._standing)
        ProcessCollector(registry=registry)
        Info("trede", "The version that runs.", registry=registry).info({"version": version("trede")})

    def timed(self, take: Take) -> Take:
        """The same `take`, with every turn counted."""

        async def timed(incoming: Incoming) -> Taken:
            began = self._clock()
            try:
                taken = await take(incoming)
            except DatabaseUnreadable:
                self._turn(incoming.channel, "away", began)
                raise
            except Exception:
                self._turn(incoming.channel, "failed", began)
                raise
            self._turn(incoming.channel, taken.status, began)
            return taken

        return timed

    def heard(self, level: str, event: str) -> None:
        """A line was logged; see `bot.logs.Heard`."""
        self._lines.labels(level, event).inc()

    def watch(self, channel: str, tally: Mapping[str, int]) -> None:
        """Show what a sender tallies, now and later."""
        self._standing.sends[channel] = tally

    def page(self, counts: Counts | None) -> bytes:
        """All of it as Prometheus reads it. `counts`: None if the database does not answer."""
        self._standing.counts = counts
        return generate_latest(self._registry)

    def _turn(self, channel: str, status: str, began: float) -> None:
        self._turns.labels(channel, status).inc()
        self._seconds.labels(channel).observe(self._clock() - began)


class _Standing(Collector):
    """What is counted elsewhere, in the database and by senders, put into Prometheus' form."""

    def __init__(self) -> None:
        self.sends: dict[str, Mapping[str, int]] = {}
        self.counts: Counts | None = None

    def collect(self) -> Iterator[Metric]:
        sends = CounterMetricFamily("trede_sends", "Tries to send a message.", labels=("channel", "result"))
        for channel, tally in self.sends.items():
            for result, n in tally.items():
                sends.add_metric((channel, result), n)
        yield sends
        yield GaugeMetricFamily("trede_database_up", "1 if the database answers.", int(bool(self.counts)))
        if self.counts:
            yield from self._waiting(self.counts)

    def _waiting(self, counts: Counts) -> Iterator[Metric]:
        """With a zero for each channel of ours where nothing waits, so that no line in a graph breaks off."""
        yield self._gauge(
            "outbox_messages",
            "Messages that should be sent by now.",
            {channel: waiting.messages for channel, waiting in counts.outbox.items()},
        )
        yield self._gauge(
            "outbox_oldest_seconds",
            "How long the oldest of them has waited.",
            {channel: waiting.oldest for channel, waiting in counts.outbox.items()},
        )
        yield self._gauge("quarantine_failing", "Updates that failed and come again.", counts.failing)
        yield self._gauge("quarantine_given_up", "Updates given up, kept for 14 days.", counts.given_up)
        timers = GaugeMetricFamily(
            "trede_timers_due", "Timers that should have rung by now.", labels=("kind",)
        )
        for kind, n in counts.timers.items():
            timers.add_metric((kind,), n)
        yield timers

    def _gauge(self, name: str, told: str, found: Mapping[str, float]) -> Metric:
        gauge = GaugeMetricFamily(f"trede_{name}", told, labels=("channel",))
        for channel, value in (dict.fromkeys(self.sends, 0.0) | dict(found)).items():
            gauge.add_metric((channel,), value)
        return gauge
