"""A conversation goes over to another version of its script: nobody is stranded, no answer is lost."""

from textwrap import dedent, indent

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dialogs.library import load
from dialogs.move_over import Moved, MoveOver
from dialogs.moves import Moves
from dialogs.script import END, SILENT
from dialogs.session import Answer, Place, Session
from dialogs.turn import HandedOver, StaleTap
from tests.dialogs.talking import FACTS, NINE, Amina


def script(steps: str, part: str = "part: one") -> Moves:
    """A script with one part."""
    head = f"script: demo\ntitle: Demo\nparts:\n  - {part}\n    title: One\n    minutes: 1\n    steps:\n"
    return Moves(load("demo", {"demo.yaml": head + indent(dedent(steps).strip("\n"), " " * 6) + "\n"}))


FIRST = script(
    """
    - text: dream
      ask: What did you dream of?
    - choice: work
      ask: Where do you want to work?
      choices:
        - farm: On a farm
        - shop: In a shop
    - text: learn
      ask: What do you want to learn?
    - text: step
      ask: What is your next step?
    """
)


def begun(moves: Moves = FIRST, *answers: str) -> Amina:
    """Somebody who gave these answers, one after the other."""
    amina = Amina(moves, Session("1", moves.script.version, "en", facts=FACTS))
    amina.does("start")
    amina.says(*answers)
    return amina


def moved(amina: Amina, to: Moves) -> tuple[Amina, Moved]:
    """The same woman in the other version."""
    done = MoveOver(amina.moves, to).move(amina.session, NINE)
    assert done.session is not None
    return Amina(to, done.session), done


def answer(amina: Amina, question: str, round_: int = 1) -> Answer:
    return amina.session.answers[Place(question, round_)]


# ── questions that are there in both ─────────────────────────────────────────────────────────────


def test_at_a_question_that_is_as_it_was_she_notices_nothing() -> None:
    amina = begun(FIRST, "A house")
    tap = amina.tap("On a farm")
    newer = script(
        """
        - text: dream
          ask: What did you dream of?
        - choice: work
          ask: Where do you want to work?
          choices:
            - farm: On a farm
            - shop: In a shop
        - text: other
          ask: Anything else?
        """
    )

    after, done = moved(amina, newer)
    after.sends(tap)

    assert (done.fate, done.events) == ("same", ())
    assert answer(after, "work").value == ("farm",)
    assert after.hears("Anything else?")


def test_a_renamed_question_keeps_its_answer_and_her_place() -> None:
    newer = script(
        """
        - text: wish
          formerly: dream
          ask: What did you dream of?
        - choice: place
          formerly: [job, work]
          ask: Where do you want to work?
          choices:
            - land: On a farm
              formerly: farm
            - shop: In a shop
        - say: on_land
          text: A farm, then.
          only_if: {answer: place, is: land}
        - text: learn
          ask: What do you want to learn?
        """
    )
    amina = begun(FIRST, "A house")
    done_before = begun(FIRST, "A house", "1")

    after, done = moved(amina, newer)
    further, _ = moved(done_before, newer)

    assert (done.fate, done.to) == ("same", "place")
    assert answer(after, "wish") == answer(amina, "dream")
    assert answer(further, "place").value == ("land",)
    assert answer(further, "place").words == "On a farm"


def test_nothing_of_her_answers_is_taken_out_of_the_history() -> None:
    newer = script("- text: wish\n  formerly: dream\n  ask: A wish?\n- text: more\n  ask: More?")
    amina = begun(FIRST, "A house", "1")

    _, done = moved(amina, newer)

    assert {(event.place.step, event.answer.state) for event in done.events} == {
        ("wish", "answered"),
        ("dream", "not_asked"),
    }


def test_a_question_in_new_words_is_asked_anew_before_anything_counts_as_its_answer() -> None:
    newer = script(
        """
        - text: dream
          ask: What did you dream of?
        - choice: work
          ask: Where do you want to work?
          choices:
            - shop: In a shop
            - farm: On a farm
        """
    )
    amina = begun(FIRST, "A house")

    after, done = moved(amina, newer)
    after.says("1")

    assert done.fate == "changed"
    assert Place("work") not in after.session.answers
    assert after.hears("I did not use it")
    assert after.hears("Where do you want to work?")
    after.says("1")
    assert answer(after, "work").value == ("shop",)


SEVERAL = """
- several: {name}
  ask: What fits?
  shuffle: {shuffle}
  choices:
{choices}
- text: more
  ask: More?
"""
ABC = "    - a: First\n    - b: Second\n    - c: Third\n"


def several(choices: str = ABC, name: str = "fits", shuffle: bool = False) -> Moves:
    """A question with several answers."""
    return script(
        SEVERAL.replace("{name}", name)
        .replace("{choices}", choices)
        .replace("{shuffle}", str(shuffle).lower())
    )


def test_what_she_ticked_so_far_stays_ticked_under_its_new_key() -> None:
    amina = begun(several())
    amina.taps("First", "Third")

    after, done = moved(amina, several(ABC.replace("- c: Third", "- z: Third\n      formerly: c")))
    after.does("again")
    after.taps("Done")

    assert done.fate == "same"
    assert answer(after, "fits").value == ("a", "z")


def test_what_she_ticked_is_dropped_where_the_choices_are_others() -> None:
    amina = begun(several())
    amina.taps("First")

    after, done = moved(amina, several(ABC + "    - d: Fourth\n"))

    assert (done.fate, after.session.draft) == ("changed", ())


def test_a_shuffled_question_under_a_new_name_comes_in_another_order_and_is_asked_anew() -> None:
    amina = begun(several(shuffle=True))

    _, done = moved(amina, several(name="new_name\n  formerly: fits", shuffle=True))

    assert (done.fate, done.to) == ("changed", "new_name")


def test_a_choice_that_is_gone_stays_in_her_words() -> None:
    newer = script(
        """
        - choice: work
          ask: Where do you want to work?
          choices:
            - shop: In a shop
        - text: learn
          ask: What do you want to learn?
        """
    )

    after, _ = moved(begun(FIRST, "A house", "1"), newer)
    after.does("back")

    assert answer(after, "work").words == "On a farm"
    assert "Keep: On a farm" in after.buttons


@pytest.mark.parametrize("kind", ["number", "date", "scale"])
def test_words_that_are_no_answer_any_more_stay_in_the_history_only(kind: str) -> None:
    newer = script(
        f"- {kind}: dream\n  ask: How many?\n- text: learn\n  ask: What do you want to learn?\n"
        + ("" if kind == "date" else "  only_if: {answer: dream, is_not: ['3']}\n")
    )

    after, done = moved(begun(FIRST, "A house", "1"), newer)

    assert (done.to, answer(after, "dream").state) == ("learn", "passed_over")


# ── questions that are gone ──────────────────────────────────────────────────────────────────────

WITHOUT_WORK = script(
    """
    - text: dream
      ask: What did you dream of?
    - say: about_learning
      text: Now about learning.
    - text: learn
      ask: What do you want to learn?
    - text: step
      ask: What is your next step?
    """
)


def test_from_a_question_that_is_gone_she_goes_on_to_the_next() -> None:
    amina = begun(FIRST, "A house")

    after, done = moved(amina, WITHOUT_WORK)

    assert (done.fate, done.to) == ("gone", "learn")
    after.sends(amina.tap("On a farm"))
    assert after.events == [StaleTap()]
    assert after.hears("That button belongs to an earlier question.")
    assert after.hears("Now about learning.")
    assert after.hears("What do you want to learn?")


def test_what_she_types_for_a_question_that_is_gone_is_no_answer_to_another() -> None:
    after, _ = moved(begun(FIRST, "A house"), WITHOUT_WORK)

    after.says("On a farm")

    assert Place("learn") not in after.session.answers
    after.says("To swim")
    assert answer(after, "learn").words == "To swim"


@pytest.mark.parametrize("command", ["skip", "back", "again", "start"])
def test_no_command_skips_a_question_she_has_not_seen(command: str) -> None:
    after, _ = moved(begun(FIRST, "A house"), WITHOUT_WORK)

    after.does(command)  # type: ignore[arg-type]

    assert after.at == Place("learn")
    assert after.hears("What do you want to learn?")
    assert Place("learn") not in after.session.answers


def test_leaving_in_a_hurry_still_works_at_once_and_leads_back() -> None:
    after, _ = moved(begun(FIRST, "A house"), WITHOUT_WORK)

    after.does("leave")
    assert after.heard == ["Goodbye. Take care."]
    after.taps("Go on")

    assert after.hears("Now about learning.")
    assert after.hears("What do you want to learn?")
    assert not after.session.moved


def test_while_she_chooses_something_else_nothing_gets_in_between() -> None:
    amina = begun(FIRST, "A house")
    amina.does("person")

    after, _ = moved(amina, WITHOUT_WORK)
    after.says("no")

    assert after.hears("What do you want to learn?")


def test_with_nothing_left_to_ask_she_comes_to_the_end_and_what_she_shares_is_handed_over() -> None:
    begin = """
    - part: hopes
      title: Hopes
      minutes: 1
      steps:
        - text: hope
          ask: What do you hope for?
    - part: sharing
      title: Sharing
      minutes: 1
      private: true
      steps:
        - share: share
          ask: May she see it?
          which: Which of it?
    """
    last = "- text: last\n  ask: Anything else?\n"
    end = "- hand_over: done\n  text: Thank you.\n  if_nothing: Thank you all the same.\n"

    def whole(middle: str) -> Moves:
        parts = indent(dedent(begin), "  ") + indent(middle + end, " " * 6)
        return Moves(load("demo", {"demo.yaml": "script: demo\ntitle: Demo\nparts:\n" + parts.lstrip("\n")}))

    amina = begun(whole(last), "A house", "1")
    assert amina.at.step == "last"

    after, done = moved(amina, whole(""))
    after.says("Nothing else")

    assert (done.fate, done.to) == ("gone", END)
    assert any(isinstance(event, HandedOver) for event in after.events)
    assert after.session.mode == "ended"


# ── questions that are new ───────────────────────────────────────────────────────────────────────

WITH_MORE = """
- text: dream
  ask: What did you dream of?
- yes_no: agree_anew
  ask: May I keep your answers?
  {required}
- say: news
  text: There is something new.
- choice: work
  ask: Where do you want to work?
  choices:
    - farm: On a farm
    - shop: In a shop
- text: ahead
  ask: And later?
"""
OPTIONAL = script(WITH_MORE.replace("{required}", "optional: true"))
REQUIRED = script(WITH_MORE.replace("{required}", "required: true"))


def test_a_new_question_behind_her_is_passed_over_and_she_did_not_decline_it() -> None:
    after, done = moved(begun(FIRST, "A house"), OPTIONAL)

    assert (done.fate, done.to) == ("same", "work")
    assert answer(after, "agree_anew").state == "passed_over"
    after.says("1")
    assert after.heard == ["And later?"]


def test_a_new_question_ahead_of_her_is_asked() -> None:
    after, _ = moved(begun(FIRST, "A house", "1"), OPTIONAL)

    assert after.at == Place("ahead")


def test_a_question_that_was_passed_over_can_be_reached_by_going_back() -> None:
    after, _ = moved(begun(FIRST, "A house"), OPTIONAL)

    after.does("back")
    assert after.hears("May I keep your answers?")
    after.says("yes")

    assert answer(after, "agree_anew").value == ("yes",)
    assert after.hears("Where do you want to work?")


def test_a_new_question_that_needs_an_answer_comes_first_and_then_she_is_where_she_was() -> None:
    after, done = moved(begun(FIRST, "A house"), REQUIRED)

    assert (done.fate, done.to) == ("elsewhere", "agree_anew")
    after.says("A shop", "yes")
    assert after.heard == ["Where do you want to work?"], "what is said behind her is not said to her"


def test_who_is_at_the_end_stays_there_whatever_is_new() -> None:
    amina = begun(FIRST, "A house", "1", "To swim", "To call")
    assert amina.session.mode == "ended"

    after, done = moved(amina, OPTIONAL)

    assert (done.fate, done.to, after.session.mode, after.session.moved) == ("same", END, "ended", False)


def test_who_is_at_the_end_is_asked_what_needs_an_answer_when_she_comes_back() -> None:
    amina = begun(FIRST, "A house", "1", "To swim", "To call")

    after, _ = moved(amina, REQUIRED)
    after.does("again")

    assert after.hears("May I keep your answers?")
    after.says("yes")
    assert after.session.mode == "ended"


def test_questions_in_another_order_are_all_asked() -> None:
    other_order = script(
        """
        - text: step
          ask: What is your next step?
        - text: learn
          ask: What do you want to learn?
        - text: dream
          ask: What did you dream of?
        - choice: work
          ask: Where do you want to work?
          choices:
            - farm: On a farm
            - shop: In a shop
        """
    )

    after, done = moved(begun(FIRST, "A house"), other_order)

    assert (done.fate, done.to) == ("elsewhere", "step")
    after.says("hm", "To call", "To swim")
    assert after.at == Place("work")


def test_a_version_that_would_erase_her_answers_leaves_her_where_she_is() -> None:
    erasing = script(
        """
        - text: dream
          ask: What did you dream of?
          then: forget
        """
    )
    amina = begun(FIRST, "A house")

    done = MoveOver(FIRST, erasing).move(amina.session, NINE)

    assert (done.fate, done.session, done.events) == ("left", None, ())


# ── loops and parts ──────────────────────────────────────────────────────────────────────────────


def loops(name: str, again: str, question: str, more: str = "") -> Moves:
    return script(
        f"""
        - loop: {name}
          {more}
          title: Story
          at_most: 3
          again: {again}
          ask_again: Another one?
          steps:
            - text: {question}
              ask: Tell me.
        - text: after
          ask: And then?
        """
    )


def test_the_rounds_of_a_renamed_loop_stay_hers() -> None:
    old = loops("stories", "more_stories", "story")
    new = loops("tales", "more_tales", "story", "formerly: stories")
    amina = begun(old, "One", "yes", "Two")

    after, done = moved(amina, new)

    assert (done.fate, after.at) == ("same", Place("more_tales", 2))
    after.says("no")
    assert after.at == Place("after")
    assert [answer(after, "story", n).words for n in (1, 2)] == ["One", "Two"]


def test_a_part_under_a_new_name_stays_shared_and_private_as_she_chose() -> None:
    def sharing(part: str, hope: str, formerly: str = "", before: str = "") -> Moves:
        text = f"""
        script: demo
        title: Demo
        parts:
          - part: {part}
            {formerly}
            title: Hopes
            minutes: 1
            steps:
              - text: {hope}
                {before}
                ask: What do you hope for?
              - text: dream
                ask: What do you dream of?
          - part: sharing
            title: Sharing
            minutes: 1
            private: true
            steps:
              - share: share
                ask: May she see it?
                which: Which of it?
              - text: last
                ask: Anything else?
        """
        return Moves(load("demo", {"demo.yaml": dedent(text)}))

    newer = sharing("wishes", "wish", "formerly: hopes", "formerly: hope")
    amina = begun(sharing("hopes", "hope"), "A house", "A garden", "2", "1")
    assert amina.at == Place("last")

    after, done = moved(amina, newer)

    assert (done.fate, after.at) == ("same", Place("last"))
    assert answer(after, "share.wishes").value == ("some",)
    assert answer(after, "share.wishes.which").value == ("wish",)
    assert moved(begun(sharing("hopes", "hope")), newer)[0].session.part == "wishes"


def follow_up(part: str, formerly: str = "") -> Moves:
    """A script in which a part of that name asks how her step went."""
    text = f"""
    script: demo
    title: Demo
    parts:
      - part: plan
        title: A step
        minutes: 1
        steps:
          - text: step
            ask: What is your step?
            summary: step.what
      - part: {part}
        {formerly}
        title: How it went
        minutes: 1
        follow_up: true
        steps:
          - text: went
            ask: "Your step was: “%(step)s”. How did it go?"
          - text: more
            ask: Was “%(step)s” the right step?
    """
    return Moves(load("demo", {"demo.yaml": dedent(text)}))


def came_back_to_her_step(moves: Moves) -> Amina:
    """She has told how her step went."""
    amina = begun(moves, "Call the school")
    amina.taps("How my step went")
    amina.says("Well")
    return amina


def test_who_came_back_to_her_step_is_asked_about_it_also_when_the_part_has_a_new_name() -> None:
    amina = came_back_to_her_step(follow_up("after"))

    later, done = moved(amina, follow_up("later", "formerly: after"))
    later.does("again")

    assert (done.fate, later.at) == ("same", Place("more"))
    assert later.hears("Was “Call the school” the right step?")


def test_that_she_came_back_counts_under_one_name_only_and_again_after_moving_back() -> None:
    older, newer = follow_up("after"), follow_up("later", "formerly: after")

    there, _ = moved(came_back_to_her_step(older), newer)
    again, done = moved(there, older)

    assert answer(there, "later:came_back").words == "Call the school"
    assert answer(there, "after:came_back").state == "not_asked"
    assert (done.fate, again.at) == ("same", Place("more"))
    assert answer(again, "after:came_back").words == "Call the school"
    assert answer(again, "later:came_back").state == "not_asked"


def test_a_read_back_of_other_answers_than_she_sees_is_read_back_anew() -> None:
    def reading(question: str) -> Moves:
        text = f"""
        script: demo
        title: Demo
        parts:
          - part: hopes
            title: Hopes
            minutes: 1
            steps:
              - text: {question}
                ask: What do you hope for?
              - text: dream
                ask: What do you dream of?
          - part: ending
            title: The end
            minutes: 1
            private: true
            steps:
              - read_back: mine
                ask: This is what you told me.
        """
        return Moves(load("demo", {"demo.yaml": dedent(text)}))

    after, done = moved(begun(reading("hope"), "A house", "A garden"), reading("wish"))
    after.says("1")

    assert done.fate == "changed"
    assert after.hears("» A garden")
    assert not after.hears("» A house")
    assert after.session.mode == "talking"


# ── and back again ───────────────────────────────────────────────────────────────────────────────


def test_moving_back_gives_her_all_answers_back() -> None:
    newer = script("- text: wish\n  formerly: dream\n  ask: A wish?\n- text: step\n  ask: What step?")
    amina = begun(FIRST, "A house", "1")

    there, _ = moved(amina, newer)
    back, _ = moved(there, FIRST)

    for place, given_before in amina.session.answers.items():
        assert back.session.answers[place] == given_before
    assert back.at in {Place("learn"), Place("step")}


def test_an_answer_that_she_changed_meanwhile_is_the_one_that_counts_after_moving_back() -> None:
    newer = script("- text: wish\n  formerly: dream\n  ask: A wish?\n- text: step\n  ask: What step?")
    there, _ = moved(begun(FIRST, "A house"), newer)
    there.does("again", "back")
    there.says("A garden")

    back, _ = moved(there, FIRST)

    assert answer(back, "dream").words == "A garden"


# ── whatever is changed in a script ──────────────────────────────────────────────────────────────

KINDS = ("text", "yes_no", "number", "scale", "choice", "say", "loop")
names = st.sampled_from("abcdefgh")
keys = st.sampled_from(("xy", "yz", "z"))


@st.composite
def scripts(draw: st.DrawFn, before: tuple[str, ...] = ()) -> Moves:
    """A small sound script; some of its questions bear another name in the one `before`."""
    chosen = draw(st.lists(names, min_size=1, max_size=7, unique=True))
    gone = [name for name in before if name not in chosen]
    steps: list[str] = []
    asked: list[str] = []
    for name in chosen:
        kind = draw(st.sampled_from(KINDS))
        lines = [f"- {kind}: {name}"]
        if draw(st.booleans()) and gone:
            lines.append(f"  formerly: {gone.pop()}")
        if kind != "loop" and draw(st.booleans()) and asked:
            lines.append(f"  only_if: {{answer: {draw(st.sampled_from(asked))}, answered: true}}")
        lines += _rest(draw, kind, name)
        if kind not in ("say", "loop"):
            asked.append(name)
        steps.append("\n".join(lines))
    steps.append("- text: last\n  ask: Last?")
    return script("\n".join(steps))


def _rest(draw: st.DrawFn, kind: str, name: str) -> list[str]:
    if kind == "say":
        return [f"  text: Say {name}."]
    if kind == "loop":
        inner = f"  steps:\n    - text: {name}_in\n      ask: In {name}?"
        return [f"  title: Loop\n  at_most: 2\n  again: {name}_again\n  ask_again: Again?\n{inner}"]
    lines = [f"  ask: Ask {name}{draw(st.sampled_from(['', ' now']))}?"]
    if draw(st.integers(0, 3)) == 0:
        lines.append("  required: true")
    if kind == "choice":
        lines += [
            "  choices:",
            *(f"    - {key}: Label {key}" for key in draw(keys)),
        ]
    return lines


@st.composite
def two_versions(draw: st.DrawFn) -> tuple[Moves, Moves]:
    old = draw(scripts())
    return old, draw(scripts(before=tuple(step.name for step in old.script.steps if len(step.name) == 1)))


def goes_on(amina: Amina, picks: list[int]) -> None:
    """One thing after the other, each fitting the question; a pick of 0 skips what can be skipped."""
    for pick in picks:
        if amina.session.mode == "ended":
            return
        step = amina.moves.script.step(amina.at.step)
        if pick == 0 and step.skippable:
            amina.does("skip")
        else:
            amina.says(
                "yes" if step.kind == "yes_no" and pick % 2 else "no" if step.kind == "yes_no" else "1"
            )


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(two_versions(), st.lists(st.integers(0, 3), max_size=12), st.booleans())
def test_whatever_was_changed_nobody_is_stranded_and_no_answer_is_lost(
    versions: tuple[Moves, Moves], picks: list[int], is_away: bool
) -> None:
    old, new = versions
    amina = begun(old)
    goes_on(amina, picks)
    if is_away:
        amina.does("pause")
    before = amina.session

    after, done = moved(amina, new)

    for place, given_before in before.answers.items():
        still = after.session.answers[place]
        assert still == given_before or given_before in after.session.answers.values() or still.at == NINE
    if done.fate == "same" and before.at.step != END:
        assert new.script.by_name[after.at.step].kind == old.script.by_name[before.at.step].kind
    after.does("again")
    on_the_way = set(new.walk(after.session.answers))
    assert after.session.mode == "ended" or after.at in on_the_way
    if after.session.mode != "ended":
        assert new.script.step(after.at.step).kind not in SILENT
        is_unanswered = after.session.answers.get(after.at, Answer("not_asked")).state != "answered"
        assert is_unanswered or done.fate in ("same", "changed")
    goes_on(after, [1] * 40)
    assert after.session.mode == "ended"


@settings(max_examples=80, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(two_versions(), st.lists(st.integers(0, 3), max_size=12))
def test_there_and_back_again_her_answers_count_as_before(
    versions: tuple[Moves, Moves], picks: list[int]
) -> None:
    old, new = versions
    amina = begun(old)
    goes_on(amina, picks)

    there, _ = moved(amina, new)
    back, _ = moved(there, old)

    for place, given_before in amina.session.answers.items():
        now = back.session.answers[place]
        assert now == given_before or _has_another_kind(place.step, old, new)


def _has_another_kind(question: str, old: Moves, new: Moves) -> bool:
    """Where it became a number, her words could not count there; they are in the history."""
    kind = old.script.by_name[question].kind
    others = [step for step in new.script.steps if question in (step.name, *step.formerly)]
    return any(step.kind != kind for step in others)
