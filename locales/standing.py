"""How each translation stands, read out of its catalogue: for the command line and for the console."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from locales.catalogue import HERE, READ_BY_STAFF, STAFF_LANGUAGES, po_file

REVIEW = "needs-native-review"
"""The flag of a translation that no native speaker has read yet."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One catalogue, in numbers of messages. `translator`: who wrote it, as its header says.

    `stale`: the English has changed since; clients read English there until it is translated anew.
    """

    domain: str
    language: str
    messages: int
    translated: int
    stale: int
    unreviewed: int
    translator: str

    @property
    def reviewed(self) -> int:
        """Translated, and read by a native speaker."""
        return self.translated - self.unreviewed


@cache
def standings(folder: Path = HERE) -> tuple[Standing, ...]:
    """Of every catalogue that is there. Read once: they do not change while we run."""
    return tuple(
        standing(_read(file, language), domain, language)
        for domain, languages in (("client", READ_BY_STAFF), ("staff", STAFF_LANGUAGES))
        for language in languages
        if (file := po_file(domain, language, folder)).exists()
    )


def standing(catalogue: Catalog, domain: str, language: str) -> Standing:
    """How that catalogue stands."""
    found = list(_messages(catalogue))
    translated = [message for message in found if _is_translated(message) and not message.fuzzy]
    return Standing(
        domain=domain,
        language=language,
        messages=len(found),
        translated=len(translated),
        stale=sum(message.fuzzy for message in found),
        unreviewed=sum(REVIEW in message.flags for message in translated),
        translator=catalogue.last_translator or "",
    )


def _read(file: Path, language: str) -> Catalog:
    with file.open("rb") as lines:
        return read_po(lines, locale=language)


def _messages(catalogue: Catalog) -> Iterator[Message]:
    return (message for message in catalogue if message.id)


def _is_translated(message: Message) -> bool:
    forms = message.string if isinstance(message.string, list | tuple) else (message.string,)
    return all(form and form.strip() for form in forms)
