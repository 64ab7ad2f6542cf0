"""What `trede check --plain` finds in English that is hard to read, and what it leaves alone."""

import time
from pathlib import Path
from textwrap import dedent, indent

import pytest

from casework.packaged import packaged_sources
from dialogs.extract import messages_of
from dialogs.phrases import PHRASES
from dialogs.plain import plain_faults, plain_phrase_faults
from dialogs.plain_rules import plain_rules
from dialogs.reading_level import grade, sentences, syllables, words

PAGE = (Path(__file__).parents[2] / "docs" / "plain-and-fair.md").read_text(encoding="utf-8")


def script(steps: str, more: str = "") -> str:
    head = f"script: demo\ntitle: Demo\n{more}parts:\n"
    part = "  - part: one\n    title: One\n    minutes: 2\n    steps:\n"
    return head + part + indent(dedent(steps).strip("\n"), " " * 6) + "\n"


def broken(steps: str) -> list[str]:
    """The rules that `steps` break."""
    return [
        fault.message.split("(rule ")[1].strip(")") for fault in plain_faults({"demo.yaml": script(steps)})
    ]


def of(text: str, kind: str = "text") -> list[str]:
    """The rules that a question with these words breaks."""
    return broken(f'- {kind}: asked\n  ask: "{text}"')


# ── what comes with Trede ─────────────────────────────────────────────────────────────────────────


def test_all_that_clients_read_is_plain() -> None:
    assert [str(fault) for fault in (*plain_faults(packaged_sources()), *plain_phrase_faults())] == []


def test_each_text_that_is_kept_is_still_there_and_still_breaks_its_rule() -> None:
    said = {each.text for file, text in packaged_sources().items() for each in messages_of(file, text)}
    said |= {text for each in PHRASES for text in (each.text, each.many)}

    for rule, text in plain_rules().kept:
        assert text in said
        assert rule in of(text.replace("%(case_manager)s", "Joke").replace("%(organisation)s", "Ilo") + " ")


def test_the_whole_reflection_takes_less_than_a_fifth_of_a_second() -> None:
    reflection = {"reflection.yaml": packaged_sources()["reflection.yaml"]}

    assert min(_seconds(reflection) for _ in range(3)) < 0.2


def _seconds(sources: dict[str, str | bytes]) -> float:
    begun = time.perf_counter()
    plain_faults(sources)
    return time.perf_counter() - begun


# ── each rule ─────────────────────────────────────────────────────────────────────────────────────

LONG = "Do you think of a day on which you did a thing that you were good at, all by you at home?"

FOUND = {
    "a long sentence": (LONG, "sentence_length"),
    "a passive with a modal": ("Which days can be changed?", "passive"),
    "a passive in the perfect": ("What have you been told?", "passive"),
    "a passive that is going on": ("What is being built in your street?", "passive"),
    "a passive with who does it": ("Which words are used by the teacher?", "passive"),
    "a passive question with who does it": ("Were you paid by your boss?", "passive"),
    "two short passives": ("It is kept here. What was written down?", "passive"),
    "an idiom": ("Is it a piece of cake for you?", "idiom"),
    "an idiom in the past": ("What stood in your way?", "idiom"),
    "a hard word": ("Which employment would you like?", "hard_word"),
    "a hard word with an ending": ("Which opportunities do you see?", "hard_word"),
    "a long word": ("What do you find irritating?", "long_word"),
    "three questions": ("What was it? Where was it? Who was there?", "two_questions"),
    "not and nothing": ("Do you not want nothing?", "double_negation"),
    "without and nothing": ("Without a yes I keep nothing.", "double_negation"),
    "nobody and unless": ("Nobody hears it unless you say so.", "double_negation"),
}

LEFT_ALONE = {
    "one short passive": "Your answer is kept. What else?",
    "how something is": "Are you interested, tired or married?",
    "by without a doer": "Is it paid by phone?",
    "a phrase that looks like an idiom": "Do you like cake? Which piece?",
    "two questions that one text answers": "What have you tried? What helped?",
    "no as an answer": "If you say no, nobody hears of it.",
    "two clauses with a no each": "I do not judge, and there are no wrong answers.",
    "a name of many syllables": "Did you live in Afghanistan?",
    "a long word that people know": "Which organisation do you know?",
    "a placeholder": "Hello %(name)s. May %(case_manager)s call you?",
}


@pytest.mark.parametrize(("text", "rule"), FOUND.values(), ids=FOUND)
def test_it_finds(text: str, rule: str) -> None:
    assert of(text) == [rule]


@pytest.mark.parametrize("text", LEFT_ALONE.values(), ids=LEFT_ALONE)
def test_it_leaves_alone(text: str) -> None:
    assert of(text) == []


def test_a_text_is_hard_to_read_where_many_long_words_come_together() -> None:
    hard = "Arriving together, listening, following nobody, forgetting yesterday?"

    assert of(hard) == ["reading_level"]


def test_hint_and_choices_are_read_with_the_question() -> None:
    hint = "Arriving together, listening, following nobody, forgetting yesterday"
    asks = "- yes_no: asked\n  ask: Do you?"

    assert broken(asks) == []
    assert broken(f"{asks}\n  hint: {hint}.") == ["reading_level"]


@pytest.mark.parametrize("kind", ["yes_no", "scale", "date", "number"])
def test_one_choice_number_or_day_does_not_answer_two_questions(kind: str) -> None:
    assert of("What was it? When was it?", kind) == ["two_questions"]
    assert of("Where will you go, and when will you do it?", kind) == ["two_questions"]
    assert of("Where will you go?", kind) == []


def test_more_choices_than_a_page_or_four_pages_hold_are_too_many() -> None:
    def asks(how_many: int, more: str = "") -> str:
        listed = "".join(f"\n    - c{number}: Card {number}" for number in range(how_many))
        return f"- several: asked\n  ask: Which?\n  {more}choices:{listed}"

    assert broken(asks(7)) == broken(asks(24, "pages: true\n  ")) == []
    assert broken(asks(8)) == broken(asks(25, "pages: true\n  ")) == ["choices"]


def test_a_choice_is_shorter_than_a_sentence_may_be() -> None:
    label = "I did it for a year and then I did it for one more year with you"

    assert broken(f"- choice: asked\n  ask: Which?\n  choices:\n    - a: {label}\n    - b: No") == [
        "sentence_length"
    ]
    assert of(f"{label}.") == []


def test_the_words_of_staff_are_not_looked_at() -> None:
    steps = "- text: asked\n  ask: Which employment opportunities do you provide?"

    assert plain_faults({"demo.yaml": script(steps, "for_staff: true\n")}) == []
    assert plain_faults({"demo.yaml": script(steps)}) != []


def test_the_rungs_of_a_ladder_are_looked_at() -> None:
    head = 'ladder: ours\nversion: "1"\nnetwork: Ours\nrungs:\n'
    ladder = head + "  - rung: 1\n    name: Employability\n    says: %s\n"

    assert plain_faults({"ours.ladder.yaml": ladder % "I know what I want"}) == []
    (found,) = plain_faults({"ours.ladder.yaml": ladder % "I have employment"})
    assert (found.line, found.file) == (7, "ours.ladder.yaml")


def test_a_fault_names_line_question_words_and_what_to_write_instead() -> None:
    found = plain_faults({"demo.yaml": script("- text: asked\n  ask: Which employment do you like?")})

    assert [str(fault) for fault in found] == [
        "demo.yaml:9: asked: “employment” is long, or hard to picture. Better: “work”. (rule hard_word)"
    ]


# ── the lists, and the page ───────────────────────────────────────────────────────────────────────


def test_what_to_write_instead_is_plain_itself() -> None:
    rules = plain_rules()

    instead = {plain for held in (rules.idioms, rules.words) for _, plain in held.each}
    assert {plain: of(plain) for plain in instead if of(plain)} == {}


def test_each_rule_is_explained_on_the_page() -> None:
    for rule in plain_rules().rules:
        assert f"| `{rule}` |" in PAGE


def test_each_rule_is_tried_out_here() -> None:
    tried = {rule for _, rule in FOUND.values()} | {"reading_level", "choices"}

    assert tried == set(plain_rules().rules)


# ── words, sentences, syllables, grade ────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("word", "count"),
    [
        ("the", 1),
        ("names", 1),
        ("while", 1),
        ("asked", 1),
        ("wanted", 2),
        ("people", 2),
        ("something", 2),
        ("language", 2),
        ("computer", 3),
        ("everything", 3),
        ("organisation", 5),
        ("10", 1),
        ("%(name)s", 2),
    ],
)
def test_syllables(word: str, count: int) -> None:
    assert syllables(word) == count


def test_a_colon_and_a_closing_quote_end_a_sentence_and_a_placeholder_is_a_word() -> None:
    text = "Your step was: “%(step)s”. How did it go?"

    assert sentences(text) == ["Your step was:", "“%(step)s”.", "How did it go?"]
    assert words(text) == ["Your", "step", "was", "%(step)s", "How", "did", "it", "go"]


def test_the_grade_is_that_of_flesch_and_kincaid() -> None:
    text = "I can plan my day. I can read a letter."  # 10 words, 2 sentences, 11 syllables

    assert grade([text], 0, 1.3) == pytest.approx(0.39 * 10 / 2 + 11.8 * 11 / 10 - 15.59)


def test_a_short_text_counts_as_if_plain_words_filled_it_up() -> None:
    assert grade(["Opportunity?"], 20, 1.3) == pytest.approx(0.39 + 11.8 * (5 + 19 * 1.3) / 20 - 15.59)
    assert grade(["…"], 20, 1.3) == 0
