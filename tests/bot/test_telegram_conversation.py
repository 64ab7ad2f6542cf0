"""Whole conversations on Telegram, from /start to the summary: library, engine, storage and outbox."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest
from aiohttp import web

from bot.audio import LOOKS_AGAIN, Audio
from bot.channels.telegram import Telegram, Words
from bot.channels.telegram_library import TelegramLibrary
from bot.incoming import Incoming
from bot.intake import Intake
from bot.outbox import Sender
from bot.pace import ChatPace, OverallPace
from bot.scripts import Library, compiled_reflection, open_library
from bot.telegram_choice import telegram_library
from bot.turn import Talk
from casework.person import EVERYTHING
from casework.summary import Summary
from dialogs import phrases
from dialogs.turn import Phrase
from locales.catalogue import CLIENT_LANGUAGES, Catalogue, autonym, read_catalogue
from storage import quarantine
from storage.cases import cases, find
from storage.database import Database
from storage.errors import DatabaseUnreadable
from storage.invites import invite
from storage.staff import add_organisation, add_staff
from tests.fakes.telegram_libraries import LIBRARIES
from tests.fakes.telegram_person import Person, Seen
from tests.fakes.telegram_server import TOKEN, TelegramServer

SECRET = "s" * 32
CONVERSATION = 200  # messages; more than in any conversation here
HER_WORDS = {
    "en": "A small bakery, 1 < 2 & <b>mine</b>",
    "nl": "Een eigen bakkerij",
    "ar": "مخبز صغير لي",
    "uk": "Моя власна пекарня",
}


def now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class House:
    """Everything that runs, and what a test looks things up with."""

    server: TelegramServer
    database: Database
    library: Library
    catalogue: Catalogue
    sounds: Path  # where recorded questions lie

    async def invited(self, language: str) -> str:
        made = await invite(
            self.database, name="Amina", language=language, manager_email="mara@huis.example", now=now()
        )
        return made.code

    def asked(self, language: str, question: str) -> str:
        """The longest piece of a question's words without names, in that language."""
        script = self.library.current.script
        step = script.step(question)
        words = self.catalogue.look_up(language, step.context, step.text)
        if step.about:
            part = script.part(step.about)
            words = words.replace("%(part)s", self.catalogue.look_up(language, part.context, part.title))
        return max(re.split(r"%\(\w+\)s", words), key=len).strip()

    def said(self, language: str, phrase: Phrase) -> str:
        return self.catalogue.look_up(language, phrase.context, phrase.text)

    async def summary(self) -> Summary:
        [case] = await cases(self.database, EVERYTHING, now())
        opened = await find(self.database, EVERYTHING, case.summary, now())
        assert opened is not None
        return opened.summary


@asynccontextmanager
async def running(
    library: TelegramLibrary, talk: Talk, wake: asyncio.Event, by_webhook: bool
) -> AsyncIterator[Telegram]:
    """The channel and the sender, wired as the server wires them."""

    async def failed(incoming: Incoming, body: str, error: str) -> bool:
        return await quarantine.failed(
            talk.database, "telegram", incoming.event, body, error, now(), address=incoming.address
        )

    async def is_given_up(event: str) -> bool:
        return await quarantine.is_given_up(talk.database, "telegram", event)

    intake = Intake(talk.take, failed, is_given_up, (DatabaseUnreadable,))
    words = Words(
        neutral=lambda language: phrases.UNKNOWN.text,
        sorry=lambda language: phrases.SORRY.text,
        commands={},
    )
    pace = OverallPace()
    telegram = Telegram(library, intake, words, pace, audio=talk.audio)
    sender = Sender(
        talk.database, "telegram", telegram.send, wake, now, pace, chats=ChatPace(burst=CONVERSATION)
    )
    hook = await listening(telegram) if by_webhook else None
    url = f"http://127.0.0.1:{hook.addresses[0][1]}/telegram" if hook else None
    await telegram.start(url, SECRET)
    sender.start()
    try:
        yield telegram
    finally:
        if hook:
            await hook.cleanup()
        await telegram.stop()
        await sender.stop()
        await telegram.close()


async def listening(telegram: Telegram) -> web.AppRunner:
    """An HTTP server that hands webhook requests in."""

    async def answer(request: web.Request) -> web.Response:
        secret = request.headers.get("X-Telegram-Bot-Api-Secret-Token", "")
        return web.Response(status=await telegram.handle_webhook(await request.read(), secret.encode()))

    app = web.Application()
    app.router.add_post("/telegram", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner


@pytest.fixture(params=LIBRARIES)
def library(request: pytest.FixtureRequest) -> str:
    """The name of one library after the other."""
    name: str = request.param
    return name


@pytest.fixture
async def house(
    fresh_database: Database, library: str, request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[House]:
    by_webhook = getattr(request, "param", "polling") == "webhook"
    await add_organisation(fresh_database, "Huis", now())
    await add_staff(fresh_database, email="mara@huis.example", name="Mara", role="manager", now=now())
    scripts = await open_library(fresh_database, compiled_reflection(), now())
    catalogue = read_catalogue("client", CLIENT_LANGUAGES)
    languages = [(language, autonym(language)) for language in CLIENT_LANGUAGES]
    wake = asyncio.Event()
    audio = Audio(tmp_path / "sounds", tmp_path / "none", clock=count(step=LOOKS_AGAIN).__next__)
    talk = Talk(fresh_database, scripts, catalogue, languages, now, woken=(wake,), audio=audio)
    async with TelegramServer(chat_burst=CONVERSATION) as server:
        carrier = telegram_library(library, TOKEN, server.url)
        async with running(carrier, talk, wake, by_webhook):
            yield House(server, fresh_database, scripts, catalogue, tmp_path / "sounds")


@dataclass(frozen=True)
class Talker:
    """She answers one question after the other. `twice`: her app sends every tap again."""

    house: House
    person: Person
    language: str
    twice: bool = False

    async def asked(self, question: str) -> Seen:
        return await self.person.hears(self.house.asked(self.language, question))

    async def taps(self, question: str, button: int | str) -> Seen:
        seen = await self.asked(question)
        update_id = self.person.taps(button, on=seen)
        if self.twice:
            self.house.server.same_tap_under_new_id(update_id)
        return seen

    async def writes(self, question: str, words: str) -> None:
        await self.asked(question)
        self.person.writes(words)

    async def skips(self, question: str) -> None:
        await self.taps(question, self.house.said(self.language, phrases.SKIP))

    async def begins(self, code: str) -> None:
        """Up to the question how much time she has."""
        self.person.writes(f"/start {code}")
        await self.taps("language", autonym(self.language))
        await self.writes("call_me", "Amina")
        await self.taps("private_now", 0)
        await self.taps("consent", 0)

    async def tells_in_five_minutes(self) -> None:
        await self.taps("minutes", 0)
        await self.writes("good_life", HER_WORDS[self.language])
        await self.skips("learn")
        await self.taps("own_wish", 2)
        await self.writes("step", "☎")
        await self.writes("when_where", "🏠")
        await self.taps("sure", "8")

    async def shares_her_hopes_only(self) -> None:
        await self.taps("your_words.hopes", 0)
        await self.taps("your_words.my_step", 0)
        await self.taps("share.hopes", 0)
        await self.taps("share.my_step", 2)
        await self.taps("call", 0)
        await self.writes("call_when", "10:00")
        await self.asked("shared")


def talker(house: House, language: str, chat_id: int = 1001) -> Talker:
    return Talker(house, house.server.person(chat_id, "Amina", language), language)


@pytest.mark.parametrize("language", HER_WORDS)
async def test_from_start_to_the_summary(house: House, language: str) -> None:
    amina = talker(house, language)

    await amina.begins(await house.invited(language))
    await amina.tells_in_five_minutes()
    await amina.shares_her_hopes_only()

    summary = await house.summary()
    [hope] = summary.ambitions
    assert (hope.verbatim, hope.language, hope.own_wish) == (HER_WORDS[language], language, "both")
    assert summary.flags.wants_call
    assert summary.flags.call_when == "10:00"
    assert "☎" not in repr(summary)  # she kept her step to herself
    assert house.server.pending == 0


@pytest.mark.parametrize("house", ["webhook"], indirect=True)
async def test_from_start_to_the_summary_by_webhook(house: House) -> None:
    amina = replace(talker(house, "ar"), twice=True)

    await amina.begins(await house.invited("ar"))
    await amina.tells_in_five_minutes()
    await amina.shares_her_hopes_only()

    assert [hope.verbatim for hope in (await house.summary()).ambitions] == [HER_WORDS["ar"]]
    assert set(house.server.webhook_answers) == {200}
    assert house.server.called("getUpdates") == []


async def test_the_same_update_twice_changes_nothing(house: House) -> None:
    amina = talker(house, "en")
    await amina.begins(await house.invited("en"))
    await amina.taps("minutes", 0)
    await amina.asked("good_life")
    [update_id] = amina.person.writes("A bakery")
    await amina.asked("learn")
    heard = len(amina.person.chat)

    house.server.deliver_again(update_id)
    await house.server.all_taken()
    await amina.person.hears_nothing()

    assert len(amina.person.chat) == heard


async def test_the_same_tap_under_a_new_id_changes_nothing_and_shows_where_she_is(house: House) -> None:
    amina = talker(house, "en")
    await amina.begins(await house.invited("en"))
    await amina.taps("minutes", 0)
    await amina.asked("good_life")

    house.server.same_tap_under_new_id()

    await amina.person.hears(house.said("en", phrases.STALE))
    await amina.person.hears_nothing()
    amina.person.writes("A bakery")
    await amina.asked("learn")


async def test_every_tap_repeated_at_once_under_a_new_id_gives_the_same_summary(house: House) -> None:
    amina = replace(talker(house, "uk"), twice=True)

    await amina.begins(await house.invited("uk"))
    await amina.tells_in_five_minutes()
    await amina.shares_her_hopes_only()

    summary = await house.summary()
    assert [hope.own_wish for hope in summary.ambitions] == ["both"]


async def test_a_guessed_code_learns_nothing(house: House) -> None:
    eve = house.server.person(666, "Eve")

    eve.writes("/start guessed")
    await eve.hears(phrases.UNKNOWN.text)
    eve.writes("hello?")
    await eve.hears(phrases.UNKNOWN.text)


async def test_a_second_chat_cannot_take_over_her_invite(house: House) -> None:
    code = await house.invited("en")
    amina = talker(house, "en")
    await amina.begins(code)
    eve = house.server.person(666, "Eve")

    eve.writes(f"/start {code}")

    await eve.hears(phrases.UNKNOWN.text)
    await amina.asked("minutes")


async def test_odd_things_get_a_kind_sentence(house: House) -> None:
    amina = talker(house, "en")
    await amina.begins(await house.invited("en"))
    await amina.taps("minutes", 0)
    await amina.asked("good_life")

    odd: list[Callable[[], object]] = [
        amina.person.sends_sticker,
        amina.person.sends_photo,
        amina.person.sends_document,
        amina.person.sends_location,
    ]
    for send in odd:
        send()
        await amina.person.hears(house.said("en", phrases.UNREADABLE))
    amina.person.writes("\x00 <b>\u202e =1+1 \ud83d")
    await amina.asked("learn")


async def test_pausing_and_coming_back(house: House) -> None:
    amina = talker(house, "nl")
    await amina.begins(await house.invited("nl"))
    await amina.taps("minutes", 0)
    await amina.asked("good_life")

    amina.person.writes("/pause")
    await amina.person.hears(house.said("nl", phrases.PAUSED))
    amina.person.taps(house.said("nl", phrases.GO_ON))

    await amina.asked("good_life")
