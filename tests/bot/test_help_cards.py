"""The numbers on the help card: what an organisation sets, and what is refused."""

from pathlib import Path

import pytest

from bot.help_cards import KINDS, read_help_cards
from bot.settings import WrongSettings
from dialogs import phrases
from dialogs.turn import HelpLine

GOOD = """
countries:
  NL:
    - {what: emergency, number: "112"}
    - {what: {en: Women's shelter, ar: مأوى}, number: "030 123 4567"}
  SE:
    - {what: violence, number: "020-50 50 50"}
default: NL
organisations:
  Huis i Malmö: SE
"""


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "help.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_without_a_file_the_card_has_the_number_that_works_everywhere_in_europe() -> None:
    assert read_help_cards(None).card("Huis", "ar") == (HelpLine(phrases.HELP_EMERGENCY, "112"),)


def test_each_organisation_has_the_numbers_of_its_country(tmp_path: Path) -> None:
    cards = read_help_cards(written(tmp_path, GOOD))

    assert [line.number for line in cards.card("Huis i Malmö", "sv")] == ["020-50 50 50"]
    assert [line.number for line in cards.card("Any other", "sv")] == ["112", "030 123 4567"]


def test_its_own_words_are_read_in_her_language_and_else_in_english(tmp_path: Path) -> None:
    cards = read_help_cards(written(tmp_path, GOOD))

    assert cards.card("Huis", "ar")[1].what == "مأوى"
    assert cards.card("Huis", "so")[1].what == "Women's shelter"


def test_all_kinds_are_phrases_that_are_translated() -> None:
    assert all(phrase in phrases.PHRASES for phrase in KINDS.values())


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (GOOD.replace("default: NL", "default: DE"), "there are no numbers for the country 'DE'"),
        (GOOD.replace("what: emergency", "what: police"), "'police' is none of emergency"),
        (GOOD.replace('"112"', '"call us"'), "'call us' is no telephone number"),
        (GOOD.replace("{en: Women's shelter, ar: مأوى}", "{ar: مأوى}"), "your own words need English too"),
        (GOOD + "colour: red\n", "colour"),
        ("countries: [", "it is no YAML, line 1"),
        ("[]", "See docs/operate.md#numbers-for-help."),
        ("", "See docs/operate.md#numbers-for-help."),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_line(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(WrongSettings) as refused:
        read_help_cards(written(tmp_path, text))

    assert str(refused.value).startswith("TREDE_HELP_FILE: ")
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_that_is_not_there_is_refused_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(WrongSettings, match="no such file"):
        read_help_cards(tmp_path / "none.yaml")
