"""How fast things may come in: from one chat, from one address, and with wrong codes.

Counted in this process alone, so that several processes together let as many times more in. That is enough
to keep one person from taking everybody's time, and codes from being guessed (docs/adr/0012-flood.md).
"""

import time
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from ipaddress import ip_address

import structlog

from bot.buckets import MOST_KEYS, Buckets
from bot.incoming import Incoming
from console.guard import network
from dialogs.said import Command

log = structlog.get_logger(__name__)

CHAT = (60, 1.0)  # a burst, and seconds for each one after it; nobody answers so fast for so long
ADDRESS = (120, 0.25)  # a page is two requests; thirty women in one room share an address
WRONG_CODES = (10, 10.0)  # a mistyped link is tried a few times; guessing one would take for ever
NO_LIMIT = (1, 0.0)
TELL_EVERY = 60.0  # seconds between log lines about the same limit


@dataclass(frozen=True, slots=True)
class Limits:
    """Each method says how many seconds to wait; 0.0: go on, it is counted.

    `address` is the visitor's, as the proxy tells it. `slowed` counts by limit: "chat", "address", "code".
    """

    chats: Buckets = field(default_factory=lambda: Buckets(*CHAT))
    addresses: Buckets = field(default_factory=lambda: Buckets(*ADDRESS))
    wrong_codes: Buckets = field(default_factory=lambda: Buckets(*WRONG_CODES))
    clock: Callable[[], float] = time.monotonic
    slowed: Counter[str] = field(default_factory=Counter)
    _good: OrderedDict[str, None] = field(default_factory=OrderedDict)  # codes that were good, by address
    _told: Buckets = field(default_factory=lambda: Buckets(1, TELL_EVERY))

    def turn(self, incoming: Incoming) -> float:
        """One turn. Leaving fast is never held up."""
        if incoming.said == Command("leave"):
            return 0.0
        key = _short(f"{incoming.channel} {incoming.address or incoming.code}")
        return self._noted("chat", self.chats.take(key, self.clock()))

    def request(self, address: str) -> float:
        """One request. From this machine itself, anything goes: a proxy that does not say for whom it asks
        must not shut everybody out."""
        if is_this_machine(address):
            return 0.0
        return self._noted("address", self.addresses.take(network(address), self.clock()))

    def begin_code(self, address: str, code: str) -> float:
        """A code is going to be looked up. It counts as wrong until `good_code` or `unclear_code`, unless it
        was good from there before: so whoever guesses in a shared network stops nobody who is in already."""
        if _short(f"{address} {code}") in self._good:
            return 0.0
        return self._noted("code", self.wrong_codes.take(network(address), self.clock()))

    def good_code(self, address: str, code: str) -> None:
        """There is such an invite."""
        if self.unclear_code(address, code):
            self._good[_short(f"{address} {code}")] = None
            if len(self._good) > MOST_KEYS:
                self._good.popitem(last=False)

    def unclear_code(self, address: str, code: str) -> bool:
        """It could not be looked up. Whether it had been counted."""
        counted = _short(f"{address} {code}") not in self._good
        if counted:
            self.wrong_codes.give_back(network(address))
        return counted

    def _noted(self, what: str, wait: float) -> float:
        if wait > 0:
            self.slowed[what] += 1
            if self._told.take(what, self.clock()) == 0.0:
                log.warning("slowed down", what=what)  # not whom: an address is a person's
        return wait


def no_limits() -> Limits:
    """For load tests, and for tests that are about something else."""
    return Limits(Buckets(*NO_LIMIT), Buckets(*NO_LIMIT), Buckets(*NO_LIMIT))


def is_this_machine(address: str) -> bool:
    """Whether it is a loopback address."""
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def _short(text: str) -> str:
    """So that no code lies about in memory, nor anything long."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
