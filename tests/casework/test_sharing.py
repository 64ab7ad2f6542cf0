"""The summary holds what she shared and nothing of the rest, not even how much there was."""

from dataclasses import asdict, replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casework.sharing import ask_for_help, summarise, withdraw
from casework.summary import Ambition, Change, Flags, Summary
from dialogs.session import Answer, Place, Session
from dialogs.turn import HandedOver
from tests.dialogs.talking import NINE, Amina, moves_of, talk_through
from tests.fakes.desk import short_summary

HOPES = ("A small shop", "A teacher", "My grandmother", "Sing", "To swim", "My own wish")
BREAD = ("Bread", "Up at four", "In time", "No flour", "The selling", "Nobody hungry", "2009-2014", "1")
FORMS = ("Forms", "Long queues", "Patience", "Which form", "The deciding", "They trusted me", "2020", "2")
STEP = (
    "Call the school",
    "I have a date",
    "Monday at home",
    "4",
    "Look it up",
    "Shy",
    "Ask Leyla",
    "My sister",
)


NOTHING_ELSE = "/skip"
"""She is offered other things to talk about, and wants none."""


def told_all() -> Amina:
    """She told everything, and stands before the first question of sharing."""
    amina = talk_through()
    amina.says(
        "1", "Nour", "1", "1", "3", *HOPES, *BREAD, "yes", *FORMS, "no", NOTHING_ELSE, *STEP, "1", "1", "1"
    )
    assert amina.at == Place("share.hopes")
    return amina


def summary(amina: Amina, last: Summary | None = None) -> Summary | None:
    """What is handed over once she came to the end."""
    assert amina.session.mode == "ended"
    return summarise(amina.moves, amina.session, "s1", amina.now, last)


def shared(*decisions: str) -> Summary:
    """The summary after these decisions, one a part; no partners, no end, no call."""
    amina = told_all()
    amina.says(*decisions, "no", "1", "no", "no")
    found = summary(amina)
    assert found is not None
    return found


def all_words(found: Summary | None) -> str:
    return repr(asdict(found)) if found else ""


# ── what is in it ────────────────────────────────────────────────────────────────────────────────


def test_a_shared_part_is_in_it_whole_and_in_her_words() -> None:
    found = shared("yes", "no", "no")

    assert [answer.verbatim for answer in found.answers] == list(HOPES)
    assert {answer.part for answer in found.answers} == {"hopes"}
    assert found.ambitions[0] == Ambition("good_life", "A small shop", "en", "mine")
    assert {ambition.own_wish for ambition in found.ambitions[1:]} == {"unsaid"}
    assert found.summary.client == "Nour"
    assert found.summary.parts_done == ("hopes",)
    assert found.summary.parts_skipped == (
        "stories",
        "can_do",
        "later",
        "worries",
        "people",
        "where_am_i",
        "my_step",
    )


def test_choices_have_their_keys_and_open_words_have_none() -> None:
    found = shared("yes", "no", "no")

    values = {answer.question: answer.value for answer in found.answers}
    assert values["own_wish"] == ("mine",)
    assert values["good_life"] == ()


def test_a_part_she_keeps_is_nowhere_in_it() -> None:
    found = shared("yes", "no", "no")

    for words in (*BREAD[:-2], *FORMS[:-2], *STEP[:3], *STEP[4:]):
        assert words not in all_words(found)
    assert (found.experiences, found.step) == ((), None)


def test_a_skipped_question_of_a_shared_part_is_said_to_be_declined() -> None:
    amina = talk_through(part="hopes")
    amina.says("A small shop")
    amina.skips_to("share.hopes")
    amina.says("yes", "no", "1", "no", "no")

    found = summary(amina)

    assert found is not None
    assert [(a.question, a.state) for a in found.answers[:2]] == [
        ("good_life", "answered"),
        ("dream", "declined"),
    ]


def test_the_story_is_told_in_its_own_fields() -> None:
    first, second = shared("no", "yes", "no").experiences

    assert (first.title, first.day, first.tasks, first.decided) == BREAD[:4]
    assert (first.not_her_tasks, first.proud_of, first.period) == BREAD[4:7]
    assert len(first.kind) == 1
    assert second.title == "Forms"


def test_the_step_is_told_in_its_own_fields() -> None:
    step = shared("no", "no", "yes").step

    assert step is not None
    assert (step.what, step.done_when, step.when_where, step.confidence, step.smaller) == (
        *STEP[:3],
        4,
        STEP[4],
    )
    assert (step.obstacle, step.if_then, step.who_knows, step.status) == (*STEP[5:], "planned")


# ── only some, later, nothing ────────────────────────────────────────────────────────────────────


def test_only_some_of_a_part() -> None:
    amina = told_all()
    amina.says("some", "1 3", "no", "no", "no", "1", "no", "no")

    found = summary(amina)

    assert found is not None
    assert [answer.verbatim for answer in found.answers] == ["A small shop", "My grandmother"]
    assert len(found.ambitions) == 2


def test_one_story_of_two_looks_as_if_it_were_the_only_one() -> None:
    amina = told_all()
    amina.says("no", "some", "2", "no", "no", "1", "no", "no")

    found = summary(amina)

    assert found is not None
    assert [story.title for story in found.experiences] == ["Forms"]
    assert {answer.round for answer in found.answers} == {1}
    assert "Bread" not in all_words(found)


def test_only_some_leaves_out_what_she_declined() -> None:
    amina = talk_through(part="stories")
    amina.says("Bread")
    amina.skips_to("share.stories")
    amina.says("some", "1", "no", "1", "no", "no")

    found = summary(amina)

    assert found is not None
    assert [answer.question for answer in found.answers] == ["story"]


def test_only_some_without_choosing_shares_nothing() -> None:
    amina = told_all()
    amina.says("some")
    amina.does("skip")
    amina.says("no", "no", "no", "no")

    assert summary(amina) is None
    assert amina.hears("You keep everything to yourself.")


def test_later_shares_nothing_now() -> None:
    found = shared("later", "yes", "no")

    assert {answer.part for answer in found.answers} == {"stories"}


def test_skipping_the_question_shares_nothing() -> None:
    amina = told_all()
    amina.does("skip", "skip", "skip", "skip", "skip")

    assert summary(amina) is None


def test_nothing_shared_is_no_summary() -> None:
    amina = told_all()
    amina.says("no", "no", "later", "no", "no")

    assert summary(amina) is None
    assert not amina.has_events(HandedOver)


# ── with whom and until when ─────────────────────────────────────────────────────────────────────


def test_only_her_case_manager_unless_she_says_partners() -> None:
    found = shared("yes", "no", "no")

    assert {answer.share.people for answer in found.answers} == {("case_manager",)}
    assert {answer.share.until for answer in found.answers} == {None}
    assert {answer.share.revoked_at for answer in found.answers} == {None}


def test_partners_when_she_says_so() -> None:
    amina = told_all()
    amina.says("yes", "no", "no", "yes", "The school", "1", "no", "no")

    found = summary(amina)

    assert found is not None
    assert {answer.share.people for answer in found.answers} == {("case_manager", "partners")}


def test_partners_skipped_means_no() -> None:
    amina = told_all()
    amina.says("yes", "no", "no")
    amina.does("skip", "skip", "skip", "skip")

    found = summary(amina)

    assert found is not None
    assert {answer.share.people for answer in found.answers} == {("case_manager",)}


def until(*lines: str) -> date | None:
    amina = told_all()
    amina.says("yes", "no", "no", "no", *lines, "no", "no")
    found = summary(amina)
    assert found is not None
    return found.answers[0].share.until


def test_until_she_says_stop() -> None:
    assert until("1") is None


def test_for_three_months_and_for_a_year() -> None:
    assert until("2") == date(2027, 2, 21)
    assert until("3") == date(2027, 11, 22)


def test_until_a_day_she_chooses() -> None:
    assert until("4", "٣١/١٢/٢٠٢٧") == date(2027, 12, 31)


# ── a call, help, something assumed ──────────────────────────────────────────────────────────────


def test_a_call_without_sharing_anything() -> None:
    amina = told_all()
    amina.says("no", "no", "no", "yes", "Tuesday morning", "1 2", "no")

    found = summary(amina)

    assert amina.has_events(HandedOver)
    assert found is not None
    assert found.answers == ()
    assert found.flags == Flags(wants_call=True, call_when="Tuesday morning", call_how=("phone", "message"))
    assert found.summary.client == "Nour"


def test_no_call_says_nothing_about_when() -> None:
    amina = told_all()
    amina.says("yes", "no", "no", "no", "1", "yes", "Tuesday morning", "1")
    amina.does("back", "back", "back")
    amina.says("no", "no")

    found = summary(amina)

    assert found is not None
    assert found.flags == Flags()


def test_asking_for_help_tells_only_her_name_and_this_wish() -> None:
    amina = told_all()
    amina.does("person")
    amina.says("yes")

    found = ask_for_help(amina.moves, amina.session, "s1", amina.now, None)

    assert found.flags == Flags(asked_for_help=True)
    assert found.summary.client == "Nour"
    assert (found.answers, found.ambitions, found.experiences, found.step) == ((), (), (), None)
    assert (found.summary.parts_done, found.summary.minutes) == ((), 0)


def test_asking_for_help_after_sharing_keeps_what_she_shared() -> None:
    last = shared("yes", "no", "no")
    amina = told_all()

    found = ask_for_help(amina.moves, amina.session, "s1", amina.now, last)

    assert found == replace(last, flags=Flags(asked_for_help=True))


def test_help_asked_for_before_stays_a_flag_when_she_shares() -> None:
    amina = told_all()
    amina.does("person")
    amina.says("yes")
    amina.says("yes", "no", "no", "no", "1", "no", "yes", "That I have a husband")

    found = summary(amina)

    assert found is not None
    assert found.flags == Flags(asked_for_help=True)
    assert "husband" not in all_words(found)


# ── taking it back ───────────────────────────────────────────────────────────────────────────────


def test_what_she_takes_back_is_gone_and_listed_as_withdrawn() -> None:
    amina = told_all()
    amina.says("yes", "yes", "no", "no", "1", "no", "no")
    first = summary(amina)

    amina.taps("Change what I said or share")
    amina.says("1", "1", "1", "no", "yes", "no", "no", "1", "no", "no")
    second = summary(amina, first)

    assert second is not None
    assert {answer.part for answer in second.answers} == {"stories"}
    assert second.ambitions == ()
    assert {change.what for change in second.changes} == {"withdrawn"}
    assert len(second.changes) == len(HOPES)


def test_taking_everything_back_leaves_no_summary() -> None:
    amina = told_all()
    amina.says("yes", "no", "no", "no", "1", "no", "no")
    first = summary(amina)

    amina.taps("Change what I said or share")
    amina.says("1", "1", "1", "no", "no", "no", "no", "no")

    assert amina.has_events(HandedOver)
    assert summary(amina, first) is None


def test_what_she_changes_and_adds_is_listed() -> None:
    amina = told_all()
    amina.says("yes", "no", "no", "no", "1", "no", "no")
    first = summary(amina)

    amina.taps("Change what I said or share", "Change something")
    amina.says("1", "A bakery", "1", "1", "1", "yes", "no", "some", "1", "no", "1", "no", "no")
    second = summary(amina, first)

    assert second is not None
    assert second.changes == (Change("good_life", "changed"), Change("step", "added"))
    assert second.ambitions[0].verbatim == "A bakery"


def test_sharing_the_first_story_later_does_not_look_like_a_change_of_the_second() -> None:
    amina = told_all()
    amina.says("no", "some", "2", "no", "no", "1", "no", "no")
    first = summary(amina)

    amina.taps("Change what I said or share")
    amina.says("1", "1", "1", "no", "yes", "no", "no", "1", "no", "no")
    second = summary(amina, first)

    assert second is not None
    assert {change.what for change in second.changes} == {"added"}


def test_what_no_longer_applies_is_not_shared() -> None:
    amina = talk_through(part="my_step")
    amina.says(*STEP)
    amina.taps("Change something", "How sure are you that you will do it?", "8", "This is right")
    amina.says("yes", "no", "1", "no", "no")

    found = summary(amina)

    assert found is not None
    assert found.step is not None
    assert (found.step.confidence, found.step.smaller) == (8, "")
    assert "Look it up" not in all_words(found)


# ── minutes, languages, versions ─────────────────────────────────────────────────────────────────


def test_minutes_are_those_spent_on_what_she_shares() -> None:
    assert shared("yes", "no", "no").summary.minutes == len(HOPES)
    assert shared("no", "no", "yes").summary.minutes == len(STEP)


def test_a_night_between_two_answers_counts_as_ten_minutes() -> None:
    amina = told_all()
    amina.says("yes", "no", "no", "no", "1", "no", "no")
    dream = Place("dream")
    late = {
        place: replace(answer, at=answer.at.replace(day=24))
        if answer.at and answer.at > (amina.session.answers[dream].at or NINE)
        else answer
        for place, answer in amina.session.answers.items()
    }
    amina.turned(answers=late)

    found = summary(amina)

    assert found is not None
    assert found.summary.minutes == len(HOPES) - 1 + 10


def test_languages_are_those_of_what_she_shares_and_of_now() -> None:
    amina = told_all()
    amina.says("yes", "no", "no", "no", "1", "no")
    amina.does("language")
    amina.says("Nederlands", "nee")

    found = summary(amina)

    assert found is not None
    assert found.summary.languages == ("en", "nl")


def test_the_summary_names_script_version_and_consent() -> None:
    head = shared("yes", "no", "no").summary

    assert (head.script, head.script_version) == ("reflection", moves_of("reflection").script.version)
    assert head.consent == "2026-12"


# ── nothing of the rest ──────────────────────────────────────────────────────────────────────────

_private = st.one_of(st.just("-"), st.text(min_size=1, max_size=12).filter(lambda words: words.strip()))


def told(stories: list[str], step: list[str], partly: str) -> Session:
    """One who shares her hopes, or two of them, and keeps stories and step, whatever they are."""
    amina = talk_through()
    amina.says("1", "Nour", "1", "1", "3", *HOPES)
    for number, title in enumerate(stories):
        amina.turned(
            answers={**amina.session.answers, **_story(number + 1, title, number + 1 < len(stories))}
        )
    extra = {
        Place(name): _answered(words)
        for name, words in zip(("step", "done_when", "who_knows"), step, strict=True)
    }
    decisions = {
        "share.hopes": partly,
        "share.hopes.which": "good_life",
        "share.stories": "no",
        "share.my_step": "later",
        "partners": "no",
        "until": "stop",
        "call": "no",
        "assumed": "no",
    }
    rest = {
        Place(step.name): Answer("declined")
        for step in amina.moves.script.steps
        if step.part in ("my_step", "sharing", "stories")
    }
    chosen = {Place(name): Answer("answered", key, (key,)) for name, key in decisions.items()}
    return replace(amina.session, mode="ended", answers={**rest, **amina.session.answers, **extra, **chosen})


def _story(number: int, title: str, more: bool) -> dict[Place, Answer]:
    again = Answer("answered", "", ("yes",)) if more else Answer("declined")
    return {
        Place("story", number): _answered(title),
        Place("day", number): _answered(title),
        **{Place(name, number): Answer("declined") for name in ("important", "solved", "not_mine", "proud")},
        **{Place(name, number): Answer("declined") for name in ("period", "kinds")},
        Place("another_story", number): again,
    }


def _answered(words: str) -> Answer:
    return Answer("declined") if words == "-" else Answer("answered", words, (words,), "ar")


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.lists(_private, min_size=1, max_size=3),
    st.lists(_private, min_size=3, max_size=3),
    st.sampled_from(["yes", "some"]),
)
def test_two_who_differ_only_in_what_they_keep_have_the_same_summary(
    stories: list[str], step: list[str], partly: str
) -> None:
    moves = moves_of("reflection")

    one = summarise(moves, told(["Bread"], ["Call", "A date", "-"], partly), "s1", NINE, None)
    other = summarise(moves, told(stories, step, partly), "s1", NINE, None)

    assert one is not None
    assert one.answers
    assert one == other


# ── after she was moved to another version of the script ─────────────────────────────────────────


@pytest.mark.parametrize("renamed", ["hopes", "wishes"])
def test_a_part_she_takes_back_is_gone_though_the_summary_has_it_under_another_name(renamed: str) -> None:
    script = moves_of("reflection").script
    last = short_summary("s1")
    [answer] = last.answers
    last = replace(last, answers=(replace(answer, question="earlier", part=renamed),))

    assert withdraw(script, "hopes", last) is None


def test_with_a_part_taken_back_another_that_the_script_still_has_stays() -> None:
    script = moves_of("reflection").script
    last = short_summary("s1")
    [answer] = last.answers
    story = replace(answer, question="story", part="stories")
    left = withdraw(script, "hopes", replace(last, answers=(answer, story)))

    assert left is not None
    assert left.answers == (story,)
