"""Telegram, through aiogram's types and client. Intake and state are ours.

aiogram's own dispatcher acknowledges an update before the work is done, so it is not used. Importing this
file takes about three seconds; only the wiring does, and only when there is a token.
"""

import asyncio
import hmac
import json
import re
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import PRODUCTION, TelegramAPIServer
from aiogram.enums import ContentType
from aiogram.exceptions import (
    AiogramError,
    TelegramBadRequest,
    TelegramEntityTooLarge,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramUnauthorizedError,
)
from aiogram.methods import TelegramMethod
from aiogram.types import (
    BotCommand,
    CallbackQuery,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    Update,
    User,
)
from aiogram.types import Message as TelegramMessage
from aiogram.utils.token import TokenValidationError
from pydantic import ValidationError

from bot.channels.telegram_reading import read_tap, read_text
from bot.channels.telegram_screen import pieces, rows, text_of
from bot.fault import fault
from bot.incoming import Incoming
from bot.intake import Intake, Received
from bot.pace import OverallPace
from bot.sending import (
    Away,
    Blocked,
    ChannelRefused,
    Rejected,
    RetryAfter,
    SendingError,
    WeakSecret,
    WrongToken,
    WrongWebhook,
)
from dialogs.message import Message
from dialogs.said import Said, Unreadable

log = structlog.get_logger()

T = TypeVar("T")

CHANNEL = "telegram"
WANTED = ["message", "callback_query"]
POLL_SECONDS = 30
SECONDS_PER_CALL = 20
SECRET = re.compile(r"[A-Za-z0-9_-]{32,256}")
NO_PREVIEW = LinkPreviewOptions(is_disabled=True)  # else a third party is asked about a link she wrote
LONE_SURROGATE = re.compile("[\ud800-\udfff]")
STATUS = {"taken": 200, "given_up": 200, "gone": 200, "failed": 500, "away": 503}

HERS = frozenset(
    {
        ContentType.UNKNOWN,  # something newer than our aiogram
        ContentType.ANIMATION,
        ContentType.AUDIO,
        ContentType.CHECKLIST,
        ContentType.CONTACT,
        ContentType.DICE,
        ContentType.DOCUMENT,
        ContentType.GAME,
        ContentType.LIVE_PHOTO,
        ContentType.LOCATION,
        ContentType.PAID_MEDIA,
        ContentType.PHOTO,
        ContentType.POLL,
        ContentType.RICH_MESSAGE,
        ContentType.STICKER,
        ContentType.STORY,
        ContentType.VENUE,
        ContentType.VIDEO,
        ContentType.VIDEO_NOTE,
        ContentType.VOICE,
    }
)
"""What a person sends. The other kinds are notes of Telegram's own, e.g. that a message was pinned."""

# ── reading: pure ────────────────────────────────────────────────────────────────────────────────


def read_update(body: bytes) -> Update | None:
    """The update in a webhook's body; None if it is none. Lone surrogates become U+FFFD."""
    try:
        return _update(_mended(json.loads(body.decode("utf-8", "replace"))))
    except (ValueError, RecursionError):
        return None


def incoming(update: Update, bot_id: int) -> Incoming | None:
    """What the update says to us; None if that is nothing (groups, channels, edited messages …)."""
    if update.message is not None:
        return _incoming_message(update.message, f"{bot_id}:{update.update_id}")
    if update.callback_query is not None:
        return _incoming_tap(update.callback_query, f"{bot_id}:{update.update_id}")
    return None


def _incoming_message(message: TelegramMessage, event: str) -> Incoming | None:
    if message.chat.type != "private":
        return None
    address = str(message.chat.id)
    if message.text is not None:
        said, code = read_text(message.text, message.date)
        return Incoming(CHANNEL, event, said, code=code, address=address)
    if message.content_type not in HERS:
        return None
    unreadable: Said = Unreadable(ContentType(message.content_type).value)
    return Incoming(CHANNEL, event, unreadable, address=address)


def _incoming_tap(query: CallbackQuery, event: str) -> Incoming | None:
    if query.message is not None and query.message.chat.type != "private":
        return None
    # In a private chat the chat has the person's own id.
    return Incoming(CHANNEL, event, read_tap(query.data), address=str(query.from_user.id))


def _update(found: Any) -> Update | None:
    try:
        return Update.model_validate(found)
    except ValidationError as error:
        # Only where it does not fit: the rest of the error holds what she wrote.
        log.warning("update not understood", places=_fields(error))
        return None


def _fields(error: ValidationError) -> str:
    return ", ".join(".".join(map(str, each["loc"])) for each in error.errors()[:3])


def _mended(value: Any) -> Any:
    """JSON values without lone surrogates, at which pydantic would refuse the whole update."""
    if isinstance(value, str):
        return LONE_SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_mended(each) for each in value]
    if isinstance(value, dict):
        return {_mended(name): _mended(each) for name, each in value.items()}
    return value


def _mended_json(text: str) -> Any:
    return _mended(json.loads(text))


# ── writing: pure ────────────────────────────────────────────────────────────────────────────────


def written(message: Message) -> tuple[str, InlineKeyboardMarkup | None]:
    """The text, without markup and maybe longer than Telegram takes at once, and the buttons under it."""
    keyboard = [
        [InlineKeyboardButton(text=label, callback_data=data) for label, data in row] for row in rows(message)
    ]
    return text_of(message), InlineKeyboardMarkup(inline_keyboard=keyboard) if keyboard else None


# ── talking to the server ────────────────────────────────────────────────────────────────────────


class FetchUpdates(TelegramMethod[list[dict[str, Any]]]):
    """`getUpdates`, each update left as it came: one that aiogram cannot read must not hide the others."""

    __returning__ = list[dict[str, Any]]
    __api_method__ = "getUpdates"

    offset: int | None = None
    timeout: int = POLL_SECONDS
    allowed_updates: list[str] = WANTED


@dataclass(frozen=True, slots=True)
class Words:
    """What the channel itself says, each by the language code of her app (e.g. "nl-BE", or "").

    `neutral`: to somebody we do not know. `sorry`: when a message of hers had to be given up.
    `commands`: language → command → description, for the bot's menu.
    """

    neutral: Callable[[str], str]
    sorry: Callable[[str], str]
    commands: Mapping[str, Mapping[str, str]]


class Telegram:
    """One bot. Polls unless it is started with a webhook's address. Raises WrongToken for a malformed token.

    `api`: another Bot API server than Telegram's own, e.g. "http://127.0.0.1:8081".
    """

    def __init__(
        self, token: str, intake: Intake, words: Words, pace: OverallPace, api: str | None = None
    ) -> None:
        server = TelegramAPIServer.from_base(api) if api else PRODUCTION
        try:
            self._bot = Bot(token, session=AiohttpSession(api=server, json_loads=_mended_json))
        except TokenValidationError:
            raise WrongToken from None
        self.username: str | None = None  # known once Telegram was reached
        self._intake = intake
        self._words = words
        self._pace = pace
        self._secret = b""
        self._stopping = asyncio.Event()
        self._loop: asyncio.Task[None] | None = None
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
        await self._bot.session.close()

    # ── sending ──

    async def send(self, address: str, message: Message) -> None:
        """Sends a message, in several if it is long. Raises a SendingError."""
        text, keyboard = written(message)
        *before, last = pieces(text)
        for piece in before:
            await self._send_text(address, piece, quiet=message.quiet)
        await self._send_text(address, last, keyboard, quiet=message.quiet)

    async def set_my_commands(self, commands: Mapping[str, Mapping[str, str]]) -> None:
        """Shows the commands in her app's menu, in her app's language; in English where we lack it."""
        for language, described in commands.items():
            listed = [BotCommand(command=name, description=words) for name, words in described.items()]
            if language == "en":
                await _own_errors(self._bot.set_my_commands(listed, request_timeout=SECONDS_PER_CALL))
            elif len(language) == 2:  # Telegram knows no other codes
                await _own_errors(
                    self._bot.set_my_commands(
                        listed, language_code=language, request_timeout=SECONDS_PER_CALL
                    )
                )

    async def _send_text(
        self, address: str, text: str, keyboard: InlineKeyboardMarkup | None = None, *, quiet: bool = False
    ) -> None:
        await _own_errors(
            self._bot.send_message(
                int(address),
                text,
                reply_markup=keyboard,
                disable_notification=quiet or None,
                link_preview_options=NO_PREVIEW,
                request_timeout=SECONDS_PER_CALL,
            )
        )

    # ── the webhook ──

    async def handle_webhook(self, body: bytes, secret_header: bytes | None) -> int:
        """The HTTP status for a webhook's request: 200 only once the update is committed."""
        if not self._secret or not hmac.compare_digest(self._secret, secret_header or b""):
            return 401
        update = read_update(body)
        if update is None:
            return 200  # it will never get better, so Telegram need not try again
        return STATUS[await self._receive(update, lambda: body.decode("utf-8", "replace"))]

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
            self.username = (await _own_errors(self._bot.get_me(request_timeout=SECONDS_PER_CALL))).username
            await self._set_webhook(webhook_url)
        except SendingError as error:
            log.warning("telegram away", error=fault(error))
            return False
        # A menu is a convenience: a Bot API server without it is no reason to stay silent.
        await _best_effort(self.set_my_commands(self._words.commands))
        return True

    async def _set_webhook(self, url: str | None) -> None:
        if url is None:
            await _own_errors(self._bot.delete_webhook(request_timeout=SECONDS_PER_CALL))
            return
        try:
            await _own_errors(
                self._bot.set_webhook(
                    url,
                    secret_token=self._secret.decode(),
                    allowed_updates=WANTED,
                    request_timeout=SECONDS_PER_CALL,
                )
            )
        except Rejected:
            raise WrongWebhook from None

    async def _poll(self) -> None:
        """Fetches, takes, and only then confirms by asking for what comes after."""
        offset: int | None = None
        pauses = _Pauses()
        while not self._stopping.is_set():
            fetched = await self._fetched(offset)
            if fetched is None:
                await self._rests(pauses.next())
                continue
            pauses = _Pauses()
            if await self._all_taken(fetched):
                # Once nothing comes, everything is confirmed, and ids may start anywhere after a quiet week.
                offset = fetched[-1]["update_id"] + 1 if fetched else None

    async def _fetched(self, offset: int | None) -> list[dict[str, Any]] | None:
        """The next updates; none when we stop; None if Telegram is away or somebody else polls."""
        call = self._bot(FetchUpdates(offset=offset), request_timeout=POLL_SECONDS + SECONDS_PER_CALL)
        fetch = asyncio.ensure_future(_own_errors(call))
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

    async def _all_taken(self, fetched: list[dict[str, Any]]) -> bool:
        """Takes them side by side, in order within a chat. False if we stop before all are committed."""
        chats: dict[int, list[Update]] = {}
        for found in fetched:
            if update := _update(found):
                chats.setdefault(_person(update), []).append(update)
        return all(await asyncio.gather(*(self._chat_taken(updates) for updates in chats.values())))

    async def _chat_taken(self, updates: list[Update]) -> bool:
        for update in updates:
            pauses = _Pauses(first=0.2)
            while STATUS[await self._receive(update, update.model_dump_json)] != 200:
                if not await self._rests(pauses.next()):
                    return False
        return True

    async def _rests(self, seconds: float) -> bool:
        """False if we stop meanwhile."""
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return True
        return False

    # ── one update ──

    async def _receive(self, update: Update, body: Callable[[], str]) -> str:
        """What became of it, after the commit: one of the fates in `STATUS`."""
        heard = incoming(update, self._bot.id)
        if heard is None:
            return "taken"
        received = await self._intake.receive(heard, body)
        if STATUS[received.fate] == 200:
            self._answer_beside(update, received)
        return received.fate

    def _answer_beside(self, update: Update, received: Received) -> None:
        """What Telegram is told without anybody waiting for it; a failure here loses nothing of hers."""
        if update.callback_query:
            self._begin(self._bot.answer_callback_query(update.callback_query.id, request_timeout=10))
        if received.fate == "given_up":
            self._begin(self._say(update, self._words.sorry))
        elif received.taken and received.taken.status == "unknown":
            self._begin(self._say(update, self._words.neutral))

    async def _say(self, update: Update, words: Callable[[str], str]) -> None:
        who = _sender(update)
        language = (who.language_code if who else "") or ""
        await asyncio.sleep(self._pace.wait(time.monotonic()))
        await self._send_text(str(_person(update)), words(language))

    def _begin(self, call: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.create_task(_best_effort(call))
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)


async def username_of(token: str, api: str | None = None) -> str | None:
    """The bot's name. Raises WrongToken, or Away if Telegram cannot be reached."""
    try:
        bot = Bot(token, session=AiohttpSession(api=TelegramAPIServer.from_base(api) if api else PRODUCTION))
    except TokenValidationError:
        raise WrongToken from None
    async with bot:
        return (await _own_errors(bot.get_me(request_timeout=SECONDS_PER_CALL))).username


class _Pauses:
    """Seconds to wait after each failure in a row: 1, 2, 4 … 30."""

    def __init__(self, first: float = 1.0, longest: float = 30.0) -> None:
        self._next = first
        self._longest = longest

    def next(self) -> float:
        pause, self._next = self._next, min(self._next * 2, self._longest)
        return pause


def _person(update: Update) -> int:
    """Whose line of updates it belongs to. In a private chat the chat has the person's own id."""
    if update.callback_query:
        return update.callback_query.from_user.id
    return update.message.chat.id if update.message else 0


def _sender(update: Update) -> User | None:
    if update.callback_query:
        return update.callback_query.from_user
    return update.message.from_user if update.message else None


async def _own_errors(call: Coroutine[Any, Any, T]) -> T:
    """The same call, raising SendingError or WrongToken. Telegram's descriptions stay behind: they quote."""
    try:
        return await call
    except TelegramRetryAfter as error:
        raise RetryAfter(error.retry_after) from None
    except TelegramForbiddenError:
        raise Blocked from None
    except (TelegramUnauthorizedError, TelegramNotFound):
        raise WrongToken from None
    except (TelegramBadRequest, TelegramEntityTooLarge, TelegramMigrateToChat):
        raise Rejected from None
    except AiogramError as error:
        raise Away(type(error).__name__) from None


async def _best_effort(call: Coroutine[Any, Any, Any]) -> None:
    """A tap answered too late, or a stranger who blocked us: nothing to be done about it."""
    try:
        await _own_errors(call)
    except (SendingError, ChannelRefused) as error:
        log.debug("not said", error=type(error).__name__)
