"""“Read to me”: she switches it on and off in the menu, where there is sound in her language."""

from dialogs import phrases
from dialogs.said import Command, Tap
from dialogs.session import Place
from tests.dialogs.talking import Amina, talk_through, with_twenty_minutes

ON = "All right. I read each question to you."
OFF = "All right. I send no more sound."


def where_there_is_sound() -> Amina:
    amina = talk_through().turned(at=Place("good_life"), token="t")
    amina.has_sound = ("en",)
    return amina


def test_the_menu_offers_it_only_where_there_is_sound() -> None:
    amina = where_there_is_sound()
    silent = talk_through().turned(at=Place("good_life"), token="t")

    amina.does("menu")
    silent.does("menu")

    assert phrases.READ_TO_ME.text in amina.buttons
    assert phrases.READ_TO_ME.text not in silent.buttons


def test_at_the_beginning_it_stands_beside_the_question_with_a_picture() -> None:
    amina = talk_through()
    amina.has_sound = ("en",)
    amina.says("1")

    [button] = [button for button in amina.messages[-1].buttons if button.value == "read"]
    assert (button.label, button.picture) == (phrases.READ_TO_ME.text, "🔊")

    amina.taps(phrases.READ_TO_ME.text)
    assert amina.hears(ON)
    assert phrases.READ_TO_ME.text not in amina.buttons


def test_later_on_it_stands_in_the_menu_only() -> None:
    amina = where_there_is_sound()

    amina.does("again")

    assert amina.at == Place("good_life")
    assert phrases.READ_TO_ME.text not in amina.buttons


def test_from_then_on_each_question_is_to_be_read_to_her() -> None:
    amina = where_there_is_sound()
    amina.does("menu")
    amina.taps(phrases.READ_TO_ME.text)

    assert amina.hears(ON)
    assert (amina.at, amina.messages[-1].aloud) == (Place("good_life"), True)
    amina.says("A bakery")
    assert amina.messages[-1].aloud


def test_she_can_say_it_in_words_and_switch_it_off_again() -> None:
    amina = where_there_is_sound()
    amina.says(phrases.READ_TO_ME.text)
    assert amina.session.reads_aloud

    amina.does("menu")
    assert phrases.READ_TO_ME.text not in amina.buttons
    amina.taps(phrases.STOP_READING.text)

    assert amina.hears(OFF)
    assert not amina.messages[-1].aloud
    assert not amina.session.reads_aloud


def test_where_there_is_no_sound_she_is_asked_again_and_nothing_is_switched_on() -> None:
    amina = talk_through().turned(at=Place("good_life"), token="t")

    amina.sends(Command("read"))

    assert (amina.at, amina.session.reads_aloud) == (Place("good_life"), False)
    assert not amina.hears(ON)


def test_in_a_language_without_sound_it_can_still_be_switched_off() -> None:
    amina = talk_through().turned(at=Place("good_life"), token="t", reads_aloud=True)

    amina.does("menu")
    amina.taps(phrases.STOP_READING.text)

    assert not amina.session.reads_aloud


def test_what_she_ticks_is_not_read_to_her_again_and_again() -> None:
    amina = with_twenty_minutes("more")
    amina.has_sound = ("en",)
    amina.turned(reads_aloud=True)
    amina.says("1")
    assert amina.messages[-1].aloud

    amina.sends(Tap(amina.session.token, "1"))
    assert not amina.messages[-1].aloud

    amina.sends(Tap(amina.session.token, "page"))
    assert not amina.messages[-1].aloud
