"""The gender-sensitive rules: what they find, what they leave alone, and how often they are right."""

import time
from collections import Counter
from pathlib import Path
from textwrap import dedent, indent

import pytest

from casework.packaged import packaged_sources
from dialogs.fair import fair_faults
from dialogs.fair_rules import fair_rules
from dialogs.read_file import read_file
from tests.dialogs.fair_examples import Example, examples, measure

PAGE = (Path(__file__).parents[2] / "docs" / "plain-and-fair.md").read_text(encoding="utf-8")
HALVES = ("tune", "held_out")


def half(name: str) -> list[Example]:
    return [each for each in examples() if each.half == name]


# ── the examples ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("file", ["fair_examples.yaml", "fair_public.yaml"])
def test_each_example_is_a_script_that_can_be_read(file: str) -> None:
    faults = [read_file("example.yaml", each.script)[1] for each in examples(file)]

    assert [fault for found in faults for fault in found] == []


def test_no_example_is_there_twice() -> None:
    both = [each.text for each in (*examples(), *examples("fair_public.yaml"))]

    assert [text for text, times in Counter(both).items() if times > 1] == []


def test_the_text_of_an_example_decides_in_which_half_it_is() -> None:
    assert [each.text for each in examples() if each.half != each.half_by_hash] == []


def test_there_are_enough_good_and_bad_examples_in_each_half() -> None:
    for name in HALVES:
        found = measure(half(name))
        assert min(found.good, found.bad) >= 40


@pytest.mark.parametrize("name", HALVES)
def test_each_rule_has_a_bad_example_in_each_half(name: str) -> None:
    assert {rule for each in half(name) for rule in each.breaks} == set(fair_rules())


@pytest.mark.parametrize(
    ("name", "chosen"),
    [
        ("tuned on", half("tune")),
        ("held out", half("held_out")),
        ("public questionnaires", examples("fair_public.yaml")),
    ],
)
def test_the_page_says_what_is_measured(name: str, chosen: list[Example]) -> None:
    assert measure(chosen).row(name) in PAGE


def test_the_page_explains_each_rule_with_its_chapter() -> None:
    for rule in fair_rules().values():
        assert f"| `{rule.name}` | {rule.chapter} |" in PAGE


# ── what comes with Trede ─────────────────────────────────────────────────────────────────────────


def test_no_packaged_script_is_unfair() -> None:
    assert [str(fault) for fault in fair_faults(packaged_sources())] == []


def test_the_whole_reflection_takes_less_than_a_fifth_of_a_second() -> None:
    reflection = {"reflection.yaml": packaged_sources()["reflection.yaml"]}

    assert min(_seconds(reflection) for _ in range(3)) < 0.2


def _seconds(sources: dict[str, str | bytes]) -> float:
    begun = time.perf_counter()
    fair_faults(sources)
    return time.perf_counter() - begun


# ── where it is said, and under which condition ───────────────────────────────────────────────────


HOPES = """
    - text: hope
      ask: What do you hope for?
      summary: ambition
    - yes_no: own
      ask: Is it your own wish?
"""


def script(steps: str, name: str = "demo", first: str = HOPES, more: str = "") -> str:
    """A script with a part about hopes and a part with `steps`."""
    head = f"script: {name}\ntitle: Demo\n{more}parts:\n"
    parts = [("hopes", first), ("asked", steps)]
    return head + "".join(
        f"  - part: {part}\n    title: A part\n    minutes: 2\n    steps:\n"
        + indent(dedent(held).strip("\n"), " " * 6)
        + "\n"
        for part, held in parts
        if held
    )


def broken(*files: str) -> list[tuple[str, str]]:
    """Question and rule of each fault."""
    sources: dict[str, str | bytes] = {f"{text.split()[1]}.yaml": text for text in files}
    return [
        (fault.question, fault.message.split("(rule ")[1].split(";")[0]) for fault in fair_faults(sources)
    ]


CARE = """
    - several: difficult
      ask: What is difficult for you?
      choices:
        - childcare: Childcare
        - money: Money
        - time: Time
"""
KIDS = """
    - text: kids
      ask: Who could look after your children?
      only_if: {answer: difficult, includes: %s}
"""


def test_a_fault_names_line_question_words_rule_chapter_and_a_better_example() -> None:
    found = fair_faults({"demo.yaml": script("- text: he\n  ask: What does your husband do?")})

    assert [str(fault) for fault in found] == [
        "demo.yaml:18: he: “husband”: It presumes a husband or a partner. She is a person of her own, "
        "and she has not named anybody. Better: “Who helps you? It can be one person, many people, "
        "or nobody.” (rule no_husband; handbook, chapter 1, 3, 6)"
    ]


def test_children_may_be_asked_about_once_she_chose_them() -> None:
    assert broken(script(dedent(CARE) + dedent(KIDS % "childcare"))) == []


def test_another_choice_does_not_name_them() -> None:
    assert broken(script(dedent(CARE) + dedent(KIDS % "money"))) == [("kids", "children_named")]


def test_a_branch_that_only_her_choice_takes_names_them_too() -> None:
    branch = """
        - branch: fork
          ways:
            - if: {answer: difficult, includes: childcare}
              go_to: kids
          otherwise: %s
        - text: kids
          ask: Who could look after your children?
        - text: rest
          ask: What else would help?
    """

    assert broken(script(dedent(CARE) + dedent(branch % "rest"))) == []
    assert broken(script(dedent(CARE) + dedent(branch % "next"))) == [("kids", "children_named")]


def test_a_condition_on_the_loop_around_it_counts() -> None:
    loop = """
        - loop: round
          title: Round
          at_most: 2
          again: more
          ask_again: Once more?
          only_if: {answer: difficult, includes: childcare}
          steps:
            - text: kids
              ask: What do your children need?
    """

    assert broken(script(dedent(CARE) + dedent(loop))) == []


def test_one_choice_of_many_may_be_a_husband_but_half_of_them_presume_him() -> None:
    asks = "- several: helps\n  ask: Who helps you?\n  choices:\n    - a: My husband\n    - b: A friend"
    presumes = f"{asks}\n    - c: The family of my husband\n    - d: Nobody"

    assert broken(script(f"{asks}\n    - c: Nobody")) == []
    assert broken(script(presumes)) == [("helps", "no_husband")]


def test_a_hint_a_say_and_a_title_are_looked_at_like_a_question() -> None:
    hint = script("- text: who\n  ask: Who decides?\n  hint: Your husband?")
    say = script("- say: talk\n  text: Talk with your husband.")
    title = script("- text: who\n  ask: Who decides?").replace("title: Demo", "title: You and your husband")

    assert broken(hint) == [("who", "no_husband")]
    assert broken(say) == [("talk", "no_husband")]
    assert broken(title) == [("title", "no_husband")]


def test_a_question_with_undecided_among_its_choices_may_ask_about_the_future() -> None:
    asks = "- choice: where\n  ask: Where do you see your future?\n  choices:\n    - a: Here\n    - b: There"

    assert broken(script(asks)) == [("where", "undecided")]
    assert broken(script(f"{asks}\n    - undecided: I have not decided")) == []
    assert broken(script(f"{asks}\n    - x: I do not know yet")) == []
    assert broken(script("- text: where\n  ask: Where do you see your future?")) == []


def test_obstacles_before_hopes_are_a_fault_and_after_them_not() -> None:
    worry = "- text: worry\n  ask: What worries you?"

    assert broken(script("", first=f"{worry}\n{dedent(HOPES).strip()}")) == [("worry", "hopes_first")]
    assert broken(script(worry)) == []


def test_what_stands_in_the_way_of_her_step_comes_with_the_step() -> None:
    step = "- text: obstacle\n  ask: What could make it difficult?\n  summary: step.obstacle"

    assert broken(script("", first=step)) == []


def test_hopes_without_the_question_whose_they_are_are_a_fault() -> None:
    hope = "- text: hope\n  ask: What do you hope for?"

    assert broken(script("", first=hope)) == [("hope", "own_wish")]
    assert broken(script("- text: whose\n  ask: Whose wish is it?", first=hope)) == []


def test_a_called_script_is_judged_where_it_is_called() -> None:
    called = script("", name="worries", first="- text: worry\n  ask: What worries you?")
    after, before = script("- call: worries"), script("", first="- call: worries\n" + dedent(HOPES).strip())

    assert broken(called) == [("worry", "hopes_first")]
    assert broken(called, after) == []
    assert broken(called, before) == [("worries", "hopes_first")]


def test_scripts_that_call_each_other_do_not_hold_it_up() -> None:
    one, two = (script("- call: " + other, name=name) for name, other in (("one", "two"), ("two", "one")))

    assert broken(one, two) == []


def test_a_list_of_kinds_of_work_is_mixed_and_shuffled() -> None:
    asks = "- several: kinds\n  ask: What was it?\n  summary: story.kind\n"
    kinds = asks + "  %schoices:\n    - job: A job\n    - %s"

    assert broken(script(kinds % ("shuffle: true\n  ", "care: Caring for someone"))) == []
    assert broken(script(kinds % ("shuffle: true\n  ", "shop: My own shop"))) == [("kinds", "paid_unpaid")]
    assert broken(script(kinds % ("", "care: Caring for someone"))) == [("kinds", "paid_unpaid")]


def test_sharing_names_what_and_with_whom() -> None:
    share = "- share: share\n  ask: May %s see %s?\n  which: Which of these may %s see?"
    whom, what = "%(case_manager)s", "%(part)s"

    assert broken(script(share % (whom, what, whom))) == []
    assert broken(script(share % ("they", what, whom))) == [("share", "power_named")]
    assert broken(script(share % (whom, "this", whom))) == [("share", "power_named")]
    assert broken(script(share % (whom, what, "they"))) == [("share", "power_named")]


def test_nothing_is_handed_over_without_asking() -> None:
    over = "- hand_over: over\n  text: Now %(case_manager)s can see it.\n  if_nothing: Thank you."

    assert broken(script(over)) == [("over", "power_named")]


def test_staff_may_be_asked_all_of_it() -> None:
    asks = "- text: bias\n  ask: Do you ask a woman about her husband and her children?"

    assert broken(script(asks, first="", more="for_staff: true\n")) == []
    assert broken(script(asks)) == [("bias", "children_named"), ("bias", "no_husband")]
