"""She speaks instead of writing: kept where she may use her own words, and named where they would stand."""

from datetime import timedelta

import pytest

from dialogs import phrases
from dialogs.answering_aloud import MOST_RECORDINGS
from dialogs.move_over import MoveOver
from dialogs.said import Command, Text, Voice
from dialogs.script import SILENT
from dialogs.session import Answer, Place
from dialogs.turn import Answered, NotUnderstood, StaleTap
from tests.dialogs.talking import Amina, moves_of, talk_through, with_twenty_minutes

REF = "0123456789abcdef"
KEPT = "Thank you. I keep your voice message as you spoke it."
NOT_HERE = "Here I cannot take a voice message. Please choose or write an answer."
GARDEN = """
    script: demo
    title: Demo
    parts:
      - part: hopes
        title: What I hope for
        minutes: 3
        steps:
          - text: life
            ask: What would you like?
            formerly: wish
          - text: garden
            ask: What grows there?
"""


def speaks(amina: Amina, ref: str = REF, seconds: int = 12) -> None:
    amina.sends(Voice(ref, seconds))


def ends(amina: Amina) -> None:
    """All that is left is skipped."""
    while amina.session.mode == "talking":
        amina.does("skip") if amina.moves.script.step(amina.at.step).skippable else amina.says("1")


def at(question: str) -> Amina:
    amina = with_twenty_minutes("hopes")
    amina.skips_to(question)
    return amina


# ── an answer like others ─────────────────────────────────────────────────────────────────────────


def test_a_spoken_answer_is_kept_and_leads_on() -> None:
    amina = at("good_life")

    speaks(amina)

    assert amina.at == Place("dream")
    kept = amina.answer("good_life")
    assert kept is not None
    assert (kept.state, kept.words, kept.voice, kept.seconds) == ("answered", "", REF, 12)
    assert (kept.language, kept.channel, kept.at) == ("en", "test", amina.now)
    assert [event.answer.voice for event in amina.turn.events if isinstance(event, Answered)] == [REF]


def test_she_is_thanked_before_the_next_question() -> None:
    amina = at("good_life")

    speaks(amina)

    assert amina.heard[0] == KEPT
    assert amina.messages[-1].expects == "text"


@pytest.mark.parametrize(
    "question", [s.name for s in moves_of("reflection").script.steps if s.kind == "text"]
)
def test_every_open_question_takes_one_but_the_one_that_is_read_without_her_name(question: str) -> None:
    moves = moves_of("reflection")
    amina = talk_through().turned(at=Place(question), token="t")

    amina.sends(Voice(REF, 12, token="t"))

    kept = amina.session.answers.get(Place(question), Answer("not_asked")).voice == REF
    assert kept == (moves.script.step(question).feeds != "bias.what")


def test_where_only_writing_will_do_the_question_says_so_to_the_page() -> None:
    amina = talk_through().turned(at=Place("assumed_what"), token="t")

    amina.sends(Voice(REF, 12, token="t"))

    assert amina.hears(NOT_HERE)
    assert amina.messages[-1].in_writing
    assert not at("good_life").messages[-1].in_writing


@pytest.mark.parametrize(
    "kind", sorted({s.kind for s in moves_of("reflection").script.steps} - SILENT - {"text"})
)
def test_a_question_of_any_other_kind_asks_kindly_for_a_choice_or_writing(kind: str) -> None:
    step = next(s for s in moves_of("reflection").script.steps if s.kind == kind)
    amina = talk_through().turned(at=Place(step.name), token="t", answers={})

    amina.sends(Voice(REF, 12, token="t"))

    assert amina.hears(NOT_HERE)
    assert (amina.at, amina.session.answers) == (Place(step.name), {})
    assert NotUnderstood("voice") in amina.turn.events


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        ("too_long", "That voice message is too long. I can keep up to 2 minutes."),
        ("lost", "I could not get your voice message. Please send it again, or write your answer."),
    ],
)
def test_one_that_cannot_be_kept_leaves_her_where_she_is(problem: str, words: str) -> None:
    amina = at("good_life")

    amina.sends(Voice("", 200, problem=problem))  # type: ignore[arg-type]

    assert amina.hears(words)
    assert (amina.at, amina.answer("good_life")) == (Place("good_life"), None)


def test_it_can_be_changed_into_words_and_the_other_way_round() -> None:
    amina = at("good_life")
    speaks(amina)
    amina.does("back")
    amina.says("A small shop")
    assert amina.answer("good_life") == Answer(
        "answered", "A small shop", ("A small shop",), "en", amina.now, "test"
    )

    amina.does("back")
    speaks(amina, "another")

    kept = amina.answer("good_life")
    assert kept is not None
    assert (kept.words, kept.voice) == ("", "another")


def test_there_is_an_end_to_what_one_conversation_can_hold() -> None:
    amina = at("good_life")
    for n in range(MOST_RECORDINGS):
        speaks(amina, f"ref-{n}")
        amina.does("back")

    speaks(amina, "one more")

    assert amina.hears(NOT_HERE)
    assert amina.session.recordings == MOST_RECORDINGS
    amina.says("A small shop")
    assert amina.words("good_life") == "A small shop"


# ── where it is none ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("aside", ["menu", "language", "person", "delete", "helpnow"])
def test_beside_the_script_nothing_spoken_is_taken(aside: str) -> None:
    amina = at("good_life")
    amina.sends(Command(aside))  # type: ignore[arg-type]
    mode = amina.session.mode

    speaks(amina)

    assert amina.hears(NOT_HERE)
    assert (amina.session.mode, amina.answer("good_life")) == (mode, None)


@pytest.mark.parametrize("away", ["pause", "leave"])
def test_while_she_is_away_it_opens_nothing(away: str) -> None:
    amina = at("good_life")
    amina.sends(Command(away))  # type: ignore[arg-type]

    speaks(amina)

    assert amina.session.is_away
    assert amina.answer("good_life") is None
    assert not amina.hears("voice")


def test_before_the_first_word_it_begins_and_is_not_kept() -> None:
    amina = talk_through()
    amina.session = amina.session.__class__("1", amina.moves.script.version, "en", facts=amina.session.facts)

    speaks(amina)

    assert amina.at == Place("language")
    assert amina.session.answers == {}


def test_spoken_on_an_old_page_it_is_no_answer_to_the_new_question() -> None:
    amina = at("good_life")
    old = amina.session.token
    amina.says("A small shop")

    amina.sends(Voice(REF, 12, token=old))

    assert amina.at == Place("dream")
    assert StaleTap() in amina.turn.events
    assert amina.answer("dream") is None


def test_after_a_move_to_another_version_she_is_asked_first() -> None:
    amina = at("good_life").turned(moved=True)

    speaks(amina)

    assert amina.answer("good_life") is None
    assert StaleTap() in amina.turn.events


# ── two quick messages ────────────────────────────────────────────────────────────────────────────


def test_spoken_before_the_question_was_asked_it_is_not_taken_for_its_answer() -> None:
    amina = at("good_life").turned(lag=0.4)
    amina.says("A small shop")

    amina.sends(Voice(REF, 12, sent_at=amina.now - timedelta(seconds=2)))

    assert amina.at == Place("dream")
    assert amina.words("good_life") == "A small shop"
    assert NotUnderstood("late") in amina.turn.events


def test_words_sent_too_early_are_not_added_to_a_spoken_answer() -> None:
    amina = at("good_life").turned(lag=0.4)
    speaks(amina)

    amina.sends(Text("and a garden", sent_at=amina.now - timedelta(seconds=2)))

    kept = amina.answer("good_life")
    assert kept is not None
    assert (kept.words, kept.voice) == ("", REF)
    assert NotUnderstood("late") in amina.turn.events


# ── where her words would stand ───────────────────────────────────────────────────────────────────


def test_it_is_read_back_as_a_voice_message() -> None:
    amina = at("good_life")
    speaks(amina)

    amina.skips_to("your_words.hopes")

    assert "» Voice message" in amina.heard
    assert amina.hears("1. What would you like your life to look like")


def test_the_button_to_keep_it_names_it_and_keeps_it() -> None:
    amina = at("good_life")
    speaks(amina)
    amina.does("back")
    assert "Keep: Voice message" in amina.buttons

    amina.taps("Keep: Voice message")

    kept = amina.answer("good_life")
    assert kept is not None
    assert kept.voice == REF


def test_a_spoken_name_leaves_the_one_on_her_invite() -> None:
    amina = talk_through()
    amina.says("1")
    assert amina.at == Place("call_me")

    speaks(amina)
    amina.does("pause")
    amina.says("Not now")
    amina.says("go on")

    assert amina.hears("Welcome back, Amina")


def test_spoken_stories_can_be_told_apart_when_she_names_one() -> None:
    amina = with_twenty_minutes("stories")
    speaks(amina, "first")
    amina.skips_to("another_story")
    amina.says("yes")
    speaks(amina, "second")
    ends(amina)
    amina.taps("Talk about something else", "What I can do (about 6 minutes)")
    amina.says("1")

    assert amina.buttons[:2] == ["Story 1: Voice message", "Story 2: Voice message"]
    amina.taps("Story 2: Voice message")

    [evidence] = [place for place in amina.session.answers if place.step.startswith("can_when.")]
    assert amina.session.answers[evidence].value == ("story_loop#2",)


def test_coming_back_to_a_spoken_step_asks_about_a_voice_message() -> None:
    amina = with_twenty_minutes("my_step")
    speaks(amina)
    ends(amina)

    amina.taps("How my step went")

    assert amina.hears("Voice message")
    asked = amina.session.answers[Place("coming_back:came_back")]
    assert (asked.state, asked.voice) == ("answered", REF)


# ── another version of the script ─────────────────────────────────────────────────────────────────


def test_moving_to_another_version_keeps_it_under_its_new_name() -> None:
    amina = talk_through(GARDEN.replace("life", "wish").replace("            formerly: wish\n", ""))
    speaks(amina)

    moved = MoveOver(amina.moves, moves_of(GARDEN)).move(amina.session, amina.now)

    assert moved.session is not None
    assert moved.session.answers[Place("life")].voice == REF
    assert moved.session.at == Place("garden")


OTHER_KINDS = {
    "choice": "{choice: life, ask: What?, choices: [{a: A}, {b: B}]}",
    "several": "{several: life, ask: What?, choices: [{a: A}, {b: B}]}",
    "yes_no": "{yes_no: life, ask: Is it?}",
    "number": "{number: life, ask: How many?}",
    "date": "{date: life, ask: When?}",
    "scale": "{scale: life, ask: How sure?}",
}
OPEN = """text: life
            ask: What would you like?
            formerly: wish"""


@pytest.mark.parametrize("kind", OTHER_KINDS)
def test_where_the_new_version_asks_for_something_else_it_does_no_harm(kind: str) -> None:
    new = moves_of(GARDEN.replace(OPEN, OTHER_KINDS[kind]))
    amina = talk_through(GARDEN)
    speaks(amina)

    moved = MoveOver(amina.moves, new).move(amina.session, amina.now)

    assert moved.session is not None
    amina.moves, amina.session = new, moved.session
    amina.does("again")
    amina.does("back")
    assert amina.messages[-1].token == amina.session.token


def test_the_words_are_those_of_the_catalogue() -> None:
    assert phrases.VOICE_KEPT.text == KEPT
    assert phrases.VOICE_NOT_HERE.text == NOT_HERE
