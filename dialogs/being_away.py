"""While she is away: she paused or left, somebody else may hold the phone, and the words are neutral."""

from dialogs import phrases
from dialogs.asking import LONGEST_NAME, chosen_name, shortened, told
from dialogs.coming_back import is_time_to_follow_up, to_follow_up
from dialogs.going_on import arrive, come_back, end
from dialogs.moves import Moves
from dialogs.open_turn import OpenTurn
from dialogs.session import REMINDING, Session
from dialogs.turn import Button, Label, Phrase, Say


def say_away(turn: OpenTurn, words: Phrase, token: str) -> None:
    """Neutral words, and one button."""
    button = Button("go_on", phrases.GO_ON, kind="control")
    turn.says.append(Say((words,), (button,), "choice", token))


def go_away(turn: OpenTurn, how: str, words: Phrase) -> None:
    """Pause or leave. A new visit begins, so that her screen shows no more than these neutral words."""
    turn.change_mode(how)
    turn.next_visit()
    turn.new_token()
    say_away(turn, words, turn.session.token)


def stay_away(turn: OpenTurn) -> None:
    """Whatever she did, it does not open the conversation."""
    if turn.session.mode in REMINDING:
        turn.change_mode("pause")
    say_away(turn, phrases.STILL_AWAY, turn.session.token)


# ── and back ──────────────────────────────────────────────────────────────────────────────────────


def resume(turn: OpenTurn) -> None:
    """She is welcome, told where we are, and asked what she was asked before."""
    turn.change_mode("resume")
    turn.drop_timer("resume")
    turn.next_visit()
    turn.says.append(Say(_recap(turn.moves, turn.session), quiet=True))
    _where_she_is(turn)


def _recap(moves: Moves, session: Session) -> tuple[Label, ...]:
    lines: list[Label] = [_welcome(moves, session)]
    current = moves.script.by_name.get(session.at.step)
    if done := _parts_done(moves, session, current.part if current else ""):
        lines.append(Phrase(phrases.PARTS_DONE.context, phrases.PARTS_DONE.text, {"parts": done}))
    if current is not None:
        part = moves.script.part(current.part)
        title = Phrase(part.context, part.title)
        lines.append(Phrase(phrases.WE_ARE_AT.context, phrases.WE_ARE_AT.text, {"part": title}))
    return tuple(lines)


def _welcome(moves: Moves, session: Session) -> Phrase:
    name = shortened(chosen_name(moves.script, session), LONGEST_NAME)
    if not name:
        return phrases.WELCOME
    return Phrase(phrases.WELCOME_BACK.context, phrases.WELCOME_BACK.text, {"name": name})


def _parts_done(moves: Moves, session: Session, current: str) -> tuple[Phrase, ...]:
    """Titles of the parts that she told something in, the one where she is excepted."""
    return tuple(
        Phrase(part.context, part.title)
        for part in moves.script.parts
        if not part.private and part.name != current and told(moves, session, part.name)
    )


def _where_she_is(turn: OpenTurn) -> None:
    """After coming back: the question she was at, or the end."""
    moves, session, here = turn.moves, turn.session, turn.here
    part = to_follow_up(moves, session)
    if session.moved:
        arrive(turn)
    elif turn.is_at_a_question:
        turn.new_token()
        turn.ask()
    elif part is not None and is_time_to_follow_up(moves, session, here.now, here.zone):
        come_back(turn, part)
    else:
        end(turn)
