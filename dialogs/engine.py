"""One message in, one turn out. Pure: the same arguments always give the same turn."""

from dialogs import phrases, reminding
from dialogs.answering import answer
from dialogs.answering_aloud import answer_aloud
from dialogs.answering_asides import answer_aside
from dialogs.asides import open_aside
from dialogs.asking_again import MOVABLE, not_understood, stale
from dialogs.being_away import go_away, resume, say_away, stay_away
from dialogs.choosing_a_reminder import stop_reminders
from dialogs.commands import command_in, obey
from dialogs.frozen import replace
from dialogs.going_on import arrive, go_on
from dialogs.help_card import asks_for_help, nearly_asks_for_help, say_card
from dialogs.moves import Moves
from dialogs.open_turn import Here, OpenTurn
from dialogs.ringing import ring
from dialogs.said import Command, Rang, Said, Tap, Text, Voice
from dialogs.session import NOWHERE, REMINDING, Session
from dialogs.turn import StaleTap, Turn
from dialogs.understand import LONGEST

__all__ = ["Here", "reply"]


def reply(moves: Moves, session: Session, said: Said, here: Here) -> Turn:
    """Answer one message. What cannot be read leaves the session where it was."""
    turn = OpenTurn(moves, session, said, here)
    if isinstance(said, Rang):
        ring(turn, said)
    elif is_away_or_new(session) and _wants_help(turn, said):
        say_help_while_away(turn)
    elif session.mode == "new":
        _before_beginning(turn, said)
    elif isinstance(said, Text) and len(said.words) > LONGEST:
        not_understood(turn, "too_long", phrases.TOO_LONG)
    elif session.is_away:
        _while_away(turn, said)
    elif _wants_help(turn, said):
        open_aside(turn, "help")
    elif (command := command_in(turn, said)) is not None:
        obey(turn, command)
    elif isinstance(said, Text) and _may_want_help(turn):
        turn.session = replace(turn.session, held=said.words)
        open_aside(turn, "help_sure")
    else:
        _to_what_is_asked(turn, said)
    return turn.close()


def is_away_or_new(session: Session) -> bool:
    """Somebody else may hold the phone, or nothing was said yet: words must tell nothing."""
    return session.mode == "new" or session.is_away


def _wants_help(turn: OpenTurn, said: Said) -> bool:
    if isinstance(said, Text):
        return asks_for_help(turn)
    return said == Command("helpnow") or (isinstance(said, Tap) and said.value == "helpnow")


def _may_want_help(turn: OpenTurn) -> bool:
    """Something like it, in her own words, where she is in the conversation."""
    return turn.session.mode == "talking" and nearly_asks_for_help(turn)


def say_help_while_away(turn: OpenTurn) -> None:
    """The numbers, and the button to go on; nobody is told, since nobody was asked."""
    say_card(turn)
    if turn.session.mode == "new":
        say_away(turn, phrases.STILL_AWAY, turn.here.token)
    else:
        stay_away(turn)


def _before_beginning(turn: OpenTurn, said: Said) -> None:
    """Nothing is kept of her yet: words begin, but an old button or leaving in a hurry does not."""
    if isinstance(said, Tap) and said.value != "go_on":
        turn.events.append(StaleTap())
        say_away(turn, phrases.STILL_AWAY, turn.here.token)
    elif isinstance(said, Command) and said.name == "leave":
        say_away(turn, phrases.LEFT, turn.here.token)
    else:
        turn.change_mode("begin")
        go_on(turn, NOWHERE)


def _while_away(turn: OpenTurn, said: Said) -> None:
    """Paused or left: only "go on" opens it again, since somebody else may hold the phone."""
    if _wants_on(turn, said):
        resume(turn)
    elif isinstance(said, Command) and said.name == "leave":
        go_away(turn, "leave", phrases.LEFT)
    elif command_in(turn, said) == "stop":
        stop_reminders(turn)
    elif isinstance(said, Tap | Text) and _chooses_a_reminder(turn, said):
        answer_aside(turn, said)
    else:
        stay_away(turn)


def _wants_on(turn: OpenTurn, said: Said) -> bool:
    if isinstance(said, Tap):
        return said.value == "go_on" and said.token == turn.session.token
    if isinstance(said, Text):
        return turn.is_typed(phrases.GO_ON)
    return isinstance(said, Command) and said.name == "again"


def _chooses_a_reminder(turn: OpenTurn, said: Tap | Text) -> bool:
    """Whether it answers the question that is open while she is away. Other words are no wish for one."""
    if turn.session.mode not in REMINDING or said.token not in (None, turn.session.token):
        return False
    return turn.session.mode != "remind_day" or turn.chosen(said, reminding.DAYS) is not None


def _to_what_is_asked(turn: OpenTurn, said: Said) -> None:
    """To the question on her screen, in the script or beside it, if it is that one she means."""
    too_early = phrases.STALE if isinstance(said, Tap) else phrases.TOO_EARLY
    if turn.session.moved and turn.session.mode in MOVABLE:
        turn.events.append(StaleTap())
        arrive(turn, (too_early,))
    elif not isinstance(said, Tap | Text | Voice):
        not_understood(turn, "unreadable", phrases.UNREADABLE)
    elif said.token not in (None, turn.session.token):
        stale(turn, too_early)
    elif isinstance(said, Voice):
        answer_aloud(turn, said)
    elif turn.session.mode == "talking":
        answer(turn, said)
    else:
        answer_aside(turn, said)
