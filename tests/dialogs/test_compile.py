"""What becomes of a script file: a flat list of steps with every name in full."""

from textwrap import dedent

from casework.packaged import packaged_sources
from dialogs.library import load, sources_of
from dialogs.script import END, FORGET, NEXT, Choice, Script, Way
from dialogs.script import Test as Condition

TEA = Condition("likes", "is", ("tea",))

DEMO = """
    script: demo
    title: Demo
    version_note: first try
    parts:
      - part: start
        title: Start
        minutes: 1
        private: true
        steps:
          - say: hello
            text: Hello %(name)s.
          - yes_no: private_now
            ask: Can you write in private now?
            no: forget
            required: true
            consent: "1"
          - choice: likes
            ask: What do you like?
            choices:
              - tea: Tea
                accepts: [cuppa]
                picture: 🍵
              - milk: Milk
                then: hopes
              - none: Nothing
                then: end
      - part: hopes
        title: Hopes
        minutes: 4
        only_if: {answer: likes, is: tea}
        steps:
          - text: good_life
            ask: What would you like?
            hint: A few words.
            summary: ambition
            then: stories
          - loop: stories
            title: Story
            at_most: 3
            again: more
            ask_again: Another?
            only_if: {answer: good_life, answered: true}
            steps:
              - text: story
                ask: Tell me.
              - scale: sure
                ask: How sure?
                low: not
                high: very
                only_if: {answer: story, answered: true}
          - branch: by_taste
            ways:
              - if: [{answer: likes, is: [tea, milk]}, {answer: good_life, answered: true}]
                go_to: sharing
              - if: {answer: good_life, answered: true}
                go_to: next
            otherwise: words
          - call: steps
      - part: sharing
        title: Sharing
        minutes: 2
        private: true
        steps:
          - read_back: words
            ask: About %(part)s
            only_if: {answer: likes, is_not: [none]}
          - share: share
            ask: Share %(part)s?
            which: Which?
          - hand_over: shared
            text: Thanks.
            if_nothing: Fine too.
"""
STEPS = """
    script: steps
    title: Steps
    parts:
      - part: a_step
        title: A step
        minutes: 1
        steps:
          - number: days
            ask: In how many days?
            least: 1
            most: 30
          - cards: with_whom
            ask: With whom?
            many: true
            shuffle: true
            only_if: {answer: days, at_least: 2}
            then: done
            choices:
              - alone: Alone
                picture: 🧍‍♀️
          - say: done
            text: Good.
"""


def sources(demo: str = DEMO, steps: str = STEPS) -> dict[str, str | bytes]:
    return {"demo.yaml": dedent(demo), "steps.yaml": dedent(steps)}


def compiled(demo: str = DEMO, steps: str = STEPS) -> Script:
    return load("demo", sources(demo, steps))


def test_all_steps_stand_in_one_flat_list() -> None:
    assert [(step.name, step.kind, step.part) for step in compiled().steps] == [
        ("hello", "say", "start"),
        ("private_now", "yes_no", "start"),
        ("likes", "choice", "start"),
        ("good_life", "text", "hopes"),
        ("story", "text", "hopes"),
        ("sure", "scale", "hopes"),
        ("more", "yes_no", "hopes"),
        ("by_taste", "branch", "hopes"),
        ("steps.days", "number", "hopes"),
        ("steps.with_whom", "cards", "hopes"),
        ("steps.done", "say", "hopes"),
        ("words.hopes", "read_back", "sharing"),
        ("share.hopes", "share", "sharing"),
        ("share.hopes.which", "share_which", "sharing"),
        ("shared", "hand_over", "sharing"),
    ]


def test_steps_are_found_by_name_and_know_their_line() -> None:
    script = compiled()

    assert script.step("hello") is script.steps[0]
    assert dedent(DEMO).splitlines()[script.step("sure").line - 1].strip() == "- scale: sure"


def test_parts_keep_title_minutes_and_privacy() -> None:
    start, hopes, _ = compiled().parts

    assert (start.title, start.minutes, start.private, start.context) == ("Start", 1, True, "demo/start")
    assert (hopes.private, hopes.only_if) == (False, (TEA,))


def test_a_yes_no_question_has_the_choices_yes_and_no_with_its_jumps() -> None:
    step = compiled().step("private_now")

    assert step.choices == (Choice("yes", "Yes"), Choice("no", "No", then=FORGET))
    assert (step.skippable, step.consent) == (False, "1")


def test_choices_jump_to_steps_parts_or_the_end() -> None:
    step = compiled().step("likes")

    assert step.choices == (
        Choice("tea", "Tea", picture="🍵", accepts=("cuppa",)),
        Choice("milk", "Milk", then="good_life"),
        Choice("none", "Nothing", then=END),
    )
    assert step.skippable


def test_a_question_keeps_its_words_and_where_its_answer_goes() -> None:
    step = compiled().step("good_life")

    assert (step.text, step.hint, step.feeds) == ("What would you like?", "A few words.", "ambition")
    assert (step.then, step.context) == ("story", "demo/good_life")


def test_conditions_of_part_and_loop_hold_for_each_step_in_them() -> None:
    script = compiled()
    answered = Condition("good_life", "answered")

    assert script.step("good_life").only_if == (TEA,)
    assert script.step("story").only_if == (answered, TEA)
    assert script.step("sure").only_if == (Condition("story", "answered"), answered, TEA)
    assert script.step("more").only_if == (answered, TEA)


def test_a_loop_ends_with_a_question_of_its_own() -> None:
    script = compiled()
    loop, more = script.loops["stories"], script.step("more")

    assert (loop.steps, loop.again, loop.at_most, loop.title) == (("story", "sure"), "more", 3, "Story")
    assert (loop.part, loop.context) == ("hopes", "demo/stories")
    assert (more.text, more.again, more.loop, more.context) == ("Another?", True, "stories", "demo/more")
    assert more.choices == (Choice("yes", "Yes"), Choice("no", "No"))
    assert script.step("by_taste").loop is None


def test_a_branch_knows_its_ways() -> None:
    step = compiled().step("by_taste")
    answered = Condition("good_life", "answered")

    assert step.ways == (
        Way((Condition("likes", "is", ("tea", "milk")), answered), "words.hopes"),
        Way((answered,), NEXT),
    )
    assert step.then == "words.hopes"


def test_a_called_script_is_taken_in_under_its_own_name() -> None:
    step = compiled().step("steps.with_whom")

    assert step.only_if == (Condition("steps.days", "at_least", ("2",)), TEA)
    assert (step.then, step.part, step.context) == ("steps.done", "hopes", "steps/with_whom")
    assert (step.many, step.shuffle) == (True, True)


def test_numbers_and_scales_have_their_ends() -> None:
    script = compiled()
    days, sure = script.step("steps.days"), script.step("sure")

    assert (days.least, days.most) == (1, 30)
    assert (sure.least, sure.most, sure.low, sure.high) == (0, 10, "not", "very")


def test_each_part_that_is_not_private_is_read_back_and_shared() -> None:
    script = compiled()
    answered = Condition("hopes", "part_answered")

    assert script.step("words.hopes").only_if == (answered, Condition("likes", "is_not", ("none",)))
    assert script.step("words.hopes").about == "hopes"
    assert script.step("share.hopes").only_if == (answered,)
    assert script.step("share.hopes").choices == ()
    assert script.step("share.hopes.which").only_if == (Condition("share.hopes", "is", ("some",)),)
    assert script.step("share.hopes.which").text == "Which?"
    assert script.step("share.hopes.which").context == "demo/share"


def test_the_part_at_hand_is_not_read_back_to_itself() -> None:
    question = "- text: last\n            ask: Anything else?\n          - read_back: words"
    head, tail = DEMO.replace("- read_back: words", question).rsplit("private: true", 1)
    script = compiled(f"{head}private: false{tail}")

    assert [step.about for step in script.steps if step.kind == "read_back"] == ["hopes"]


def test_handing_over_has_words_for_when_nothing_is_shared() -> None:
    step = compiled().step("shared")

    assert (step.text, step.if_nothing) == ("Thanks.", "Fine too.")


def test_a_condition_on_anything_shared_needs_no_question() -> None:
    script = compiled(
        DEMO.replace("text: Thanks.", "text: Thanks.\n            only_if: {anything_shared: true}")
    )

    assert script.step("shared").only_if == (Condition("", "anything_shared"),)


# ── the version names the content ─────────────────────────────────────────────────────────────────


def test_equal_content_has_an_equal_version() -> None:
    moved = "\n# a comment\n" + dedent(DEMO).replace("first try", "second try")
    noted = moved.replace("title: Hopes", "title: Hopes\n    note: her hopes")

    assert load("demo", {**sources(), "demo.yaml": noted}).version == compiled().version
    assert len(compiled().version) == 16


def test_writing_out_what_holds_anyway_makes_no_other_version() -> None:
    spelt_out = DEMO.replace("text: Fine too.", "text: Fine too.\n            then: next")

    assert compiled(spelt_out).version == compiled().version


def test_a_version_stays_the_same_when_trede_learns_new_keys() -> None:
    # Conversations are stored under this name. If this changes, nobody's conversation finds its script again.
    assert compiled().version == "9f3261c7c40fb8f0"


def test_other_content_has_another_version_also_in_a_called_script() -> None:
    versions = {
        compiled().version,
        compiled(DEMO.replace("Hello", "Good morning")).version,
        compiled(DEMO.replace("at_most: 3", "at_most: 2")).version,
        compiled(DEMO.replace("is: [tea, milk]", "is: [tea]")).version,
        compiled(DEMO.replace("private: true", "private: false", 1)).version,
        compiled(steps=STEPS.replace("Good.", "Very good.")).version,
    }

    assert len(versions) == 6


def test_a_script_is_stored_with_the_scripts_it_calls_and_no_others() -> None:
    held = sources_of("demo", {**sources(), "other.yaml": "script: other"})

    assert set(held) == {"demo.yaml", "steps.yaml"}
    assert load("demo", held).version == compiled().version


def test_the_reflection_compiles() -> None:
    script = load("reflection", packaged_sources())

    assert script.parts[0].name == "start"
    assert script.by_name.keys() == {step.name for step in script.steps}
