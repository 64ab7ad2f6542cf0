"""She answers what is asked beside the script, or presses one of the buttons at the end."""

from collections.abc import Callable

from dialogs import phrases
from dialogs.answering import answer
from dialogs.asides import aside_options, ask_aside, open_aside, with_manager
from dialogs.asking_again import not_understood
from dialogs.choosing_a_reminder import date_typed, day_chosen, hour_chosen
from dialogs.coming_back import to_follow_up
from dialogs.frozen import replace
from dialogs.going_on import come_back, offers, return_to_question, talk_more
from dialogs.open_turn import OpenTurn
from dialogs.revising import revise
from dialogs.said import Tap, Text
from dialogs.session import Place
from dialogs.turn import Deleted, PersonAsked, Say


def answer_aside(turn: OpenTurn, said: Tap | Text) -> None:
    """What is unclear leaves her where she is."""
    found = aside_options(turn.moves, turn.session, turn.here.languages)
    if isinstance(said, Tap) and said.value == "page":
        turn.session = replace(turn.session, page=turn.session.page + 1)
        turn.new_token()
        ask_aside(turn)
    elif isinstance(said, Tap) and said.value == "return":
        return_to_question(turn)
    elif turn.session.mode == "ended" and (chosen := _chosen_at_the_end(turn, said)) is not None:
        chosen()
    elif isinstance(said, Text) and turn.is_typed(phrases.GO_ON):
        return_to_question(turn)
    elif isinstance(said, Text) and turn.session.mode == "remind_date":
        date_typed(turn, said.words)
    elif (index := turn.chosen(said, found)) is None:
        not_understood(turn, "choice", phrases.CHOOSE)
    else:
        _chosen(turn, found[index].key)


def _chosen_at_the_end(turn: OpenTurn, said: Tap | Text) -> Callable[[], None] | None:
    """What one of the buttons at the end does; None for all that is always at hand."""
    value = said.value if isinstance(said, Tap) else ""
    if value == "revise" or turn.is_typed(phrases.CHANGE_OR_SHARE):
        return lambda: revise(turn)
    part = to_follow_up(turn.moves, turn.session)
    if part is not None and (value == "follow_up" or turn.is_typed(phrases.HOW_IT_WENT)):
        return lambda: come_back(turn, part)
    if (value == "more" or turn.is_typed(phrases.TALK_MORE)) and offers(turn):
        return lambda: talk_more(turn)
    return None


def _chosen(turn: OpenTurn, key: str) -> None:
    match turn.session.mode:
        case "language":
            turn.session = replace(turn.session, language=key)
            return_to_question(turn, (phrases.LANGUAGE_CHANGED,))
        case "person":
            _person(turn, is_wanted=key == "yes")
        case "help":
            _help(turn, is_wanted=key == "yes")
        case "help_sure":
            _help_after_all(turn, is_wanted=key == "yes")
        case "delete":
            _delete(turn, is_wanted=key == "yes")
        case "remind_day":
            day_chosen(turn, key)
        case "remind_hour":
            hour_chosen(turn, key)
        case _:
            _change(turn, key)


def _person(turn: OpenTurn, *, is_wanted: bool) -> None:
    if not is_wanted:
        return_to_question(turn, (phrases.PERSON_NOT_TOLD,))
        return
    turn.session = replace(turn.session, asked_for_help=True)
    turn.events.append(PersonAsked())
    return_to_question(turn, (with_manager(turn.session, phrases.PERSON_TOLD),))


def _help(turn: OpenTurn, *, is_wanted: bool) -> None:
    """She has the numbers; her case manager hears of it only if she says so."""
    if not is_wanted:
        return_to_question(turn, (phrases.HELP_NOT_TOLD,))
        return
    turn.session = replace(turn.session, asked_for_help=True)
    turn.events.append(PersonAsked())
    return_to_question(turn, (with_manager(turn.session, phrases.HELP_TOLD),))


def _help_after_all(turn: OpenTurn, *, is_wanted: bool) -> None:
    """If she meant no help, her words are an answer like any other."""
    held = Text(turn.session.held)
    turn.session = replace(turn.session, held="")
    if is_wanted:
        open_aside(turn, "help")
    elif turn.is_at_a_question and not turn.session.moved:
        turn.change_mode("return_")
        answer(turn, held)
    else:
        return_to_question(turn)


def _delete(turn: OpenTurn, *, is_wanted: bool) -> None:
    if not is_wanted:
        return_to_question(turn)
        return
    turn.events.append(Deleted())
    turn.says.append(Say((phrases.DELETED,)))


def _change(turn: OpenTurn, key: str) -> None:
    """To the question whose answer she wants to change."""
    step, _, round_ = key.rpartition("#")
    turn.change_mode("return_")
    turn.fresh_question(Place(step, int(round_)), turn.session.last)
    turn.ask()
