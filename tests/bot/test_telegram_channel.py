"""Telegram, with each library: what comes in is acknowledged once it is committed, what goes out arrives."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import pytest

from bot.channels.telegram import Telegram, Words
from bot.incoming import Incoming, Taken
from bot.intake import Intake
from bot.pace import OverallPace
from bot.sending import (
    Away,
    Blocked,
    Rejected,
    RetryAfter,
    TakenElsewhere,
    WeakSecret,
    WrongToken,
    WrongWebhook,
)
from bot.telegram_choice import telegram_library
from dialogs.message import Message, WrittenButton
from dialogs.said import Command, Tap, Text
from tests.fakes.telegram_libraries import LIBRARIES
from tests.fakes.telegram_server import TOKEN, TelegramServer

BOT = 123456789
SECRET = "s" * 32
AMINA = {"id": 1001, "is_bot": False, "first_name": "Amina", "language_code": "ar"}
CHAT = {"id": 1001, "type": "private"}
YES = (WrittenButton("1", "Yes"),)
CANARY = "Zwaluwnest"
"""A word that is nowhere in Trede: where it turns up, her words got there."""


class Turns:
    """Takes turns in memory, or fails as told."""

    def __init__(self) -> None:
        self.taken: list[Incoming] = []
        self.errors: list[Exception] = []
        self.status = "done"
        self.before: Callable[[], None] = lambda: None
        self.gate: asyncio.Event | None = None
        self.given_up: list[tuple[str, str, str]] = []
        self._failures: dict[str, int] = {}

    @property
    def words(self) -> list[str]:
        return [each.said.words for each in self.taken if isinstance(each.said, Text)]

    async def take(self, incoming: Incoming) -> Taken:
        if self.gate:
            await self.gate.wait()
        if self.errors:
            raise self.errors.pop(0)
        self.before()
        self.taken.append(incoming)
        return Taken(self.status)

    async def failed(self, incoming: Incoming, body: str, error: str) -> bool:
        event = incoming.event
        self._failures[event] = self._failures.get(event, 0) + 1
        if self._failures[event] >= 3:
            self.given_up.append((event, body, error))
        return self._failures[event] >= 3

    async def is_given_up(self, event: str) -> bool:
        return any(event == each for each, _, _ in self.given_up)


WORDS = Words(
    neutral=lambda language: f"This link does not work. [{language}]",
    sorry=lambda language: f"Something went wrong here. Please go on. [{language}]",
    commands={"en": {"skip": "Go on"}, "ar": {"skip": "تخطي"}, "ckb": {"skip": "x"}},
)


@dataclass(frozen=True)
class Line:
    """A Telegram to talk to, and the library to do it with."""

    server: TelegramServer
    library: str
    made: list[Telegram] = field(default_factory=list)

    def telegram(self, turns: Turns, token: str = TOKEN) -> Telegram:
        """The channel, not started yet."""
        intake = Intake(turns.take, turns.failed, turns.is_given_up, away=(ConnectionError,))
        library = telegram_library(self.library, token, self.server.url)
        self.made.append(Telegram(library, intake, WORDS, OverallPace()))
        return self.made[-1]

    @asynccontextmanager
    async def polling(self, turns: Turns) -> AsyncIterator[Telegram]:
        """The channel at work."""
        telegram = self.telegram(turns)
        await telegram.start()
        try:
            yield telegram
        finally:
            await telegram.stop()

    @asynccontextmanager
    async def hooked(self, turns: Turns) -> AsyncIterator[Telegram]:
        """Started with a webhook; the test hands the requests in itself."""
        telegram = self.telegram(turns)
        await telegram.start("http://127.0.0.1:9/telegram", SECRET)
        try:
            yield telegram
        finally:
            await telegram.stop()


@pytest.fixture(params=LIBRARIES)
async def line(request: pytest.FixtureRequest) -> AsyncIterator[Line]:
    async with TelegramServer(retry_pause=0.05) as server:
        line = Line(server, request.param)
        yield line
        for telegram in line.made:
            await telegram.close()


def body(text: str = "hello", update_id: int = 7) -> bytes:
    content = {"message_id": 1, "date": 1_800_000_000, "chat": CHAT, "from": AMINA, "text": text}
    return json.dumps({"update_id": update_id, "message": content}).encode()


async def soon(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not true():  # noqa: ASYNC110 - another task makes it true
            await asyncio.sleep(0.01)


async def test_polled_updates_are_taken_in_order_and_then_confirmed(line: Line) -> None:
    turns = Turns()
    amina = line.server.person()
    for word in ("one", "two", "three"):
        amina.writes(word)

    async with line.polling(turns):
        await line.server.all_taken()

    assert turns.words == ["one", "two", "three"]


async def test_nothing_is_confirmed_before_the_turn_is_committed(line: Line) -> None:
    turns = Turns()
    turns.gate = asyncio.Event()
    line.server.person().writes("one")

    async with line.polling(turns):
        await asyncio.sleep(0.2)
        assert line.server.pending == 1
        assert all("offset" not in call.params for call in line.server.called("getUpdates"))
        turns.gate.set()
        await line.server.all_taken()


async def test_a_turn_that_fails_is_taken_again(line: Line) -> None:
    turns = Turns()
    turns.errors = [KeyError("x"), ConnectionError()]
    line.server.person().writes("one")
    line.server.person().writes("two")

    async with line.polling(turns):
        await line.server.all_taken()

    assert turns.words == ["one", "two"]


async def test_an_update_that_always_fails_is_given_up_and_she_is_told(line: Line) -> None:
    turns = Turns()
    turns.errors = [KeyError("her words")] * 3
    amina = line.server.person(language_code="nl")
    amina.writes("one")
    amina.writes("two")

    async with line.polling(turns):
        await amina.hears("Something went wrong here. Please go on. [nl]")
        await line.server.all_taken()

    assert turns.words == ["two"]
    [(event, kept, error)] = turns.given_up
    assert event.startswith(f"{BOT}:")
    assert '"one"' in kept
    assert error.startswith("KeyError at test_telegram_channel.py")
    assert "her words" not in error


async def test_an_update_nobody_can_read_does_not_hide_the_others(line: Line) -> None:
    turns = Turns()
    line.server.post_raw("message", {"message_id": "no number", "chat": 5})
    line.server.person().writes("half \ud83d")

    async with line.polling(turns):
        await line.server.all_taken()

    assert turns.words == ["half \ufffd"]


async def test_a_stranger_gets_one_neutral_sentence(line: Line) -> None:
    turns = Turns()
    turns.status = "unknown"
    stranger = line.server.person(5, "Eve", "uk")
    stranger.writes("/start guessed")

    async with line.polling(turns):
        await stranger.hears("This link does not work. [uk]")
        await stranger.hears_nothing()


async def test_a_tap_is_answered_after_the_commit(line: Line) -> None:
    turns = Turns()
    answered_before: list[int] = []
    turns.before = lambda: answered_before.append(len(line.server.answered_taps))
    amina = line.server.person()

    async with line.polling(turns) as telegram:
        amina.writes("hello")
        await line.server.all_taken()
        await telegram.send("1001", Message("en", ("?",), YES, "choice", "tok"))
        amina.taps("Yes")
        await soon(lambda: len(line.server.answered_taps) == 1)

    assert turns.taken[-1].said == Tap("tok", "1")
    assert answered_before == [0, 0]


async def test_a_tap_is_not_answered_while_its_turn_fails(line: Line) -> None:
    turns = Turns()
    turns.errors = [ConnectionError()]
    update_id = line.server.person().taps_data("tok:1")
    query = {"id": "1", "from": AMINA, "chat_instance": "1", "data": "tok:1"}
    request = json.dumps({"update_id": update_id, "callback_query": query}).encode()

    async with line.hooked(turns) as telegram:
        await telegram.handle_webhook(request, SECRET.encode())
    assert line.server.called("answerCallbackQuery") == []

    async with line.hooked(turns) as telegram:
        await telegram.handle_webhook(request, SECRET.encode())
    assert len(line.server.called("answerCallbackQuery")) == 1


async def test_a_tap_counts_whatever_is_new_in_the_message_above_it(line: Line) -> None:
    turns = Turns()
    ours = {"message_id": 1, "date": 1_800_000_000, "chat": CHAT, "text": {"new": "here"}}
    query = {"id": "1", "from": AMINA, "chat_instance": "1", "data": "tok:1", "message": ours}
    request = json.dumps({"update_id": 7, "callback_query": query}).encode()

    async with line.hooked(turns) as telegram:
        assert await telegram.handle_webhook(request, SECRET.encode()) == 200

    assert [each.said for each in turns.taken] == [Tap("tok", "1")]


async def test_a_tap_too_old_to_be_answered_still_counts(line: Line) -> None:
    turns = Turns()
    turns.before = line.server.forgets_taps
    line.server.person().taps_data("tok:1")
    line.server.person().writes("after")

    async with line.polling(turns):
        await soon(lambda: len(turns.taken) == 2)
        await line.server.all_taken()

    assert line.server.answered_taps == []
    assert turns.words == ["after"]


async def test_update_ids_may_start_anywhere_after_a_quiet_week(line: Line) -> None:
    turns = Turns()
    async with line.polling(turns):
        line.server.person().writes("before")
        await line.server.all_taken()
        polls = len(line.server.called("getUpdates"))
        line.server.ends_polls()
        await soon(lambda: len(line.server.called("getUpdates")) > polls)

        line.server.ids_restart(at=1_000)
        line.server.person().writes("after")
        await soon(lambda: "after" in turns.words)


async def test_polling_goes_on_after_telegram_was_away(line: Line) -> None:
    turns = Turns()
    line.server.refuses(502, "Bad Gateway", method="getUpdates")
    line.server.person().writes("one")

    async with line.polling(turns):
        await line.server.all_taken()

    assert turns.words == ["one"]


async def test_stopping_finishes_the_turn_at_hand(line: Line) -> None:
    turns = Turns()
    turns.gate = asyncio.Event()
    line.server.person().writes("one")
    telegram = line.telegram(turns)
    await telegram.start()
    await asyncio.sleep(0.2)

    asyncio.get_running_loop().call_later(0.1, turns.gate.set)
    await telegram.stop()

    assert turns.words == ["one"]


async def test_polling_takes_a_webhook_away(line: Line) -> None:
    async with line.hooked(Turns()):
        assert line.server.webhook is not None
        assert line.server.webhook.secret == SECRET

    async with line.polling(Turns()) as telegram:
        assert line.server.webhook is None
        assert telegram.username == "trede_test_bot"


async def test_the_commands_are_shown_in_each_language_telegram_knows(line: Line) -> None:
    async with line.polling(Turns()):
        assert line.server.commands == {"": {"skip": "Go on"}, "ar": {"skip": "تخطي"}}


@pytest.mark.parametrize("token", [f"{BOT}:wrong", "malformed", ""])
async def test_a_wrong_token_is_one_clear_error(line: Line, token: str) -> None:
    with pytest.raises(WrongToken, match="TREDE_TELEGRAM_TOKEN"):
        await line.telegram(Turns(), token).start()


@pytest.mark.parametrize("secret", [None, "", "s" * 31, "é" * 32, "s" * 257])
async def test_a_webhook_without_a_good_secret_refuses_to_start(line: Line, secret: str | None) -> None:
    with pytest.raises(WeakSecret, match="TREDE_TELEGRAM_WEBHOOK_SECRET"):
        await line.telegram(Turns()).start("https://example.org/telegram", secret)


async def test_a_webhook_address_that_telegram_refuses_is_one_clear_error(line: Line) -> None:
    with pytest.raises(WrongWebhook, match="TREDE_TELEGRAM_WEBHOOK_URL"):
        await line.telegram(Turns()).start("ftp://example.org", SECRET)


@pytest.mark.parametrize("header", [None, b"", b"wrong", SECRET.encode()[:-1], "é".encode("latin-1") * 32])
async def test_a_webhook_request_without_the_secret_is_unauthorized(line: Line, header: bytes | None) -> None:
    turns = Turns()
    async with line.hooked(turns) as telegram:
        assert await telegram.handle_webhook(body(), header) == 401

    assert turns.taken == []


async def test_while_polling_nothing_comes_in_through_the_webhook(line: Line) -> None:
    async with line.polling(Turns()) as telegram:
        assert await telegram.handle_webhook(body(), b"") == 401


async def test_a_webhook_request_tells_whose_it_is_and_what_she_says(line: Line) -> None:
    turns = Turns()
    async with line.hooked(turns) as telegram:
        await telegram.handle_webhook(body("/start AbC"), SECRET.encode())

    assert turns.taken == [Incoming("telegram", f"{BOT}:7", Command("start"), code="AbC", address="1001")]


async def test_a_webhook_request_is_accepted_once_the_turn_is_committed(line: Line) -> None:
    turns = Turns()
    turns.gate = asyncio.Event()
    async with line.hooked(turns) as telegram:
        request = asyncio.create_task(telegram.handle_webhook(body(), SECRET.encode()))
        await asyncio.sleep(0.05)
        assert not request.done()
        turns.gate.set()

        assert await request == 200
    assert turns.words == ["hello"]


@pytest.mark.parametrize(("error", "status"), [(ConnectionError(), 503), (KeyError("x"), 500)])
async def test_a_webhook_request_that_fails_is_to_be_tried_again(
    line: Line, error: Exception, status: int
) -> None:
    turns = Turns()
    turns.errors = [error]
    async with line.hooked(turns) as telegram:
        assert await telegram.handle_webhook(body(), SECRET.encode()) == status
        assert await telegram.handle_webhook(body(), SECRET.encode()) == 200


async def test_after_the_third_failure_a_webhook_request_is_accepted(line: Line) -> None:
    turns = Turns()
    turns.errors = [KeyError("x")] * 4
    amina = line.server.person(language_code="ar")
    amina.has_written = True
    async with line.hooked(turns) as telegram:
        statuses = [await telegram.handle_webhook(body(), SECRET.encode()) for _ in range(4)]
        await amina.hears("Something went wrong here. Please go on. [ar]")
        await amina.hears_nothing()

    assert statuses == [500, 500, 200, 200]


async def test_rubbish_through_the_webhook_is_accepted_and_forgotten(line: Line) -> None:
    turns = Turns()
    async with line.hooked(turns) as telegram:
        assert await telegram.handle_webhook(b"no json", SECRET.encode()) == 200

    assert turns.taken == []


async def test_a_long_message_arrives_in_pieces_with_the_buttons_under_the_last(
    line: Line,
) -> None:
    amina = line.server.person()
    amina.has_written = True
    async with line.polling(Turns()) as telegram:
        await telegram.send("1001", Message("en", ("x" * 5000, "y" * 50), YES, "choice", "t"))

    assert [len(seen.text) for seen in amina.chat] == [4096, 956]
    assert [seen.labels for seen in amina.chat] == [[], ["Yes"]]


async def test_a_note_comes_without_a_sound(line: Line) -> None:
    amina = line.server.person()
    amina.has_written = True
    async with line.polling(Turns()) as telegram:
        await telegram.send("1001", Message("en", ("Part 2",), quiet=True))
        await telegram.send("1001", Message("en", ("half \ud83d?",)))

    assert [seen.silent for seen in amina.chat] == [True, False]
    assert amina.chat[1].text == "half \ufffd?"


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (400, Rejected),
        (413, Rejected),
        (403, Blocked),
        (404, WrongToken),
        (401, WrongToken),
        (409, TakenElsewhere),
        (429, Away),
        (500, Away),
        (502, Away),
    ],
)
async def test_telegrams_refusals_are_told_in_our_words(
    line: Line, code: int, error: type[Exception]
) -> None:
    line.server.person().has_written = True
    async with line.polling(Turns()) as telegram:
        line.server.refuses(code, "Bad Request: can't parse 'her words'")
        with pytest.raises(error) as caught:
            await telegram.send("1001", Message("en", ("x",)))

    assert "her words" not in str(caught.value)


async def test_too_fast_says_how_long_to_wait(line: Line) -> None:
    line.server.person().has_written = True
    async with line.polling(Turns()) as telegram:
        line.server.refuses(429, retry_after=12)
        with pytest.raises(RetryAfter) as caught:
            await telegram.send("1001", Message("en", ("x",)))

    assert caught.value.seconds == 12


async def test_another_program_that_takes_the_updates_is_named(
    line: Line, capsys: pytest.CaptureFixture[str]
) -> None:
    turns = Turns()
    line.server.refuses(409, "Conflict: terminated by other getUpdates request", method="getUpdates")
    line.server.person().writes("one")

    async with line.polling(turns):
        await line.server.all_taken()

    assert turns.words == ["one"]
    assert "TakenElsewhere" in capsys.readouterr().out


async def test_a_message_is_sent_once_whatever_is_new_in_telegrams_answer(line: Line) -> None:
    amina = line.server.person()
    amina.has_written = True
    async with line.polling(Turns()) as telegram:
        answers: tuple[object, ...] = ({"message_id": {"new": "here"}, "chat": []}, [], "sent", True)
        for answer in answers:
            line.server.answers_oddly("sendMessage", answer)
            await telegram.send("1001", Message("en", ("x",)))

    assert len(amina.chat) == 4


@pytest.mark.parametrize("answer", [True, [7], [{"no": "id"}]])
async def test_polling_outlives_an_answer_that_is_none(line: Line, answer: object) -> None:
    turns = Turns()
    line.server.answers_oddly("getUpdates", answer)
    line.server.person().writes("one")

    async with line.polling(turns):
        await line.server.all_taken()

    assert turns.words == ["one"]


async def test_no_log_hears_her_words_or_the_token(
    line: Line, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    turns = Turns()
    turns.errors = [KeyError(CANARY)]
    line.server.refuses(400, f"Bad Request: can't parse {CANARY}")
    line.server.refuses(502, f"Bad Gateway {CANARY}", method="getUpdates")
    line.server.post_raw("message", {"text": CANARY, "chat": CANARY})
    line.server.person().writes(CANARY)
    line.server.person().taps_data(f"tok:{CANARY}")

    async with line.polling(turns) as telegram:
        await line.server.all_taken()
        with pytest.raises(Rejected):
            await telegram.send("1001", Message("en", (CANARY,)))
        await telegram.send("1001", Message("en", (CANARY,)))

    told = [caplog.text, *(repr(vars(record)) for record in caplog.records), *capsys.readouterr()]
    assert "update not understood" in "".join(told)
    assert CANARY not in "".join(told)
    assert TOKEN.partition(":")[2] not in "".join(told)


@pytest.mark.parametrize("name", LIBRARIES)
async def test_a_server_that_only_drips_is_away_when_the_time_is_over(name: str) -> None:
    async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        with suppress(ConnectionError):
            while not writer.is_closing():
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.2)

    async with await asyncio.start_server(drip, "127.0.0.1") as server:
        port = server.sockets[0].getsockname()[1]
        library = telegram_library(name, TOKEN, f"http://127.0.0.1:{port}")
        async with asyncio.timeout(5):
            with pytest.raises(Away):
                await library.call("getMe", {}, seconds=1)
        await library.close()


async def test_a_server_that_is_not_there_is_away(line: Line) -> None:
    telegram = line.telegram(Turns())
    await line.server.stop()

    with pytest.raises(Away):
        await telegram.send("1001", Message("en", ("x",)))
    await telegram.start()
    await telegram.stop()
