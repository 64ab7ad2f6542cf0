"""Keeps the catalogues in step with the words of scripts and code, and says how each translation stands."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po

import console
from bot.channels import web_words
from dialogs import phrases
from dialogs.library import packaged_sources
from dialogs.turn import Phrase
from locales.catalogue import CLIENT_LANGUAGES, HERE, SOURCE, STAFF_LANGUAGES, compile_po, po_file

DOMAINS: Mapping[str, tuple[str, ...]] = {"client": CLIENT_LANGUAGES, "staff": STAFF_LANGUAGES}
CONSOLE = Path(console.__file__ or "").parent
REVIEW = "needs-native-review"
"""The flag of a translation that no native speaker has read yet."""

# A template made twice of the same words is the same file.
_MADE = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Standing:
    """How one catalogue stands, in numbers of messages."""

    domain: str
    language: str
    messages: int
    translated: int
    unreviewed: int

    @property
    def reviewed(self) -> int:
        """Translated, and read by a native speaker."""
        return self.translated - self.unreviewed


def template(domain: str) -> Catalog:
    """All words of a domain, in the order in which a woman meets them."""
    found = empty()
    if domain == "client":
        for file, content in packaged_sources().items():
            _add_script(found, file, content)
        _add_phrases(found, phrases.PHRASES, phrases.NOTES, "dialogs/phrases.py")
        _add_phrases(found, web_words.WORDS, web_words.NOTES, "bot/channels/web_words.py")
    else:
        _add_console(found)
    return found


def _add_script(catalogue: Catalog, file: str, content: str | bytes) -> None:
    source = BytesIO(content if isinstance(content, bytes) else content.encode())
    source.name = file
    where = f"dialogs/scripts/{file}"
    for line, text, comments, context in extract("dialogs.extract:extract", source, comment_tags=("",)):
        catalogue.add(text, locations=[(where, line)], auto_comments=comments, context=context)


def _add_console(catalogue: Catalog) -> None:
    """Staff words are the ones in `t("…")`, in the templates and beside them in the code."""
    for method, files in (("jinja2.ext:babel_extract", "templates/*.html"), ("python", "*.py")):
        for file in sorted(CONSOLE.glob(files)):
            where = file.relative_to(CONSOLE.parent).as_posix()
            with file.open("rb") as source:
                for line, text, comments, _ in extract(method, source, {"t": None}, ("Translators:",)):
                    catalogue.add(text, locations=[(where, line)], auto_comments=comments, context="staff")


def _add_phrases(catalogue: Catalog, found: Iterable[Phrase], notes: Mapping[str, str], file: str) -> None:
    for phrase in found:
        text = (phrase.text, phrase.many) if phrase.many else phrase.text
        note = notes.get(phrase.text, "")
        catalogue.add(
            text, locations=[(file, 1)], auto_comments=[note] if note else [], context=phrase.context
        )


def read(domain: str, language: str, folder: Path = HERE) -> Catalog:
    """One language's catalogue; an empty one if there is none yet."""
    file = po_file(domain, language, folder)
    if not file.exists():
        return Catalog(
            locale=language, project="Trede", fuzzy=False, creation_date=_MADE, revision_date=_MADE
        )
    with file.open("rb") as lines:
        return read_po(lines, locale=language)


def update(domain: str, language: str, folder: Path = HERE) -> None:
    """Take in new words, empty and unreviewed, and drop those that are gone. A changed text is new."""
    catalogue = read(domain, language, folder)
    known = {(m.context, _first(m)) for m in messages(catalogue)}
    catalogue.update(template(domain), no_fuzzy_matching=True, update_header_comment=False)
    catalogue.obsolete.clear()
    for message in messages(catalogue):
        if language == SOURCE:
            message.string = message.id
        elif (message.context, _first(message)) not in known:
            message.flags.add(REVIEW)
    file = po_file(domain, language, folder)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(written(catalogue))


def extract_to(domain: str, folder: Path = HERE) -> Path:
    """Write the template, `<domain>.pot`."""
    file = folder / f"{domain}.pot"
    file.write_bytes(written(template(domain)))
    return file


def compile_all(folder: Path = HERE) -> list[Path]:
    """Write the .mo files that gettext reads; the .po files stay the source."""
    made = []
    for domain, language in catalogues():
        source = po_file(domain, language, folder)
        if source.exists():
            source.with_suffix(".mo").write_bytes(compile_po(source, language))
            made.append(source.with_suffix(".mo"))
    return made


def status(folder: Path = HERE) -> list[Standing]:
    """How every catalogue stands."""
    return [_standing(domain, language, folder) for domain, language in catalogues()]


def catalogues() -> Iterator[tuple[str, str]]:
    """Every (domain, language)."""
    for domain, languages in DOMAINS.items():
        for language in languages:
            yield domain, language


def messages(catalogue: Catalog) -> Iterator[Message]:
    """Its messages, the header left out."""
    return (message for message in catalogue if message.id)


def is_translated(message: Message) -> bool:
    """Whether every form has words."""
    forms = message.string if isinstance(message.string, list | tuple) else (message.string,)
    return all(form and form.strip() for form in forms)


def _standing(domain: str, language: str, folder: Path) -> Standing:
    wanted = {(message.context, _first(message)) for message in messages(template(domain))}
    found = [m for m in messages(read(domain, language, folder)) if (m.context, _first(m)) in wanted]
    translated = [message for message in found if is_translated(message)]
    unreviewed = sum(REVIEW in message.flags or message.fuzzy for message in translated)
    return Standing(domain, language, len(wanted), len(translated), unreviewed)


def empty(language: str | None = None) -> Catalog:
    """A catalogue without messages."""
    return Catalog(locale=language, project="Trede", fuzzy=False, creation_date=_MADE, revision_date=_MADE)


def _first(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def written(catalogue: Catalog) -> bytes:
    """The .po file of a catalogue, the same each time."""
    out = BytesIO()
    write_po(out, catalogue, width=100, include_lineno=False)
    # Babel names its own version in the header, which would change the file with every update of Babel.
    return re.sub(rb'"Generated-By: [^"]*"\n', b"", out.getvalue())
