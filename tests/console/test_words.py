"""The words that staff read."""

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

import console
from casework.packaged import packaged_sources
from dialogs.extract import is_for_staff, messages_of
from dialogs.read_file import is_ladder, read_ladder
from locales.catalogue import STAFF_LANGUAGES, po_file

CONSOLE = Path(console.__file__ or "").parent
SAID = re.compile(r'\bt\(\s*"((?:[^"\\]|\\.)*)"')
PLACEHOLDER = re.compile(r"%\(\w+\)s")


def _said() -> set[str]:
    files = [*CONSOLE.glob("templates/*.html"), *CONSOLE.glob("*.py")]
    return {words for file in files for words in SAID.findall(file.read_text())}


def _rungs() -> set[str]:
    """What staff call the rungs of the ladders that come with Trede."""
    ladders = [read_ladder(file, text)[0] for file, text in packaged_sources().items() if is_ladder(file)]
    return {rung.name for ladder in ladders if ladder is not None for rung in ladder.rungs}


def _asked_of_staff() -> set[tuple[str, str]]:
    """The words of scripts that staff answer."""
    return {
        (message.context, message.text)
        for file, text in packaged_sources().items()
        if is_for_staff(file, text)
        for message in messages_of(file, text)
    }


def _placeholders(words: object) -> list[str]:
    return sorted(PLACEHOLDER.findall(str(words)))


@pytest.mark.parametrize("language", STAFF_LANGUAGES)
def test_every_word_of_the_console_is_in_the_catalogue(language: str) -> None:
    with po_file("staff", language).open("rb") as file:
        catalogue = read_po(file)

    said = _said()
    wanted = {("staff", words) for words in said | _rungs()} | _asked_of_staff()
    missing = {each for each in wanted if not getattr(catalogue.get(each[1], each[0]), "string", "")}
    left_over = {(message.context, message.id) for message in catalogue if message.id} - wanted

    assert len(said) > 80
    assert (missing, left_over) == (set(), set())


@pytest.mark.parametrize("language", STAFF_LANGUAGES)
def test_placeholders_are_the_same_in_every_language(language: str) -> None:
    with po_file("staff", language).open("rb") as file:
        messages = [message for message in read_po(file) if message.id]

    for message in messages:
        assert _placeholders(message.id) == _placeholders(message.string)
        assert language == "en" or "needs-native-review" in message.flags


def test_templates_write_no_words_of_their_own() -> None:
    for file in CONSOLE.glob("templates/*.html"):
        text = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<[^>]*>", " ", file.read_text(), flags=re.DOTALL)

        assert set(re.findall(r"[^\W\d_]{2,}", text)) <= {"Trede", "ISCO", "ESCO"}, file.name
