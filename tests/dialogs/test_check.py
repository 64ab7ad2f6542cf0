"""What `trede check` says about faulty scripts and catalogues: every fault, at its line, in plain words."""

from pathlib import Path
from textwrap import dedent, indent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casework.packaged import packaged_sources
from dialogs.check_catalogue import check_catalogue
from dialogs.errors import BrokenScript, Fault, UnknownScript
from dialogs.extract import extract, messages_of
from dialogs.library import load, read_scripts

HERE = Path(__file__).parent


def script(steps: str) -> str:
    """A script around `steps`."""
    head = "script: demo\ntitle: Demo\nparts:\n  - part: one\n    title: One\n    minutes: 2\n    steps:\n"
    return head + indent(dedent(steps).strip("\n"), " " * 6) + "\n"


FIRST = 8
"""The line of the first step in `script`."""


def faults_in(content: str | bytes, file: str = "demo.yaml", **others: str) -> list[Fault]:
    sources: dict[str, str | bytes] = {file: content}
    sources.update({f"{name}.yaml": text for name, text in others.items()})
    return read_scripts(sources)[1]


def test_one_file_with_many_faults_has_all_of_them_reported_at_their_lines() -> None:
    faults = faults_in((HERE / "faulty.yaml").read_bytes(), "faulty.yaml")

    assert [(fault.line, fault.question) for fault in faults] == [
        (1, ""),  # no title
        (2, ""),  # titel
        (6, "start"),  # minutes: zero
        (9, "hello"),  # empty text
        (10, "hello"),  # a second hello
        (13, "how_long"),  # %(nam)s
        (16, "how_long"),  # no: None at all
        (18, "how_long"),  # then: nowhere
        (21, "how_long_2"),  # no choices
        (22, "feelings"),  # txt
        (26, "children"),  # least over most
        (30, "sure"),  # sumary
        (33, "smaller"),  # summary: step.small
        (37, "early"),  # looks at a later answer
        (40, "later"),  # jumps back
        (46, "ideas"),  # a card without picture
        (47, "stories"),  # loop without at_most
        (56, "after"),  # looks into a loop
        (57, "by_time"),  # branch without otherwise
        (59, "by_time"),  # is: fife
        (64, "ghost"),  # unreachable
        (67, ""),  # anchor
        (67, "closing"),  # tab
        (68, ""),  # alias
        (69, "missing_script"),
    ]


CHOICE = """
    - choice: likes
      ask: What do you like?
      choices:
        - tea: Tea
        - milk: Milk"""
LONG = "x" * 301
EIGHT = "".join(f"\n        - c{n}: Choice {n}" for n in range(8))

FAULTS = {
    "unknown key": ("- say: hi\n  text: Hi.\n  colour: red", 2, "hi", "Unknown key 'colour'."),
    "unknown key near a known one": ("- say: hi\n  text: Hi.\n  noet: x", 2, "hi", "Did you mean 'note'?"),
    "our own key": ('- say: hi\n  text: Hi.\n  "@name": ho', 2, "hi", "Unknown key '@name'."),
    "missing key": ("- say: hi", 0, "hi", "The key 'text' is missing. Add a line `text: …`."),
    "key twice": (
        "- say: hi\n  text: Hi.\n  text: Ho.",
        2,
        "",
        "The key 'text' is here twice (first on line 9).",
    ),
    "name twice": (
        "- say: hi\n  text: Hi.\n- say: hi\n  text: Ho.",
        2,
        "hi",
        "a question of this name already",
    ),
    "unreachable": (
        "- say: hi\n  text: Hi.\n  then: end\n- say: ho\n  text: Ho.\n- say: hu\n  text: Hu.",
        3,
        "ho",
        "It is never reached: nothing leads past 'hi' to here.",
    ),
    "unreachable behind a choice that must be made": (
        "- yes_no: go\n  ask: Go?\n  required: true\n  yes: end\n  no: forget\n- say: ho\n  text: Ho.",
        5,
        "ho",
        "never reached",
    ),
    "branch without otherwise": (
        CHOICE
        + "\n    - branch: b\n      ways:\n        - if: {answer: likes, is: tea}\n          go_to: end",
        5,
        "b",
        "A dead end: 'otherwise' is missing",
    ),
    "no choices": ("- choice: c\n  ask: Which?", 0, "c", "A dead end: 'choices' is missing"),
    "empty list of choices": (
        "- choice: c\n  ask: Which?\n  choices: []",
        2,
        "c",
        "the list 'choices' is empty",
    ),
    "loop without a maximum": (
        "- loop: l\n  title: L\n  again: more\n  ask_again: More?\n  steps:\n    - say: hi\n      text: Hi.",
        0,
        "l",
        "A loop without end: 'at_most' is missing",
    ),
    "loop with too high a maximum": (
        "- loop: l\n  title: L\n  at_most: 11\n  again: more\n  ask_again: More?\n  steps:\n"
        "    - say: hi\n      text: Hi.",
        2,
        "l",
        "'at_most' is 11; it must be at most 10.",
    ),
    "loop in a loop": (
        "- loop: l\n  title: L\n  at_most: 2\n  again: more\n  ask_again: More?\n  steps:\n"
        "    - say: hi\n      text: Hi.\n"
        "    - loop: k\n      title: K\n      at_most: 2\n      again: more_k\n      ask_again: More?\n"
        "      steps:\n        - say: ho\n          text: Ho.",
        8,
        "k",
        "A loop cannot stand inside a loop.",
    ),
    "loop whose every step may be passed over": (
        CHOICE
        + "\n    - loop: l\n      title: L\n      at_most: 2\n      again: more\n      ask_again: More?\n"
        "      steps:\n        - say: hi\n          text: Hi.\n          only_if: {answer: likes, is: tea}",
        5,
        "l",
        "every step of this loop has a condition",
    ),
    "jump back": (
        "- say: hi\n  text: Hi.\n- say: ho\n  text: Ho.\n  then: hi",
        4,
        "ho",
        "A loop without end: it jumps back to 'hi'.",
    ),
    "jump to itself": ("- say: hi\n  text: Hi.\n  then: hi", 2, "hi", "A loop without end"),
    "jump to nowhere": (
        "- say: hi\n  text: Hi.\n  then: hu\n- say: ho\n  text: Ho.",
        2,
        "hi",
        "not in this script",
    ),
    "jump into a loop": (
        "- say: hi\n  text: Hi.\n  then: two\n- loop: l\n  title: L\n  at_most: 2\n  again: more\n"
        "  ask_again: More?\n  steps:\n    - say: one_\n      text: One.\n    - say: two\n      text: Two.",
        2,
        "hi",
        "jumps into the middle of a loop",
    ),
    "call of itself": ("- call: demo", 0, "demo", "A loop without end: this script calls itself."),
    "call of nothing": ("- call: dema", 0, "dema", "There is no script 'dema' to call. Did you mean 'demo'?"),
    "condition on an unknown question": (
        CHOICE + "\n    - say: hi\n      text: Hi.\n      only_if: {answer: like, is: tea}",
        7,
        "hi",
        "There is no question 'like'. Did you mean 'likes'?",
    ),
    "condition on itself": (
        "- text: t\n  ask: T?\n  only_if: {answer: t, answered: true}",
        2,
        "t",
        "'t' is asked later, so there is no answer yet.",
    ),
    "condition on what only some are asked": (
        CHOICE + "\n    - text: t\n      ask: T?\n      only_if: {answer: likes, is: tea}\n"
        "    - number: n\n      ask: N?\n      only_if: {answer: likes, is: tea}\n"
        "    - say: hi\n      text: Hi.\n      only_if: {answer: n, at_least: 3}",
        13,
        "hi",
        "'n' is not asked on every way to here",
    ),
    "condition on what a jump passes by": (
        "- yes_no: go\n  ask: Go?\n  yes: hi\n- yes_no: n\n  ask: N?\n"
        '- say: hi\n  text: Hi.\n  only_if: {answer: n, is: "yes"}',
        7,
        "hi",
        "'n' is not asked on every way to here",
    ),
    "condition on a loop from outside": (
        "- loop: l\n  title: L\n  at_most: 2\n  again: more\n  ask_again: More?\n  steps:\n"
        "    - text: t\n      ask: T?\n- say: hi\n  text: Hi.\n  only_if: {answer: t, answered: true}",
        10,
        "hi",
        "'t' is asked inside the loop 'l'.",
    ),
    "condition on what is no question": (
        "- say: hi\n  text: Hi.\n- say: ho\n  text: Ho.\n  only_if: {answer: hi, answered: true}",
        4,
        "ho",
        "'hi' is a say: it has no answer.",
    ),
    "condition on a choice that is not there": (
        CHOICE + "\n    - say: hi\n      text: Hi.\n      only_if: {answer: likes, is: [tea, silk]}",
        7,
        "hi",
        "'likes' has no choice 'silk', so this can never be. Did you mean 'milk'?",
    ),
    "condition outside the scale": (
        "- scale: sure\n  ask: Sure?\n- say: hi\n  text: Hi.\n  only_if: {answer: sure, at_least: 11}",
        4,
        "hi",
        "'sure' goes from 0 to 10, so 11 makes no sense.",
    ),
    "condition with a word on a number": (
        "- scale: sure\n  ask: Sure?\n- say: hi\n  text: Hi.\n  only_if: {answer: sure, is: seven}",
        4,
        "hi",
        "'seven' is not a number",
    ),
    "condition that does not fit the kind": (
        CHOICE + "\n    - say: hi\n      text: Hi.\n      only_if: {answer: likes, includes: tea}",
        7,
        "hi",
        "`includes` does not fit 'likes' (choice). Use `is` or `is_not` or `answered`.",
    ),
    "conditions that contradict each other": (
        CHOICE + "\n    - say: hi\n      text: Hi.\n"
        "      only_if: [{answer: likes, is: tea}, {answer: likes, is_not: tea}]",
        7,
        "hi",
        "The conditions on 'likes' contradict each other",
    ),
    "limits that contradict each other": (
        "- scale: sure\n  ask: Sure?\n- say: hi\n  text: Hi.\n"
        "  only_if: [{answer: sure, at_least: 8}, {answer: sure, at_most: 3}]",
        4,
        "hi",
        "The limits on 'sure' contradict each other",
    ),
    "condition with two questions at once": (
        CHOICE + "\n    - say: hi\n      text: Hi.\n      only_if: {answer: likes, is: tea, is_not: milk}",
        7,
        "hi",
        "needs exactly one of: is, is_not",
    ),
    "condition on nothing": ("- say: hi\n  text: Hi.\n  only_if: {is: tea}", 2, "hi", "looks at one thing"),
    "condition that is false": (
        CHOICE + "\n    - say: hi\n      text: Hi.\n      only_if: {answer: likes, answered: false}",
        7,
        "hi",
        "'answered' can only be true.",
    ),
    "condition on sharing before any": (
        "- say: hi\n  text: Hi.\n  only_if: {anything_shared: true}",
        2,
        "hi",
        "`anything_shared` stands before anything can be shared.",
    ),
    "condition on an unknown part": (
        "- say: hi\n  text: Hi.\n  only_if: {part_answered: two}",
        2,
        "hi",
        "There is no part 'two'.",
    ),
    "condition on its own part": (
        "- say: hi\n  text: Hi.\n  only_if: {part_answered: one}",
        2,
        "hi",
        "The part 'one' does not come before this.",
    ),
    "no as a choice": (
        "- choice: c\n  ask: Which?\n  choices:\n    - no: None\n    - tea: Tea",
        3,
        "c",
        "'no' is read as true or false here. Put it in quotes: \"no\".",
    ),
    "yes in a condition": (
        "- yes_no: go\n  ask: Go?\n- say: hi\n  text: Hi.\n  only_if: {answer: go, is: yes}",
        4,
        "hi",
        "'yes' is read as true or false here.",
    ),
    "off as a text": ("- say: hi\n  text: off", 1, "hi", "'off' is read as true or false here."),
    "on as a name": ("- say: on\n  text: Hi.", 0, "on", "'on' is read as true or false here."),
    "neither true nor false": (
        CHOICE + "\n      shuffle: maybe",
        5,
        "likes",
        "'shuffle' is either true or false",
    ),
    "too long": (
        f"- say: hi\n  text: {LONG}",
        1,
        "hi",
        "This message has 301 characters; at most 300 fit a phone.",
    ),
    "too long a hint": (
        f"- text: t\n  ask: T?\n  hint: {LONG}",
        2,
        "t",
        "This hint under a question has 301",
    ),
    "too long a label": (
        f"- choice: c\n  ask: C?\n  choices:\n    - a: {LONG}",
        3,
        "c",
        "This choice has 301",
    ),
    "consent that nobody can give": (
        "- choice: c\n  ask: May I?\n  consent: one\n  choices:\n    - sure: Sure\n    - refuse: Not now",
        2,
        "c",
        "No choice has the key 'agree', so no consent is recorded.",
    ),
    "eight choices": (
        f"- choice: c\n  ask: Which?\n  choices:{EIGHT}",
        2,
        "c",
        "There are 8 choices; more than 7 do not fit a phone. Add `pages: true`",
    ),
    "a choice twice": (
        "- choice: c\n  ask: C?\n  choices:\n    - a: A\n    - a: B",
        4,
        "c",
        "The choice 'a' is here twice.",
    ),
    "a label twice": (
        "- choice: c\n  ask: C?\n  choices:\n    - a: Tea\n    - b: Milk\n      accepts: [tea]",
        4,
        "c",
        "'tea' means both 'a' and 'b' here.",
    ),
    "a choice without a label": (
        "- choice: c\n  ask: C?\n  choices:\n    - a: Tea\n    - then: end",
        4,
        "c",
        "This choice has no key and label.",
    ),
    "a choice that is only a word": (
        "- choice: c\n  ask: C?\n  choices:\n    - a: Tea\n    - Milk",
        4,
        "c",
        "'choices' wants a choice here",
    ),
    "card without a picture": (
        "- cards: c\n  ask: C?\n  choices:\n    - a: A",
        3,
        "c",
        "The card 'a' has no picture. Add a line such as `picture: 🌱`.",
    ),
    "unknown placeholder": ("- say: hi\n  text: Hi %(nome)s.", 1, "hi", "%(nome)s is not known here."),
    "the part outside of a read-back": (
        "- say: hi\n  text: Hi %(part)s.",
        1,
        "hi",
        "%(part)s is not known here.",
    ),
    "placeholder in a label": (
        "- choice: c\n  ask: C?\n  choices:\n    - a: Ask %(name)s",
        3,
        "c",
        "A choice can hold none; write the words out.",
    ),
    "half a placeholder": ("- say: hi\n  text: Hi %(name).", 1, "hi", "'%(name)' is not a placeholder."),
    "another placeholder": ('- say: hi\n  text: "Hi {name}."', 1, "hi", "'{name}' is not a placeholder."),
    "unknown summary key": (
        "- text: t\n  ask: T?\n  summary: storytitle",
        2,
        "t",
        "The summary has no 'storytitle'. Did you mean 'story.title'?",
    ),
    "a name with a capital": ("- say: Hi\n  text: Hi.", 0, "Hi", "'Hi' is not a valid name."),
    "a name with a meaning": ("- say: end\n  text: Hi.", 0, "end", "'end' has a meaning of its own"),
    "least over most": (
        "- number: n\n  ask: N?\n  least: 5\n  most: 4",
        2,
        "n",
        "'least' (5) is more than 'most' (4).",
    ),
    "a word for a number": (
        "- number: n\n  ask: N?\n  least: five",
        2,
        "n",
        "'least' wants a number, not 'five'.",
    ),
    "required and optional": (
        "- text: t\n  ask: T?\n  required: true\n  optional: true",
        2,
        "t",
        "'required' and 'optional' contradict each other.",
    ),
    "empty text": ('- say: hi\n  text: "  "', 1, "hi", "'text' is empty."),
    "text left open": ("- say: hi\n  text:", 1, "hi", "'text' is empty."),
    "list for a text": ("- say: hi\n  text: [Hi, Ho]", 1, "hi", "'text' wants one text here"),
    "control character": ('- say: hi\n  text: "Hi \\x07"', 1, "hi", "holds a control character (U+0007)."),
    "sign that turns text around": (
        '- say: hi\n  text: "Hi \\u202E"',
        1,
        "hi",
        "turns text around (U+202E).",
    ),
    "tab in a text": ('- say: hi\n  text: "Hi\\tHo"', 1, "hi", "This message holds a tab."),
    "tab as indentation": ("- say: hi\n\ttext: Hi.", 1, "", "Use spaces instead of tabs"),
    "step of no kind": ("- sya: hi\n  text: Hi.", 0, "hi", "This step is of no kind. Did you mean 'say'?"),
    "step of two kinds": ("- choice: c\n  date: d\n  ask: C?", 0, "c", "'choice' and 'date' at once"),
    "step without a kind": ("- ask: Why?\n  hint: x", 0, "Why?", "This step is of no kind."),
    "step that is only a word": ("- say: hi\n  text: Hi.\n- welcome", 2, "one", "'steps' wants a step here"),
    "nothing to read back": (
        "- read_back: r\n  ask: About %(part)s.",
        0,
        "r",
        "No part before this can be read back",
    ),
    "share in a loop": (
        "- loop: l\n  title: L\n  at_most: 2\n  again: more\n  ask_again: More?\n  steps:\n"
        "    - say: hi\n      text: Hi.\n    - share: s\n      ask: Share %(part)s?\n      which: Which?",
        8,
        "s",
        "A share cannot stand inside a loop.",
    ),
    "alias": ("- say: hi\n  text: *x", 1, "", "'*x' repeats another place (an alias)."),
    "anchor": ("- say: hi\n  text: &x Hi.", 1, "", "'&x' marks a place (an anchor). Delete '&x'."),
    "tag": ("- say: hi\n  text: !!python/name:os.system Hi.", 1, "", "makes this a YAML tag"),
    "colon in a text": ("- say: hi\n  text: Hello: you", 1, "", "There is a ': ' inside a text here."),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_found_at_its_line_and_alone(fault: str) -> None:
    steps, line, question, words = FAULTS[fault]

    faults = faults_in(script(steps))

    assert [(each.line, each.question) for each in faults] == [(FIRST + line, question)], faults
    assert words in faults[0].message


HI = "- say: hi\n  text: Hi."

FILES: dict[str, tuple[str | bytes, int, str]] = {
    "empty": ("", 1, "This file holds no script. Begin with `script:` and its name."),
    "only a comment": ("# nothing\n", 1, "This file holds no script."),
    "only a word": ("hello", 1, "This file holds no script."),
    "a list": ("- script: demo\n", 1, "The file is a list. Begin with `script:`, without '-'."),
    "not YAML": ('script: demo\ntitle: "Demo\n', 3, "A quote is opened here and never closed."),
    "badly indented": ("script: demo\n title: Demo\n", 2, "There is a ': ' inside a text here."),
    "not UTF-8": (
        b"script: demo\ntitle: caf\xe9\n",
        2,
        "This line is not UTF-8 text. Save the file as UTF-8.",
    ),
    "NUL": (b"script: demo\ntitle: a\x00b\n", 2, "a character here that a script cannot hold"),
    "lone surrogate": ("script: demo\ntitle: \ud800\n", 2, "This line is not UTF-8 text."),
    "over 256 KB": (script(HI) + "# x" * 90_000, 1, "The file is over 256 KB."),
    "two scripts in one": (script(HI) + "---\nscript: two\n", FIRST + 3, "A second script starts here"),
    "very deep": ("script: " + "[" * 5000, 1, "more than 20 deep"),
    "another name": (
        script(HI).replace("script: demo", "script: dmeo"),
        1,
        "named 'dmeo', but its file 'demo'",
    ),
    "no parts": ("script: demo\ntitle: Demo\n", 1, "The key 'parts' is missing."),
    "no steps": (script(HI).split("    steps:")[0], 4, "The key 'steps' is missing."),
    "parts that are no list": ("script: demo\ntitle: D\nparts: many\n", 3, "'parts' wants a list"),
    "a list for a key": (
        "script: demo\ntitle: D\nparts: []\n? [a]\n: b\n",
        4,
        "A list stands where a key should",
    ),
}


@pytest.mark.parametrize("fault", FILES)
def test_a_file_that_is_no_script_is_refused_in_plain_words(fault: str) -> None:
    content, line, words = FILES[fault]

    faults = faults_in(content)

    assert any(each.line == line and words in each.message for each in faults), faults


def test_two_files_of_one_name_are_a_fault() -> None:
    faults = read_scripts({"a/demo.yaml": script(HI), "b/demo.yaml": script(HI)})[1]

    words = "There is another script of this name, a/demo.yaml. Rename one of the files."
    assert faults == [Fault("b/demo.yaml", 1, "", words)]


def test_a_fault_in_a_part_names_that_part_and_not_the_one_before() -> None:
    faults = faults_in(
        script("- say: hi\n  text: Hi.") + "  - {part: two, title: Two, minutes: 1, steps: []}\n"
    )

    assert [(each.question, each.message) for each in faults] == [
        ("two", "A dead end: the list 'steps' is empty. Add a step.")
    ]


def test_a_part_twice_is_a_fault() -> None:
    second = (
        "  - part: one\n    title: Again\n    minutes: 1\n    steps:\n      - say: ho\n        text: Ho.\n"
    )

    faults = faults_in(script(HI) + second)

    assert [(fault.line, fault.question) for fault in faults] == [(FIRST + 2, "one")]


def test_two_scripts_that_call_each_other_have_no_end() -> None:
    other = script("- call: demo").replace("demo\ntitle", "other\ntitle")

    faults = faults_in(script("- call: other"), other=other)

    words = "A loop without end: this script calls itself. Use a `loop` with `at_most`."
    assert [(fault.file, fault.line, fault.message) for fault in faults] == [
        ("demo.yaml", FIRST, words),
        ("other.yaml", FIRST, words),
    ]


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ("- text: t\n  ask: T?\n- hand_over: h\n  text: H\n  if_nothing: N", "it has the hand_over 'h'"),
        (f"{HI}\n  only_if: {{part_answered: one}}", "it has a condition on more than an answer"),
    ],
)
def test_a_script_about_its_own_parts_cannot_be_called(steps: str, words: str) -> None:
    other = script(steps).replace("demo\ntitle", "other\ntitle")

    faults = faults_in(script("- call: other"), other=other)

    assert [words in fault.message for fault in faults if fault.file == "demo.yaml"] == [True]


def test_a_fault_in_a_called_script_is_told_once_and_spoils_the_caller() -> None:
    other = script("- say: hi\n  text: Hi.\n  then: hu").replace("demo\ntitle", "other\ntitle")

    scripts, faults = read_scripts({"demo.yaml": script("- call: other"), "other.yaml": other})

    assert [(fault.file, fault.line) for fault in faults] == [("other.yaml", FIRST + 2)]
    assert scripts == {}


SOUND = {
    "same conditions as the question it looks at": CHOICE
    + """
    - number: n
      ask: N?
      only_if: {answer: likes, is: tea}
    - say: hi
      text: Hi.
      only_if: [{answer: likes, is: tea}, {answer: n, at_least: 3}]""",
    "answered, of what only some are asked": CHOICE
    + """
    - number: n
      ask: N?
      only_if: {answer: likes, is: tea}
    - say: hi
      text: Hi.
      only_if: [{answer: n, answered: true}, {answer: n, at_least: 3}]""",
    "a question asked on both ways": CHOICE.replace("- milk: Milk", "- milk: Milk\n          then: n")
    + """
    - say: lemon
      text: With lemon.
    - number: n
      ask: N?
    - say: hi
      text: Hi.
      only_if: {answer: n, at_least: 3}""",
    "an earlier question in the same loop": """
    - loop: l
      title: L
      at_most: 2
      again: more
      ask_again: Another, after %(round)s?
      steps:
        - text: t
          ask: T, round %(round)s?
        - say: hi
          text: Hi.
          only_if: {answer: t, answered: true}""",
    "yes and no as jumps, and true in every spelling": """
    - yes_no: go
      ask: Go?
      yes: next
      no: forget
      required: yes
    - choice: c
      ask: C?
      shuffle: On
      choices:
        - "no": None
        - "5": "Yes"
      optional: True""",
    "a step that is passed over, and with it its jump": CHOICE
    + """
    - say: bye
      text: Bye.
      only_if: {answer: likes, is: milk}
      then: end
    - say: hi
      text: Hi.""",
    "limits that meet in one number": "- scale: sure\n  ask: Sure?\n- say: hi\n  text: Hi.\n"
    "  only_if: [{answer: sure, at_least: 5}, {answer: sure, at_most: 5}]",
    "eight choices on pages": f"- several: c\n  ask: C?\n  pages: true\n  choices:{EIGHT}",
    "a text of 300 characters, with a lone %": f'- say: hi\n  text: "{"x" * 294} 50 %."',
    "joiners, which Persian needs": '- say: hi\n  text: "می\u200cخواهم"',
}


@pytest.mark.parametrize("case", SOUND)
def test_a_sound_script_has_no_fault(case: str) -> None:
    assert faults_in(script(SOUND[case])) == []


def test_a_byte_order_mark_does_no_harm() -> None:
    assert faults_in(b"\xef\xbb\xbf" + script(HI).encode()) == []


def test_the_scripts_that_come_with_trede_have_no_fault() -> None:
    assert read_scripts(packaged_sources())[1] == []


def test_loading_a_broken_script_raises_all_its_faults_and_no_others() -> None:
    sources = {"demo.yaml": script("- say: hi\n- say: ho"), "other.yaml": "- a list"}

    with pytest.raises(BrokenScript) as caught:
        load("demo", sources)

    assert [fault.question for fault in caught.value.faults] == ["hi", "ho"]
    assert str(caught.value).startswith("demo.yaml:8: hi: The key 'text' is missing.")


def test_loading_an_unknown_script_names_those_there_are() -> None:
    with pytest.raises(UnknownScript, match="Choose one of: demo"):
        load("dema", {"demo.yaml": script(HI)})


# ── whatever is in a file, it is a fault and never an exception ──────────────────────────────────

VALID = (Path(__file__).parents[2] / "dialogs" / "scripts" / "reflection.yaml").read_bytes()
PIECES = [
    b"- ",
    b": ",
    b"\n",
    b"\t",
    b'"',
    b"&a ",
    b"*a",
    b"[",
    b"{",
    b"}",
    b"]",
    b"no",
    b"\x00",
    b"\xff",
    b"!",
    b"|",
]


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_random_bytes_are_read_without_an_exception(content: bytes) -> None:
    scripts, faults = read_scripts({"reflection.yaml": content})

    assert faults
    assert scripts == {}


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, len(VALID)), st.integers(0, 40), st.sampled_from(PIECES)), max_size=4)
)
def test_a_script_with_random_changes_is_read_without_an_exception(
    edits: list[tuple[int, int, bytes]],
) -> None:
    content = VALID
    for at, length, piece in edits:
        content = content[:at] + piece + content[at + length :]

    scripts, faults = read_scripts({"reflection.yaml": content})

    assert bool(scripts) != bool(faults)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_script_with_random_lines_moved_is_read_without_an_exception(data: st.DataObject) -> None:
    lines = VALID.splitlines(keepends=True)
    for _ in range(data.draw(st.integers(1, 3))):
        source, target = data.draw(st.tuples(*[st.integers(0, len(lines) - 1)] * 2))
        lines[source], lines[target] = lines[target], lines[source]

    scripts, faults = read_scripts({"reflection.yaml": b"".join(lines)})

    assert bool(scripts) != bool(faults)


# ── catalogues ────────────────────────────────────────────────────────────────────────────────────

TEA = """
    - choice: likes
      ask: What do you like, %(name)s?
      note: Drinks.
      choices:
        - tea: Tea
          note: Hot.
          accepts: [cuppa]
        - milk: Milk
"""
WORDS = messages_of("demo.yaml", script(TEA))
DUTCH = {
    ("demo/title", "Demo"): "Voorbeeld",
    ("demo/one", "One"): "Een",
    ("demo/likes", "What do you like, %(name)s?"): "Waar houd je van, %(name)s?",
    ("demo/likes", "Tea"): "Thee",
    ("demo/likes", "cuppa"): "bakje thee",
    ("demo/likes", "Milk"): "Melk",
    ("control", "Skip"): "",
}
LINES = {entry: line for line, entry in enumerate(DUTCH, start=10)}


def catalogue_faults(**changes: str | None) -> list[tuple[int, str, str]]:
    """Faults of the Dutch catalogue after changing translations, by the first word of the English."""
    catalogue = dict(DUTCH)
    for entry in DUTCH:
        change = changes.get(entry[1].split()[0], "")
        if change is None:
            del catalogue[entry]
        elif change:
            catalogue[entry] = change.strip(".")
    faults = check_catalogue(WORDS, catalogue, "nl", "nl.po", LINES)
    return [(fault.line, fault.question, fault.message) for fault in faults]


def test_a_whole_catalogue_has_no_fault() -> None:
    assert catalogue_faults() == []


def test_a_missing_translation_is_a_fault_empty_or_not_there() -> None:
    words = "'Tea' is not translated into nl. Translate it."

    assert catalogue_faults(Tea=None) == [(13, "demo/likes", words)]
    assert catalogue_faults(Tea=".") == [(13, "demo/likes", words)]


def test_a_placeholder_that_differs_is_a_fault() -> None:
    faults = catalogue_faults(What="Waar houd je van, %(naam)s?")

    assert [words.split(" of ")[0] for _, _, words in faults] == [
        "The placeholder %(naam)s should not be in the translation",
        "The placeholder %(name)s is missing from the translation",
    ]


def test_a_translation_over_400_characters_is_a_fault() -> None:
    assert catalogue_faults(Milk="m" * 400) == []
    assert "has 401 characters; shorten it to 400." in catalogue_faults(Milk="m" * 401)[0][2]


def test_two_choices_that_read_the_same_in_one_language_are_a_fault() -> None:
    words = "'Tea' and 'Milk' are both 'THEE' in nl. Make them differ."

    assert catalogue_faults(Milk="THEE") == [(15, "demo/likes", words)]


def test_a_translation_that_turns_text_around_is_a_fault() -> None:
    assert "turns text around (U+202E)" in catalogue_faults(Milk="Melk\u202e")[0][2]


def test_a_translation_of_what_no_script_says_any_more_is_a_fault() -> None:
    catalogue = {**DUTCH, ("demo/likes", "Coffee"): "Koffie"}

    faults = check_catalogue(WORDS, catalogue, "nl", "nl.po", {**LINES, ("demo/likes", "Coffee"): 99})

    assert [str(fault) for fault in faults] == [
        "nl.po:99: demo/likes: 'Coffee' is in no script any more. Run `trede i18n update`."
    ]


# ── words for translators ─────────────────────────────────────────────────────────────────────────


def test_each_message_has_its_question_as_context_its_line_and_its_note() -> None:
    found = [(each.line, each.context, each.text, each.kind, each.note) for each in WORDS]

    assert found == [
        (2, "demo/title", "Demo", "script title", ""),
        (5, "demo/one", "One", "part title", ""),
        (9, "demo/likes", "What do you like, %(name)s?", "question", "Drinks."),
        (12, "demo/likes", "Tea", "choice", "Hot."),
        (14, "demo/likes", "cuppa", "another word for the choice above", "Hot."),
        (15, "demo/likes", "Milk", "choice", ""),
    ]


def test_pybabel_finds_the_same_words(tmp_path: Path) -> None:
    from babel.messages.extract import extract_from_file

    file = tmp_path / "demo.yaml"
    file.write_text(script(TEA))

    found = extract_from_file("dialogs.extract:extract", file)

    assert (9, "What do you like, %(name)s?", ["(question)", "Drinks."], "demo/likes") in found
    assert len(found) == len(WORDS)


def test_a_broken_file_gives_pybabel_what_can_be_read(tmp_path: Path) -> None:
    file = tmp_path / "demo.yaml"
    file.write_text(script("- say: hi\n- say: ho\n  text: Ho."))

    with file.open("rb") as opened:
        found = [messages[1] for _, _, messages, _ in extract(opened, (), (), {})]

    assert found == ["Demo", "One", "Ho."]


# ── coming back to her step ──────────────────────────────────────────────────────────────────────


def parts(*written: str) -> str:
    """A script of these parts."""
    head = "script: demo\ntitle: Demo\nparts:\n"
    return head + "".join(indent(dedent(part).strip("\n"), "  ") + "\n" for part in written)


STEP = """
    - part: one
      title: One
      minutes: 1
      steps:
        - text: step
          ask: What is your step?
          summary: step.what
"""
BACK = """
    - part: back
      title: Back
      minutes: 1
      follow_up: true
      steps:
        - text: how
          ask: How did “%(step)s” go?
"""


def test_a_part_that_follows_up_a_step_is_sound() -> None:
    assert faults_in(parts(STEP, BACK)) == []


def test_a_part_cannot_follow_up_a_step_that_is_asked_for_nowhere_before() -> None:
    (fault,) = faults_in(parts(BACK, STEP))

    assert (fault.line, fault.question) == (7, "back")
    assert fault.message == (
        "No question before this asks for her step. Put `summary: step.what` on one of them."
    )


def test_only_one_part_follows_up() -> None:
    second = BACK.replace("back", "again").replace("how", "how_again")

    (fault,) = faults_in(parts(STEP, BACK, second))

    assert fault.question == "again"
    assert fault.message == "There is a part with `follow_up` already. Take it from one of them."


def test_her_step_can_be_named_only_where_it_is_followed_up() -> None:
    (fault,) = faults_in(parts(STEP.replace("What is your step?", "Is it “%(step)s”?")))

    assert fault.message.startswith("The placeholder %(step)s is not known here.")


def test_a_script_that_follows_up_cannot_be_called() -> None:
    other = parts(STEP, BACK).replace("demo\ntitle", "other\ntitle")

    (fault,) = faults_in(script("- call: other"), other=other)

    assert "it has a part with follow_up" in fault.message
