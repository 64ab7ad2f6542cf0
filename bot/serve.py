"""Opens everything, serves until told to stop, and closes everything in the right order."""

import asyncio
import contextlib
import errno
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import Any

import structlog
import uvicorn

from bot.audio import Audio
from bot.channels.telegram import CHANNEL, Telegram, Words
from bot.collecting import settle
from bot.fault import fault
from bot.help_cards import read_help_cards
from bot.inbox import Inbox
from bot.incoming import Incoming
from bot.intake import Intake
from bot.limits import Limits, no_limits
from bot.metrics import Meter
from bot.opening import client_words, languages_of, now, opened, why
from bot.outbox import Sender
from bot.pace import OverallPace
from bot.scripts import compiled_reflection, open_library
from bot.settings import Settings, WrongSettings
from bot.telegram_bot import library_of, note_bot_name
from bot.timers import Bell
from bot.turn import Talk
from bot.web_app import Webhook, web_app
from dialogs import phrases
from locales.catalogue import CLIENT_LANGUAGES, SOURCE, STAFF_LANGUAGES, Catalogue, read_catalogue
from storage import outbox, quarantine
from storage.database import Database
from storage.errors import DatabaseUnreadable
from storage.sweeping import sweep
from storage.together import Leader, listen

log = structlog.get_logger(__name__)

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


class PortInUse(WrongSettings):
    """We cannot serve there: somebody else does, or it is none of this machine's addresses."""

    def __init__(self, host: str, port: int, error: OSError) -> None:
        is_taken = error.errno == errno.EADDRINUSE
        cure = "Stop the other program, or set TREDE_PORT" if is_taken else "Check TREDE_HOST and TREDE_PORT"
        super().__init__(f"Cannot serve at {host}:{port}: {why(error)}. {cure}.")


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
                audio=Audio(settings.audio_dir),
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
    telegram = Telegram(library, intake, said, pace, leader.is_ours, talk.audio)
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
        await note_bot_name(database, library.bot, telegram.username)

    async def stop() -> None:
        await telegram.stop()
        await leader.resign()
        await sender.stop()
        await telegram.close()

    return Line(telegram.handle_webhook, stop)


def _outside(catalogue: Catalogue, language: str, text: str) -> str:
    code = language.split("-")[0]
    return catalogue.look_up(code if code in CLIENT_LANGUAGES else SOURCE, "outside", text)


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
