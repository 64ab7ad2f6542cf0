"""Back to the question before, with her old answer on offer."""

from dialogs import phrases
from dialogs.asking_again import not_understood
from dialogs.moves import Moves
from dialogs.open_turn import OpenTurn
from dialogs.script import SILENT
from dialogs.session import NOWHERE, Place, Session


def go_back(turn: OpenTurn) -> None:
    """At the first question she stays."""
    before = _question_before(turn.moves, turn.session)
    if before is None:
        not_understood(turn, "first", phrases.FIRST)
        return
    turn.fresh_question(before, last=NOWHERE)
    turn.ask()


def _question_before(moves: Moves, session: Session) -> Place | None:
    """The question before hers on the way that her answers lead now."""
    before = None
    for place in moves.walk(session.answers):
        if place == session.at:
            break
        if place.step in moves.script.by_name and moves.script.step(place.step).kind not in SILENT:
            before = place
    return before
