"""What she did cannot be taken here: it is noted without her words, and she is kindly asked again."""

from dialogs.asides import ask_aside
from dialogs.being_away import stay_away
from dialogs.going_on import arrive, say_end
from dialogs.open_turn import OpenTurn
from dialogs.turn import NotUnderstood, Phrase, StaleTap

MOVABLE = ("talking", "change", "ended")
"""Modes in which her screen shows something of the script, which another version may have otherwise."""


def not_understood(turn: OpenTurn, why: str, note: Phrase) -> None:
    """It cannot be read as an answer. `why` is a key such as "number"."""
    turn.events.append(NotUnderstood(why))
    _ask_again(turn, note)


def stale(turn: OpenTurn, note: Phrase) -> None:
    """It belongs to an earlier question."""
    turn.events.append(StaleTap())
    _ask_again(turn, note)


def _ask_again(turn: OpenTurn, note: Phrase) -> None:
    mode = turn.session.mode
    if turn.session.moved and mode in MOVABLE:
        arrive(turn, (note,))
    elif mode == "talking":
        turn.ask((note,))
    elif mode in ("paused", "left"):
        stay_away(turn)
    elif mode == "ended":
        say_end(turn, (note,))
    else:
        ask_aside(turn, (note,))
