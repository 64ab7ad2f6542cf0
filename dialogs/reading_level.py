"""How hard an English text is to read: its sentences, words and syllables, and the grade they make."""

import re
from collections.abc import Sequence

_WORD = re.compile(r"%\(\w+\)s|\w+(?:['’-]\w+)*")
_END = re.compile(r"(?<=[.!?:])[”\"’)]*\s+|\n+")
_FIRST = re.compile(r"^(?:(som)e|(ev)e(?=ry))(?=\w)")  # something, everybody
_SILENT = re.compile(r"(?<=[^aeiouylscgxzh])es$|(?<=[^aeiouydt])ed$|(?<=[^aeiouyl])e$|(?<=[aeiouy]l)e$")
_VOWELS = re.compile(r"[aeiouy]+")


def sentences(text: str) -> list[str]:
    """The sentences of a text; what stands before a colon is one."""
    return [each for each in _END.split(text) if each and _WORD.search(each)]


def words(text: str) -> list[str]:
    """The words of a text; a placeholder such as %(name)s is one."""
    return _WORD.findall(text)


def syllables(word: str) -> int:
    """About how many syllables an English word has; a placeholder has two, a number one."""
    if word.startswith("%("):
        return 2
    spoken = _SILENT.sub("", _FIRST.sub(lambda found: found.group(1) or found.group(2), word.lower()))
    return max(1, len(_VOWELS.findall(spoken)))


def grade(texts: Sequence[str], filled_up_to: int, plain: float) -> float:
    """The Flesch-Kincaid grade of texts that are read together: about the years of school it takes.

    Fewer words than `filled_up_to` count as if words of `plain` syllables filled them up.
    """
    lines = [line for text in texts for line in sentences(text)]
    found = [word for line in lines for word in words(line)]
    if not found:
        return 0.0
    missing = max(0, filled_up_to - len(found))
    spoken = (sum(map(syllables, found)) + missing * plain) / (len(found) + missing)
    return 0.39 * len(found) / len(lines) + 11.8 * spoken - 15.59
