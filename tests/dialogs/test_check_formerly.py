"""A name that is gone belongs to one question, part or choice only."""

from textwrap import dedent

import pytest

from dialogs.library import load, read_scripts

SOUND = """
script: demo
title: Demo
parts:
  - part: one
    formerly: start
    title: One
    minutes: 1
    steps:
      - text: wish
        formerly: [dream, hope]
        ask: What do you wish for?
      - choice: work
        ask: Where?
        choices:
          - shop: In a shop
            formerly: market
          - farm: On a farm
      - loop: stories
        title: Story
        at_most: 2
        again: more
        ask_again: More?
        steps:
          - text: story
            ask: Tell me.
"""


def faults(text: str) -> list[str]:
    return [str(fault) for fault in read_scripts({"demo.yaml": dedent(text)})[1]]


def test_former_names_are_no_fault_and_part_of_the_version() -> None:
    assert faults(SOUND) == []
    without = load("demo", {"demo.yaml": SOUND.replace("    formerly: start\n", "")})
    assert load("demo", {"demo.yaml": SOUND}).version != without.version


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ("[dream, hope]", "work", "demo.yaml:11: wish: There still is a question 'work'."),
        ("[dream, hope]", "more", "demo.yaml:11: wish: There still is a question 'more'."),
        ("[dream, hope]", "wish", "demo.yaml:11: wish: There still is a question 'wish'."),
        ("formerly: start", "formerly: one", "demo.yaml:6: one: There still is a part 'one'."),
        ("formerly: market", "formerly: farm", "demo.yaml:17: work: There still is a choice 'farm'."),
        ("[dream, hope]", "[Dream]", "demo.yaml:11: wish: 'Dream' is not a valid name."),
    ],
)
def test_a_former_name_that_is_still_there_is_refused(before: str, after: str, fault: str) -> None:
    [found] = faults(SOUND.replace(before, after))

    assert found.startswith(fault)


def test_a_former_name_that_two_claim_is_refused() -> None:
    twice = SOUND.replace("- text: story\n", "- text: story\n            formerly: dream\n")

    [found] = faults(twice)

    assert "Both 'wish' and 'story' were formerly 'dream'." in found


def test_what_is_read_back_and_shared_goes_by_the_names_of_its_parts() -> None:
    script = load(
        "demo",
        {
            "demo.yaml": SOUND
            + dedent("""
              - part: ending
                title: End
                minutes: 1
                private: true
                steps:
                  - share: shared
                    formerly: share
                    ask: Share it?
                    which: Which?
            """).replace("\n", "\n  ")
        },
    )

    assert script.step("shared.one").formerly == ("shared.start", "share.one", "share.start")
    assert script.step("shared.one.which").formerly[0] == "shared.start.which"


def test_the_questions_of_a_called_script_go_by_its_former_name_too() -> None:
    inner = SOUND.replace("script: demo", "script: inner")
    outer = """
    script: outer
    title: Outer
    parts:
      - part: one
        title: One
        minutes: 1
        steps:
          - call: inner
            formerly: before
    """

    script = load("outer", {"inner.yaml": inner, "outer.yaml": dedent(outer)})

    assert "before.dream" in script.step("inner.wish").formerly
    assert "before.wish" in script.step("inner.wish").formerly
