"""What she said is read back and shared anew. Her old decisions are cleared, and kept as history."""

from dialogs.coming_back import is_about_sharing, sharing_part
from dialogs.frozen import replace
from dialogs.going_on import end, go_on, has_time_for
from dialogs.open_turn import OpenTurn
from dialogs.session import NOWHERE, Place


def revise(turn: OpenTurn) -> None:
    """Read back and share once more, if the script shares anything."""
    if not any(is_about_sharing(turn.moves, Place(step.name)) for step in turn.script.steps):
        end(turn)
        return
    share_anew(turn)
    has_time_for(turn, sharing_part(turn.script))
    turn.session = replace(turn.session, part="")
    turn.change_mode("return_")
    go_on(turn, NOWHERE)


def share_anew(turn: OpenTurn) -> None:
    """Clear what she decided about sharing. What she says just now, where she is, stays."""
    for place, answer in turn.session.answers.items():
        is_hers = place != turn.session.at and is_about_sharing(turn.moves, place)
        if is_hers and answer.state != "not_asked":
            turn.clear(place)
    heard = frozenset(place for place in turn.session.heard if not is_about_sharing(turn.moves, place))
    turn.session = replace(turn.session, heard=heard)
