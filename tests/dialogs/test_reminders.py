"""Reminders: she chooses whether and when; then one neutral message, and nothing if she has moved on."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from dialogs import reminding
from dialogs.said import Command, CommandName, Rang, Text
from dialogs.session import Answer, Place
from dialogs.turn import Deleted
from locales.catalogue import CLIENT_LANGUAGES
from tests.dialogs.talking import NINE, Amina, talk_through

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
REMINDER = "Hello. You asked me to write to you. Press “Go on” if you want to continue."


def amina_talks(language: str = "en") -> Amina:
    """On Telegram, at her small step, on Sunday 22 November 2026, a little after ten in Amsterdam."""
    amina = talk_through(part="my_step", language=language)
    amina.reachable, amina.zone = True, AMSTERDAM
    return amina


def paused(*choices: str) -> Amina:
    """She pauses and taps these."""
    amina = amina_talks()
    amina.does("pause")
    amina.taps(*choices)
    return amina


# ── choosing ─────────────────────────────────────────────────────────────────────────────────────


def test_who_pauses_is_away_at_once_and_may_choose_a_reminder() -> None:
    amina = paused()

    assert amina.hears("We pause here.")
    assert amina.buttons == [
        "No reminder",
        "Tomorrow",
        "In 3 days",
        "In a week",
        "On a day that I choose",
        "Go on",
    ]
    assert amina.session.is_away
    assert amina.session.timers == ()


def test_who_chooses_nothing_gets_no_reminder() -> None:
    amina = paused()

    amina.says("hello?")

    assert amina.heard == ["Hello. Press “Go on” if you want to continue."]
    assert amina.session.mode == "paused"
    assert amina.session.timers == ()


def test_no_reminder_is_a_choice_like_the_others() -> None:
    amina = paused("No reminder")

    assert amina.heard == ["All right. I will not write to you."]
    assert (amina.session.mode, amina.session.timers) == ("paused", ())


@pytest.mark.parametrize(
    ("day", "hour", "due"),
    [
        ("Tomorrow", "In the morning, at 9:00", datetime(2026, 11, 23, 8, 0, tzinfo=UTC)),
        ("In 3 days", "In the afternoon, at 14:00", datetime(2026, 11, 25, 13, 0, tzinfo=UTC)),
        ("In a week", "In the evening, at 19:00", datetime(2026, 11, 29, 18, 0, tzinfo=UTC)),
    ],
)
def test_a_reminder_comes_on_her_day_and_in_her_hour(day: str, hour: str, due: datetime) -> None:
    amina = paused(day, hour)

    (timer,) = amina.session.timers
    assert (timer.kind, timer.due) == ("resume", due)
    assert amina.hears("All right. I write to you once: November")
    assert amina.buttons == ["Go on"]


def test_day_and_hour_can_be_typed_too() -> None:
    amina = paused()

    amina.says("tomorrow", "2")

    assert amina.session.timers[0].due == datetime(2026, 11, 23, 13, 0, tzinfo=UTC)


def test_tomorrow_is_the_day_after_hers_not_after_ours() -> None:
    amina = amina_talks()
    amina.waits(datetime(2026, 11, 22, 23, 30, tzinfo=UTC))  # half past midnight on Monday, where she is
    amina.does("pause")

    amina.taps("Tomorrow", "In the morning, at 9:00")

    assert amina.session.timers[0].due == datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


def test_she_can_name_a_day() -> None:
    amina = paused("On a day that I choose")

    amina.says("1-2-2027")
    amina.taps("In the morning, at 9:00")

    assert amina.session.timers[0].due == datetime(2027, 2, 1, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize("day", ["22-11-2026", "21-11-2026", "24-11-2027", "some day"])
def test_a_day_that_cannot_be_is_asked_for_again(day: str) -> None:
    amina = paused("On a day that I choose")

    amina.says(day)

    assert amina.hears("On which day?")
    assert amina.session.mode == "remind_date"
    assert amina.session.is_away


def test_where_we_cannot_write_to_her_no_reminder_is_offered() -> None:
    amina = talk_through(part="my_step")

    amina.does("pause")

    assert amina.buttons == ["Go on"]
    assert amina.session.mode == "paused"


def test_while_a_reminder_is_being_chosen_nothing_but_go_on_opens_the_conversation() -> None:
    for choices in ((), ("Tomorrow",), ("On a day that I choose",)):
        amina = paused(*choices)

        amina.sends(Command("back"))

        assert amina.heard == ["Hello. Press “Go on” if you want to continue."]
        assert amina.session.mode == "paused"


def test_an_old_choice_of_a_day_sets_no_reminder() -> None:
    amina = paused()
    old = amina.tap("Tomorrow")
    amina.taps("No reminder")

    amina.sends(old)

    assert amina.session.timers == ()
    assert amina.session.mode == "paused"


def test_going_on_opens_where_she_was_and_drops_the_reminder() -> None:
    amina = paused("Tomorrow", "In the morning, at 9:00")

    amina.taps("Go on")

    assert amina.at == Place("step")
    assert amina.session.timers == ()


def test_pausing_again_makes_no_second_reminder() -> None:
    amina = paused("Tomorrow", "In the morning, at 9:00")
    amina.taps("Go on")
    amina.does("pause")

    amina.taps("In a week", "In the morning, at 9:00")

    assert len(amina.session.timers) == 1


@pytest.mark.parametrize("language", CLIENT_LANGUAGES)
def test_pausing_is_said_in_every_language(language: str) -> None:
    amina = amina_talks(language)

    amina.does("pause")
    amina.says("2", "1")

    assert len(amina.session.timers) == 1
    amina.is_rung()
    assert len(amina.heard) == 1


# ── ringing ──────────────────────────────────────────────────────────────────────────────────────


def test_a_reminder_is_one_neutral_message_with_go_on() -> None:
    amina = paused("Tomorrow", "In the morning, at 9:00")

    amina.is_rung()

    assert amina.heard == [REMINDER]
    assert amina.buttons == ["Go on"]
    assert amina.session.timers == ()
    amina.taps("Go on")
    assert amina.at == Place("step")


def test_the_go_on_from_before_the_reminder_is_still_good() -> None:
    amina = paused("Tomorrow", "In the morning, at 9:00")
    go_on = amina.tap("Go on")
    amina.is_rung()

    amina.sends(go_on)

    assert amina.at == Place("step")


def test_a_timer_rings_once() -> None:
    amina = paused("Tomorrow", "In the morning, at 9:00")
    (timer,) = amina.session.timers
    amina.is_rung()
    before = amina.session

    turn = amina.sends(Rang(timer.kind, timer.token))

    assert (turn.session, turn.events, turn.says) == (before, (), ())


def test_a_timer_of_the_past_changes_and_says_nothing() -> None:
    amina = paused("Tomorrow", "In the morning, at 9:00")
    (timer,) = amina.session.timers
    amina.taps("Go on")
    before = amina.session

    turn = amina.sends(Rang(timer.kind, timer.token))

    assert (turn.session, turn.events, turn.says) == (before, (), ())


def test_a_timer_says_nothing_before_she_ever_began() -> None:
    amina = talk_through()
    amina.turned(mode="new")

    assert amina.sends(Rang("resume", "t")).says == ()


@pytest.mark.parametrize("hour", [0, 5, 21, 23])
def test_a_late_reminder_waits_for_daytime(hour: int) -> None:
    amina = paused("Tomorrow", "In the morning, at 9:00")
    (timer,) = amina.session.timers
    amina.waits(datetime(2026, 12, 5, hour, 10, tzinfo=AMSTERDAM))  # the server was down for long

    turn = amina.sends(Rang(timer.kind, timer.token))

    assert turn.says == ()
    (later,) = amina.session.timers
    assert later.due == datetime(2026, 12, 5 if hour < 9 else 6, 8, 0, tzinfo=UTC)
    assert len(amina.is_rung().says) == 1


def test_who_left_in_a_hurry_is_reminded_in_the_same_neutral_words() -> None:
    amina = paused("Tomorrow", "In the morning, at 9:00")
    amina.does("leave")

    amina.is_rung()

    assert amina.heard == [REMINDER]


# ── stopping ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("how", [Text("/stop"), Text("Stop reminders"), Command("stop")])
def test_reminders_can_be_stopped_also_while_she_is_away(how: Text | Command) -> None:
    amina = paused("Tomorrow", "In the morning, at 9:00")

    amina.sends(how)

    assert amina.session.timers == ()
    assert amina.heard == ["All right. I will not write to you by myself any more."]
    assert amina.session.mode == "paused"


def test_reminders_can_be_stopped_in_the_menu_when_there_are_any() -> None:
    amina = at_the_end()
    amina.does("menu")
    assert "Stop reminders" not in amina.buttons
    amina.taps("Go on")
    amina = at_the_end("Tomorrow", "In the morning, at 9:00")
    amina.does("menu")

    amina.taps("Stop reminders")

    assert amina.session.timers == ()
    assert amina.session.mode == "ended"


def test_who_deletes_everything_has_no_timers_left() -> None:
    amina = at_the_end("Tomorrow", "In the morning, at 9:00")
    amina.does("delete")

    amina.taps("Yes")

    assert amina.has_events(Deleted)


# ── the follow-up on her step ────────────────────────────────────────────────────────────────────


def at_the_end(*choices: str, what: str = "Call the school") -> Amina:
    """She has a step, came to the end of the first visit, and taps these."""
    amina = amina_talks()
    amina.says(what)
    amina.skips_to("share.my_step")
    amina.taps("Yes, share this")
    for _ in range(6):
        if amina.session.mode == "talking":
            amina.does("skip")
    amina.taps(*(choices or ("No reminder",)))
    return amina


def test_at_the_end_she_may_choose_to_be_asked_how_her_step_went() -> None:
    amina = at_the_end("In a week", "In the evening, at 19:00")

    (timer,) = amina.session.timers
    assert (timer.kind, timer.due) == ("follow_up", datetime(2026, 11, 29, 18, 0, tzinfo=UTC))
    assert amina.session.mode == "ended"


def test_without_a_step_nothing_is_offered_at_the_end() -> None:
    amina = amina_talks()

    amina.skips_to("call")
    amina.does("skip", "skip")

    assert amina.session.mode == "ended"
    assert "How my step went" not in amina.buttons


@pytest.mark.parametrize("aside", ["language", "menu", "person", "delete"])
def test_who_turns_to_something_else_while_choosing_a_reminder_chooses_none(aside: CommandName) -> None:
    amina = at_the_end("In a week")

    amina.does(aside)

    assert amina.session.wish is None
    amina.does("again")
    assert (amina.session.mode, amina.session.timers) == ("ended", ())


def test_who_wants_no_follow_up_is_not_asked_again() -> None:
    amina = at_the_end("No reminder")
    amina.taps("Change what I said or share", "This is right")

    while amina.session.mode == "talking":
        amina.does("skip")

    assert amina.session.mode == "ended"
    assert amina.session.timers == ()


def test_after_the_follow_up_go_on_leads_to_her_step() -> None:
    amina = at_the_end("In a week", "In the evening, at 19:00")

    amina.is_rung()

    assert amina.heard == [REMINDER]
    assert amina.session.is_away
    amina.taps("Go on")
    assert amina.at == Place("step_status")
    assert amina.hears("Your step was: “Call the school”. How did it go?")


def test_who_is_talking_just_now_is_not_disturbed() -> None:
    amina = at_the_end("Tomorrow", "In the morning, at 9:00")
    (timer,) = amina.session.timers
    amina.waits(timer.due - timedelta(minutes=5))
    amina.taps("Change what I said or share")
    before = amina.at
    amina.waits(timer.due)

    turn = amina.sends(Rang(timer.kind, timer.token))

    assert turn.says == ()
    assert amina.at == before
    assert amina.session.timers == (replace(timer, due=timer.due + timedelta(days=1)),)


def test_who_fell_silent_in_the_middle_is_reminded_and_goes_on_where_she_was() -> None:
    amina = at_the_end("In a week", "In the morning, at 9:00")
    amina.taps("Change what I said or share")
    before = amina.at

    amina.is_rung()

    assert amina.heard == [REMINDER]
    amina.taps("Go on")
    assert amina.at == before


def test_who_comes_back_by_herself_gets_no_follow_up_afterwards() -> None:
    amina = at_the_end("In a week", "In the morning, at 9:00")

    amina.taps("How my step went")

    assert amina.at == Place("step_status")
    assert amina.session.timers == ()


def test_on_the_first_visit_nothing_of_coming_back_is_asked() -> None:
    amina = at_the_end()

    assert amina.answer("step_status") is None
    steps = [amina.moves.script.by_name[place.step] for place in amina.session.answers]
    assert "coming_back" not in {step.part for step in steps}


def test_who_paused_at_the_end_and_goes_on_another_day_is_asked_about_her_step() -> None:
    amina = at_the_end()
    amina.does("leave")
    amina.waits(NINE + timedelta(days=1))

    amina.does("again")

    assert amina.at == Place("step_status")


def test_who_goes_on_the_same_day_is_not_asked_about_her_step_yet() -> None:
    amina = at_the_end()
    amina.does("leave")

    amina.does("again")

    assert amina.session.mode == "ended"


# ── coming back ──────────────────────────────────────────────────────────────────────────────────


def back(what: str = "Call the school") -> Amina:
    """She comes back on another day."""
    amina = at_the_end("In a week", "In the evening, at 19:00", what=what)
    amina.is_rung()
    amina.taps("Go on")
    return amina


def test_her_step_is_quoted_in_her_own_words_and_not_filled_in() -> None:
    amina = back("Call %(name)s at <b>9</b>")

    assert amina.hears("Your step was: “Call %(name)s at <b>9</b>”.")


def test_a_step_chosen_as_a_card_is_quoted_as_she_read_it() -> None:
    amina = amina_talks()
    amina.does("skip")
    amina.taps("Yes", "Make a phone call")
    amina.skips_to("share.my_step")
    while amina.session.mode == "talking":
        amina.does("skip")
    amina.taps("No reminder", "How my step went")

    assert amina.hears("Your step was: “Make a phone call”.")


def test_a_new_step_is_the_one_asked_about_next_time() -> None:
    amina = back()
    amina.taps("I did it")
    amina.says("That I can")
    amina.taps("A different step")
    amina.says("Visit the school", "Monday")
    amina.taps("No", "This is right", "Yes, share this", "Tomorrow", "In the morning, at 9:00")
    assert amina.session.mode == "ended"

    amina.is_rung()
    amina.taps("Go on")

    assert amina.hears("Your step was: “Visit the school”. How did it go?")
    assert amina.answer("next_step") is not None
    assert amina.session.answers[Place("next_step")].state == "not_asked"


def test_the_same_step_again_is_asked_about_again() -> None:
    amina = back()
    amina.taps("I did not do it")
    amina.does("skip")
    amina.taps("The same step, again")
    amina.says("Monday")
    amina.taps("No", "This is right", "No, keep it private", "No reminder", "How my step went")

    assert amina.hears("Your step was: “Call the school”. How did it go?")


def test_only_what_is_new_is_read_back_and_shared_when_nothing_else_has_changed() -> None:
    amina = back()
    amina.taps("I did it")
    amina.does("skip", "skip")

    amina.taps("No")

    assert amina.at == Place("your_words.coming_back")
    amina.taps("This is right")
    assert amina.at == Place("share.coming_back")
    amina.taps("Yes, share this")
    assert amina.session.mode == "remind_day"


def test_if_something_has_changed_everything_is_read_back_and_shared_anew() -> None:
    amina = back()
    amina.taps("I did it")
    amina.does("skip", "skip")

    amina.taps("Yes")

    assert amina.at == Place("your_words.my_step")
    amina.taps("This is right", "This is right")
    assert amina.at == Place("share.my_step")


def test_a_term_of_sharing_is_asked_for_anew_since_it_may_be_over() -> None:
    amina = back()
    amina.turned(
        answers={
            **amina.session.answers,
            Place("minutes"): Answer("answered", "About 20 minutes", ("20",)),
            Place("until"): Answer("answered", "For 3 months", ("3_months",)),
        }
    )
    amina.does("pause")
    amina.taps("No reminder", "Go on")
    while amina.session.mode == "talking":
        amina.does("skip") if amina.part != "sharing" else amina.says("1")
    amina.taps("No reminder")

    amina.taps("How my step went")

    assert amina.session.answers[Place("until")].state == "not_asked"


def test_what_was_put_off_is_asked_again_when_she_comes_back() -> None:
    amina = amina_talks()
    amina.says("Call the school")
    amina.skips_to("share.my_step")
    amina.taps("Ask me later")
    while amina.session.mode == "talking":
        amina.does("skip")
    amina.taps("No reminder", "How my step went", "I did it")
    amina.does("skip", "skip")

    amina.taps("No", "This is right")

    assert amina.at == Place("share.my_step")


def test_taking_a_pause_asks_why_and_then_when_to_ask_again() -> None:
    amina = back()
    amina.does("skip", "skip")
    amina.taps("No step for now")

    assert amina.at == Place("pause_why")
    amina.says("My mother is ill")
    amina.taps("No", "This is right", "No, keep it private")
    assert amina.hears("May I write to you once, on another day")
    amina.taps("In a week", "In the morning, at 9:00")
    assert [timer.kind for timer in amina.session.timers] == ["follow_up"]


# ── clocks ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("day", "hour", "utc"),
    [
        (date(2027, 3, 27), 9, 8),  # the day before the clocks go forward
        (date(2027, 3, 28), 9, 7),  # the day itself
        (date(2027, 10, 30), 9, 7),  # the day before they go back
        (date(2027, 10, 31), 9, 8),
    ],
)
def test_nine_in_the_morning_is_hers_whatever_the_clocks_do(day: date, hour: int, utc: int) -> None:
    due = reminding.moment(day, time(hour), AMSTERDAM)

    assert due == datetime.combine(day, time(utc), UTC)


def test_an_hour_that_the_clocks_leave_out_comes_an_hour_later() -> None:
    left_out = reminding.moment(date(2027, 3, 28), time(2, 30), AMSTERDAM)

    assert left_out.astimezone(AMSTERDAM).time() == time(3, 30)


def test_an_hour_that_comes_twice_is_the_first_of_the_two() -> None:
    twice = reminding.moment(date(2027, 10, 31), time(2, 30), AMSTERDAM)

    assert twice == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)


def test_what_is_put_off_keeps_its_hour_when_the_clocks_change() -> None:
    due = datetime(2027, 3, 27, 8, 0, tzinfo=UTC)  # nine, in winter time

    later = reminding.put_off(due, datetime(2027, 3, 27, 21, 0, tzinfo=UTC), AMSTERDAM)

    assert later == datetime(2027, 3, 28, 7, 0, tzinfo=UTC)  # nine, in summer time
