"""Telegram, whatever library carries it: takes updates in, by polling or by webhook, and sends.

An update is acknowledged once its turn is committed; the libraries' own dispatchers do it before.
"""

import asyncio
import hmac
import json
import re
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import structlog

from bot.audio import Audio
from bot.channels.telegram_aloud import Aloud, fits_under
from bot.channels.telegram_library import Heard, TelegramLibrary, Update
from bot.channels.telegram_lines import Lines
from bot.channels.telegram_reading import is_update, mend, read_body, without_ours
from bot.channels.telegram_screen import Key, pieces, rows, text_of
from bot.channels.telegram_voice import Fetching, lost
from bot.fault import fault
from bot.incoming import Incoming
from bot.intake import Intake, Received
from bot.pace import OverallPace
from bot.sending import ChannelRefused, Rejected, SendingError, WeakSecret, WrongWebhook
from dialogs.message import Message

log = structlog.get_logger()

CHANNEL = "telegram"
WANTED = ["message", "callback_query"]
POLL_SECONDS = 30
SECONDS_PER_CALL = 20
ASK_AGAIN = 3.0  # seconds, while another process polls
SECRET = re.compile(r"[A-Za-z0-9_-]{32,256}")
NO_PREVIEW = {"is_disabled": True}  # else a third party is asked about a link she wrote
LOOK_AGAIN = 0.5  # seconds until we ask for others' updates while a chat's must wait

Rows = list[list[Key]]


@dataclass(frozen=True, slots=True)
class Words:
    """What the channel itself says, each by the language code of her app (e.g. "nl-BE", or "").

    `neutral`: to somebody we do not know. `sorry`: when a message of hers had to be given up.
    `commands`: language → command → description, for the bot's menu.
    """

    neutral: Callable[[str], str]
    sorry: Callable[[str], str]
    commands: Mapping[str, Mapping[str, str]]


async def always() -> bool:
    """For one who polls alone."""
    return True


class Telegram:
    """One bot. Polls unless it is started with a webhook's address; of several processes, one `may_poll`.

    `audio`: the sounds for her who wants questions read to her.
    """

    def __init__(
        self,
        library: TelegramLibrary,
        intake: Intake,
        words: Words,
        pace: OverallPace,
        may_poll: Callable[[], Awaitable[bool]] = always,
        audio: Audio | None = None,
    ) -> None:
        self.username: str | None = None  # known once Telegram was reached
        self._library = library
        self._intake = replace(intake, take=Fetching(library).before(intake.take))
        self._words = words
        self._aloud = Aloud(library, audio, SECONDS_PER_CALL)
        self._pace = pace
        self._may_poll = may_poll
        self._secret = b""
        self._stopping = asyncio.Event()
        self._loop: asyncio.Task[None] | None = None
        self._lines = Lines(self._read, self._taken)
        self._beside: set[asyncio.Task[None]] = set()  # answers that nobody waits for

    # ── start and stop ──

    async def start(self, webhook_url: str | None = None, secret: str | None = None) -> None:
        """Begins to take updates. Raises a ChannelRefused; if Telegram is away, goes on trying."""
        webhook_url = webhook_url or None
        if webhook_url:
            if not SECRET.fullmatch(secret or ""):
                raise WeakSecret(32, 256)
            self._secret = (secret or "").encode()
        connected = await self._connected(webhook_url)
        self._loop = asyncio.create_task(self._run(webhook_url, connected))

    async def stop(self) -> None:
        """Takes no more updates; finishes the turn at hand. Sending still works until `close`."""
        self._stopping.set()
        if self._loop:
            await self._loop
        await asyncio.gather(*self._beside)

    async def close(self) -> None:
        """Lets go of the connections. Call it after the sender has stopped."""
        await self._library.close()

    # ── sending ──

    async def send(self, address: str, message: Message) -> None:
        """Sends a message, in several if it is long, with sound if she wants that. Raises a SendingError."""
        text, sound = text_of(message), self._aloud.sound_of(message)
        whole = _parameters(address, text, rows(message), quiet=message.quiet)
        if sound and await self._aloud.in_one(sound, whole):
            return
        *before, last = pieces(text)
        for piece in before:
            await self._send_text(address, piece, quiet=message.quiet)
        await self._send_text(address, last, rows(message), quiet=message.quiet)
        if sound and not fits_under(text):
            await self._aloud.after(sound, whole)

    async def set_my_commands(self, commands: Mapping[str, Mapping[str, str]]) -> None:
        """Shows the commands in her app's menu, in her app's language; in English where we lack it."""
        for language, described in commands.items():
            listed = [{"command": name, "description": words} for name, words in described.items()]
            if language == "en":
                await self._call("setMyCommands", {"commands": listed})
            elif len(language) == 2:  # Telegram knows no other codes
                await self._call("setMyCommands", {"commands": listed, "language_code": language})

    async def _send_text(
        self, address: str, text: str, buttons: Rows | None = None, *, quiet: bool = False
    ) -> None:
        await self._call("sendMessage", _parameters(address, text, buttons, quiet=quiet))

    async def _call(self, method: str, parameters: dict[str, Any]) -> Any:
        return await self._library.call(method, parameters, SECONDS_PER_CALL)

    # ── the webhook ──

    async def handle_webhook(self, body: bytes, secret_header: bytes | None) -> int:
        """The HTTP status for a webhook's request: 200 only once the update is committed."""
        if not self._secret or not hmac.compare_digest(self._secret, secret_header or b""):
            return 401
        update = read_body(body)
        if update is None or (heard := _heard(self._library, update)) is None:
            return 200  # it will never get better, so Telegram need not try again
        return (await self._receive(update, heard)).status

    # ── polling ──

    async def _run(self, webhook_url: str | None, connected: bool) -> None:
        pauses = _Pauses()
        while not connected and await self._rests(pauses.next()):
            connected = await self._connected_later(webhook_url)
        if webhook_url is None:
            await self._poll()

    async def _connected_later(self, webhook_url: str | None) -> bool:
        try:
            return await self._connected(webhook_url)
        except ChannelRefused as error:
            log.error("telegram refuses", error=fault(error))
            return False

    async def _connected(self, webhook_url: str | None) -> bool:
        """Says hello, and how updates are to come. False if Telegram is away."""
        try:
            self.username = await username_of(self._library)
            await self._set_webhook(webhook_url)
        except SendingError as error:
            log.warning("telegram away", error=fault(error))
            return False
        # A menu is a convenience: a Bot API server without it is no reason to stay silent.
        await _best_effort(self.set_my_commands(self._words.commands))
        return True

    async def _set_webhook(self, url: str | None) -> None:
        if url is None:
            await self._call("deleteWebhook", {})
            return
        asked = {"url": url, "secret_token": self._secret.decode(), "allowed_updates": WANTED}
        try:
            await self._call("setWebhook", asked)
        except Rejected:
            raise WrongWebhook from None

    async def _poll(self) -> None:
        """Fetches, takes, and only then confirms by asking for what comes after."""
        pauses = _Pauses()
        while not self._stopping.is_set():
            if not await self._may_poll():
                await self._lines.finished()
                self._lines = Lines(self._read, self._taken)  # somebody else confirms meanwhile
                await self._rests(ASK_AGAIN)
                continue
            if self._intake.is_full():
                await self._rests(LOOK_AGAIN)
                continue
            fetched = await self._fetched(self._lines.offset)
            if fetched is None:
                await self._rests(pauses.next())
                continue
            pauses = _Pauses()
            self._lines.fetched(fetched)
            await self._lines.settled(LOOK_AGAIN)
        await self._lines.finished()

    async def _fetched(self, offset: int | None) -> list[Update] | None:
        """The next updates; none when we stop; None if Telegram is away or somebody else polls."""
        fetch = asyncio.ensure_future(self._fetch(offset))
        stop = asyncio.ensure_future(self._stopping.wait())
        await asyncio.wait({fetch, stop}, return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        if not fetch.done():
            fetch.cancel()
            await asyncio.wait({fetch})
            return []
        try:
            return fetch.result()
        except (SendingError, ChannelRefused) as error:
            log.warning("telegram away", error=fault(error))
            return None

    async def _fetch(self, offset: int | None) -> list[Update] | None:
        asked = {"offset": offset, "timeout": POLL_SECONDS, "allowed_updates": WANTED}
        found = await self._library.call("getUpdates", asked, POLL_SECONDS + SECONDS_PER_CALL)
        if isinstance(found, list) and all(is_update(each) for each in found):
            return [mend(each) for each in found]
        log.warning("telegram away", why="not_updates")
        return None

    def _read(self, update: Update) -> tuple[int, tuple[Update, Heard] | None]:
        """Whose it is, and what she says; None if that is nothing."""
        heard = _heard(self._library, update)
        return (heard.person, (update, heard)) if heard else (0, None)

    async def _taken(self, found: tuple[Update, Heard]) -> bool:
        """Once it is committed. False if we stop before that."""
        pauses = _Pauses(first=0.2)
        while not self._stopping.is_set():
            received = await self._receive(*found, in_a_hurry=self._lines.hides_others)
            if received.status == 200:
                return True
            await self._rests(min(received.wait, LOOK_AGAIN) or pauses.next())
        return False

    async def _rests(self, seconds: float) -> bool:
        """False if we stop meanwhile."""
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return True
        return False

    # ── one update ──

    async def _receive(self, update: Update, heard: Heard, *, in_a_hurry: bool = False) -> Received:
        """What became of it, after the commit."""
        event = f"{self._library.bot}:{update['update_id']}"
        incoming = _incoming(heard, event)
        body = partial(json.dumps, update, ensure_ascii=False)
        received = await self._intake.receive(incoming, body, in_a_hurry=in_a_hurry)
        if received.fate == "given_up" and incoming.file:
            received = await self._without_sound(incoming, body, received)
        if received.status == 200:
            self._answer_beside(heard, received)
        return received

    async def _without_sound(
        self, incoming: Incoming, body: Callable[[], str], given_up: Received
    ) -> Received:
        """What she spoke cannot be had: she hears so, and where she is."""
        received = await self._intake.receive(lost(incoming), body, in_a_hurry=True)
        return received if received.fate == "taken" else given_up

    def _answer_beside(self, heard: Heard, received: Received) -> None:
        """What Telegram is told without anybody waiting for it; a failure here loses nothing of hers."""
        if heard.tap is not None:
            self._begin(self._call("answerCallbackQuery", {"callback_query_id": heard.tap}))
        if received.fate == "given_up":
            self._begin(self._say(heard, self._words.sorry))
        elif received.taken and received.taken.status == "unknown":
            self._begin(self._say(heard, self._words.neutral))

    async def _say(self, heard: Heard, words: Callable[[str], str]) -> None:
        await asyncio.sleep(self._pace.wait(time.monotonic()))
        await self._send_text(str(heard.person), words(heard.language))

    def _begin(self, call: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.create_task(_best_effort(call))
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)


def read_stored(library: TelegramLibrary, event: str, body: str) -> Incoming | None:
    """An update that was set aside, as it would be read now; None if it says nothing to us.

    What she spoke is not fetched so late: she is asked to say it again.
    """
    update = read_body(body.encode("utf-8", "replace"))
    heard = _heard(library, update) if update is not None else None
    return lost(_incoming(heard, event)) if heard is not None else None


def _heard(library: TelegramLibrary, update: Update) -> Heard | None:
    return library.read(without_ours(update))


def _incoming(heard: Heard, event: str) -> Incoming:
    address = str(heard.person)
    return Incoming(CHANNEL, event, heard.said, code=heard.code, address=address, file=heard.file)


async def username_of(library: TelegramLibrary) -> str | None:
    """The bot's name. Raises WrongToken, or a SendingError if Telegram cannot be asked."""
    me = await library.call("getMe", {}, SECONDS_PER_CALL)
    return me.get("username") if isinstance(me, dict) else None


class _Pauses:
    """Seconds to wait after each failure in a row: 1, 2, 4 … 30."""

    def __init__(self, first: float = 1.0, longest: float = 30.0) -> None:
        self._next = first
        self._longest = longest

    def next(self) -> float:
        pause, self._next = self._next, min(self._next * 2, self._longest)
        return pause


def _parameters(address: str, text: str, buttons: Rows | None, *, quiet: bool) -> dict[str, Any]:
    return {
        "chat_id": int(address),
        "text": text,
        "reply_markup": _keyboard(buttons) if buttons else None,
        "disable_notification": quiet or None,
        "link_preview_options": NO_PREVIEW,
    }


def _keyboard(buttons: Rows) -> dict[str, Any]:
    return {
        "inline_keyboard": [
            [{"text": label, "callback_data": data} for label, data in row] for row in buttons
        ]
    }


async def _best_effort(call: Coroutine[Any, Any, Any]) -> None:
    """A tap answered too late, or a stranger who blocked us: nothing to be done about it."""
    try:
        await call
    except (SendingError, ChannelRefused) as error:
        log.debug("not said", error=type(error).__name__)
