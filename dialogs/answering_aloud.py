"""She speaks her answer instead of writing it: it is kept as it is, wherever she may use her own words."""

from dialogs import phrases
from dialogs.asking import must_be_written
from dialogs.asking_again import not_understood
from dialogs.frozen import replace
from dialogs.going_on import go_on
from dialogs.open_turn import OpenTurn
from dialogs.said import Voice
from dialogs.session import Answer
from dialogs.too_early import was_sent_before

MOST_RECORDINGS = 200
"""Of one conversation: about three for each open question of the reflection. A disk has an end."""


def answer_aloud(turn: OpenTurn, voice: Voice) -> None:
    """What cannot be kept leaves her where she is. Nobody adds a recording to another answer."""
    if turn.session.mode == "talking" and was_sent_before(turn, voice):
        not_understood(turn, "late", phrases.TOO_EARLY)
    elif not _may_speak(turn):
        not_understood(turn, "voice", phrases.VOICE_NOT_HERE)
    elif voice.problem == "too_long":
        not_understood(turn, "too_long", phrases.VOICE_TOO_LONG)
    elif voice.problem == "lost":
        not_understood(turn, "lost", phrases.VOICE_LOST)
    else:
        _keep(turn, voice)


def _may_speak(turn: OpenTurn) -> bool:
    if turn.session.mode != "talking" or turn.session.recordings >= MOST_RECORDINGS:
        return False
    step = turn.script.step(turn.session.at.step)
    return step.kind == "text" and not must_be_written(step)


def _keep(turn: OpenTurn, voice: Voice) -> None:
    answer = Answer("answered", value=("",), voice=voice.ref, seconds=voice.seconds)
    turn.keep(turn.session.at, answer)
    turn.session = replace(turn.session, recordings=turn.session.recordings + 1)
    turn.say_first((phrases.VOICE_KEPT,))
    go_on(turn, turn.session.at)
