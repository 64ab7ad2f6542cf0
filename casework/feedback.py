"""What a woman says the questions got wrong: for those who write them, without her name, not in her case."""

from dataclasses import dataclass
from datetime import date

from dialogs.moves import Moves
from dialogs.session import Session
from dialogs.turn import Answered, Turn

_FEEDS = ("bias", "bias.what")


@dataclass(frozen=True, slots=True)
class Feedback:
    """`words` are hers, "" if she only said that something was wrong. It names nobody.

    `is_taken_back`: she changed her mind, and says now that nothing was wrong.
    """

    script: str
    version: str
    language: str
    words: str = ""
    is_taken_back: bool = False


@dataclass(frozen=True, slots=True)
class ReadFeedback:
    """As a coordinator reads it. `day`, not the moment: that could be matched with a case."""

    day: date
    told: Feedback


def feedback_in(moves: Moves, turn: Turn) -> Feedback | None:
    """What she says now, if she was asked in this turn; else None."""
    steps = moves.script.by_name
    asked = (e.place.step for e in turn.events if isinstance(e, Answered) and e.answer.state != "not_asked")
    if not any(name in steps and steps[name].feeds in _FEEDS for name in asked):
        return None
    return _said(moves, turn.session)


def _said(moves: Moves, session: Session) -> Feedback:
    script = moves.script
    hers = {
        script.by_name[place.step].feeds: answer
        for place, answer in session.answers.items()
        if place.step in script.by_name and answer.state == "answered"
    }
    bias, what = hers.get("bias"), hers.get("bias.what")
    wrong = bias is not None and bias.value == ("yes",)
    words = what.words if what is not None and wrong else ""
    return Feedback(script.name, script.version, session.language, words, is_taken_back=not wrong)
