"""The glossary of a language: one thing has one word, and `trede check` says where it has not."""

import shutil
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from bot import i18n
from bot.glossary import FOLDER, check_glossary, fold, read_glossary, read_terms
from locales.catalogue import HERE, READ_BY_STAFF

TERMS = {
    *("case manager", "share", "step", "private", "skip", "person to talk to"),
    *("delete", "secret/locked", "language", "help"),
}
ENGLISH = """
terms:
  share:
    english: [share, sharing]
  help:
    english: [help, helps]
    not_in: [occupation]
"""
DUTCH = """
terms:
  share: [deel, delen]
  help: [hulp, help]
exceptions:
  - term: share
    message: demo/fair
    english: Share and
    why: An idiom.
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of catalogues named "locales", with the glossaries above."""
    folder = tmp_path / "locales"
    (folder / FOLDER).mkdir(parents=True)
    (folder / FOLDER / "en.yaml").write_text(ENGLISH)
    (folder / FOLDER / "nl.yaml").write_text(DUTCH)
    return folder


def faults(folder: Path, *said: tuple[str, str, str]) -> list[str]:
    """What is told of messages: context, English, Dutch. The one that is exempt is always among them."""
    catalogue = Catalog()
    for context, text, words in (*said, ("demo/fair", "Share and share alike", "Eerlijk is eerlijk")):
        catalogue.add(text, words, context=context, lineno=7)
    return [str(fault) for fault in check_glossary(i18n.messages(catalogue), "nl", "nl.po", folder)]


def test_a_translation_with_a_word_of_the_term_is_right(folder: Path) -> None:
    assert faults(folder, ("a/b", "Do you want to share it?", "Wil je het Delen?")) == []


def test_a_translation_without_one_is_told_with_its_line_and_the_words(folder: Path) -> None:
    assert faults(folder, ("a/b", "Stop sharing", "Niet meer tonen")) == [
        "nl.po:7: a/b: The English speaks of “share”, and none of its words is here: deel, delen. "
        "Use one, or list this message as an exception in glossary/nl.yaml."
    ]


@pytest.mark.parametrize(
    ("context", "text"),
    [("a/b", "A shareholder"), ("occupation", "Helps a teacher"), ("a/b", "Nothing of it")],
)
def test_other_words_and_other_contexts_do_not_count(context: str, text: str, folder: Path) -> None:
    assert faults(folder, (context, text, "Iets anders")) == []


def test_an_exception_counts_for_its_message_only(folder: Path) -> None:
    assert len(faults(folder, ("demo/unfair", "Share and share alike", "Eerlijk is eerlijk"))) == 1


def test_a_stale_translation_and_an_empty_one_are_left_to_others(folder: Path) -> None:
    catalogue = Catalog()
    catalogue.add("Share and share", "x", context="demo/fair", flags={"fuzzy"})
    catalogue.add("Share it", "", context="a/b")

    assert list(check_glossary(i18n.messages(catalogue), "nl", "nl.po", folder)) == []


def test_an_exception_that_fits_no_message_any_more_is_a_fault(folder: Path) -> None:
    found = list(check_glossary([], "nl", "nl.po", folder))

    told = "No message of 'demo/fair' begins with 'Share and'. Delete this exception."
    assert [str(fault) for fault in found] == [f"locales/glossary/nl.yaml:6: share: {told}"]


@pytest.mark.parametrize(
    ("dutch", "said"),
    [
        ("", "nl.yaml:1: (whole file): "),
        ("terms:\n  share: [x]\n", "nl.yaml:1: help: There is no word for “help”."),
        ("terms:\n  share: [x]\n  help: [y]\n  tea: [z]\n", "nl.yaml:1: tea: “tea” is in no other glossary."),
        (DUTCH.replace("why: An idiom.", ""), "nl.yaml:6: (whole file): An exception needs term, message,"),
        (DUTCH.replace("term: share", "term: tea"), "nl.yaml:6: (whole file): An exception needs"),
        ("terms: [", "nl.yaml:"),
        ("a\x00b", "nl.yaml:1: (whole file): There is a character here"),
    ],
)
def test_a_faulty_glossary_is_told_with_its_line(dutch: str, said: str, folder: Path) -> None:
    (folder / FOLDER / "nl.yaml").write_text(dutch)

    found = faults(folder)

    assert any(line.startswith(f"locales/glossary/{said}") for line in found), found


def test_a_missing_glossary_is_told(folder: Path) -> None:
    (folder / FOLDER / "nl.yaml").unlink()

    told = "This glossary is missing or empty. Write it like that of another language."
    assert faults(folder) == [f"locales/glossary/nl.yaml:1: (whole file): {told}"]


@pytest.mark.parametrize(
    ("text", "stem"),
    [
        ("می‌خواهید", "میخواهید"),
        ("Adımınız", "adım"),
        ("İLERİ ADIM", "ileri adım"),
        ("Étape", "étape"),
        ("ΒΟΉΘΕΙΑ", "βοήθεια"),
        ("КРОК", "крок"),
    ],
)
def test_case_accents_put_together_otherwise_and_zwnj_make_no_difference(text: str, stem: str) -> None:
    assert fold(stem) in fold(text)


# ── the ones that come with Trede ─────────────────────────────────────────────────────────────────


def test_every_language_has_a_word_for_every_term() -> None:
    terms, source_faults = read_terms(HERE)
    names = tuple(term.name for term in terms)

    assert (set(names), source_faults) == (TERMS, ())
    for language in READ_BY_STAFF:
        if language != "en":
            assert read_glossary(language, names, HERE).faults == ()


def test_a_term_that_loses_its_word_is_found_in_the_catalogue(tmp_path: Path) -> None:
    folder = tmp_path / "locales"
    shutil.copytree(HERE / FOLDER, folder / FOLDER)
    file = folder / FOLDER / "fa.yaml"
    file.write_text(file.read_text().replace("شریک", "تقسیم"))

    found = list(check_glossary(i18n.messages(i18n.read("client", "fa")), "fa", "fa.po", folder))

    assert len(found) >= 5
    assert all("“share”" in fault.message for fault in found)
