"""Reads what a person typed: numbers in any script's digits, labels in her language, dates."""

import re
import unicodedata
from collections.abc import Sequence
from datetime import date
from functools import lru_cache

LONGEST = 4000
"""Characters of one answer that are kept; a longer text is refused kindly."""

LONGEST_CHOICE = 400
"""Characters of a text that can mean a choice or several; a longer one is a story, and not searched."""

_SPLIT = re.compile(r"[\s,;،؛+&/]+")
_ENDS = re.compile(r"^[\W_]+|[\W_]+$")


def western(text: str) -> str:
    """`text` with every decimal digit (Arabic-Indic, Persian, Bengali, …) as 0 to 9."""
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in text)


def plain(text: str) -> str:
    """`text` for comparing: folded case, no accents or vowel signs, no emoji or punctuation at the ends."""
    folded = unicodedata.normalize("NFKD", text).casefold()
    letters = folded if folded.isascii() else folded.translate(_LETTERS)
    return " ".join(_ENDS.sub("", letters).split())


@lru_cache(maxsize=1024)
def plain_label(label: str) -> str:
    """`plain` of a label of ours, remembered. What a person wrote goes to `plain`, and is not."""
    return plain(label)


class _Letters(dict[int, str]):
    """What each character is compared as. The first few thousand met are remembered."""

    MOST = 4096

    def __missing__(self, code: int) -> str:
        character = chr(code)
        is_mark = unicodedata.category(character) in ("Mn", "Cf") or character == "ـ"
        letter = "" if is_mark else western(character)
        if len(self) < self.MOST:
            self[code] = letter
        return letter


# Signs that people type for one another: Arabic letters, the Turkish i without a dot, apostrophes.
_LETTERS = _Letters(
    {
        **{ord(typed): meant for typed, meant in zip("ىةکی", "يهكي", strict=True)},
        ord("ı"): "i",
        **{ord(sign): "'" for sign in "’‘ʼʻ`´"},
    }
)


def read_whole_number(text: str) -> int | None:
    """A whole number, in Latin, Arabic-Indic, Persian or any other decimal digits."""
    digits = text.strip().strip(".)")
    return int(digits) if digits.isdecimal() and len(digits) <= 15 else None


def read_number(text: str) -> float | None:
    """A number with an optional fraction, written with a point, a comma or the Arabic separator."""
    cleaned = re.sub(r"[,٫]", ".", text.strip().replace("٬", ""))
    sign = -1 if cleaned[:1] in ("-", "−") else 1
    whole, _, fraction = cleaned.lstrip("-−+").partition(".")
    if not whole.isdecimal() or (fraction and not fraction.isdecimal()) or len(cleaned) > 18:
        return None
    return sign * float(f"{western(whole)}.{western(fraction) or '0'}")


def read_choice(text: str, labels: Sequence[Sequence[str]]) -> int | None:
    """The index of the choice meant: by its number (from 1) or by one of its labels.

    A label that two choices have in common is none.
    """
    if len(text) > LONGEST_CHOICE:
        return None
    wanted = plain(text)
    number = read_whole_number(wanted)
    if number is not None and not any(str(number) in words for words in labels):
        return number - 1 if 1 <= number <= len(labels) else None
    found = [index for index, words in enumerate(labels) if wanted and wanted in {plain(w) for w in words}]
    return found[0] if len(found) == 1 else None


def read_choices(text: str, labels: Sequence[Sequence[str]]) -> tuple[int, ...] | None:
    """Indexes of the choices meant, such as "1 3" or a label; None if any piece is not understood."""
    if len(text) > LONGEST_CHOICE:
        return None
    whole = read_choice(text, labels)
    if whole is not None:
        return (whole,)
    by_comma = [read_choice(piece, labels) for piece in re.split(r"[,;،؛\n]+", text) if piece.strip()]
    by_space = [read_choice(piece, labels) for piece in _SPLIT.split(text) if piece]
    for found in (by_comma, by_space):
        if found and None not in found:
            return tuple(sorted({index for index in found if index is not None}))
    return None


def read_date(text: str) -> date | None:
    """A date as day-month-year or year-month-day, with any separator and in any digits."""
    parts = [read_whole_number(piece) for piece in re.split(r"[\s./،-]+", text.strip()) if piece]
    if len(parts) != 3 or None in parts:
        return None
    first, month, last = (part or 0 for part in parts)
    year, day = (first, last) if first > 31 else (last, first)
    try:
        return date(year, month, day) if 1900 <= year <= 2200 else None
    except ValueError:
        return None
