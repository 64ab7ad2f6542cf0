"""What she sent before she saw the question: two quick messages, or hers overtook ours."""

from dialogs import phrases
from dialogs.asking_again import not_understood
from dialogs.frozen import replace
from dialogs.open_turn import OpenTurn
from dialogs.said import Text, Voice
from dialogs.turn import Answered
from dialogs.understand import LONGEST

_TELEGRAM_KEEPS = 24 * 60 * 60
"""Seconds that a text waits for us at Telegram."""


def was_sent_before(turn: OpenTurn, said: Text | Voice) -> bool:
    """Whether she sent this before the question was asked.

    Telegram's times are whole seconds, and it keeps texts for a day; anything older is no real time.
    Two clocks are compared, so what they differ by at the least is taken off.
    """
    asked = turn.session.asked_at
    if said.sent_at is None or asked is None:
        return False
    took = (turn.here.now - said.sent_at).total_seconds()
    lag = took if turn.session.lag is None else min(took, turn.session.lag)
    if lag != turn.session.lag:
        turn.session = replace(turn.session, lag=lag)
    early = (asked - said.sent_at).total_seconds()
    return early < _TELEGRAM_KEEPS and early - lag >= 1


def add_to_last(turn: OpenTurn, words: str) -> None:
    """They belong to the question she answered last, if that was in words."""
    place = turn.session.last
    step, old = turn.script.by_name.get(place.step), turn.session.answers.get(place)
    if step is None or step.kind != "text" or old is None or old.state != "answered" or old.voice:
        not_understood(turn, "late", phrases.TOO_EARLY)
        return
    longer = f"{old.words}\n{words}"
    if len(longer) > LONGEST:
        not_understood(turn, "too_long", phrases.TOO_LONG)
        return
    answer = replace(old, words=longer, value=(longer,), at=turn.here.now)
    turn.session = replace(turn.session, answers={**turn.session.answers, place: answer})
    turn.events.append(Answered(place, answer))
    turn.ask((phrases.LATE,))
