"""Voice messages on Telegram, with each library: fetched within limits, kept, or asked for again."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from bot.channels.telegram import read_stored
from bot.channels.telegram_voice import PATH, Fetching
from bot.incoming import Incoming, Taken
from bot.sending import Away, Rejected, WrongToken
from bot.telegram_choice import telegram_library
from dialogs import phrases
from dialogs.said import BIGGEST_VOICE, Voice
from dialogs.session import Place
from storage.pages import look
from storage.quarantined import quarantined as set_aside
from storage.voices import voice_for_client
from tests.bot.test_telegram_channel import SECRET, Line, Turns, line
from tests.bot.test_telegram_conversation import House, Talker, house, library, now, talker
from tests.fakes.telegram_person import OGG
from tests.fakes.telegram_server import TOKEN, TelegramServer

__all__ = ["house", "library", "line"]  # fixtures

CANARY = b"Zwaluwnest"
SOUND = OGG + CANARY
FILE = "AwACAgQAAxk1"


async def at_her_hopes(house: House, language: str = "en") -> tuple[Talker, str]:
    amina = talker(house, language)
    code = await house.invited(language)
    await amina.begins(code)
    await amina.taps("minutes", 0)
    await amina.asked("good_life")
    return amina, code


async def kept(house: House, code: str) -> bytes | None:
    """The sound of her first hope."""
    found = await look(house.database, code, now())
    assert found is not None
    assert found.session is not None
    answer = found.session.answers.get(Place("good_life"))
    return await voice_for_client(house.database, code, answer.voice, now()) if answer else None


# ── an answer ─────────────────────────────────────────────────────────────────────────────────────


async def test_a_voice_message_is_kept_as_her_answer(house: House) -> None:
    amina, code = await at_her_hopes(house, "ar")

    amina.person.sends_voice(SOUND, seconds=31)

    await amina.person.hears(house.said("ar", phrases.VOICE_KEPT))
    await amina.asked("learn")
    assert await kept(house, code) == SOUND


@pytest.mark.parametrize("house", ["webhook"], indirect=True)
async def test_by_webhook_as_well(house: House) -> None:
    amina, code = await at_her_hopes(house)

    amina.person.sends_voice(SOUND)

    await amina.asked("learn")
    assert await kept(house, code) == SOUND
    assert set(house.server.webhook_answers) == {200}


async def test_the_same_update_twice_keeps_one_and_says_nothing_twice(house: House) -> None:
    amina, code = await at_her_hopes(house)
    update = amina.person.sends_voice(SOUND)
    await amina.asked("learn")
    heard = len(amina.person.chat)

    house.server.deliver_again(update)
    await house.server.all_taken()
    await asyncio.sleep(0.1)

    assert len(amina.person.chat) == heard
    assert await kept(house, code) == SOUND


async def test_where_she_has_to_choose_she_is_told_kindly(house: House) -> None:
    amina = talker(house, "en")
    await amina.begins(await house.invited("en"))
    await amina.asked("minutes")

    amina.person.sends_voice(SOUND)

    await amina.person.hears(house.said("en", phrases.VOICE_NOT_HERE))


async def test_a_round_video_and_a_song_are_no_voice_messages(house: House) -> None:
    amina, _ = await at_her_hopes(house)
    file = {"file_id": FILE, "file_unique_id": "1", "duration": 3}

    for kind in ({"audio": file}, {"video_note": {**file, "length": 240}}):
        amina.person._sends(**kind)
        await amina.person.hears(house.said("en", phrases.UNREADABLE))
    assert house.server.called("getFile") == []


# ── limits ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "said", [{"seconds": 121}, {"seconds": 10_000}, {"size": BIGGEST_VOICE + 1}, {"size": 30 * 2**20}]
)
async def test_one_that_says_it_is_too_long_or_too_big_is_not_even_fetched(
    house: House, said: dict[str, int]
) -> None:
    amina, code = await at_her_hopes(house)

    amina.person.sends_voice(SOUND, **said)

    await amina.person.hears(house.said("en", phrases.VOICE_TOO_LONG))
    assert house.server.called("getFile") == []
    assert await kept(house, code) is None


async def test_two_minutes_are_not_too_long(house: House) -> None:
    amina, code = await at_her_hopes(house)

    amina.person.sends_voice(SOUND, seconds=120)

    await amina.asked("learn")
    assert await kept(house, code) == SOUND


async def test_one_that_is_bigger_than_it_says_is_not_kept(house: House) -> None:
    amina, code = await at_her_hopes(house)

    amina.person.sends_voice(OGG + bytes(BIGGEST_VOICE), size=1000)

    await amina.person.hears(house.said("en", phrases.VOICE_TOO_LONG))
    assert await kept(house, code) is None


async def test_of_a_file_that_is_far_too_big_only_so_much_is_read(line: Line) -> None:
    carrier = telegram_library(line.library, TOKEN, line.server.url)
    line.server.files[FILE] = bytes(15 * 2**20)
    path = (await carrier.call("getFile", {"file_id": FILE}, 5))["file_path"]

    read = await carrier.download(path, 100_000, 5)

    assert 100_000 < len(read) < 3 * 2**20
    await carrier.close()


async def test_what_is_no_sound_is_not_kept(house: House) -> None:
    amina, code = await at_her_hopes(house)

    amina.person.sends_voice(b"<html>OggS")

    await amina.person.hears(house.said("en", phrases.VOICE_LOST))
    assert await kept(house, code) is None


async def test_only_so_many_are_in_memory_at_once(line: Line) -> None:
    carrier = telegram_library(line.library, TOKEN, line.server.url)
    line.server.files[FILE] = SOUND
    under_way, most = 0, 0

    async def take(incoming: Incoming) -> Taken:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.01)
        under_way -= 1
        return Taken("done")

    taken = Fetching(carrier).before(take)
    await asyncio.gather(*(taken(spoken(str(n))) for n in range(30)))

    assert 1 < most <= 8
    await carrier.close()


def spoken(event: str = "1", file: str = FILE) -> Incoming:
    """As the channel hands it in, with the sound still at Telegram."""
    return Incoming("telegram", event, Voice("", 3), address="1001", file=file)


# ── when it cannot be fetched ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("step", ["getFile", "file"])
async def test_after_a_fault_of_the_network_it_is_fetched_once_more(house: House, step: str) -> None:
    amina, code = await at_her_hopes(house)
    house.server.refuses(502, method=step)

    amina.person.sends_voice(SOUND)

    await amina.asked("learn")
    assert await kept(house, code) == SOUND
    assert await quarantined(house) == 0


@pytest.mark.parametrize("step", ["getFile", "file"])
async def test_when_it_fails_again_and_again_she_is_asked_to_send_it_again(house: House, step: str) -> None:
    amina, code = await at_her_hopes(house)
    for _ in range(3):
        house.server.refuses(502, method=step)

    amina.person.sends_voice(SOUND)

    await amina.person.hears(house.said("en", phrases.VOICE_LOST))
    assert await kept(house, code) is None
    assert await quarantined(house) == 0
    assert house.said("en", phrases.SORRY) not in amina.person.sees().messages
    amina.person.sends_voice(SOUND)
    await amina.asked("learn")


async def test_one_that_telegram_has_no_more_is_asked_for_at_once(house: House) -> None:
    amina, _ = await at_her_hopes(house)
    house.server.refuses(400, "Bad Request: wrong file_id", method="getFile")

    amina.person.sends_voice(SOUND)

    await amina.person.hears(house.said("en", phrases.VOICE_LOST))
    assert len(house.server.called("getFile")) == 1


async def test_a_path_that_leads_nowhere_is_asked_for_at_once(house: House) -> None:
    amina, _ = await at_her_hopes(house)
    house.server.refuses(404, method="file")

    amina.person.sends_voice(SOUND)

    await amina.person.hears(house.said("en", phrases.VOICE_LOST))
    assert len(house.server.downloads) == 1


async def test_a_server_that_keeps_files_on_its_own_disk_is_not_asked_for_them(house: House) -> None:
    amina, _ = await at_her_hopes(house)
    house.server.is_local = True

    amina.person.sends_voice(SOUND)

    await amina.person.hears(house.said("en", phrases.VOICE_LOST))
    assert house.server.downloads == []


@pytest.mark.parametrize(
    "answer", [None, True, [], {}, {"file_path": None}, {"file_path": 5}, {"file_path": "../../etc/passwd"}]
)
async def test_an_odd_answer_of_the_server_is_no_file(house: House, answer: Any) -> None:
    amina, _ = await at_her_hopes(house)
    house.server.answers_oddly("getFile", answer)

    amina.person.sends_voice(SOUND)

    await amina.person.hears(house.said("en", phrases.VOICE_LOST))
    assert house.server.downloads == []


@pytest.mark.parametrize(
    "path", ["/var/lib/x", "..", "voice/../x", "", "a b", "http://x/y", "voice/%2e%2e/x", "voice\\x", "x\n"]
)
def test_only_a_plain_path_is_followed(path: str) -> None:
    assert PATH.fullmatch(path) is None
    assert PATH.fullmatch("voice/file_12.oga") is not None


@pytest.mark.parametrize(
    ("status", "error"), [(404, Rejected), (400, Rejected), (401, WrongToken), (500, Away), (502, Away)]
)
async def test_each_library_says_alike_why_a_file_cannot_be_had(
    line: Line, status: int, error: type[Exception]
) -> None:
    carrier = telegram_library(line.library, TOKEN, line.server.url)
    line.server.refuses(status, method="file")

    with pytest.raises(error):
        await carrier.download("voice/file_0.oga", 100, 5)
    await carrier.close()


async def test_a_server_that_is_gone_is_away(library: str) -> None:
    async with TelegramServer() as server:
        carrier = telegram_library(library, TOKEN, server.url)

    with pytest.raises(Away):
        await carrier.download("voice/file_0.oga", 100, 5)
    await carrier.close()


async def test_an_update_that_was_set_aside_asks_for_it_again(line: Line) -> None:
    carrier = telegram_library(line.library, TOKEN, line.server.url)

    found = read_stored(carrier, "1", json.dumps(update()))

    assert found is not None
    assert isinstance(found.said, Voice)
    assert (found.said.problem, found.file) == ("lost", "")
    await carrier.close()


# ── what an update holds, and what is written down ────────────────────────────────────────────────


def update(**voice: Any) -> dict[str, Any]:
    file = {"file_id": FILE, "file_unique_id": "1", "duration": 3, "mime_type": "audio/ogg", **voice}
    amina = {"id": 1001, "is_bot": False, "first_name": "Amina"}
    chat = {"id": 1001, "type": "private"}
    message = {"message_id": 1, "date": 1_800_000_000, "chat": chat, "from": amina, "voice": file}
    return {"update_id": 7, "message": message}


@pytest.mark.parametrize("size", [{}, {"file_size": 4000}])
async def test_both_libraries_read_the_same(line: Line, size: dict[str, int]) -> None:
    carrier = telegram_library(line.library, TOKEN, line.server.url)

    heard = carrier.read(update(**size))

    assert heard is not None
    assert isinstance(heard.said, Voice)
    assert (heard.said.seconds, heard.said.problem, heard.file) == (3, "", FILE)
    assert heard.said.sent_at is not None
    assert heard.said.sent_at.timestamp() == 1_800_000_000
    await carrier.close()


@pytest.mark.parametrize("odd", [{"duration": "long"}, {"duration": None}, {"file_size": "x"}])
async def test_a_voice_message_of_another_shape_is_let_pass(line: Line, odd: dict[str, Any]) -> None:
    carrier = telegram_library(line.library, TOKEN, line.server.url)

    assert carrier.read(update(**odd)) is None
    await carrier.close()


async def test_a_length_below_nothing_is_none(line: Line) -> None:
    carrier = telegram_library(line.library, TOKEN, line.server.url)

    heard = carrier.read(update(duration=-5))

    assert heard is not None
    assert isinstance(heard.said, Voice)
    assert heard.said.seconds == 0
    await carrier.close()


async def test_a_turn_that_fails_leaves_the_update_aside_without_the_sound(line: Line) -> None:
    turns = Turns()
    turns.errors = [ValueError()] * 4
    line.server.files[FILE] = SOUND

    async with line.hooked(turns) as telegram:
        for _ in range(3):
            await telegram.handle_webhook(json.dumps(update()).encode(), SECRET.encode())

    [(_, body, error)] = turns.given_up
    assert FILE in body
    assert CANARY.decode() not in body + error


async def test_the_sound_is_in_nothing_that_could_be_printed() -> None:
    incoming = replace(spoken(), sound=SOUND)

    assert "Zwaluwnest" not in repr(incoming)


async def quarantined(house: House) -> int:
    """How many updates are set aside or have failed."""
    return len(await set_aside(house.database))
