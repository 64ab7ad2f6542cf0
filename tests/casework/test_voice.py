"""What she shares aloud is in the summary by its name, and leaves nothing empty where words would stand."""

from dataclasses import asdict, replace

import pytest
from pydantic import TypeAdapter

from casework.feedback import feedback_in
from casework.sharing import is_same, summarise, withdraw
from casework.sounds import kind_of
from casework.summary import Ambition, Change, Experience, Spoken, StepPlan, Summary, Told
from casework.until import still_shared
from dialogs.said import Voice
from dialogs.session import Answer, Place
from tests.casework.test_coming_back import comes_back
from tests.casework.test_profile import finishes, told
from tests.casework.test_sharing import HOPES, STEP, told_all
from tests.dialogs.talking import Amina, talk_through

REF = "0123456789abcdef"
SPOKEN = Spoken(REF, 12)


def spoke(amina: Amina, question: str, ref: str = REF, round_: int = 1) -> Amina:
    """She spoke that answer instead of writing it."""
    place = Place(question, round_)
    old = amina.session.answers[place]
    answer = replace(old, words="", value=("",), voice=ref, seconds=12)
    return amina.turned(answers={**amina.session.answers, place: answer})


def decides(amina: Amina, *decisions: str, last: Summary | None = None) -> Summary:
    """On hopes, stories and her step; then no partners, no end, no call."""
    amina.says(*decisions, "no", "1", "no", "no")
    found = summarise(amina.moves, amina.session, "s1", amina.now, last)
    assert found is not None
    return found


# ── what is in it ─────────────────────────────────────────────────────────────────────────────────


def test_a_shared_recording_is_named_with_its_length() -> None:
    found = decides(spoke(told_all(), "good_life"), "yes", "no", "no")

    answer = found.answers[0]
    assert (answer.question, answer.verbatim, answer.value, answer.voice) == ("good_life", "", (), SPOKEN)
    assert [other.voice for other in found.answers[1:]] == [None] * (len(HOPES) - 1)
    assert found.recordings == {REF}


def test_one_that_she_keeps_is_not_in_it() -> None:
    found = decides(spoke(told_all(), "good_life"), "no", "no", "yes")

    assert found.recordings == frozenset()
    assert REF not in repr(asdict(found))


def test_of_some_answers_only_the_recordings_that_she_chose_are_in_it() -> None:
    amina = spoke(spoke(told_all(), "good_life"), "dream", "another")
    amina.says("some")
    amina.says("1")

    found = decides(amina, "no", "no")

    assert found.recordings == {REF}
    assert "another" not in repr(asdict(found))


def test_a_spoken_hope_is_still_a_hope_and_says_whose_wish_it_is() -> None:
    found = decides(spoke(told_all(), "good_life"), "yes", "no", "no")

    assert found.ambitions[0] == Ambition("good_life", "", "en", "mine", SPOKEN)


STORY = ("story", "day", "important", "solved", "not_mine", "proud", "period")


def test_a_story_without_written_words_is_no_empty_story() -> None:
    amina = told_all()
    for question in STORY:
        amina = spoke(amina, question, f"ref-{question}")

    found = decides(amina, "no", "yes", "no")

    assert [story.title for story in found.experiences] == ["", "Forms"]
    assert found.experiences[0] == Experience(kind=("volunteering",), language="en")
    assert len(found.recordings) > 3


def test_a_story_that_is_all_spoken_is_only_among_the_answers() -> None:
    amina = talk_through()
    amina.skips_to("story")
    amina.sends(Voice(REF, 12))
    finishes(amina, stories="yes")

    found = summarise(amina.moves, amina.session, "s1", amina.now, None)

    assert found is not None
    assert (found.experiences, found.recordings) == ((), frozenset({REF}))


def test_whom_not_to_talk_to_may_be_spoken() -> None:
    amina = spoke(told(people=("-", "-", "-", "-", "My uncle")), "not_talk")
    finishes(amina, people="yes")

    found = summarise(amina.moves, amina.session, "s1", amina.now, None)

    assert found is not None
    assert found.do_not_contact == (Told("", "en", SPOKEN),)


def test_when_a_call_is_safe_may_be_spoken_and_goes_with_the_wish_for_a_call() -> None:
    amina = told_all()
    amina.says("yes", "no", "no", "no", "1", "yes")
    assert amina.at == Place("call_when")

    amina.sends(Voice(REF, 12))
    while amina.session.mode == "talking":
        amina.does("skip")
    found = summarise(amina.moves, amina.session, "s1", amina.now, None)

    assert found is not None
    assert (found.flags.call_when, found.flags.call_aloud) == ("", SPOKEN)
    assert REF in found.recordings


def test_when_she_takes_the_call_back_nobody_hears_when_it_was_safe() -> None:
    amina = told_all()
    amina.says("yes", "no", "no", "no", "1", "yes")
    amina.sends(Voice(REF, 12))
    amina.turned(answers={**amina.session.answers, Place("call"): Answer("answered", "No", ("no",))})

    found = summarise(amina.moves, amina.session, "s1", amina.now, None)

    assert found is not None
    assert found.flags.call_aloud is None
    assert found.recordings == frozenset()


# ── her step ──────────────────────────────────────────────────────────────────────────────────────


def test_a_spoken_step_leaves_the_rest_of_her_plan() -> None:
    found = decides(spoke(told_all(), "step"), "no", "no", "yes")

    assert found.step is not None
    assert (found.step.what, found.step.what_aloud, found.step.done_when) == ("", REF, STEP[1])


def test_a_step_of_which_nothing_is_written_is_only_among_the_answers() -> None:
    amina = told_all()
    for question in ("step", "done_when", "when_where", "smaller", "obstacle", "if_then", "who_knows"):
        amina = spoke(amina, question, f"ref-{question}")
    unsure = {**amina.session.answers, Place("sure"): Answer("declined")}

    found = decides(amina.turned(answers=unsure), "no", "no", "yes")

    assert found.step is None
    assert len(found.recordings) == 6, "a smaller step is asked for only below 7"


def test_how_a_spoken_step_went_is_told_beside_its_plan() -> None:
    amina = spoke(told_all(), "step")
    before = decides(amina, "no", "no", "yes")

    found = comes_back(amina, "1", "That I can", "4", "I am ill", last=before)

    assert found is not None
    assert before.step is not None
    assert found.step == replace(before.step, status="done", learned="That I can")


def test_an_earlier_step_in_words_is_not_taken_for_the_spoken_one_after_it() -> None:
    amina = told_all()
    first = decides(amina, "no", "no", "yes")
    second = comes_back(amina, "2", "To ask", "2", "Ask my neighbour", "Friday", last=first)
    amina = spoke(amina, "new_step")

    third = comes_back(amina, "1", "It was easy", "4", "I am ill", last=second)

    assert third is not None
    assert third.step == StepPlan(what_aloud=REF, status="done", learned="It was easy", language="en")
    left = withdraw(amina.moves.script, "my_step", third)
    assert left is not None
    assert left.step == third.step


# ── what changed ──────────────────────────────────────────────────────────────────────────────────


def test_another_recording_is_a_changed_answer_and_the_same_is_nothing_new() -> None:
    amina = spoke(told_all(), "good_life")
    first = decides(amina, "yes", "no", "no")
    again = summarise(amina.moves, amina.session, "s1", amina.now, first)
    other = spoke(amina, "good_life", "another")

    changed = summarise(other.moves, other.session, "s1", other.now, first)

    assert again is not None
    assert is_same(again, first)
    assert changed is not None
    assert not is_same(changed, first)
    assert changed.changes == (Change("good_life", "changed"),)


def test_a_part_taken_back_takes_its_recordings_along() -> None:
    amina = spoke(told_all(), "good_life")
    first = decides(amina, "yes", "no", "yes")

    left = withdraw(amina.moves.script, "hopes", first)

    assert left is not None
    assert left.recordings == frozenset()
    assert REF not in repr(asdict(left))


def test_after_the_last_day_she_chose_no_recording_is_shared() -> None:
    amina = spoke(told_all(), "good_life")
    amina.says("yes", "no", "no", "no", "2", "no", "no")
    found = summarise(amina.moves, amina.session, "s1", amina.now, None)
    assert found is not None
    until = found.answers[0].share.until
    assert until is not None
    helped = replace(found, flags=replace(found.flags, asked_for_help=True))

    still = still_shared(helped, until.replace(year=until.year + 1))

    assert found.recordings == {REF}
    assert still is not None
    assert still.recordings == frozenset()


# ── around it ─────────────────────────────────────────────────────────────────────────────────────


def test_a_summary_that_was_stored_before_there_were_recordings_opens() -> None:
    found = decides(told_all(), "yes", "no", "yes")
    stored = TypeAdapter(Summary).dump_python(found, mode="json")
    for answer in stored["answers"]:
        del answer["voice"]
    for told_ in stored["ambitions"]:
        del told_["voice"]
    del stored["flags"]["call_aloud"], stored["step"]["what_aloud"]

    assert TypeAdapter(Summary).validate_python(stored) == found


def test_what_was_wrong_with_the_questions_holds_no_voice() -> None:
    amina = talk_through()
    amina.turned(
        at=Place("assumed_what"), token="t", answers={Place("assumed"): Answer("answered", "Yes", ("yes",))}
    )

    amina.sends(Voice(REF, 12))

    assert feedback_in(amina.moves, amina.turn) is None


@pytest.mark.parametrize(
    ("sound", "kind"),
    [
        (b"OggS\x00\x02", "audio/ogg"),
        (b"\x1a\x45\xdf\xa3\x9f", "audio/webm"),
        (b"\x00\x00\x00\x1cftypM4A ", "audio/mp4"),
        (b"", None),
        (b"Ogg", None),
        (b"ID3\x04", None),
        (b"RIFF\x00\x00\x00\x00WAVE", None),
        (b"#!AMR\n", None),
        (b"<html>OggS", None),
        (b" OggS", None),
    ],
)
def test_a_recording_is_known_by_its_first_bytes(sound: bytes, kind: str | None) -> None:
    assert kind_of(sound) == kind
