"""The machine decides every move; every walk ends; the drawing is a diagram of all of it."""

import itertools
import re
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transitions import MachineError

from dialogs.moves import Moves, Trigger, change_mode
from dialogs.script import END, FORGET, SILENT, Step
from dialogs.session import NOWHERE, Answer, Mode, Place
from tests.dialogs.talking import moves_of
from tests.dialogs.test_compile import DEMO, STEPS, compiled
from tests.dialogs.test_engine import ALL_KINDS

SKIPPED = Answer("declined")
MOST_PLACES = 200


def chose(*keys: str) -> Answer:
    return Answer("answered", ", ".join(keys), keys)


def names(moves: Moves, answers: dict[Place, Answer]) -> list[str]:
    return [place.step for place in moves.walk(answers)]


# ── which move is next ───────────────────────────────────────────────────────────────────────────


def test_a_walk_stops_at_the_first_question_without_an_answer() -> None:
    moves = moves_of("reflection")

    walk = list(moves.walk({Place("language"): SKIPPED}))

    assert walk == [Place("language"), Place("call_me")]


def test_a_cleared_answer_is_no_answer() -> None:
    moves = moves_of("reflection")

    assert names(moves, {Place("language"): Answer("not_asked")}) == ["language"]


@pytest.mark.parametrize(
    ("choice", "to"), [("agree", "minutes"), ("more", "consent_short"), ("refuse", "no_consent")]
)
def test_a_choice_leads_where_its_author_says(choice: str, to: str) -> None:
    assert moves_of("reflection").onward(Place("consent"), {Place("consent"): chose(choice)}) == Place(to)


def test_no_in_private_leads_to_being_forgotten() -> None:
    moves = moves_of("reflection")
    answers = {Place("language"): SKIPPED, Place("call_me"): SKIPPED, Place("private_now"): chose("no")}

    assert names(moves, answers)[-2:] == ["not_now", FORGET]


@pytest.mark.parametrize(("minutes", "to"), [("5", "learn"), ("10", "dream"), ("20", "dream")])
def test_a_condition_passes_questions_over(minutes: str, to: str) -> None:
    answers = {Place("minutes"): chose(minutes), Place("good_life"): SKIPPED}

    assert moves_of("reflection").onward(Place("good_life"), answers) == Place(to)


@pytest.mark.parametrize(
    ("sure", "to"), [("6", "smaller"), ("0", "smaller"), ("7", "obstacle"), ("10", "obstacle")]
)
def test_numbers_are_compared_as_numbers(sure: str, to: str) -> None:
    assert moves_of("reflection").onward(Place("sure"), {Place("sure"): chose(sure)}) == Place(to)


def test_a_declined_number_is_neither_high_nor_low() -> None:
    assert moves_of("reflection").onward(Place("sure"), {Place("sure"): SKIPPED}) == Place("obstacle")


def test_a_condition_in_a_loop_looks_at_the_same_round() -> None:
    moves = moves_of("reflection")
    answers = {Place("minutes"): chose("20"), Place("story", 1): SKIPPED, Place("story", 2): chose("Bread")}

    assert moves.onward(Place("story", 1), answers) == Place("another_story", 1)
    assert moves.onward(Place("story", 2), answers) == Place("day", 2)


def test_another_round_only_when_she_wants_one_and_never_a_fourth() -> None:
    moves = moves_of("reflection")
    more = {Place("another_story", n): chose("yes") for n in (1, 2, 3)}
    told = {Place("story", n): chose("x") for n in (1, 2, 3)}

    assert moves.onward(Place("another_story", 1), more) == Place("story", 2)
    assert moves.onward(Place("another_story", 2), more) == Place("story", 3)
    assert moves.onward(Place("another_story", 1), {}) == Place("step")
    assert moves.onward(Place("kinds", 3), {**more, **told}) == Place("step")


def test_a_part_told_of_before_it_was_passed_over_counts_no_more() -> None:
    moves = moves_of("reflection")
    answers = {Place("story"): chose("Bread"), Place("minutes"): chose("5")}
    asks = moves.script.step("share.stories").only_if

    assert not all(moves.holds(test, answers) for test in asks)
    assert all(moves.holds(test, {**answers, Place("minutes"): chose("20")}) for test in asks)


@pytest.mark.parametrize(
    ("answer", "which", "is_shared"),
    [("yes", (), True), ("some", ("good_life",), True), ("no", ("good_life",), False), ("later", (), False)],
)
def test_only_what_still_holds_is_shared(answer: str, which: tuple[str, ...], is_shared: bool) -> None:
    moves = moves_of("reflection")
    answers = {Place("good_life"): chose("A shop"), Place("share.hopes"): chose(answer)}
    if which:
        answers[Place("share.hopes.which")] = chose(*which)

    assert any(moves.is_shared(place, answers) for place in answers) is is_shared


# ── every walk ends ──────────────────────────────────────────────────────────────────────────────


def _any_answer(step: Step) -> st.SearchStrategy[Answer]:
    if step.kind == "scale":
        return st.one_of(st.just(SKIPPED), st.integers(0, 10).map(lambda n: chose(str(n))))
    keys = [choice.key for choice in step.choices]
    keys += {"share": ["yes", "some", "no", "later"], "read_back": ["right"]}.get(step.kind, [])
    if step.kind == "share_which":
        keys = ["good_life", "story_loop#1", "step"]
    if not keys:
        return st.sampled_from([SKIPPED, chose("1")])
    return st.one_of(st.just(SKIPPED), st.sampled_from(keys).map(chose))


@st.composite
def any_answers(draw: st.DrawFn, moves: Moves) -> dict[Place, Answer]:
    found = {}
    for step in moves.script.steps:
        if step.kind not in SILENT:
            rounds = range(1, 4) if step.loop else (1,)
            for number in rounds:
                found[Place(step.name, number)] = draw(_any_answer(step))
    return found


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.data())
@pytest.mark.parametrize(
    "moves", [moves_of("reflection"), Moves(compiled(DEMO, STEPS))], ids=["reflection", "demo"]
)
def test_every_walk_ends_and_passes_no_place_twice(moves: Moves, data: st.DataObject) -> None:
    answers = data.draw(any_answers(moves))

    walk = []
    for place in moves.walk(answers):
        walk.append(place)
        assert len(walk) <= MOST_PLACES

    assert walk[-1].step in (END, FORGET)
    assert len(set(walk)) == len(walk)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.data())
@pytest.mark.parametrize(
    "moves",
    [moves_of("reflection"), Moves(compiled(DEMO, STEPS)), moves_of(ALL_KINDS)],
    ids=["reflection", "demo", "all kinds"],
)
def test_looking_ahead_comes_to_where_moving_on_comes(moves: Moves, data: st.DataObject) -> None:
    answers = data.draw(any_answers(moves))

    for place, after in itertools.pairwise([NOWHERE, *moves.walk(answers)]):
        assert moves.onward(place, answers) == after


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.data())
def test_a_walk_goes_forward_but_for_the_next_round(data: st.DataObject) -> None:
    moves = moves_of("reflection")
    order = {step.name: number for number, step in enumerate(moves.script.steps)}

    walk = [p for p in moves.walk(data.draw(any_answers(moves))) if p.step in order]

    assert all(
        order[after.step] > order[before.step]
        or (after.round == before.round + 1 and before.step == "another_story")
        for before, after in itertools.pairwise(walk)
    )


def test_rounds_of_a_loop_are_bounded_whatever_she_says() -> None:
    moves = moves_of("reflection")
    answers = {
        Place(step.name, n): chose("yes" if step.again else "1")
        for step in moves.script.steps
        if step.loop
        for n in range(1, 20)
    } | {Place("minutes"): chose("20")}

    rounds = {place.round for place in moves.walk(answers, Place("own_wish"))}

    assert rounds == {1, 2, 3}


# ── the drawing ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "moves", [moves_of("reflection"), Moves(compiled(DEMO, STEPS))], ids=["reflection", "demo"]
)
def test_the_drawing_is_a_diagram_with_every_step_and_known_names_only(moves: Moves) -> None:
    first, *lines = moves.drawing().splitlines()

    assert first == "stateDiagram-v2"
    states = [re.fullmatch(r'    state "([^"]+)" as (\w+)', line) for line in lines if " --> " not in line]
    arrows = [
        re.fullmatch(r"    (\[\*\]|\w+) --> (\[\*\]|\w+)( : (?:if|erase))?", line)
        for line in lines
        if " --> " in line
    ]
    assert None not in states
    assert None not in arrows
    assert [found[1] for found in states if found] == [step.name for step in moves.script.steps]
    known = {found[2] for found in states if found} | {"[*]"}
    assert len(known) == len(states) + 1
    ends = [found for found in arrows if found]
    assert {found[1] for found in ends} | {found[2] for found in ends} <= known
    assert {found[2] for found in ends} == known, "a step that no arrow leads to"
    assert {found[1] for found in ends} == known, "a step that no arrow leads on from"


# ── modes ────────────────────────────────────────────────────────────────────────────────────────


def test_a_mode_that_may_not_follow_is_refused() -> None:
    for mode, trigger in (("paused", "menu"), ("left", "change"), ("new", "resume"), ("talking", "begin")):
        with pytest.raises(MachineError):
            change_mode(mode, trigger)


def test_leaving_and_being_forgotten_are_possible_from_everywhere() -> None:
    for mode in get_args(Mode):
        assert change_mode(mode, "leave") == "left"
        assert change_mode(mode, "forget") == "new"


def test_every_mode_and_every_trigger_is_of_use() -> None:
    reached = set()
    for mode in get_args(Mode):
        for trigger in get_args(Trigger):
            try:
                reached.add((trigger, change_mode(mode, trigger)))
            except MachineError:
                continue

    assert {trigger for trigger, _ in reached} == set(get_args(Trigger))
    assert {mode for _, mode in reached} == set(get_args(Mode))


def test_moves_leave_nothing_behind() -> None:
    moves = moves_of("reflection")
    first = moves.onward(NOWHERE, {})

    moves.onward(Place("consent"), {Place("consent"): chose("refuse")})

    assert moves.onward(NOWHERE, {}) == first
