"""Help at once: her exact words bring the card, others are asked about; nobody is told without her yes."""

import pytest

from dialogs import phrases
from dialogs.said import Command, Tap
from dialogs.session import Place
from dialogs.turn import HelpLine, PersonAsked
from locales.catalogue import CLIENT_LANGUAGES
from tests.dialogs.talking import Amina, talk_through, words_of_clients

CARD = (HelpLine(phrases.HELP_EMERGENCY, "112"), HelpLine("Women's shelter", "030 123 4567"))


def at_her_dream(language: str = "en") -> Amina:
    """She is asked what she dreamed of."""
    amina = talk_through(language=language)
    amina.skips_to("dream")
    amina.help_card = CARD
    return amina


def in_words(language: str, number: int = 0) -> str:
    """One of the words for help that a woman who speaks it would type."""
    phrase = phrases.HELP_WORDS
    return words_of_clients().look_up(language, phrase.context, phrase.text).split(",")[number].strip()


# ── the card ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("language", CLIENT_LANGUAGES)
def test_the_exact_words_bring_the_card_at_once_in_every_language(language: str) -> None:
    button = words_of_clients().look_up(language, phrases.HELP_NOW.context, phrases.HELP_NOW.text)
    for words in (
        button,
        in_words(language),
        in_words(language, -1),
        button.upper() + "!",
        "I need help now",
    ):
        nour = at_her_dream(language)

        nour.says(words)

        assert nour.session.mode == "help", words
        assert any("112" in text for text in nour.heard)
        assert nour.answer("dream") is None, "it was no answer"


def test_the_card_names_each_number_and_can_be_called_with_one_tap() -> None:
    nour = at_her_dream()

    nour.says("help")

    assert "Police, ambulance, fire: 112" in nour.heard
    assert "Women's shelter: 030 123 4567" in nour.heard
    assert nour.messages[-1].calls == ("112", "030 123 4567")


def test_the_menu_has_it_first_and_an_old_button_still_helps() -> None:
    nour = at_her_dream()
    nour.does("menu")
    assert nour.buttons[0] == "I need help now"
    old = nour.tap("I need help now")
    nour.taps("Go on")

    nour.sends(old)

    assert nour.session.mode == "help"


def test_afterwards_she_is_where_she_was() -> None:
    nour = at_her_dream()
    nour.says("help")

    nour.taps("No")

    assert nour.at == Place("dream")
    assert nour.session.mode == "talking"
    assert nour.hears("All right. I told nobody. We go on where we were.")


# ── who is told ──────────────────────────────────────────────────────────────────────────────────


def test_nobody_is_told_unless_she_says_yes() -> None:
    nour = at_her_dream()
    nour.says("help")
    assert not nour.has_events(PersonAsked)

    nour.taps("No")

    assert not any(isinstance(event, PersonAsked) for event in nour.events)
    assert not nour.session.asked_for_help


def test_with_her_yes_her_case_manager_hears_that_she_needs_help() -> None:
    nour = at_her_dream()
    nour.says("help")

    nour.taps("Yes")

    assert nour.has_events(PersonAsked)
    assert nour.hears("I told Joke Bakker that you need help.")
    assert nour.at == Place("dream")


# ── nearly ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("words", ["i need help", "i need help noww", "emergancy", "helpp me"])
def test_what_is_nearly_that_is_asked_about_first(words: str) -> None:
    nour = at_her_dream()

    nour.says(words)

    assert nour.hears("Do you need help now?")
    nour.taps("Yes")
    assert nour.session.mode == "help"


def test_if_she_meant_no_help_her_words_are_her_answer() -> None:
    nour = at_her_dream()
    nour.says("i need help")

    nour.taps("No")

    assert nour.words("dream") == "i need help"
    assert nour.session.held == ""
    assert nour.at != Place("dream")


@pytest.mark.parametrize(
    "words", ["I want to help people", "Helping my mother", "A calm life", "hello", "kelp"]
)
def test_nothing_is_inferred_from_other_words(words: str) -> None:
    nour = at_her_dream()

    nour.says(words)

    assert nour.words("dream") == words
    assert nour.session.mode == "talking"


# ── while somebody else may hold the phone ───────────────────────────────────────────────────────


@pytest.mark.parametrize("away", ["pause", "leave"])
def test_while_she_is_away_the_card_comes_and_tells_nothing_else(away: str) -> None:
    nour = at_her_dream()
    nour.does(away)  # type: ignore[arg-type]

    nour.says("I need help now")

    assert nour.session.is_away
    assert "Police, ambulance, fire: 112" in nour.heard
    assert not nour.hears("Joke Bakker")


def test_before_anything_is_kept_the_card_comes_too_and_nothing_begins() -> None:
    fresh = at_her_dream()
    new = Amina(fresh.moves, fresh.session.__class__("2", fresh.session.script, "en"), help_card=CARD)

    new.sends(Command("helpnow"))

    assert new.session.mode == "new"
    assert "Police, ambulance, fire: 112" in new.heard


def test_a_tap_on_it_while_away_helps_as_well() -> None:
    nour = at_her_dream()
    nour.does("pause")

    nour.sends(Tap("old", "helpnow"))

    assert "Police, ambulance, fire: 112" in nour.heard
