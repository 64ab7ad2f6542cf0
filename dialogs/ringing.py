"""One of her timers is due: she is written to once, in neutral words."""

from dialogs import phrases, reminding
from dialogs.being_away import go_away, say_away
from dialogs.frozen import replace
from dialogs.open_turn import OpenTurn
from dialogs.said import Rang


def ring(turn: OpenTurn, rang: Rang) -> None:
    """If she has moved on since it was set, nothing is said or changed; at a bad moment it is put off."""
    found = [t for t in turn.session.timers if (t.kind, t.token) == (rang.kind, rang.token)]
    if not found:
        return
    turn.drop_timer(rang.kind)
    if _is_a_bad_moment(turn):
        due = reminding.put_off(found[0].due, turn.here.now, turn.here.zone)
        turn.session = replace(turn.session, timers=(*turn.session.timers, replace(found[0], due=due)))
        return
    if rang.kind == "follow_up":
        turn.session = replace(turn.session, follow_up="due")
    _remind(turn)


def _is_a_bad_moment(turn: OpenTurn) -> bool:
    """It is night where she is, or she is in the middle of talking."""
    asked = turn.session.asked_at
    is_talking = (
        not turn.session.is_away
        and asked is not None
        and abs(turn.here.now - asked) < reminding.STILL_TALKING
    )
    return is_talking or not reminding.is_her_hour(turn.here.now, turn.here.zone)


def _remind(turn: OpenTurn) -> None:
    if turn.session.mode in ("paused", "left"):  # "go on" on her screen stays good
        turn.next_visit()
        say_away(turn, phrases.REMINDER, turn.session.token)
    else:
        go_away(turn, "pause", phrases.REMINDER)
