"""A summary in its reader's words."""

from dataclasses import replace

import pytest

from casework.packaged import packaged_sources
from casework.person import Person, scope_of
from casework.reading import asked, chosen_for, for_reader, part_title
from casework.summary import SharedAnswer, Summary
from dialogs.library import load
from dialogs.script import Script
from tests.fakes.desk import SHARED, long_summary, short_summary


@pytest.fixture(scope="module")
def script() -> Script:
    return load("reflection", packaged_sources())


def shout(context: str, text: str) -> str:
    """A language in which everything is in capitals, filed under its context."""
    return f"{text.upper()} [{context}]"


def _one(question: str, *value: str) -> Summary:
    answer = SharedAnswer(question, 1, "hopes", "answered", "hers", "ar", value, SHARED)
    return replace(short_summary("s1"), answers=(answer,))


def test_questions_and_choices_are_looked_up_under_their_context(script: Script) -> None:
    read = for_reader(_one("own_wish", "mine", "both"), script, shout)

    [answer] = read.answers
    assert answer.asked.startswith("THINK OF THE LIFE")
    assert answer.asked.endswith("[reflection/own_wish]")
    assert answer.chosen == ("MY OWN WISH [reflection/own_wish]", "BOTH [reflection/own_wish]")
    assert answer.verbatim == "hers"


def test_with_a_choice_that_the_script_has_no_more_her_words_stand_alone(script: Script) -> None:
    [answer] = for_reader(_one("kinds", "farm", "gone"), script, shout).answers

    assert (answer.chosen, answer.verbatim) == ((), "hers")


def test_yes_and_no_are_the_interfaces_own_words(script: Script) -> None:
    read = for_reader(_one("want_ideas", "yes"), script, shout)

    assert read.answers[0].chosen == ("YES [control]",)


def test_text_has_no_choice_and_a_number_stays_a_number(script: Script) -> None:
    assert for_reader(_one("good_life"), script, shout).answers[0].chosen == ()
    assert for_reader(_one("sure", "6"), script, shout).answers[0].chosen == ("6",)


def test_what_the_script_does_not_know_keeps_its_key(script: Script) -> None:
    read = for_reader(_one("older_question", "older_choice"), script, shout)

    assert (read.answers[0].asked, read.answers[0].chosen) == ("older_question", ("older_choice",))
    assert for_reader(_one("own_wish", "mine"), None, shout).answers[0].asked == "own_wish"
    assert part_title("older_part", script, shout) == "older_part"
    assert part_title("hopes", None, shout) == "hopes"


def test_a_question_never_shows_a_placeholder(script: Script) -> None:
    plain = asked("program", script, lambda _, text: text, "Amina")
    unnamed = asked("call", script, lambda _, text: text)

    assert plain.startswith("Hello Amina.")
    assert unnamed == "Do you want … to call you?"


def test_choices_are_found_by_where_they_go(script: Script) -> None:
    labels = chosen_for("story.kind", ("helping", "unheard of"), script, lambda _, text: text)

    assert labels == ("Helping people", "unheard of")


def test_reading_changes_nothing_she_said(script: Script) -> None:
    summary = long_summary("s1", script.version)

    read = for_reader(summary, script, shout)

    hers = tuple(replace(answer, asked="", chosen=()) for answer in read.answers)
    assert replace(read, answers=hers) == summary


def test_a_role_that_nobody_has_sees_nothing() -> None:
    stranger = Person("1", "huis", "visitor", "Name", "n@huis.example")  # type: ignore[arg-type]

    assert scope_of(stranger).nothing
