"""She chooses whether and when we write to her once: a day, then an hour. Or she stops it."""

from datetime import date, time, timedelta

from dialogs import phrases, reminding
from dialogs.asides import ask_aside, offer_reminder
from dialogs.asking_again import not_understood
from dialogs.being_away import go_away, say_away
from dialogs.frozen import replace
from dialogs.going_on import return_to_question
from dialogs.open_turn import OpenTurn
from dialogs.session import REMINDING, Timer
from dialogs.turn import Label, Phrase
from dialogs.understand import read_date


def pause(turn: OpenTurn) -> None:
    """Away at once; if we can write to her, she may choose when."""
    if turn.here.reachable and turn.is_at_a_question:
        turn.next_visit()
        offer_reminder(turn, "resume", (phrases.PAUSED,))
    else:
        go_away(turn, "pause", phrases.PAUSED)


def day_chosen(turn: OpenTurn, key: str) -> None:
    """`key`: of one of `reminding.DAYS`."""
    if key == "none":
        _settled(turn, phrases.REMIND_NOT)
    elif key == "day":
        turn.change_mode("remind_date")
        turn.new_token()
        ask_aside(turn)
    else:
        today = reminding.today(turn.here.now, turn.here.zone)
        _day_known(turn, today + timedelta(days=reminding.DAYS_ON[key]))


def date_typed(turn: OpenTurn, words: str) -> None:
    """A day of her own."""
    day = read_date(words)
    if day is None:
        not_understood(turn, "date", phrases.NEED_DATE)
    elif not reminding.can_be(day, turn.here.now, turn.here.zone):
        not_understood(turn, "date", phrases.REMIND_TOO_FAR)
    else:
        _day_known(turn, day)


def _day_known(turn: OpenTurn, day: date) -> None:
    wish = turn.session.wish
    turn.session = replace(turn.session, wish=replace(wish, day=day) if wish else None)
    turn.change_mode("remind_hour")
    turn.new_token()
    ask_aside(turn)


def hour_chosen(turn: OpenTurn, key: str) -> None:
    """`key`: of one of `reminding.HOURS`. Now there is a timer."""
    wish = turn.session.wish
    if wish is None or wish.day is None:
        return_to_question(turn)
        return
    due = reminding.moment(wish.day, time(reminding.HOUR_OF[key]), turn.here.zone)
    turn.drop_timer(wish.kind)
    timer = Timer(wish.kind, due, turn.here.token)
    turn.session = replace(turn.session, timers=(*turn.session.timers, timer))
    hour = next(option.label for option in reminding.HOURS if option.key == key)
    params: dict[str, Label | date] = {"day": wish.day, "hour": hour}
    _settled(turn, Phrase(phrases.REMIND_SET.context, phrases.REMIND_SET.text, params))


def stop_reminders(turn: OpenTurn) -> None:
    """We write to her no more by ourselves."""
    turn.session = replace(turn.session, timers=())
    _settled(turn, phrases.STOPPED)


def _settled(turn: OpenTurn, words: Phrase) -> None:
    if turn.session.is_away:
        if turn.session.mode in REMINDING:
            turn.change_mode("pause")
        turn.new_token()
        say_away(turn, words, turn.session.token)
    else:
        return_to_question(turn, (words,))
