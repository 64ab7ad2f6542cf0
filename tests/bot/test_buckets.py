"""Buckets: a burst at once, then a trickle, for each key by itself."""

import pytest

from bot.buckets import Buckets


def test_a_burst_goes_at_once_and_then_one_every_so_often() -> None:
    buckets = Buckets(burst=3, every=2.0)

    waits = [buckets.take("amina", 100.0) for _ in range(4)]

    assert waits == [0.0, 0.0, 0.0, 2.0]
    assert buckets.take("amina", 101.5) == 0.5
    assert buckets.take("amina", 102.0) == 0.0
    assert buckets.take("amina", 102.0) == 2.0


def test_who_is_refused_loses_nothing_by_asking() -> None:
    buckets = Buckets(burst=1, every=2.0)
    buckets.take("amina", 0.0)

    asked = [buckets.take("amina", 1.0) for _ in range(100)]

    assert set(asked) == {1.0}
    assert buckets.take("amina", 2.0) == 0.0


def test_after_a_pause_the_bucket_is_full_and_no_fuller() -> None:
    buckets = Buckets(burst=2, every=1.0)
    for now in (0.0, 0.0, 1.0):
        buckets.take("amina", now)

    assert [buckets.take("amina", 1_000.0) for _ in range(3)] == [0.0, 0.0, 1.0]


def test_each_key_has_a_bucket_of_its_own() -> None:
    buckets = Buckets(burst=1, every=9.0)
    buckets.take("amina", 0.0)

    assert buckets.take("amina", 0.0) == 9.0
    assert buckets.take("joke", 0.0) == 0.0


def test_a_token_given_back_can_be_taken_again() -> None:
    buckets = Buckets(burst=1, every=9.0)
    buckets.take("amina", 0.0)

    buckets.give_back("amina")
    buckets.give_back("nobody")

    assert buckets.take("amina", 0.0) == 0.0
    assert buckets.take("amina", 0.0) == 9.0


def test_however_many_keys_come_only_the_newest_are_remembered() -> None:
    buckets = Buckets(burst=1, every=1_000.0, most=10)
    for n in range(50):
        buckets.take(str(n), 0.0)
        buckets.take("0", float(n))  # refused: not used

    assert len(buckets) == 10
    assert buckets.take("49", 0.0) == 1_000.0
    assert buckets.take("1", 0.0) == 0.0, "the oldest is forgotten, as if it were full"


@pytest.mark.parametrize("times", [1, 10_000])
def test_without_an_interval_nothing_is_ever_refused(times: int) -> None:
    buckets = Buckets(burst=1, every=0.0)

    assert {buckets.take("amina", 5.0) for _ in range(times)} == {0.0}
