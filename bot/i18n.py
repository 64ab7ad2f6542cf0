"""Keeps the catalogues in step with the words of scripts and code, and says how each translation stands."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import write_po

import console
from bot import i18n_stale
from bot.channels import web_words
from casework import occupations
from casework.occupations import CONTEXT as OCCUPATION
from casework.packaged import packaged_sources
from dialogs import phrases
from dialogs.extract import is_for_staff
from dialogs.read_file import is_ladder, read_ladder
from dialogs.turn import Phrase
from locales.catalogue import (
    HERE,
    READ_BY_STAFF,
    SOURCE,
    STAFF_LANGUAGES,
    compile_po,
    plural_forms,
    po_file,
)
from locales.messages import is_translated as is_translated
from locales.messages import key
from locales.messages import messages as messages
from locales.po import read_po_file
from locales.standing import REVIEW as REVIEW
from locales.standing import Standing, standing

DOMAINS: Mapping[str, tuple[str, ...]] = {"client": READ_BY_STAFF, "staff": STAFF_LANGUAGES}
CONSOLE = Path(console.__file__ or "").parent
UNSAID = "nobody yet"
"""Who translated a catalogue, as long as nobody did."""

_OCCUPATION = "Some work or activity, paid or not. Name the activity, not the person who does it."

_RUNG = "The name of a rung of the ladder, among staff: a stage on the way to work or school."

# A template made twice of the same words is the same file.
_MADE = datetime(2026, 1, 1, tzinfo=UTC)


def template(domain: str) -> Catalog:
    """All words of a domain, in the order in which a woman meets them."""
    found = empty()
    if domain == "client":
        for file, content in scripts_for(domain).items():
            _add_script(found, file, content)
        _add_phrases(found, phrases.PHRASES, phrases.NOTES, "dialogs/phrases.py")
        _add_phrases(found, web_words.WORDS, web_words.NOTES, "bot/channels/web_words.py")
        labels = [Phrase(OCCUPATION, each.label) for each in occupations.occupations()]
        _add_phrases(found, labels, dict.fromkeys((p.text for p in labels), _OCCUPATION), occupations.FILE)
    else:
        for file, content in scripts_for(domain).items():
            _add_script(found, file, content)
        _add_console(found)
        names = [Phrase("staff", name) for name in rung_names()]
        _add_phrases(found, names, dict.fromkeys((p.text for p in names), _RUNG), "casework/ladders")
    return found


def rung_names() -> list[str]:
    """What staff call the rungs of the ladders that come with Trede."""
    ladders = (read_ladder(file, text)[0] for file, text in packaged_sources().items() if is_ladder(file))
    return list(dict.fromkeys(rung.name for ladder in ladders if ladder for rung in ladder.rungs))


def scripts_for(domain: str) -> dict[str, str | bytes]:
    """The scripts and ladders whose words are in that domain."""
    staff = {file for file, content in packaged_sources().items() if is_for_staff(file, content)}
    return {
        file: content
        for file, content in packaged_sources().items()
        if (file in staff) == (domain == "staff")
    }


def _add_script(catalogue: Catalog, file: str, content: str | bytes) -> None:
    source = BytesIO(content if isinstance(content, bytes) else content.encode())
    source.name = file
    where = f"casework/ladders/{file}" if is_ladder(file) else f"dialogs/scripts/{file}"
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
    """One language's catalogue; an empty one if there is none yet. Raises BrokenPo."""
    file = po_file(domain, language, folder)
    if not file.exists():
        return empty(language)
    return read_po_file(file, language, plural_forms(language))


def write(catalogue: Catalog, domain: str, language: str, folder: Path = HERE) -> None:
    """Put one language's catalogue where it is read."""
    file = po_file(domain, language, folder)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(written(catalogue))


def update(domain: str, language: str, folder: Path = HERE) -> None:
    """Take in new words, unreviewed, and drop those that are gone. Raises BrokenPo.

    Of a text that changed the translation stays as a stale one (see `i18n_stale`); other new words are empty.
    """
    write(updated(read(domain, language, folder), template(domain), language), domain, language, folder)


def updated(old: Catalog, wanted: Catalog, language: str) -> Catalog:
    """`old` with the words of the template `wanted`. `old` itself is used up."""
    before = list(messages(old))
    known = {key(message) for message in before}
    old.mime_headers = [("Plural-Forms", plural_forms(language))]
    old.update(wanted, no_fuzzy_matching=True, update_header_comment=False)
    old.obsolete.clear()
    for message in messages(old):
        if language == SOURCE:
            message.string = message.id
        elif key(message) not in known:
            message.flags.add(REVIEW)
    if language != SOURCE:
        i18n_stale.keep_translations(before, list(messages(old)))
    return old


def extract_to(domain: str, folder: Path = HERE) -> Path:
    """Write the template, `<domain>.pot`."""
    file = folder / f"{domain}.pot"
    file.write_bytes(written(template(domain)))
    return file


def compile_all(folder: Path = HERE) -> list[Path]:
    """Write the .mo files that gettext reads, each with the time of its .po file, which stays the source."""
    made = []
    for domain, language in catalogues():
        source = po_file(domain, language, folder)
        if source.exists():
            target, times = source.with_suffix(".mo"), source.stat()
            target.write_bytes(compile_po(source, language))
            os.utime(target, ns=(times.st_atime_ns, times.st_mtime_ns))  # how one sees what it was made from
            made.append(target)
    return made


def status(folder: Path = HERE) -> list[Standing]:
    """How every catalogue stands beside the words of scripts and code. Raises BrokenPo."""
    wanted = {domain: {key(message) for message in messages(template(domain))} for domain in DOMAINS}
    return [_standing(domain, language, wanted[domain], folder) for domain, language in catalogues()]


def catalogues() -> Iterator[tuple[str, str]]:
    """Every (domain, language)."""
    for domain, languages in DOMAINS.items():
        for language in languages:
            yield domain, language


def _standing(domain: str, language: str, wanted: set[tuple[str, str]], folder: Path) -> Standing:
    catalogue = read(domain, language, folder)
    for message in list(messages(catalogue)):
        if key(message) not in wanted:
            catalogue.delete(message.id, message.context)
    return replace(standing(catalogue, domain, language), messages=len(wanted))


def empty(language: str | None = None) -> Catalog:
    """A catalogue without messages, with the plurals of its language."""
    made = Catalog(
        locale=language,
        project="Trede",
        version="0",
        header_comment=f"# Words of Trede: {language or 'all'}.",
        msgid_bugs_address="see CONTRIBUTING.md",
        last_translator=UNSAID,
        language_team="",
        fuzzy=False,
        creation_date=_MADE,
        revision_date=_MADE,
    )
    if language is not None:
        made.mime_headers = [("Plural-Forms", plural_forms(language))]
    return made


def written(catalogue: Catalog) -> bytes:
    """The .po file of a catalogue, the same each time."""
    out = BytesIO()
    write_po(out, catalogue, width=100, include_lineno=False)
    # Babel names its own version in the header, which would change the file with every update of Babel.
    return re.sub(rb'"Generated-By: [^"]*"\n', b"", out.getvalue())
