"""Nobody is sent messages faster than Telegram allows."""

from bot.pace import ChatPace, OverallPace


def test_thirty_messages_go_at_once_and_the_next_a_second_after_the_first() -> None:
    pace = OverallPace(30)

    waits = [pace.wait(100.0) for _ in range(61)]

    assert waits[:30] == [0.0] * 30
    assert waits[30:60] == [1.0] * 30
    assert waits[60] == 2.0


def test_after_a_quiet_second_there_is_no_waiting() -> None:
    pace = OverallPace(30)
    for _ in range(30):
        pace.wait(100.0)

    assert pace.wait(101.5) == 0.0


def test_a_chat_has_a_burst_of_thirty_and_then_one_a_second() -> None:
    pace = ChatPace(burst=30, interval=1.0)

    waits = [pace.wait("amina", 100.0) for _ in range(33)]

    assert waits == [0.0] * 30 + [1.0, 2.0, 3.0]


def test_chats_do_not_wait_for_each_other() -> None:
    pace = ChatPace(burst=1)
    pace.wait("amina", 100.0)

    assert pace.wait("olena", 100.0) == 0.0
    assert pace.wait("amina", 100.0) == 1.0


def test_a_chat_has_its_burst_again_after_a_while() -> None:
    pace = ChatPace(burst=3)
    for _ in range(3):
        pace.wait("amina", 100.0)

    assert [pace.wait("amina", 102.0) for _ in range(3)] == [0.0, 0.0, 1.0]
