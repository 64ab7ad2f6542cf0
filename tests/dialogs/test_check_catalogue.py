"""What is wrong with one translation, in a line that can be printed."""

import pytest

from dialogs.check_catalogue import MAX_TRANSLATED, short, wrong_with


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Hello %(name)s", "Hallo %(name)s"),
        ("%(a)s and %(b)s", "%(b)s en %(a)s"),
        ("100 %", "100 %"),
        ("Go on", "ادامه\u200cدادن"),
    ],
)
def test_nothing_is_wrong_with_a_translation_that_keeps_its_placeholders(text: str, words: str) -> None:
    assert list(wrong_with(text, words)) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            "Hallo",
            "The placeholder %(name)s is missing from the translation of 'Hello %(name)s'. Copy it exactly.",
        ),
        ("%(name) %(name)s", "The placeholder %(name) should not be in the translation of"),
        ("%(name)s %(x)s", "The placeholder %(x)s should not be in the translation of"),
        ("%(name)s\t", "The translation of 'Hello %(name)s' holds a tab. Delete it."),
        ("%(name)s" + "x" * MAX_TRANSLATED, "The translation of 'Hello %(name)s' has 408 characters;"),
    ],
)
def test_what_is_wrong_is_said_with_what_to_do(words: str, said: str) -> None:
    assert [wrong.startswith(said) for wrong in wrong_with("Hello %(name)s", words)] == [True]


def test_a_form_for_one_number_may_leave_it_out_but_nothing_else() -> None:
    text = "%(title)s, %(n)s minutes"

    assert list(wrong_with(text, "%(title)s, één minuut", {"%(n)s"})) == []
    assert len(list(wrong_with(text, "één minuut", {"%(n)s"}))) == 1


@pytest.mark.parametrize("text", ["two\nlines", "a \x1b[2J b", "a\u202eb", "a\u2028b", "x" * 500, "\x00"])
def test_a_text_is_shown_in_one_short_line(text: str) -> None:
    shown = short(text)

    assert shown.isprintable()
    assert len(shown) <= 50


def test_joiners_are_shown_since_they_belong_to_words() -> None:
    assert short("می\u200cخواهم") == "می\u200cخواهم"
