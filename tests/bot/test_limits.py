"""Floods are slowed, people are not."""

from dataclasses import dataclass, field

import pytest

from bot.buckets import Buckets
from bot.incoming import Incoming
from bot.limits import ADDRESS, CHAT, WRONG_CODES, Limits, no_limits
from dialogs.said import Command, Said, Tap, Text

OFFICE = "203.0.113.7"
HOME = "198.51.100.1"


@dataclass
class Clock:
    """Time stands still until it is moved."""

    now: float = 1_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Door:
    """Limits with a clock that a test moves."""

    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.limits = Limits(clock=self.clock)

    def guesses(self, count: int, address: str = OFFICE) -> list[float]:
        """Wrong codes, one after the other."""
        return [self.limits.begin_code(address, f"wrong-code-{n}") for n in range(count)]

    def opens(self, code: str, address: str = OFFICE) -> float:
        """A good code."""
        wait = self.limits.begin_code(address, code)
        if wait == 0.0:
            self.limits.good_code(address, code)
        return wait


@pytest.fixture
def door() -> Door:
    return Door()


def turn(said: Said, address: str | None = "1001", code: str | None = None) -> Incoming:
    return Incoming("telegram", "1", said, code, address)


def test_a_chat_is_slowed_after_more_than_a_person_could_say(door: Door) -> None:
    burst, every = CHAT
    waits = [door.limits.turn(turn(Text("x"))) for _ in range(burst + 1)]

    assert waits == [0.0] * burst + [every]
    assert door.limits.turn(turn(Text("x"), address="1002")) == 0.0
    assert door.limits.slowed == {"chat": 1}


def test_a_person_who_answers_once_a_second_is_never_slowed(door: Door) -> None:
    for _ in range(500):
        assert door.limits.turn(turn(Tap("token", "1"))) == 0.0
        door.clock.now += 1.0


def test_leaving_fast_is_never_held_up(door: Door) -> None:
    for _ in range(100):
        door.limits.turn(turn(Text("x")))

    assert door.limits.turn(turn(Command("leave"))) == 0.0
    assert door.limits.turn(turn(Command("pause"))) > 0.0


def test_web_chats_are_told_apart_by_their_codes(door: Door) -> None:
    for _ in range(CHAT[0] + 1):
        door.limits.turn(turn(Text("x"), address=None, code="one"))

    assert door.limits.turn(turn(Text("x"), address=None, code="one")) > 0.0
    assert door.limits.turn(turn(Text("x"), address=None, code="two")) == 0.0


def test_thirty_women_in_one_room_are_not_slowed(door: Door) -> None:
    for _ in range(20):  # every fifteen seconds each sends an answer and fetches a page
        for _ in range(30 * 2):
            assert door.limits.request(OFFICE) == 0.0
            door.clock.now += 0.25


def test_an_address_that_floods_is_slowed_and_others_are_not(door: Door) -> None:
    waits = [door.limits.request(OFFICE) for _ in range(ADDRESS[0] + 1)]

    assert waits[-2:] == [0.0, ADDRESS[1]]
    assert door.limits.request(HOME) == 0.0


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1"])
def test_this_machine_itself_is_never_slowed(door: Door, address: str) -> None:
    assert {door.limits.request(address) for _ in range(1_000)} == {0.0}


def test_codes_cannot_be_guessed(door: Door) -> None:
    burst, every = WRONG_CODES

    assert door.guesses(burst + 1) == [0.0] * burst + [every]
    door.clock.now += every
    assert door.guesses(2) == [0.0, every]


def test_while_somebody_guesses_a_good_code_tells_nothing_either(door: Door) -> None:
    door.guesses(100)

    assert door.opens("a-good-code") > 0.0


def test_who_was_in_before_somebody_guesses_beside_her_stays_in(door: Door) -> None:
    door.opens("hers")
    door.guesses(100)

    assert door.opens("hers") == 0.0
    assert door.opens("hers", HOME) == 0.0
    assert door.limits.slowed["code"] == 90


def test_any_number_of_good_codes_from_one_address_is_fine(door: Door) -> None:
    assert {door.opens(f"good-{n}") for n in range(200)} == {0.0}


def test_a_good_code_used_again_gives_a_guesser_no_more_guesses(door: Door) -> None:
    door.opens("hers")
    door.guesses(100)
    for _ in range(100):
        door.opens("hers")

    assert door.guesses(1)[0] > 0.0


def test_codes_that_could_not_be_looked_up_count_for_nothing(door: Door) -> None:
    for n in range(100):
        assert door.limits.begin_code(OFFICE, f"code-{n}") == 0.0
        door.limits.unclear_code(OFFICE, f"code-{n}")


@pytest.mark.parametrize(
    ("address", "other", "together"),
    [
        ("203.0.113.7", "203.0.113.8", False),
        ("203.0.113.7", "::ffff:203.0.113.7", True),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::ffff", True),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:3:3:4:5:6", False),
        ("nonsense", "", False),
    ],
)
def test_the_addresses_of_one_line_count_together(
    door: Door, address: str, other: str, together: bool
) -> None:
    for _ in range(ADDRESS[0]):
        door.limits.request(address)

    assert (door.limits.request(other) > 0.0) == together


def test_without_limits_nothing_is_slowed() -> None:
    limits = no_limits()

    assert {limits.turn(turn(Text("x"))) for _ in range(1_000)} == {0.0}
    assert {limits.request(OFFICE) for _ in range(1_000)} == {0.0}
    assert {limits.begin_code(OFFICE, "x") for _ in range(1_000)} == {0.0}


def test_the_limits_are_each_a_bucket_of_their_own() -> None:
    limits = Limits(chats=Buckets(1, 5.0), clock=Clock())
    limits.turn(turn(Text("x")))

    assert limits.turn(turn(Text("x"))) == 5.0
    assert limits.request(OFFICE) == 0.0
