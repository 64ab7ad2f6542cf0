"""Opens everything, serves until told to stop, and closes everything in the right order."""

import asyncio
import contextlib
import errno
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import structlog
import uvicorn

from bot.channels.telegram import CHANNEL, Telegram, Words, username_of
from bot.channels.telegram_library import TelegramLibrary
from bot.collecting import settle
from bot.fault import fault
from bot.help_cards import read_help_cards
from bot.inbox import Inbox
from bot.incoming import Incoming
from bot.intake import Intake
from bot.languages import offered
from bot.limits import Limits, no_limits
from bot.metrics import Meter
from bot.outbox import Sender
from bot.pace import OverallPace
from bot.scripts import compiled_reflection, open_library
from bot.sending import SendingError
from bot.settings import Settings, WrongSettings
from bot.telegram_choice import telegram_library
from bot.timers import Bell
from bot.turn import Talk
from bot.web_app import Webhook, web_app
from dialogs import phrases
from locales.catalogue import (
    CLIENT_LANGUAGES,
    READ_BY_STAFF,
    SOURCE,
    STAFF_LANGUAGES,
    Catalogue,
    read_catalogue,
)
from storage import facts, migrate, outbox, quarantine
from storage.database import Database, address_of, open_database
from storage.errors import DatabaseUnreadable
from storage.key_proof import finish_rotation
from storage.keys import load_key, load_or_make_key
from storage.sealed import use_key
from storage.sweeping import sweep
from storage.together import Leader, listen

log = structlog.get_logger(__name__)

BOT_NAME = "telegram bot"
GRACE = 10  # seconds for requests at hand when told to stop

COMMANDS = {
    "pause": phrases.PAUSE,
    "language": phrases.LANGUAGE,
    "person": phrases.PERSON,
    "helpnow": phrases.HELP_NOW,
    "leave": phrases.LEAVE,
    "stop": phrases.STOP_REMINDERS,
    "delete": phrases.DELETE,
}
"""What Telegram's own menu button lists."""


class PortInUse(Exception):
    """We cannot serve there: somebody else does, or it is none of this machine's addresses."""

    def __init__(self, host: str, port: int, error: OSError) -> None:
        is_taken = error.errno == errno.EADDRINUSE
        cure = "Stop the other program, or set TREDE_PORT" if is_taken else "Check TREDE_HOST and TREDE_PORT"
        super().__init__(f"Cannot serve at {host}:{port}: {_why(error)}. {cure}.")


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


def client_words() -> Catalogue:
    """The words of the conversation."""
    return read_catalogue("client", READ_BY_STAFF)


def languages_of(settings: Settings) -> tuple[tuple[str, str], ...]:
    """The languages that women can choose. Raises WrongSettings."""
    try:
        return offered(settings.draft_languages)
    except ValueError as error:
        raise WrongSettings(f"TREDE_DRAFT_LANGUAGES: {error}. See docs/settings.md.") from None


def prepare(settings: Settings) -> None:
    """The data directory, the key and the tables. Raises a StorageError or WrongSettings."""
    address_of(settings.database)  # before anything is made
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WrongSettings(
            f"The folder {settings.data_dir} cannot be made: {_why(error)}. Check TREDE_DATA_DIR."
        ) from None
    try:
        use_key(load_or_make_key(settings.key), lambda: load_key(settings.key))
    except OSError as error:
        raise WrongSettings(
            f"The key file {settings.key} cannot be used: {_why(error)}. "
            "Check TREDE_DATA_DIR, TREDE_KEY_FILE and who may write there."
        ) from None
    migrate.upgrade(settings.database)


def _why(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()


@asynccontextmanager
async def opened(settings: Settings, *, serves: bool = False) -> AsyncIterator[Database]:
    """The database, with its key, tables up to date. Raises a StorageError or WrongSettings."""
    prepare(settings)
    database = open_database(settings.database, settings.database_connections, serves=serves)
    try:
        await finish_rotation(database, settings.key)
        yield database
    finally:
        await database.close()


@dataclass(frozen=True, slots=True)
class Line:
    """Telegram, taking updates and sending."""

    webhook: Webhook
    stop: Callable[[], Any]


async def serve(settings: Settings, greet: Callable[[Database], Any], meter: Meter) -> None:
    """Serve until SIGTERM or SIGINT. `greet` prints what the operator needs, once all is ready.

    Raises before anything is half started: PortInUse, StorageError, BrokenScript, ChannelRefused.
    """
    with _socket(settings.host, settings.port) as listening:
        current, cards = compiled_reflection(), read_help_cards(settings.help_file)
        async with opened(settings, serves=True) as database, AsyncExitStack() as stack:
            library = await open_library(database, current, now())
            wake = asyncio.Event()
            talk = Talk(
                database,
                library,
                client_words(),
                languages_of(settings),
                now,
                settings.zone,
                woken=(wake,),
                help_cards=cards,
            )
            inbox = Inbox()
            limits = Limits() if settings.limits else no_limits()
            has_bot = bool(settings.telegram_token.get_secret_value())
            line = await _telegram(settings, talk, inbox, limits, wake, meter) if has_bot else None
            if line is not None:
                stack.push_async_callback(line.stop)
            staff_words = read_catalogue("staff", STAFF_LANGUAGES)
            webhook = line.webhook if line is not None and settings.telegram_webhook_url else None
            take = inbox.around(meter.timed(talk.take))
            app = web_app(settings, talk, library, database, staff_words, webhook, take, limits, meter=meter)
            for work in (sweep_again_and_again(database), listen(database, lambda _: wake.set())):
                stack.callback(asyncio.create_task(work).cancel)
            bell = Bell(database, meter.timed(talk.take), now)
            bell.start()
            stack.push_async_callback(bell.stop)
            settle()
            await greet(database)
            await _until_told(app, listening, settings.proxies)


async def sweep_again_and_again(database: Database, every: float = 3600.0) -> None:
    """Never ends by itself: what could not be swept now is swept the next time. `every`: seconds."""
    while True:
        try:
            await sweep(database, now())
        except Exception as error:
            log.warning("not swept", error=fault(error))
        await asyncio.sleep(every)


async def _telegram(
    settings: Settings, talk: Talk, inbox: Inbox, limits: Limits, wake: asyncio.Event, meter: Meter
) -> Line:
    database = talk.database

    async def failed(incoming: Incoming, body: str, error: str) -> bool:
        return await quarantine.failed(
            database, CHANNEL, incoming.event, body, error, now(), address=incoming.address
        )

    async def is_given_up(event: str) -> bool:
        return await quarantine.is_given_up(database, CHANNEL, event)

    pace = OverallPace()
    # The sender sends through Telegram, whose updates become turns, whose messages go to the sender.
    sender = Sender(database, CHANNEL, lambda *what: telegram.send(*what), wake, now, pace)
    meter.watch(CHANNEL, sender.tally)
    take = inbox.around(meter.timed(replace(talk, hand_out=sender.hand).take))
    intake = Intake(take, failed, is_given_up, (DatabaseUnreadable,), limits, lambda: inbox.is_full)
    said = Words(
        neutral=lambda language: _outside(talk.catalogue, language, phrases.UNKNOWN.text),
        sorry=lambda language: _outside(talk.catalogue, language, phrases.SORRY.text),
        commands={
            language: {
                name: talk.catalogue.look_up(language, phrase.context, phrase.text)
                for name, phrase in COMMANDS.items()
            }
            for language in CLIENT_LANGUAGES
        },
    )
    library, leader = library_of(settings), Leader(database, "polling")
    telegram = Telegram(library, intake, said, pace, leader.is_ours)
    if database.own_address is None:  # the one process there was is gone: nobody sends what it had in hand
        await outbox.release_all(database, CHANNEL)
    try:
        await telegram.start(
            settings.telegram_webhook_url, settings.telegram_webhook_secret.get_secret_value()
        )
    except BaseException:
        await telegram.close()
        raise
    sender.start()
    if telegram.username:
        await facts.note(database, BOT_NAME, f"{library.bot} {telegram.username}")

    async def stop() -> None:
        await telegram.stop()
        await leader.resign()
        await sender.stop()
        await telegram.close()

    return Line(telegram.handle_webhook, stop)


def _outside(catalogue: Catalogue, language: str, text: str) -> str:
    code = language.split("-")[0]
    return catalogue.look_up(code if code in CLIENT_LANGUAGES else SOURCE, "outside", text)


async def bot_name(database: Database, settings: Settings) -> str | None:
    """The name of our Telegram bot; None without a token, or if Telegram cannot be asked now.

    Asked once for each token, then kept. Raises WrongToken.
    """
    token = settings.telegram_token.get_secret_value()
    if not token:
        return None
    bot, _, name = (await facts.noted(database, BOT_NAME) or "").partition(" ")
    if name and bot == _bot_of(token):
        return name
    library = library_of(settings)
    try:
        found = await username_of(library)
    except SendingError:
        return None
    finally:
        await library.close()
    if found:
        await facts.note(database, BOT_NAME, f"{_bot_of(token)} {found}")
    return found


def library_of(settings: Settings) -> TelegramLibrary:
    """The library that the settings name, with our bot. Raises ChannelRefused."""
    token = settings.telegram_token.get_secret_value()
    return telegram_library(settings.telegram_library, token, settings.telegram_api or None)


def _bot_of(token: str) -> str:
    """The part of a token that is no secret: the bot's number."""
    return token.partition(":")[0]


@contextlib.contextmanager
def _socket(host: str, port: int) -> Iterator[socket.socket]:
    """Taken first, so that nothing is started when the port is not free."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named, since only then does asyncio send small answers without delay.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host, port))
            listening.listen(512)
        except OSError as error:
            raise PortInUse(host, port, error) from None
        yield listening
    finally:
        listening.close()


class _Server(uvicorn.Server):
    """uvicorn ends the process by the signal it got; we still have messages to send and files to close."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _until_told(app: Any, listening: socket.socket, proxies: str) -> None:
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,  # addresses hold her code
        server_header=False,
        timeout_graceful_shutdown=GRACE,
        timeout_keep_alive=15,
        proxy_headers=True,
        forwarded_allow_ips=proxies,
    )
    server = _Server(config)
    loop = asyncio.get_running_loop()
    for told in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(told, lambda: setattr(server, "should_exit", True))
    await server.serve(sockets=[listening])
