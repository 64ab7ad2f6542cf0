"""“Read to me” on Telegram, with each library: a question comes with the sound that reads it."""

from typing import Any

import pytest

from bot.channels.telegram_screen import pieces
from dialogs import phrases
from locales.catalogue import autonym
from tests.bot.test_telegram_conversation import House, Talker, house, library, talker
from tests.fakes.ogg import lay, ogg
from tests.fakes.telegram_person import Seen

__all__ = ["house", "library"]  # fixtures

SOUND = ogg(seconds=3)
LEARN = "reflection/learn.ogg"


async def at_her_hopes(house: House, language: str = "en") -> Talker:
    amina = talker(house, language)
    await amina.begins(await house.invited(language))
    await amina.taps("minutes", 0)
    await amina.asked("good_life")
    return amina


async def presses_in_the_menu(house: House, amina: Talker, label: str) -> Seen:
    amina.person.taps(house.said(amina.language, phrases.MENU))
    menu = await amina.person.hears(house.said(amina.language, phrases.MENU_ASK))
    amina.person.taps(label, on=menu)
    return menu


async def who_is_read_to(house: House, language: str = "en") -> Talker:
    """At her first question about hopes, which has no sound, with reading switched on."""
    amina = await at_her_hopes(house, language)
    await presses_in_the_menu(house, amina, house.said(language, phrases.READ_TO_ME))
    await amina.person.hears(house.said(language, phrases.READING_ON))
    return amina


def voices(house: House) -> list[dict[str, Any]]:
    return [call.params for call in house.server.called("sendVoice")]


@pytest.mark.parametrize("language", ["en", "ar"])
async def test_a_question_comes_in_one_message_with_its_sound_its_words_and_its_buttons(
    house: House, language: str
) -> None:
    lay(house.sounds, f"{language}/{LEARN}", SOUND)
    amina = await who_is_read_to(house, language)

    amina.person.writes("A bakery")

    seen = await amina.asked("learn")
    assert seen.sound == SOUND
    assert house.said(language, phrases.SKIP) in seen.labels
    amina.person.taps(house.said(language, phrases.SKIP), on=seen)
    assert (await amina.asked("own_wish")).sound == b""
    [call] = voices(house)
    assert call["duration"] == "3"


async def test_nothing_is_read_to_her_who_did_not_ask_for_it(house: House) -> None:
    lay(house.sounds, f"en/{LEARN}", SOUND)
    amina = await at_her_hopes(house)

    amina.person.writes("A bakery")

    assert (await amina.asked("learn")).sound == b""


@pytest.mark.parametrize("language", ["en", "ar"])
async def test_she_finds_it_at_the_beginning_by_its_picture(house: House, language: str) -> None:
    lay(house.sounds, f"{language}/reflection/private_now.ogg", SOUND)
    amina = talker(house, language)
    amina.person.writes(f"/start {await house.invited(language)}")
    await amina.taps("language", autonym(language))
    await amina.taps("call_me", "🔊")
    await amina.person.hears(house.said(language, phrases.READING_ON))

    amina.person.writes("Amina")

    assert (await amina.asked("private_now")).sound == SOUND


async def test_when_she_wants_no_more_sound_it_ends(house: House) -> None:
    lay(house.sounds, f"en/{LEARN}", SOUND)
    amina = await who_is_read_to(house)

    await presses_in_the_menu(house, amina, house.said("en", phrases.STOP_READING))
    await amina.person.hears(house.said("en", phrases.READING_OFF))
    amina.person.writes("A bakery")

    assert (await amina.asked("learn")).sound == b""


async def test_where_her_language_has_no_sound_the_menu_does_not_offer_it(house: House) -> None:
    lay(house.sounds, f"nl/{LEARN}", SOUND)
    amina = await at_her_hopes(house)

    menu = await presses_in_the_menu(house, amina, house.said("en", phrases.GO_ON))

    assert house.said("en", phrases.READ_TO_ME) not in menu.labels
    await amina.asked("good_life")
    amina.person.writes("/read")
    await amina.asked("good_life")
    assert not any(house.said("en", phrases.READING_ON) in seen.text for seen in amina.person.chat)


async def test_a_file_is_uploaded_once_and_then_called_by_its_name(house: House) -> None:
    lay(house.sounds, f"en/{LEARN}", SOUND)
    amina = await who_is_read_to(house)
    amina.person.writes("A bakery")
    await amina.asked("learn")

    amina.person.writes("/again")
    again = await amina.asked("learn")

    assert again.sound == SOUND
    first, second = voices(house)
    assert isinstance(second["voice"], str)
    assert second["voice"] in house.server.files
    assert first["voice"] != second["voice"]


async def test_a_file_that_was_recorded_anew_is_uploaded_anew(house: House) -> None:
    lay(house.sounds, f"en/{LEARN}", SOUND)
    amina = await who_is_read_to(house)
    amina.person.writes("A bakery")
    await amina.asked("learn")

    lay(house.sounds, f"en/{LEARN}", ogg(seconds=5, notes=[("TITLE", "anew")]))
    amina.person.writes("/again")

    assert (await amina.asked("learn")).sound != SOUND


async def test_a_name_that_telegram_forgot_costs_her_the_sound_once(house: House) -> None:
    lay(house.sounds, f"en/{LEARN}", SOUND)
    amina = await who_is_read_to(house)
    amina.person.writes("A bakery")
    await amina.asked("learn")
    house.server.files.clear()

    amina.person.writes("/again")
    assert (await amina.asked("learn")).sound == b""

    amina.person.writes("/again")
    assert (await amina.asked("learn")).sound == SOUND


async def test_who_forbids_voice_messages_gets_the_words(house: House) -> None:
    lay(house.sounds, f"en/{LEARN}", SOUND)
    amina = await who_is_read_to(house)
    amina.person.forbids_voice = True

    amina.person.writes("A bakery")

    seen = await amina.asked("learn")
    assert seen.sound == b""
    assert house.said("en", phrases.SKIP) in seen.labels


async def test_who_forbids_voice_messages_costs_nobody_else_an_upload(house: House) -> None:
    lay(house.sounds, f"en/{LEARN}", SOUND)
    amina = await who_is_read_to(house)
    amina.person.writes("A bakery")
    await amina.asked("learn")
    amina.person.forbids_voice = True
    amina.person.writes("/again")
    assert (await amina.asked("learn")).sound == b""

    amina.person.forbids_voice = False
    amina.person.writes("/again")

    assert (await amina.asked("learn")).sound == SOUND
    assert len({call["voice"] for call in voices(house)[1:]}) == 1, "by its name, each time"


@pytest.mark.parametrize(("sound_in", "is_offered"), [("ar", True), ("en", False)])
async def test_it_is_offered_in_the_language_that_she_chose(
    house: House, sound_in: str, is_offered: bool
) -> None:
    lay(house.sounds, f"{sound_in}/{LEARN}", SOUND)
    amina = talker(house, "ar")
    amina.person.writes(f"/start {await house.invited('en')}")

    amina.person.writes("3")

    seen = await amina.asked("call_me")
    assert (house.said("ar", phrases.READ_TO_ME) in " ".join(seen.labels)) == is_offered


async def test_a_file_that_is_gone_by_then_leaves_the_words(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(_: object) -> bytes:
        raise FileNotFoundError

    lay(house.sounds, f"en/{LEARN}", SOUND)
    amina = await who_is_read_to(house)
    monkeypatch.setattr("bot.audio.Sound.read", gone)

    amina.person.writes("A bakery")

    assert (await amina.asked("learn")).sound == b""


async def test_too_many_words_for_one_message_come_first_and_the_sound_after_them(house: House) -> None:
    lay(house.sounds, "en/reflection/right.ogg", SOUND)
    lay(house.sounds, "en/reflection/your_words.ogg", SOUND)
    amina = await who_is_read_to(house)
    amina.person.writes("bread " * 200)
    await amina.skips("learn")
    await amina.taps("own_wish", 2)
    await amina.writes("step", "☎")
    await amina.writes("when_where", "🏠")
    await amina.taps("sure", "8")

    seen = await amina.asked("your_words.hopes")

    assert len(pieces(seen.text, 1024)) > 1
    assert seen.labels
    after = await amina.person.next_message()
    assert (after.sound, after.text, after.labels, after.silent) == (SOUND, "", [], True)


@pytest.mark.parametrize("code", [429, 400, 500])
async def test_a_sound_after_its_words_that_does_not_get_through_brings_nothing_again(
    house: House, code: int
) -> None:
    lay(house.sounds, "en/reflection/right.ogg", SOUND)
    lay(house.sounds, "en/reflection/your_words.ogg", SOUND)
    amina = await who_is_read_to(house)
    amina.person.writes("bread " * 200)
    await amina.skips("learn")
    await amina.taps("own_wish", 2)
    await amina.writes("step", "☎")
    await amina.writes("when_where", "🏠")
    house.server.refuses(code, method="sendVoice", retry_after=1)
    await amina.taps("sure", "8")

    await amina.taps("your_words.hopes", 0)

    await amina.asked("your_words.my_step")
    assert sum(house.asked("en", "your_words.hopes") in seen.text for seen in amina.person.chat) == 1


async def test_a_file_that_never_gets_through_leaves_the_words(house: House) -> None:
    lay(house.sounds, f"en/{LEARN}", SOUND)
    amina = await who_is_read_to(house)
    for _ in range(3):
        house.server.refuses(502, method="sendVoice")

    amina.person.writes("A bakery")

    seen = await amina.asked("learn")
    assert seen.sound == b""
    amina.person.taps(house.said("en", phrases.SKIP), on=seen)
    await amina.asked("own_wish")


async def test_when_telegram_slows_us_the_question_comes_once_and_whole(house: House) -> None:
    lay(house.sounds, f"en/{LEARN}", SOUND)
    amina = await who_is_read_to(house)
    house.server.refuses(429, method="sendVoice", retry_after=1)

    amina.person.writes("A bakery")

    assert (await amina.asked("learn")).sound == SOUND
    assert sum(house.asked("en", "learn") in seen.text for seen in amina.person.chat) == 1
