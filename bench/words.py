"""The catalogues: real gettext files that say "[de] …" for every text, for the peers and for us."""

import gettext
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import write_po

from bench.walk import LANGUAGES, QUESTIONS, in_language
from dialogs import phrases
from dialogs.extract import messages_of
from locales.catalogue import Catalogue, read_catalogue

SCRIPT = Path(__file__).with_name("walk.yaml")
DOMAIN = "walk"


def peers_words(folder: Path) -> Mapping[str, Callable[[str], str]]:
    """Language → look-up of a text, by the standard gettext."""
    write_peers_files(folder)
    return {language: gettext.translation(DOMAIN, folder, [language]).gettext for language in LANGUAGES}


def write_peers_files(folder: Path) -> Path:
    """The folder, with a .mo file for each language in it."""
    for language in LANGUAGES:
        catalogue = Catalog(locale=language)
        for text in _texts():
            catalogue.add(text, in_language(language, text))
        with _file(folder, language, f"{DOMAIN}.mo").open("wb") as out:
            write_mo(out, catalogue)
    return folder


def our_words(folder: Path) -> Catalogue:
    """The words of walk.yaml and our own phrases.

    Ours ends a conversation with words of its own: here they are the walk's last ones.
    """
    script = [(each.context, each.text) for each in messages_of(SCRIPT.name, SCRIPT.read_bytes())]
    for language in LANGUAGES:
        catalogue = Catalog(locale=language)
        for context, text in script:
            catalogue.add(text, in_language(language, text), context=context)
        _add_phrases(catalogue, language)
        with _file(folder, language, "client.po").open("wb") as out:
            write_po(out, catalogue)
    return read_catalogue("client", LANGUAGES, folder)


def _add_phrases(catalogue: Catalog, language: str) -> None:
    for phrase in phrases.PHRASES:
        text = QUESTIONS["done"].text if phrase is phrases.ENDED else phrase.text
        if not phrase.many:
            catalogue.add(phrase.text, in_language(language, text), context=phrase.context)


def _texts() -> Iterable[str]:
    found = {text for question in QUESTIONS.values() for text in (question.text, *question.options)}
    return sorted(found - set(LANGUAGES))


def _file(folder: Path, language: str, name: str) -> Path:
    file = folder / language / "LC_MESSAGES" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    return file
