"""Reads a .po file that may be damaged: all of it, or a refusal with the line and what to do."""

import re
from collections.abc import Collection
from pathlib import Path
from typing import NoReturn

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import PoFileError, read_po

from locales.messages import forms, texts

MAX_BYTES = 4 * 1024 * 1024

MAX_TEXT = 4_000
"""Of one text or one line. Ours have at most 400; Babel needs seconds to break one of 16,000 into lines."""

_WORDS = r'(?P<words>"(?:[^"\\]|\\[\\"ntr])*")'
_LINE = re.compile(rf"(?:(?P<keyword>msgctxt|msgid|msgid_plural|msgstr|msgstr\[\d\]) +)?{_WORDS}")
_HEADER_LINE = re.compile(r"[A-Za-z][A-Za-z0-9-]*:.*")
_ODD = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")
_PLACEHOLDER = re.compile(r"%\([^)]*\)s?")
_COUNTED = re.compile(r"plural by (%\([^)]*\)s)")

_AS_BEFORE = "Take this text as it was before, or save the file with a translation tool."


class BrokenPo(Exception):
    """A .po file that cannot be used. `message` says what is wrong at `line`, and what to do."""

    def __init__(self, file: Path, line: int, message: str) -> None:
        super().__init__(f"{file}:{line}: {message}")
        self.line = line
        self.message = message


def read_po_file(file: Path, language: str, plural_forms: str) -> Catalog:
    """The catalogue in a .po file. `plural_forms`: those that its language has. Raises BrokenPo."""
    return read_po_bytes(file, _content(file), language, plural_forms)


def read_po_bytes(file: Path, content: bytes, language: str, plural_forms: str) -> Catalog:
    """The same, of what was read already; `file` only gives its name. Obsolete messages are left out."""
    lines = _lines(file, content)
    _Grammar(file, language, plural_forms).check(lines)
    try:
        return read_po(lines, locale=language, abort_invalid=True)
    except PoFileError as error:
        raise BrokenPo(file, error.lineno + 1, f"This line cannot be read. {_AS_BEFORE}") from None
    except (ValueError, OverflowError):  # nothing but a date or a number of the header is left to go wrong
        words = "A date or number in the header cannot be read. Write a date like 2026-01-01 00:00+0000."
        raise BrokenPo(file, 1, words) from None


def keeps_placeholders(message: Message, alone: Collection[int]) -> bool:
    """Whether every form of a translation has just the placeholders of the English.

    `alone`: the plural forms that stand for one number only, as "one" does. They need not name the number.
    """
    wanted = {name for text in texts(message) for name in _PLACEHOLDER.findall(text)}
    return all(
        wanted - (counted(message) if index in alone else set()) <= set(_PLACEHOLDER.findall(form)) <= wanted
        for index, form in enumerate(forms(message))
    )


def counted(message: Message) -> set[str]:
    """The placeholder that says how many, of a message with plural forms. Its note names it."""
    notes = message.auto_comments if message.pluralizable else ()
    return {name for note in notes for name in _COUNTED.findall(note)}


def same_forms(one: str, other: str) -> bool:
    """Whether two Plural-Forms are the same but for spaces."""
    return "".join(one.split()).rstrip(";") == "".join(other.split()).rstrip(";")


def _content(file: Path) -> bytes:
    try:
        size = file.stat().st_size
        content = file.read_bytes() if size <= MAX_BYTES else b""
    except OSError as error:
        why = (error.strerror or "unknown reason").lower()
        raise BrokenPo(file, 1, f"This file cannot be read: {why}. Check its name and its rights.") from None
    if size > MAX_BYTES:
        words = f"This file is over {MAX_BYTES >> 20} MB, so it is no catalogue. Take the one of before."
        raise BrokenPo(file, 1, words)
    return content


def _lines(file: Path, content: bytes) -> list[str]:
    """Its lines without their ends and without obsolete messages, but as many as there were."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise BrokenPo(file, line, "This line is not UTF-8 text. Save the file as UTF-8.") from None
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    for number, each in enumerate(lines, start=1):
        odd = _ODD.search(each)
        if odd is not None:
            words = f"This line holds an invisible sign (U+{ord(odd[0]):04X}). Delete it."
            raise BrokenPo(file, number, words)
    return ["" if line.lstrip().startswith(("#~", "#|")) else line for line in lines]


class _Grammar:
    """One reading of one file: whether each line may stand where it stands."""

    def __init__(self, file: Path, language: str, plural_forms: str) -> None:
        self.file = file
        self.language = language
        self.plural_forms = plural_forms
        self.last_form = int(plural_forms.partition("nplurals=")[2].partition(";")[0]) - 1
        self.before = ""  # the keyword before; "" where a message may begin
        self.begun = 0  # the line where this message began
        self.entry: dict[str, str] = {}
        self.seen: dict[tuple[str, str], int] = {}
        self.has_plural_forms = False

    def check(self, lines: list[str]) -> None:
        """Raises BrokenPo for the first line that is wrong."""
        for number, line in enumerate(lines, start=1):
            stripped = line.strip()
            if len(stripped) > MAX_TEXT:
                self._stop(number, f"This line has over {MAX_TEXT} characters. {_AS_BEFORE}")
            if stripped.startswith("#"):
                if not self._is_whole():
                    self._stop(number, f"A comment cannot stand inside a message. {_AS_BEFORE}")
            elif stripped:
                self._take(number, stripped)
        if not self._is_whole():
            self._stop(self.begun, f"This message is cut off. {_AS_BEFORE}")
        self._finish()

    def _take(self, number: int, line: str) -> None:
        found = _LINE.fullmatch(line)
        if found is None:
            self._stop(number, f'This line is not part of a .po file, or a " or \\ is wrong. {_AS_BEFORE}')
        keyword, words = found["keyword"] or "", found["words"][1:-1]
        if keyword in ("msgctxt", "msgid") and self._is_whole():
            self._finish()
            self.begun, self.before, self.entry = number, "", {}
        if not keyword and self.entry:
            self.entry[self.before] += words
        elif keyword and self._may_follow(keyword):
            self.before = keyword
            self.entry[keyword] = words
        else:
            self._stop(
                number,
                f"This line cannot stand here: one before it is missing, or is here twice. {_AS_BEFORE}",
            )

    def _may_follow(self, keyword: str) -> bool:
        if keyword.startswith("msgstr["):
            before = "msgid_plural" if keyword == "msgstr[0]" else f"msgstr[{int(keyword[7]) - 1}]"
            return self.before == before and int(keyword[7]) <= self.last_form
        return (
            self.before
            in {
                "msgctxt": ("",),
                "msgid": ("", "msgctxt"),
                "msgid_plural": ("msgid",),
                "msgstr": ("msgid",),
            }[keyword]
        )

    def _is_whole(self) -> bool:
        return not self.entry or self.before in ("msgstr", f"msgstr[{self.last_form}]")

    def _finish(self) -> None:
        if not self.entry:
            return
        if any(len(text) > MAX_TEXT for text in self.entry.values()):
            self._stop(self.begun, f"A text of this message has over {MAX_TEXT} characters. {_AS_BEFORE}")
        key = (self.entry.get("msgctxt", ""), self.entry["msgid"])
        if key in self.seen:
            self._stop(self.begun, f"This message is in line {self.seen[key]} too. Delete one of them.")
        if key == ("", ""):
            self._check_header(self.entry.get("msgstr"))
        elif not key[1]:
            self._stop(self.begun, f"This message has no English text. {_AS_BEFORE}")
        elif "msgid_plural" in self.entry and not self.has_plural_forms:
            words = f"Write in the header: Plural-Forms: {self.plural_forms}"
            self._stop(
                self.begun, f"This message has plural forms, but the header does not say which. {words}"
            )
        self.seen[key] = self.begun

    def _check_header(self, text: str | None) -> None:
        if self.seen or text is None:
            self._stop(
                self.begun, "The header must be the first message of the file, and have no plural. Mend it."
            )
        fields: dict[str, str] = {}
        for line in filter(None, text.split("\\n")):
            name, _, value = line.partition(":")
            if not _HEADER_LINE.fullmatch(line) or name.lower() in fields:
                self._stop(self.begun, f"The header has a line that is wrong or here twice. {_AS_BEFORE}")
            fields[name.lower()] = value.strip()
        self._check_fields(fields)

    def _check_fields(self, fields: dict[str, str]) -> None:
        charset = fields.get("content-type", "charset=utf-8").lower().partition("charset=")[2]
        if charset not in ("utf-8", "utf8"):
            self._stop(
                self.begun, "The header names another charset. Save as UTF-8, and write charset=utf-8."
            )
        language = fields.get("language", self.language)
        if language.replace("-", "_").split("_")[0] != self.language:
            words = f"The header says “Language: {language}”, but this file is for {self.language}."
            self._stop(self.begun, f"{words} Put each file where its language is, or mend the header.")
        self.has_plural_forms = same_forms(fields.get("plural-forms", ""), self.plural_forms)

    def _stop(self, line: int, message: str) -> NoReturn:
        raise BrokenPo(self.file, line, message)
