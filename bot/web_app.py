"""Everything that answers HTTP, put together: web chat, console, JSON API, Telegram's webhook, health."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from urllib.parse import urlsplit

import structlog
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import PlainTextResponse, RedirectResponse
from starlette.requests import ClientDisconnect

from bot.channels.web import web_chat
from bot.fault import fault
from bot.inbox import Take
from bot.limits import Limits, no_limits
from bot.metrics import Meter
from bot.metrics_page import metrics_page
from bot.scripts import Library, compiled_for_staff
from bot.settings import Settings
from bot.slow_api import SlowApi
from bot.turn import Talk
from console.app import console
from console.guard import SafeHeaders
from locales.catalogue import Catalogue
from locales.standing import standings
from storage.database import Database
from storage.facts import answers
from storage.pages import Transcript, look

log = structlog.get_logger(__name__)

MOST_BYTES = 1_000_000
"""Of one webhook request. Telegram's own are far smaller."""

RETRY_AFTER = {429: {"Retry-After": "1"}, 503: {"Retry-After": "3"}}
"""Telegram waits that many seconds before it sends the update again, else up to a minute and more."""

Webhook = Callable[[bytes, bytes | None], Awaitable[int]]
"""A request's body and its secret header in, an HTTP status out."""


def web_app(
    settings: Settings,
    talk: Talk,
    library: Library,
    database: Database,
    staff_words: Catalogue,
    webhook: Webhook | None = None,
    take: Take | None = None,
    limits: Limits | None = None,
    stop: Callable[[], Awaitable[None]] | None = None,
    meter: Meter | None = None,
) -> FastAPI:
    """The application. `take`: the way in for turns, if it is not `talk.take`. Without `limits`, nobody is
    slowed down. With a `meter`, turns that were counted are shown. `stop` is awaited when it shuts down."""
    limits = limits or no_limits()
    # The interactive documentation would fetch scripts from elsewhere; the console describes its own API.
    # Redirects to an address without a slash would go wherever the Host header says.
    app = FastAPI(
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_ending(stop),
        exception_handlers={ClientDisconnect: _gone},
    )
    app.add_middleware(SlowApi, limits=limits)
    app.add_middleware(SafeHeaders)
    app.add_api_route("/", _front, methods=["GET"])
    app.add_api_route("/healthz", _health(database), methods=["GET", "HEAD"])
    if webhook is not None:
        path = urlsplit(settings.telegram_webhook_url).path or "/telegram"
        app.add_api_route(path, _take_webhook(webhook), methods=["POST"])
    if meter is not None:
        token = settings.metrics_token.get_secret_value()
        app.add_api_route("/metrics", metrics_page(meter, database, token, talk.now), methods=["GET"])
    app.include_router(_chat(settings, talk, database, take or talk.take, limits))
    app.router.routes.extend(
        console(
            database,
            public_url=settings.address,
            words=staff_words.look_up,
            script_words=talk.catalogue.look_up,
            script_of=library.fetch,
            for_staff=compiled_for_staff(),
            standings=standings,
            offered=[code for code, _ in talk.languages],
            now=talk.now,
        )
    )
    return app


def _chat(settings: Settings, talk: Talk, database: Database, take: Take, limits: Limits) -> APIRouter:
    def words(language: str, text: str) -> str:
        return talk.catalogue.look_up(language, "web", text)

    async def seen(code: str) -> Transcript | None:
        return await look(database, code, talk.now())

    languages = [code for code, _ in talk.languages]
    return web_chat(take, seen, words, languages, settings.address, talk.now, limits, audio=talk.audio)


def _ending(
    stop: Callable[[], Awaitable[None]] | None,
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        if stop is not None:
            await stop()

    return lifespan


async def _gone(_: Request, __: Exception) -> Response:
    """Her phone lost the network before all was sent: nobody's fault, and nobody hears this answer."""
    return Response(status_code=400)


async def _front() -> Response:
    return RedirectResponse("/staff", status_code=303)


def _health(database: Database) -> Callable[[], Awaitable[Response]]:
    async def healthz() -> Response:
        """200 when the database answers, 503 when it does not."""
        try:
            await answers(database)
        except Exception as error:
            log.error("database away", error=fault(error))
            return PlainTextResponse("The database does not answer.\n", 503)
        return PlainTextResponse("ok\n")

    return healthz


def _take_webhook(webhook: Webhook) -> Callable[[Request], Awaitable[Response]]:
    async def take(request: Request) -> Response:
        body = b""
        async for piece in request.stream():
            body += piece
            if len(body) > MOST_BYTES:
                return Response(status_code=413)
        # Starlette decodes headers as Latin-1, so this gives back the bytes as they came.
        secret = request.headers.get("x-telegram-bot-api-secret-token")
        status = await webhook(body, secret.encode("latin-1") if secret is not None else None)
        return Response(status_code=status, headers=RETRY_AFTER.get(status))

    return take
