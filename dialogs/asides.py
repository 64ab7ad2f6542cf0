"""What is asked beside the script: the menu, another language, a person, deleting, changing, a reminder."""

from collections.abc import Iterator, Sequence

from dialogs import help_card, phrases, reminding
from dialogs.asking import READ_TO_ME, Languages, Option, page_of, question_title, told
from dialogs.frozen import replace
from dialogs.moves import Moves
from dialogs.open_turn import OpenTurn
from dialogs.session import Session, TimerKind, Wish
from dialogs.turn import Button, Expects, Label, Phrase, Say

STOP: tuple[str, Phrase] = ("stop", phrases.STOP_REMINDERS)
"""The button that is there while she has a timer."""

_MENU: tuple[tuple[str, Phrase], ...] = (
    ("helpnow", phrases.HELP_NOW),
    ("pause", phrases.PAUSE),
    ("person", phrases.PERSON),
    ("language", phrases.LANGUAGE),
    ("leave", phrases.LEAVE),
    ("delete", phrases.DELETE),
)


def open_aside(turn: OpenTurn, aside: str, before: Sequence[Label] = ()) -> None:
    """Turn aside from where she is, and ask that. `before`: lines said first."""
    turn.change_mode(aside)
    turn.session = replace(turn.session, page=0)
    turn.new_token()
    ask_aside(turn, before)


def offer_reminder(turn: OpenTurn, kind: TimerKind, before: Sequence[Label] = ()) -> None:
    """She may choose whether and when we write to her once."""
    turn.session = replace(turn.session, wish=Wish(kind))
    open_aside(turn, "remind_day", before)


def ask_aside(turn: OpenTurn, before: Sequence[Label] = ()) -> None:
    """The question that is open beside the script. `before`: lines said first, in the same message."""
    session = turn.session
    question, buttons = _aside(turn.moves, session, turn.here.languages, turn.can_be_read)
    back = Button("go_on" if session.is_away else "return", phrases.GO_ON, kind="control")
    expects: Expects = "date" if session.mode == "remind_date" else "choice"
    card = turn.here.help_card if session.mode == "help" else ()
    shown = (*before, *(help_card.lines(card) if card else ()), question)
    calls = help_card.numbers(card)
    turn.says.append(Say(shown, (*buttons, back), expects, session.token, calls=calls))


def _aside(
    moves: Moves, session: Session, languages: Languages, reads: bool
) -> tuple[Phrase, Sequence[Button]]:
    question = _question(session)
    if question is not None:
        found = aside_options(moves, session, languages)
        return question, page_of(found, session.page, whole=session.mode == "language")
    return phrases.MENU_ASK, list(_menu(session, reads))


def _menu(session: Session, reads: bool) -> Iterator[Button]:
    controls = [Button(value, label, kind="control") for value, label in _MENU]
    yield from controls[:-2]
    if session.reads_aloud:
        yield Button("silent", phrases.STOP_READING, kind="control")
    elif reads:
        yield READ_TO_ME
    if session.timers:
        yield Button(*STOP, kind="control")
    yield from controls[-2:]


def _question(session: Session) -> Phrase | None:
    match session.mode:
        case "language":
            return phrases.LANGUAGE_ASK
        case "change":
            return phrases.CHANGE_ASK
        case "person":
            return with_manager(session, phrases.PERSON_ASK)
        case "help":
            return with_manager(session, phrases.HELP_ASK)
        case "help_sure":
            return phrases.HELP_SURE
        case "delete":
            return phrases.DELETE_ASK
        case "remind_day":
            return phrases.REMIND_ASK if session.is_away else phrases.FOLLOW_UP_ASK
        case "remind_date":
            return phrases.REMIND_WHICH_DAY
        case "remind_hour":
            return phrases.REMIND_WHEN
        case _:
            return None


def with_manager(session: Session, phrase: Phrase) -> Phrase:
    """The phrase with the name of her case manager."""
    manager = session.facts.get("case_manager") or phrases.YOUR_CASE_MANAGER
    return Phrase(phrase.context, phrase.text, {"case_manager": manager})


def aside_options(moves: Moves, session: Session, languages: Languages) -> tuple[Option, ...]:
    """What can be chosen there; empty for the menu, whose buttons are commands, and for a date."""
    match session.mode:
        case "language":
            return tuple(Option(code, name, language=code) for code, name in languages)
        case "change":
            return _answers_to_change(moves, session)
        case "person" | "delete" | "help" | "help_sure":
            return (Option("yes", phrases.YES), Option("no", phrases.NO))
        case "remind_day":
            return reminding.DAYS
        case "remind_hour":
            return reminding.HOURS
        case _:
            return ()


def _answers_to_change(moves: Moves, session: Session) -> tuple[Option, ...]:
    about = moves.script.step(session.at.step).about
    return tuple(
        Option(f"{place.step}#{place.round}", question_title(moves.script, session, place))
        for place in told(moves, session, about)
    )
