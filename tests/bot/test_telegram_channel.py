"""Telegram's updates become what she did, and are acknowledged only when the turn is committed."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.telegram_aiogram import Telegram, Words, incoming, read_update, written
from bot.channels.telegram_screen import pieces
from bot.incoming import Incoming, Taken
from bot.intake import Intake
from bot.pace import OverallPace
from bot.sending import Away, Blocked, Rejected, RetryAfter, WeakSecret, WrongToken, WrongWebhook
from dialogs.message import Message, WrittenButton
from dialogs.said import Command, Said, Tap, Text, Unreadable
from dialogs.turn import Expects
from tests.fakes.telegram_rules import units
from tests.fakes.telegram_server import TOKEN, TelegramServer

BOT = 123456789
SECRET = "s" * 32
AMINA = {"id": 1001, "is_bot": False, "first_name": "Amina", "language_code": "ar"}
CHAT = {"id": 1001, "type": "private"}

# ── reading ──────────────────────────────────────────────────────────────────────────────────────


def read(kind: str, **body: Any) -> Incoming | None:
    update = read_update(json.dumps({"update_id": 7, kind: body}).encode())
    assert update is not None
    return incoming(update, BOT)


def message(**content: Any) -> Incoming | None:
    return read("message", **{"message_id": 1, "date": 1_800_000_000, "chat": CHAT, "from": AMINA, **content})


def tap(data: str | None) -> Incoming | None:
    return read("callback_query", **{"id": "5", "from": AMINA, "chat_instance": "1", "data": data})


def said(found: Incoming | None) -> Said:
    assert found is not None
    return found.said


def test_a_text_is_her_words_with_the_second_she_sent_them() -> None:
    sent_at = datetime.fromtimestamp(1_800_000_000, UTC)

    assert message(text=" I like <b>bread</b>\u200c ") == Incoming(
        "telegram",
        f"{BOT}:7",
        Text(" I like <b>bread</b>\u200c ", sent_at=sent_at),
        address="1001",
    )


def test_start_brings_the_invites_code() -> None:
    found = message(text="/start AbC_-9")

    assert found == Incoming("telegram", f"{BOT}:7", Command("start"), code="AbC_-9", address="1001")


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("/start", "start"),
        ("/skip", "skip"),
        ("/BACK", "back"),
        ("/pause@trede_bot", "pause"),
        ("/language please", "language"),
        ("/person", "person"),
        ("/leave", "leave"),
        ("/menu", "menu"),
        ("/help", "menu"),
        ("/delete", "delete"),
        ("/again", "again"),
    ],
)
def test_a_command_is_what_she_asks_for(typed: str, name: Any) -> None:
    found = message(text=typed)

    assert said(found) == Command(name)
    assert found is not None
    assert found.code is None


@pytest.mark.parametrize("typed", ["/", "/nonsense", "/ skip", "skip", "12/03"])
def test_what_is_no_command_is_text(typed: str) -> None:
    words = said(message(text=typed))

    assert isinstance(words, Text)
    assert words.words == typed


@pytest.mark.parametrize(
    ("data", "meant"),
    [
        ("tok:3", Tap("tok", "3")),
        ("tok:1,4", Tap("tok", "1,4")),
        ("tok:a:b", Tap("tok", "a:b")),
        (":again", Tap("", "again")),
        ("nonsense", Tap("", "")),
        ("", Tap("", "")),
        (None, Tap("", "")),
    ],
)
def test_a_tap_is_its_questions_token_and_a_value(data: str | None, meant: Tap) -> None:
    found = tap(data)

    assert said(found) == meant
    assert found is not None
    assert found.address == "1001"


FILE = {"file_id": "1", "file_unique_id": "1"}


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("photo", [{**FILE, "width": 1, "height": 1}]),
        ("voice", {**FILE, "duration": 1}),
        ("document", FILE),
        ("location", {"latitude": 1.0, "longitude": 1.0}),
        ("contact", {"phone_number": "1", "first_name": "x"}),
        ("dice", {"emoji": "🎲", "value": 3}),
    ],
)
def test_what_is_not_text_is_unreadable(kind: str, content: Any) -> None:
    assert said(message(**{kind: content, "caption": "words"})) == Unreadable(kind)


def test_something_telegram_invents_later_is_unreadable() -> None:
    assert said(message(hologram={"depth": 3})) == Unreadable("unknown")


@pytest.mark.parametrize(
    "found",
    [
        lambda: message(text="x", chat={"id": -5, "type": "group", "title": "g"}),
        lambda: message(pinned_message={"message_id": 1, "date": 0, "chat": CHAT}),
        lambda: read("edited_message", message_id=1, date=1, chat=CHAT, text="x"),
        lambda: read("channel_post", message_id=1, date=1, chat={"id": -7, "type": "channel"}, text="x"),
        lambda: read("something_new", id=1),
    ],
)
def test_what_is_not_said_to_us_in_private_is_let_pass(found: Callable[[], Incoming | None]) -> None:
    assert found() is None


def test_a_lone_surrogate_becomes_a_replacement_mark() -> None:
    words = said(message(text="half \ud83d of it, 😀 whole"))

    assert isinstance(words, Text)
    assert words.words == "half \ufffd of it, 😀 whole"


@pytest.mark.parametrize(
    "body",
    [b"", b"no json", b"\xff\xfe", b"[1]", b"null", b'{"update_id": "x"}', b"[" * 100_000, b"1" * 10_000],
)
def test_what_is_no_update_is_none(body: bytes) -> None:
    assert read_update(body) is None


@given(st.text(alphabet=st.characters(), max_size=300))
def test_whatever_she_types_can_be_read(typed: str) -> None:
    found = message(text=typed)

    assert found is None or isinstance(found.said, Text | Command)


# ── writing ──────────────────────────────────────────────────────────────────────────────────────


def buttons(*labels: str, **more: Any) -> tuple[WrittenButton, ...]:
    return tuple(WrittenButton(str(n), label, **more) for n, label in enumerate(labels, start=1))


CONTROLS = (
    WrittenButton("skip", "Skip", "control"),
    WrittenButton("back", "Back", "control"),
    WrittenButton("more", "More", "control"),
)


def keyboard(language: str, shown: tuple[WrittenButton, ...], expects: Expects) -> list[list[str]]:
    _, markup = written(Message(language, ("?",), shown, expects, "tok"))
    assert markup is not None
    return [[button.text for button in row] for row in markup.inline_keyboard]


def test_paragraphs_are_plain_text() -> None:
    text, markup = written(Message("en", ("1 < 2 & <b>", "Bye")))

    assert text == "1 < 2 & <b>\n\nBye"
    assert markup is None


def test_choices_stand_one_below_the_other_and_controls_in_pairs() -> None:
    shown = buttons("1. Yes", "2. No") + CONTROLS

    assert keyboard("en", shown, "choice") == [["1. Yes"], ["2. No"], ["Skip", "Back"], ["More"]]


def test_rows_are_turned_round_for_languages_from_right_to_left() -> None:
    assert keyboard("ar", CONTROLS, "choice") == [["Back", "Skip"], ["More"]]


def test_a_scale_has_rows_of_six() -> None:
    scale = tuple(WrittenButton(str(n), str(n)) for n in range(11))

    assert keyboard("uk", scale, "scale") == [list("012345"), ["6", "7", "8", "9", "10"]]
    assert keyboard("ar", scale, "scale") == [list("543210"), ["10", "9", "8", "7", "6"]]


def test_pictures_and_ticks_stand_before_the_label() -> None:
    shown = buttons("1. Cook", picture="🍲", ticked=True) + buttons("1. Sew", picture="🧵")

    assert keyboard("en", shown, "several") == [["✓ 🍲 1. Cook"], ["🧵 1. Sew"]]


def test_a_button_carries_its_questions_token() -> None:
    _, markup = written(Message("en", ("?",), buttons("Yes"), "choice", "tok"))

    assert markup is not None
    assert markup.inline_keyboard[0][0].callback_data == "tok:1"


def test_data_that_telegram_would_refuse_is_a_fault_of_ours() -> None:
    with pytest.raises(ValueError, match="64 bytes"):
        written(Message("en", ("?",), (WrittenButton("x" * 64, "x"),), "choice", "tok"))


def test_a_message_without_words_is_not_empty() -> None:
    assert written(Message("en", (" ",)))[0].strip()


@given(st.text(alphabet=st.sampled_from("a 😀\n"), max_size=400), st.integers(4, 50))
def test_pieces_fit_and_lose_no_word(text: str, limit: int) -> None:
    found = pieces(text, limit)

    assert all(0 < units(piece) <= limit for piece in found)
    assert "".join("".join(found).split()) == "".join(text.split())


# ── talking to the server ────────────────────────────────────────────────────────────────────────


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

    async def failed(self, event: str, body: str, error: str) -> bool:
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


def telegram_for(server: TelegramServer, turns: Turns, token: str = TOKEN) -> Telegram:
    intake = Intake(turns.take, turns.failed, turns.is_given_up, away=(ConnectionError,))
    return Telegram(token, intake, WORDS, OverallPace(), api=server.url)


@pytest.fixture
async def server() -> AsyncIterator[TelegramServer]:
    async with TelegramServer(retry_pause=0.05) as server:
        yield server


@asynccontextmanager
async def polling(server: TelegramServer, turns: Turns) -> AsyncIterator[Telegram]:
    telegram = telegram_for(server, turns)
    await telegram.start()
    try:
        yield telegram
    finally:
        await telegram.stop()
        await telegram.close()


@asynccontextmanager
async def hooked(server: TelegramServer, turns: Turns) -> AsyncIterator[Telegram]:
    """Started with a webhook; the test hands the requests in itself."""
    telegram = telegram_for(server, turns)
    await telegram.start("http://127.0.0.1:9/telegram", SECRET)
    try:
        yield telegram
    finally:
        await telegram.stop()
        await telegram.close()


def body(text: str = "hello", update_id: int = 7) -> bytes:
    content = {"message_id": 1, "date": 1_800_000_000, "chat": CHAT, "from": AMINA, "text": text}
    return json.dumps({"update_id": update_id, "message": content}).encode()


async def soon(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not true():  # noqa: ASYNC110 - another task makes it true
            await asyncio.sleep(0.01)


async def test_polled_updates_are_taken_in_order_and_then_confirmed(server: TelegramServer) -> None:
    turns = Turns()
    amina = server.person()
    for word in ("one", "two", "three"):
        amina.writes(word)

    async with polling(server, turns):
        await server.all_taken()

    assert turns.words == ["one", "two", "three"]


async def test_nothing_is_confirmed_before_the_turn_is_committed(server: TelegramServer) -> None:
    turns = Turns()
    turns.gate = asyncio.Event()
    server.person().writes("one")

    async with polling(server, turns):
        await asyncio.sleep(0.2)
        assert server.pending == 1
        assert all("offset" not in call.params for call in server.called("getUpdates"))
        turns.gate.set()
        await server.all_taken()


async def test_a_turn_that_fails_is_taken_again(server: TelegramServer) -> None:
    turns = Turns()
    turns.errors = [KeyError("x"), ConnectionError()]
    server.person().writes("one")
    server.person().writes("two")

    async with polling(server, turns):
        await server.all_taken()

    assert turns.words == ["one", "two"]


async def test_an_update_that_always_fails_is_given_up_and_she_is_told(server: TelegramServer) -> None:
    turns = Turns()
    turns.errors = [KeyError("her words")] * 3
    amina = server.person(language_code="nl")
    amina.writes("one")
    amina.writes("two")

    async with polling(server, turns):
        await amina.hears("Something went wrong here. Please go on. [nl]")
        await server.all_taken()

    assert turns.words == ["two"]
    [(event, kept, error)] = turns.given_up
    assert event.startswith(f"{BOT}:")
    assert '"one"' in kept
    assert error.startswith("KeyError at test_telegram_channel.py")
    assert "her words" not in error


async def test_an_update_nobody_can_read_does_not_hide_the_others(server: TelegramServer) -> None:
    turns = Turns()
    server.post_raw("message", {"message_id": "no number", "chat": 5})
    server.person().writes("half \ud83d")

    async with polling(server, turns):
        await server.all_taken()

    assert turns.words == ["half \ufffd"]


async def test_a_stranger_gets_one_neutral_sentence(server: TelegramServer) -> None:
    turns = Turns()
    turns.status = "unknown"
    stranger = server.person(5, "Eve", "uk")
    stranger.writes("/start guessed")

    async with polling(server, turns):
        await stranger.hears("This link does not work. [uk]")
        await stranger.hears_nothing()


async def test_a_tap_is_answered_after_the_commit(server: TelegramServer) -> None:
    turns = Turns()
    answered_before: list[int] = []
    turns.before = lambda: answered_before.append(len(server.answered_taps))
    amina = server.person()

    async with polling(server, turns) as telegram:
        amina.writes("hello")
        await server.all_taken()
        await telegram.send("1001", Message("en", ("?",), buttons("Yes"), "choice", "tok"))
        amina.taps("Yes")
        await soon(lambda: len(server.answered_taps) == 1)

    assert turns.taken[-1].said == Tap("tok", "1")
    assert answered_before == [0, 0]


async def test_a_tap_is_not_answered_while_its_turn_fails(server: TelegramServer) -> None:
    turns = Turns()
    turns.errors = [ConnectionError()]
    update_id = server.person().taps_data("tok:1")
    query = {"id": "1", "from": AMINA, "chat_instance": "1", "data": "tok:1"}
    request = json.dumps({"update_id": update_id, "callback_query": query}).encode()

    async with hooked(server, turns) as telegram:
        await telegram.handle_webhook(request, SECRET.encode())
    assert server.called("answerCallbackQuery") == []

    async with hooked(server, turns) as telegram:
        await telegram.handle_webhook(request, SECRET.encode())
    assert len(server.called("answerCallbackQuery")) == 1


async def test_a_tap_too_old_to_be_answered_still_counts(server: TelegramServer) -> None:
    turns = Turns()
    turns.before = server.forgets_taps
    server.person().taps_data("tok:1")
    server.person().writes("after")

    async with polling(server, turns):
        await soon(lambda: len(turns.taken) == 2)
        await server.all_taken()

    assert server.answered_taps == []
    assert turns.words == ["after"]


async def test_update_ids_may_start_anywhere_after_a_quiet_week(server: TelegramServer) -> None:
    turns = Turns()
    async with polling(server, turns):
        server.person().writes("before")
        await server.all_taken()
        polls = len(server.called("getUpdates"))
        server.ends_polls()
        await soon(lambda: len(server.called("getUpdates")) > polls)

        server.ids_restart(at=1_000)
        server.person().writes("after")
        await soon(lambda: "after" in turns.words)


async def test_polling_goes_on_after_telegram_was_away(server: TelegramServer) -> None:
    turns = Turns()
    server.refuses(502, "Bad Gateway", method="getUpdates")
    server.person().writes("one")

    async with polling(server, turns):
        await server.all_taken()

    assert turns.words == ["one"]


async def test_stopping_finishes_the_turn_at_hand(server: TelegramServer) -> None:
    turns = Turns()
    turns.gate = asyncio.Event()
    server.person().writes("one")
    telegram = telegram_for(server, turns)
    await telegram.start()
    await asyncio.sleep(0.2)

    asyncio.get_running_loop().call_later(0.1, turns.gate.set)
    await telegram.stop()
    await telegram.close()

    assert turns.words == ["one"]


async def test_polling_takes_a_webhook_away(server: TelegramServer) -> None:
    async with hooked(server, Turns()):
        assert server.webhook is not None
        assert server.webhook.secret == SECRET

    async with polling(server, Turns()) as telegram:
        assert server.webhook is None
        assert telegram.username == "trede_test_bot"


async def test_the_commands_are_shown_in_each_language_telegram_knows(server: TelegramServer) -> None:
    async with polling(server, Turns()):
        assert server.commands == {"": {"skip": "Go on"}, "ar": {"skip": "تخطي"}}


@pytest.mark.parametrize("token", [f"{BOT}:wrong", "malformed", ""])
async def test_a_wrong_token_is_one_clear_error(server: TelegramServer, token: str) -> None:
    with pytest.raises(WrongToken, match="TREDE_TELEGRAM_TOKEN"):
        await telegram_for(server, Turns(), token).start()


@pytest.mark.parametrize("secret", [None, "", "s" * 31, "é" * 32, "s" * 257])
async def test_a_webhook_without_a_good_secret_refuses_to_start(
    server: TelegramServer, secret: str | None
) -> None:
    with pytest.raises(WeakSecret, match="TREDE_TELEGRAM_WEBHOOK_SECRET"):
        await telegram_for(server, Turns()).start("https://example.org/telegram", secret)


async def test_a_webhook_address_that_telegram_refuses_is_one_clear_error(server: TelegramServer) -> None:
    with pytest.raises(WrongWebhook, match="TREDE_TELEGRAM_WEBHOOK_URL"):
        await telegram_for(server, Turns()).start("ftp://example.org", SECRET)


@pytest.mark.parametrize("header", [None, b"", b"wrong", SECRET.encode()[:-1], "é".encode("latin-1") * 32])
async def test_a_webhook_request_without_the_secret_is_unauthorized(
    server: TelegramServer, header: bytes | None
) -> None:
    turns = Turns()
    async with hooked(server, turns) as telegram:
        assert await telegram.handle_webhook(body(), header) == 401

    assert turns.taken == []


async def test_while_polling_nothing_comes_in_through_the_webhook(server: TelegramServer) -> None:
    async with polling(server, Turns()) as telegram:
        assert await telegram.handle_webhook(body(), b"") == 401


async def test_a_webhook_request_is_accepted_once_the_turn_is_committed(server: TelegramServer) -> None:
    turns = Turns()
    turns.gate = asyncio.Event()
    async with hooked(server, turns) as telegram:
        request = asyncio.create_task(telegram.handle_webhook(body(), SECRET.encode()))
        await asyncio.sleep(0.05)
        assert not request.done()
        turns.gate.set()

        assert await request == 200
    assert turns.words == ["hello"]


@pytest.mark.parametrize(("error", "status"), [(ConnectionError(), 503), (KeyError("x"), 500)])
async def test_a_webhook_request_that_fails_is_to_be_tried_again(
    server: TelegramServer, error: Exception, status: int
) -> None:
    turns = Turns()
    turns.errors = [error]
    async with hooked(server, turns) as telegram:
        assert await telegram.handle_webhook(body(), SECRET.encode()) == status
        assert await telegram.handle_webhook(body(), SECRET.encode()) == 200


async def test_after_the_third_failure_a_webhook_request_is_accepted(server: TelegramServer) -> None:
    turns = Turns()
    turns.errors = [KeyError("x")] * 4
    amina = server.person(language_code="ar")
    amina.has_written = True
    async with hooked(server, turns) as telegram:
        statuses = [await telegram.handle_webhook(body(), SECRET.encode()) for _ in range(4)]
        await amina.hears("Something went wrong here. Please go on. [ar]")
        await amina.hears_nothing()

    assert statuses == [500, 500, 200, 200]


async def test_rubbish_through_the_webhook_is_accepted_and_forgotten(server: TelegramServer) -> None:
    turns = Turns()
    async with hooked(server, turns) as telegram:
        assert await telegram.handle_webhook(b"no json", SECRET.encode()) == 200

    assert turns.taken == []


async def test_a_long_message_arrives_in_pieces_with_the_buttons_under_the_last(
    server: TelegramServer,
) -> None:
    amina = server.person()
    amina.has_written = True
    async with polling(server, Turns()) as telegram:
        await telegram.send("1001", Message("en", ("x" * 5000, "y" * 50), buttons("Yes"), "choice", "t"))

    assert [len(seen.text) for seen in amina.chat] == [4096, 956]
    assert [seen.labels for seen in amina.chat] == [[], ["Yes"]]


async def test_a_note_comes_without_a_sound(server: TelegramServer) -> None:
    amina = server.person()
    amina.has_written = True
    async with polling(server, Turns()) as telegram:
        await telegram.send("1001", Message("en", ("Part 2",), quiet=True))
        await telegram.send("1001", Message("en", ("half \ud83d?",)))

    assert [seen.silent for seen in amina.chat] == [True, False]
    assert amina.chat[1].text == "half \ufffd?"


@pytest.mark.parametrize(
    ("code", "error"),
    [(400, Rejected), (403, Blocked), (404, WrongToken), (401, WrongToken), (500, Away), (502, Away)],
)
async def test_telegrams_refusals_are_told_in_our_words(
    server: TelegramServer, code: int, error: type[Exception]
) -> None:
    server.person().has_written = True
    async with polling(server, Turns()) as telegram:
        server.refuses(code, "Bad Request: can't parse 'her words'")
        with pytest.raises(error) as caught:
            await telegram.send("1001", Message("en", ("x",)))

    assert "her words" not in str(caught.value)


async def test_too_fast_says_how_long_to_wait(server: TelegramServer) -> None:
    server.person().has_written = True
    async with polling(server, Turns()) as telegram:
        server.refuses(429, retry_after=12)
        with pytest.raises(RetryAfter) as caught:
            await telegram.send("1001", Message("en", ("x",)))

    assert caught.value.seconds == 12


async def test_a_server_that_is_not_there_is_away(server: TelegramServer) -> None:
    telegram = telegram_for(server, Turns())
    await server.stop()

    with pytest.raises(Away):
        await telegram.send("1001", Message("en", ("x",)))
    await telegram.start()
    await telegram.stop()
    await telegram.close()
