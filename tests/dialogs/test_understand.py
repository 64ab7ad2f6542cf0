"""What a person types is understood in any script's digits, and however letters are written."""

import re
import time
import unicodedata
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogs.understand import (
    plain,
    read_choice,
    read_choices,
    read_date,
    read_number,
    read_whole_number,
    western,
)

DRINKS = (("Tea", "tea", "cuppa"), ("Milk", "milk"), ("No", "none"))


@pytest.mark.parametrize("digits", ["0123456789", "٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹", "०१२३४५६७८९", "০১২৩৪৫৬৭৮৯"])
def test_digits_of_every_script(digits: str) -> None:
    assert western(digits) == "0123456789"
    assert [read_whole_number(digit) for digit in digits] == list(range(10))


@pytest.mark.parametrize(
    ("typed", "same"),
    [
        ("  YES ", "yes"),
        ("café", "CAFE"),
        ("نَعَم", "نعم"),
        ("نعـــم", "نعم"),
        ("أختي", "اختي"),
        ("العربيّة", "العربيه"),
        ("على", "علي"),
        ("کار", "كار"),
        ("می‌روم", "میروم"),
        ("Так!", "так"),
        ("їжа", "іжа"),
        ("🍵 Tea", "tea"),
        ("«Tea».", "tea"),
        ("J’ai", "j'ai"),
        ("yardım", "YARDIM"),
        ("two  words", "two words"),
        ("٣ أشهر", "3 اشهر"),
    ],
)
def test_the_same_word_in_other_letters(typed: str, same: str) -> None:
    assert plain(typed) == plain(same) != ""


@given(st.text())
def test_words_are_compared_character_by_character(text: str) -> None:
    """Spelled out here; `plain` remembers what it found out about each character."""
    folded = unicodedata.normalize("NFKD", text).casefold()
    letters = "".join(c for c in folded if unicodedata.category(c) not in ("Mn", "Cf") and c != "ـ")
    alike = letters.translate(str.maketrans("ىةکیı’‘ʼʻ`´", "يهكيi" + "'" * 6))

    assert plain(text) == " ".join(western(re.sub(r"^[\W_]+|[\W_]+$", "", alike)).split())


def test_characters_are_compared_though_too_many_to_remember() -> None:
    every = "".join(map(chr, range(0x4E00, 0x9FFF)))

    assert plain(every) == every
    assert plain("نَعَم" + every + "٣") == "نعم" + every + "3"


@pytest.mark.parametrize(("one", "other"), [("yes", "no"), ("так", "тік"), ("نعم", "لا")])
def test_other_words_stay_other_words(one: str, other: str) -> None:
    assert plain(one) != plain(other)


@pytest.mark.parametrize(
    ("typed", "index"),
    [
        *(("1", 0), ("2.", 1), ("(3)", 2), ("٢", 1), ("۳", 2), ("1️⃣", 0), ("①", 0)),
        *(("tea", 0), ("CUPPA!", 0), ("none", 2)),
    ],
)
def test_a_choice(typed: str, index: int) -> None:
    assert read_choice(typed, DRINKS) == index


@pytest.mark.parametrize("typed", ["0", "4", "1 2", "te", "teas", "", "🍵", "1.5", "١٢٣", "9" * 5000])
def test_no_choice(typed: str) -> None:
    assert read_choice(typed, DRINKS) is None


def test_a_label_that_is_a_number_counts_before_the_place_in_the_list() -> None:
    assert read_choice("5", (("10",), ("5",), ("20",))) == 1
    assert read_choice("1", (("10",), ("5",), ("20",))) == 0


def test_a_label_two_choices_have_in_common_means_neither() -> None:
    assert read_choice("other", (("Other", "a"), ("other", "b"))) is None


@pytest.mark.parametrize(
    "typed", ["1 3", "3,1", "1، 3", "tea; none", "1\n3", "1 & 3", "1+3", "tea none", "1, 3, 1"]
)
def test_several_choices_in_one_line(typed: str) -> None:
    assert read_choices(typed, DRINKS) == (0, 2)


def test_a_label_of_several_words_is_one_choice() -> None:
    assert read_choices("a video call", (("A video call",), ("call",))) == (0,)


@pytest.mark.parametrize("typed", ["1 4", "tea, beer", "", ",", " , "])
def test_several_choices_with_one_unknown(typed: str) -> None:
    assert read_choices(typed, DRINKS) is None


@pytest.mark.parametrize(
    ("typed", "number"),
    [("7", 7), ("2.5", 2.5), ("2,5", 2.5), ("٢٫٥", 2.5), ("-3", -3), ("−3", -3), ("۱۰۰", 100)],
)
def test_numbers(typed: str, number: float) -> None:
    assert read_number(typed) == number


@pytest.mark.parametrize("typed", ["", "-", ".", ".5", "seven", "1e5", "nan", "inf", "1.2.3", "9" * 100, "½"])
def test_no_numbers(typed: str) -> None:
    assert read_number(typed) is None


@pytest.mark.parametrize(
    "typed",
    [
        "5-3-2027",
        "05.03.2027",
        "5/3/2027",
        "2027-03-05",
        "2027/3/5",
        "٥/٣/٢٠٢٧",
        "۵ ۳ ۲۰۲۷",
        " 5 - 3 - 2027 ",
    ],
)
def test_dates(typed: str) -> None:
    assert read_date(typed) == date(2027, 3, 5)


@pytest.mark.parametrize(
    "typed", ["", "5 March 2027", "5-3", "5-3-27", "31-2-2027", "1-1-1500", "1-13-2027", "1-2-3-4"]
)
def test_no_dates(typed: str) -> None:
    assert read_date(typed) is None


@given(st.text())
def test_nothing_that_is_typed_breaks_the_reading(typed: str) -> None:
    plain(typed)
    read_number(typed)
    read_date(typed)
    index = read_choice(typed, DRINKS)
    several = read_choices(typed, DRINKS)
    assert index is None or 0 <= index < len(DRINKS)
    assert several is None or all(0 <= one < len(DRINKS) for one in several)


@given(st.text(alphabet=st.characters(categories=["Nd"]), max_size=30))
def test_digits_of_any_script_never_break_the_reading(typed: str) -> None:
    assert read_whole_number(typed) is None or read_whole_number(typed) == int(western(typed))


def test_a_story_is_no_choice_however_long_and_is_seen_so_at_once() -> None:
    began = time.perf_counter()

    assert read_choices("a," * 2000, [(f"label {number}",) for number in range(30)]) is None
    assert read_choice("!" * 3999 + "a", [("yes",), ("no",)]) is None

    assert time.perf_counter() - began < 0.05
