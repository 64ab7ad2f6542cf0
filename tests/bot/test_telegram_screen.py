"""Messages look on Telegram as they should, whatever library sends them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.telegram_screen import pieces, rows, text_of
from dialogs.message import Message, WrittenButton
from dialogs.turn import Expects
from tests.fakes.telegram_rules import units


def buttons(*labels: str, **more: Any) -> tuple[WrittenButton, ...]:
    return tuple(WrittenButton(str(n), label, **more) for n, label in enumerate(labels, start=1))


CONTROLS = (
    WrittenButton("skip", "Skip", "control"),
    WrittenButton("back", "Back", "control"),
    WrittenButton("more", "More", "control"),
)


def keyboard(language: str, shown: tuple[WrittenButton, ...], expects: Expects) -> list[list[str]]:
    found = rows(Message(language, ("?",), shown, expects, "tok"))
    return [[label for label, _ in row] for row in found]


def test_paragraphs_are_plain_text() -> None:
    message = Message("en", ("1 < 2 & <b>", "Bye"))

    assert text_of(message) == "1 < 2 & <b>\n\nBye"
    assert rows(message) == []


def test_choices_stand_one_below_the_other_and_controls_in_pairs() -> None:
    shown = buttons("1. Yes", "2. No") + CONTROLS

    assert keyboard("en", shown, "choice") == [["1. Yes"], ["2. No"], ["Skip", "Back"], ["More"]]


def test_rows_are_turned_round_for_languages_from_right_to_left() -> None:
    assert keyboard("ar", CONTROLS, "choice") == [["Back", "Skip"], ["More"]]


def test_a_scale_has_rows_of_six() -> None:
    scale = tuple(WrittenButton(str(n), str(n)) for n in range(11))

    assert keyboard("uk", scale, "scale") == [list("012345"), ["6", "7", "8", "9", "10"]]
    assert keyboard("ar", scale, "scale") == [list("543210"), ["10", "9", "8", "7", "6"]]


def test_pictures_and_ticks_stand_before_the_label() -> None:
    shown = buttons("1. Cook", picture="🍲", ticked=True) + buttons("1. Sew", picture="🧵")

    assert keyboard("en", shown, "several") == [["✓ 🍲 1. Cook"], ["🧵 1. Sew"]]


def test_a_button_carries_its_questions_token() -> None:
    assert rows(Message("en", ("?",), buttons("Yes"), "choice", "tok")) == [[("Yes", "tok:1")]]


def test_data_that_telegram_would_refuse_is_a_fault_of_ours() -> None:
    with pytest.raises(ValueError, match="64 bytes"):
        rows(Message("en", ("?",), (WrittenButton("x" * 64, "x"),), "choice", "tok"))


def test_a_message_without_words_is_not_empty() -> None:
    assert text_of(Message("en", (" ",))).strip()


@given(st.text(alphabet=st.sampled_from("a 😀\n"), max_size=400), st.integers(4, 50))
def test_pieces_fit_and_lose_no_word(text: str, limit: int) -> None:
    found = pieces(text, limit)

    assert all(0 < units(piece) <= limit for piece in found)
    assert "".join("".join(found).split()) == "".join(text.split())
