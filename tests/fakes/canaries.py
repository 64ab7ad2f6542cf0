"""Made-up words in twelve scripts that nothing else holds, and every form in which bytes could hold them."""

import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Iterator
from itertools import cycle, islice
from pathlib import Path
from urllib.parse import quote

STEMS = {
    "Latin": ("Zwaluwnestje", "kwikstaartig"),
    "Arabic": ("سنونوغشغضظ", "ثطخضغقيظفب"),
    "Cyrillic": ("ластівкощиж", "щиглядуєніж"),
    "Greek": ("χελιδονψξφ", "θψξκαρδερζ"),
    "Hebrew": ("סנוניצטגקפ", "חוחיטצקעפג"),
    "Ethiopic": ("ጨጰፀፐሸቐኘዠ", "ጐጸፈቘኸዸጄሥ"),
    "Bengali": ("ঘঙছঝঞঠঢণথধ", "ফভযরলশষসহড"),
    "Devanagari": ("घङछझञठढणथध", "फभयरलशषसहड"),
    "Han": ("燕巢鷦鷯鶺鴒翡翠", "鷓鴣鸕鶿鵪鶉鴛鴦"),
    "Georgian": ("მერცხალიყჭჯ", "ჟღწძჰფქშჩცხ"),
    "Armenian": ("ծիծեռնակղձճ", "ժշջռցփքօֆխհ"),
    "Thai": ("นกนางแอ่นฬฒ", "ฆฌญฎฏฐฑณธภฒ"),
}
"""Script → how its canaries begin and end. Chance makes neither; either finds what was cut."""

SPELLINGS = (
    "UTF-8",
    "UTF-16LE",
    "UTF-16BE",
    "base64",
    "base64 for addresses",
    "hex",
    "JSON",
    "percent",
)


def canaries(count: int) -> tuple[str, ...]:
    """So many different ones, script after script."""
    return tuple(islice((_word(script, n // len(STEMS)) for n, script in enumerate(cycle(STEMS))), count))


def _word(script: str, number: int) -> str:
    """The number between both ends is written in digits, so that it is hers alone."""
    begin, end = STEMS[script]
    return f"{begin}{number:03}{end}"


def stems() -> Iterator[str]:
    """What is searched for."""
    for both in STEMS.values():
        yield from both


def spelled(words: str, spelling: str) -> set[bytes]:
    """The words in that form, in all its varieties."""
    raw = words.encode()
    match spelling:
        case "UTF-8":
            return {raw}
        case "UTF-16LE" | "UTF-16BE":
            return {words.encode(spelling)}
        case "base64":
            return _aligned(raw, b64encode)
        case "base64 for addresses":
            return _aligned(raw, urlsafe_b64encode)
        case "hex":
            return {raw.hex().encode(), raw.hex().upper().encode()}
        case "JSON":
            escaped = "".join(f"\\u{ord(letter):04x}" for letter in words)
            return {escaped.encode(), escaped.replace("\\u", "\0").upper().replace("\0", "\\u").encode()} | {
                json.dumps(words)[1:-1].encode()
            }
        case "percent":
            return {quote(words).encode(), quote(words).lower().encode()}
    raise ValueError(spelling)


def _aligned(raw: bytes, encode: Callable[[bytes], bytes]) -> set[bytes]:
    """Without the letters that depend on what stands before and after, in all three alignments."""
    found = set()
    for before, lost in ((0, 0), (1, 2), (2, 3)):
        whole = raw[: len(raw) - (before + len(raw)) % 3]
        found.add(encode(b"\0" * before + whole)[lost:])
    return found


NEEDLES = {
    needle: (stem, spelling)
    for stem in stems()
    for spelling in SPELLINGS
    for needle in spelled(stem, spelling)
}


def found_in(content: bytes) -> set[tuple[str, str]]:
    """Which (stem, spelling) these bytes hold."""
    return {told for needle, told in NEEDLES.items() if needle in content}


def leaks(places: Iterable[Path]) -> dict[str, set[tuple[str, str]]]:
    """File → what it holds of them; folders with all that is in them. Files may go meanwhile."""
    found = {}
    for place in places:
        for file in [place] if place.is_file() else sorted(place.rglob("*")):
            try:
                content = file.read_bytes() if file.is_file() else b""
            except FileNotFoundError:
                continue
            if held := found_in(content):
                found[str(file)] = held
    return found
