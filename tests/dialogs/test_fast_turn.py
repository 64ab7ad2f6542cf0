"""A turn is fast, and what makes it so remembers nothing of hers."""

from gettext import NullTranslations

from bench.pure_turn import measure
from dialogs.understand import plain_label
from locales.catalogue import Catalogue
from tests.dialogs.talking import talk_through, words_of_clients

TIMES_THE_LEAST = 8
"""The aim is 5 times; a machine with other work to do needs room."""


def goes_back_to_what_she_said(words: str) -> None:
    """She answers, goes back, and types something that is compared with every button, "Keep: …" as well."""
    amina = talk_through(part="hopes")
    amina.says(words)
    amina.does("back")
    assert f"Keep: {words}" in amina.buttons
    amina.says("no button's label")


def test_a_pure_turn_takes_a_few_times_the_least_python() -> None:
    found = measure()

    assert found["ratio"] == found["turn_us"] / found["floor_us"]
    assert 1 < found["ratio"] < TIMES_THE_LEAST


def test_words_of_hers_are_compared_and_not_remembered() -> None:
    goes_back_to_what_she_said("A shop")
    known = plain_label.cache_info().currsize

    goes_back_to_what_she_said("A house by the sea")

    assert plain_label.cache_info().currsize == known > 0


def test_a_catalogue_remembers_only_words_that_it_has() -> None:
    goes_back_to_what_she_said("A garden with a pear tree")

    remembered = repr(vars(words_of_clients()))
    assert "Keep: %(answer)s" in remembered
    assert "pear tree" not in remembered


def test_a_catalogue_remembers_each_language_and_context_apart() -> None:
    catalogue = Catalogue({"nl": Spoken(), "uk": NullTranslations()})
    asked = [("nl", "a", "More"), ("nl", "b", "More"), ("uk", "a", "More"), ("fa", "a", "More")]

    first, again = ([catalogue.look_up(*each) for each in asked] for _ in range(2))

    assert first == again == ["a: More", "b: More", "More", "More"]


class Spoken(NullTranslations):
    """A language in which the context is heard."""

    def pgettext(self, context: str, message: str) -> str:
        return f"{context}: {message}"
