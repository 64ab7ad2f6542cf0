"""The words that staff read."""

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

import console
from locales.catalogue import po_file

CONSOLE = Path(console.__file__ or "").parent
SAID = re.compile(r'\bt\(\s*"((?:[^"\\]|\\.)*)"')
PLACEHOLDER = re.compile(r"%\(\w+\)s")


def _said() -> set[str]:
    files = [*CONSOLE.glob("templates/*.html"), *CONSOLE.glob("*.py")]
    return {words for file in files for words in SAID.findall(file.read_text())}


def _placeholders(words: object) -> list[str]:
    return sorted(PLACEHOLDER.findall(str(words)))


@pytest.mark.parametrize("language", ["en", "nl"])
def test_every_word_of_the_console_is_in_the_catalogue(language: str) -> None:
    with po_file("staff", language).open("rb") as file:
        catalogue = read_po(file)

    said = _said()
    missing = {words for words in said if not getattr(catalogue.get(words, "staff"), "string", "")}
    left_over = {message.id for message in catalogue if message.id} - said

    assert len(said) > 80
    assert (missing, left_over) == (set(), set())


@pytest.mark.parametrize("language", ["en", "nl"])
def test_placeholders_are_the_same_in_every_language(language: str) -> None:
    with po_file("staff", language).open("rb") as file:
        messages = [message for message in read_po(file) if message.id]

    for message in messages:
        assert _placeholders(message.id) == _placeholders(message.string)
        assert language == "en" or "needs-native-review" in message.flags


def test_templates_write_no_words_of_their_own() -> None:
    for file in CONSOLE.glob("templates/*.html"):
        text = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<[^>]*>", " ", file.read_text(), flags=re.DOTALL)

        assert set(re.findall(r"[^\W\d_]{2,}", text)) <= {"Trede"}, file.name
