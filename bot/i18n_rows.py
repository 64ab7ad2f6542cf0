"""Takes a catalogue apart into rows for a sheet, and takes in what a translator changed in them."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from babel.messages.catalog import Catalog, Message

from bot import i18n_stale
from dialogs.check_catalogue import short, wrong_with
from locales.catalogue import forms_of_one_number, numbers_of_forms, plural_names
from locales.messages import forms, is_translated, messages, texts
from locales.po import counted
from locales.standing import REVIEW

YES, NO = "yes", "no"
KEY_PARTS = 4
"""A row's key: domain, language, a digest of the text, plural form."""

NAMED = 4
"""How many numbers are named to explain a plural form."""


@dataclass(frozen=True, slots=True)
class Row:
    """One text to translate: a message, or one of its plural forms.

    `key` says which one it is. `seen` is a stamp of what stood in the catalogue when the row was made, so
    that we can tell what a translator changed from what others changed meanwhile.
    """

    context: str
    notes: str
    english: str
    plural: str
    translation: str
    reviewed: str
    back: str
    key: str
    seen: str


@dataclass(frozen=True, slots=True)
class Filled:
    """A row that comes back. `place`: sheet and number. None: the cell holds no text but a number, say."""

    place: str
    english: str | None
    translation: str | None
    reviewed: str | None
    back: str | None
    key: str
    seen: str

    @property
    def stamp(self) -> str:
        """Of what stands in it now."""
        return _stamp(self.translation or "", self.reviewed or "", self.back or "")


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of a sheet. `lines`: one for each row that was refused or passed by, with what to do."""

    translated: int = 0
    reviewed: int = 0
    changed: int = 0
    lines: tuple[str, ...] = ()


def rows_of(catalogue: Catalog, domain: str, language: str) -> list[Row]:
    """All its texts, in its order."""
    return [row for message in messages(catalogue) for row in _rows(message, domain, language)]


def take_in(catalogue: Catalog, filled: Iterable[Filled], domain: str, language: str) -> Taken:
    """Put what was changed in those rows into the catalogue. What cannot be used stays as it was."""
    known = {_digest(message): message for message in messages(catalogue)}
    groups: dict[str, list[Filled]] = {}
    for row in filled:
        groups.setdefault(row.key.split()[2], []).append(row)
    done: list[Taken] = []
    for digest, rows in groups.items():
        message = known.get(digest)
        if message is None:
            words = "this text is no longer in Trede, or its English has changed. Export a new sheet for it."
            done.append(Taken(lines=tuple(f"{row.place}: {words}" for row in rows)))
        else:
            done.append(_take_message(message, rows, domain, language))
    return together(done)


def together(done: Iterable[Taken]) -> Taken:
    """The sum of several."""
    all_done = list(done)
    return Taken(
        sum(each.translated for each in all_done),
        sum(each.reviewed for each in all_done),
        sum(each.changed for each in all_done),
        tuple(line for each in all_done for line in each.lines),
    )


# ── out ───────────────────────────────────────────────────────────────────────────────────────────


def _rows(message: Message, domain: str, language: str) -> Iterator[Row]:
    reviewed = YES if is_translated(message) and not message.flags & {REVIEW, i18n_stale.FUZZY} else NO
    names = _names(language) if message.pluralizable else ("",)
    for form, (words, name) in enumerate(zip(forms(message), names, strict=True)):
        back = "" if form else i18n_stale.back_translation(message)
        yield Row(
            context=message.context or "",
            notes=_notes(message),
            english=texts(message)[0] if form in _singular(message, language) else texts(message)[-1],
            plural=name,
            translation=words,
            reviewed=reviewed,
            back=back,
            key=f"{domain} {language} {_digest(message)} {form}",
            seen=_stamp(words, reviewed, back),
        )


def _names(language: str) -> tuple[str, ...]:
    """The plural forms of a language, each with some numbers it stands for: "one (1, 21, 31 …)"."""
    both = zip(plural_names(language), numbers_of_forms(language), strict=True)
    return tuple(_named(name, numbers) for name, numbers in both)


def _named(name: str, numbers: tuple[int, ...]) -> str:
    more = " …" if len(numbers) > NAMED else ""
    return f"{name} ({', '.join(str(n) for n in numbers[:NAMED])}{more})" if numbers else name


def _singular(message: Message, language: str) -> frozenset[int]:
    """The forms beside which the singular of the English stands."""
    if not message.pluralizable:
        return frozenset({0})
    return frozenset(i for i, name in enumerate(plural_names(language)) if name == "one")


def _notes(message: Message) -> str:
    was = i18n_stale.was(message)
    stale = [f"STALE. The English was: {was}"] if was else []
    return "\n".join([*stale, *message.auto_comments, *i18n_stale.other_comments(message)])


def _digest(message: Message) -> str:
    return hashlib.sha256("\0".join([message.context or "", *texts(message)]).encode()).hexdigest()[:16]


def _stamp(translation: str, reviewed: str, back: str) -> str:
    said = [plain(translation), plain(reviewed).casefold() or NO, plain(back)]
    return hashlib.sha256("\0".join(said).encode()).hexdigest()[:16]


def plain(text: str) -> str:
    """A cell without what sheets change by themselves: ends of lines, spaces around."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


# ── in ────────────────────────────────────────────────────────────────────────────────────────────


def _take_message(message: Message, rows: Iterable[Filled], domain: str, language: str) -> Taken:
    before = {row.key: row for row in _rows(message, domain, language)}
    lines: list[str] = []
    touched: dict[int, Filled] = {}
    for row in rows:
        wrong = _wrong_with(row, before.get(row.key), message, language)
        form = int(row.key.split()[3]) if row.key in before else 0
        is_new = not wrong and row.stamp not in (row.seen, before[row.key].seen)
        if is_new and touched.setdefault(form, row).stamp != row.stamp:
            wrong = "this text is in the sheet twice, with other words. Delete one of the rows."
        if wrong:
            lines.append(f"{row.place}: {wrong}")
    taken = _write(message, touched, before) if touched else Taken()
    return together([taken, Taken(lines=tuple(lines))])


def _wrong_with(row: Filled, now: Row | None, message: Message, language: str) -> str:
    """Why a row cannot be used, and what to do; "" if it can, or says nothing new."""
    if now is None:
        return "this row is not as Trede made it. Export a new sheet."
    if None in (row.english, row.translation, row.reviewed, row.back):
        return "a cell holds a formula, number or date. Format the column as text, and write it again."
    english = short(now.english)
    if plain(row.english or "") != plain(now.english):
        return f"the English of '{english}' was changed here. A sheet cannot do that. Export a new one."
    if row.stamp in (row.seen, now.seen):
        return ""
    if row.seen != now.seen:
        return f"'{english}' was changed in Trede too, after this sheet was made. Export a new sheet."
    if plain(row.reviewed or "").casefold() not in (YES, NO, ""):
        return "there must be yes or no under “reviewed”. Write one of them."
    words = plain(row.translation or "")
    if not words and (now.translation or _says_yes(row)):
        return f"the translation of '{english}' is empty. Write it, or put the old one back."
    form = int(now.key.split()[3])
    if form and plain(row.back or ""):
        return "the back-translation belongs beside the first plural form. Write it there, for all of them."
    may_lack = counted(message) if form in forms_of_one_number(language) else ()
    return next(wrong_with(texts(message)[-1], words, may_lack), "") if words else ""


def _says_yes(row: Filled | Row) -> bool:
    return plain(row.reviewed or "").casefold() == YES


def _write(message: Message, touched: Mapping[int, Filled], before: Mapping[str, Row]) -> Taken:
    """Put sound rows into their message, and set its marks."""
    old = forms(message)
    new = [plain(touched[i].translation or "") if i in touched else words for i, words in enumerate(old)]
    new = [old[i] if plain(old[i]) == words else words for i, words in enumerate(new)]
    changed = {i for i, words in enumerate(new) if words != old[i]}
    message.string = tuple(new) if message.pluralizable else new[0]
    if 0 in touched:
        i18n_stale.set_back_translation(message, plain(touched[0].back or ""))
    was_reviewed = all(_says_yes(row) for row in before.values())
    says_yes = [_says_yes(touched[i]) if i in touched else was_reviewed for i in range(len(old))]
    is_reviewed = all(says_yes) and is_translated(message)
    if is_reviewed:
        message.flags.discard(REVIEW)
    elif changed or was_reviewed:
        message.flags.add(REVIEW)
    if is_reviewed or len(changed) == len(old):
        i18n_stale.redone(message)
    half = "it is reviewed when all its plural forms say yes. Write yes beside each of them."
    lines = [f"{row.place}: {half}" for row in touched.values() if _says_yes(row) and not is_reviewed]
    return Taken(len(changed), int(is_reviewed and not was_reviewed), 1, tuple(lines))
