"""Web chat: one woman's conversation as a web page that works without JavaScript, and better with it."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256
from math import ceil
from secrets import token_urlsafe
from urllib.parse import urlsplit

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse

from bot.audio import Audio
from bot.channels.web_form import Form, read_body, read_form
from bot.channels.web_pages import Pages, Screen, Words
from bot.channels.web_static import static_file
from bot.channels.web_voice import read_voice
from bot.fault import fault, trail
from bot.inbox import InboxFull
from bot.incoming import Incoming, Taken
from bot.limits import Limits, no_limits
from console.played import played
from dialogs.said import Command, Said, Voice
from storage.pages import Transcript

CHANNEL = "web"

CODE = re.compile(r"[A-Za-z0-9_-]{8,64}")
"""What an invite's code looks like; anything else is not even looked up."""

WORTH_KEEPING = 100
"""Characters from which words that were not taken are worth a page of their own, which "back" and "reload"
would send again; fewer are typed again quickly."""

PATIENCE = 1.5
"""Seconds she waits for a page when she leaves in a hurry; what is left to do is done when she is gone."""

SPEAKING = 300.0
"""Seconds that a recording may take to us: two minutes are half a megabyte, and some networks are slow."""

FAILED = "That did not work. Please try again."
TOO_LONG = "That recording is too long or too big. Please speak for up to 2 minutes."
BUSY = "It is very busy just now. Please wait a moment, then try again."
SOON = {"Retry-After": "3"}
"""Seconds after which a program may try again what did not work; people press the button."""

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
        "media-src 'self' blob:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",  # the code is part of the address
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}

HEARD = HEADERS | {"Cache-Control": "private, max-age=86400"}
"""Of a sound: she may hear it twice without paying for it twice. Leaving in a hurry clears it too."""

log = structlog.get_logger(__name__)


Take = Callable[[Incoming], Awaitable[Taken]]
Look = Callable[[str], Awaitable[Transcript | None]]
VoiceOf = Callable[[str, str], Awaitable[bytes | None]]


async def _no_voice(code: str, ref: str) -> bytes | None:
    return None


def web_chat(
    take: Take,
    look: Look,
    words: Words,
    languages: Sequence[str],
    public_url: str,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    limits: Limits | None = None,
    audio: Audio | None = None,
    voice_of: VoiceOf = _no_voice,
) -> APIRouter:
    """Every address of the web chat.

    `look(code)` reads and changes nothing; None for a code that is not good (any more).
    `words(language, text)` finds one of `web_words.WORDS` in a language, the first of `languages` being
    the one for visitors of whom nothing is known. `public_url` is where browsers find us. Without `limits`,
    nobody is slowed down; without `audio`, no question can be listened to. `voice_of(code, ref)` is what she
    spoke, None if there is no such recording of hers.
    """
    public = urlsplit(public_url)
    base = public.path.rstrip("/")
    pages = Pages(words, tuple(languages), base, audio)
    chat = WebChat(take, look, voice_of, pages, base, public.netloc, clock, limits or no_limits())
    router = APIRouter(include_in_schema=False)
    router.add_api_route("/chat/static/{stamp}/{name}", chat.file, methods=["GET", "HEAD"])
    router.add_api_route("/chat/{code}/leave", chat.leave, methods=["POST"])
    router.add_api_route("/chat/{code}/audio/{script}/{question}", chat.hear, methods=["GET", "HEAD"])
    router.add_api_route("/chat/{code}/voice", chat.speak, methods=["POST"])
    router.add_api_route("/chat/{code}/voice/{ref}", chat.play, methods=["GET", "HEAD"])
    router.add_api_route("/chat/{code}", chat.show, methods=["GET", "HEAD"])
    router.add_api_route("/chat/{code}", chat.answer, methods=["POST"])
    router.add_api_route("/bye", chat.bye, methods=["GET", "HEAD"])
    for rest in ("/chat", "/chat/{rest:path}"):  # a link that was cut off is a wrong one too
        router.add_api_route(rest, chat.nothing, methods=["GET", "HEAD", "POST", "PUT", "DELETE"])
    return router


@dataclass(frozen=True, slots=True)
class WebChat:
    """The handlers. Each translates a request for the conversation, and what came of it into a page."""

    take: Take
    look: Look
    voice_of: VoiceOf
    pages: Pages
    base: str
    host: str
    clock: Callable[[], datetime]
    limits: Limits
    leaving: set[asyncio.Task[None]] = field(default_factory=set)
    speaking: set[str] = field(default_factory=set)  # codes with which a recording is on its way

    async def show(self, code: str, request: Request) -> Response:
        """The page as it stands. Changes nothing: messengers fetch links to preview them."""
        found = await self._transcript(code, request)
        return found if isinstance(found, Response) else _page(self.pages.chat(_screen(code, found)))

    async def hear(self, code: str, script: str, question: str, request: Request) -> Response:
        """A question on her page, read aloud. Nothing of the address is looked for on a disk."""
        found = await self._transcript(code, request)
        if isinstance(found, Response):
            return found
        shown = (message for _, message in reversed(_screen(code, found).messages))
        message = next((each for each in shown if each.asks == f"{script}/{question}"), None)
        sound = self.pages.sound_of(message) if message else None
        try:
            state = sound.file.stat() if sound else None
        except OSError:  # deleted within the last minute
            state = None
        if sound is None or state is None:
            return self._not_here(request)
        return FileResponse(sound.file, media_type="audio/ogg", headers=HEARD, stat_result=state)

    async def play(self, code: str, ref: str, request: Request) -> Response:
        """What she spoke, as long as her page shows it."""
        found = await self._transcript(code, request)
        if isinstance(found, Response):
            return found
        if all(message.voice != ref for _, message in _screen(code, found).messages):
            return self._not_here(request)
        try:
            sound = await self.voice_of(code, ref)
        except Exception as error:
            log.error("web page failed", error=fault(error))
            return self._notice(request, FAILED, 503, code, SOON)
        return self._not_here(request) if sound is None else played(request, sound, HEADERS)

    async def _transcript(self, code: str, request: Request) -> Transcript | Response:
        """Her conversation; or what to answer if it cannot be shown."""
        visitor = _visitor(request)
        wait = self._wait(visitor, code)
        if wait > 0:
            return self._slow_notice(request, wait, code)
        try:
            transcript = await self.look(code) if CODE.fullmatch(code) else None
        except Exception as error:
            log.error("web page failed", error=fault(error))
            self.limits.unclear_code(visitor, code)
            return self._notice(request, FAILED, 503, code, SOON)
        if transcript is None:
            return self._not_here(request)
        self.limits.good_code(visitor, code)
        return transcript

    async def answer(self, code: str, request: Request) -> Response:
        """One thing she did."""
        if self._is_foreign(request):
            return self._notice(request, "This page is not here.", 403)
        body = await read_body(request)
        if body is None:
            return self._notice(request, "That is too long. Please send it in shorter pieces.", 413, code)
        form = read_form(body)
        visitor = _visitor(request)
        wait = self._wait(visitor, code)
        if wait > 0:
            return self._slow(code, form, request, wait)
        if not CODE.fullmatch(code):
            return self._not_here(request)
        return await self._taken(code, form, visitor, request)

    async def speak(self, code: str, request: Request) -> Response:
        """One answer, spoken. Only of her whose code is good is it read, and only one at a time."""
        if self._is_foreign(request):
            return self._notice(request, "This page is not here.", 403)
        found = await self._transcript(code, request)
        if isinstance(found, Response):
            return found
        if code in self.speaking:
            return self._notice(request, BUSY, 503, code, SOON)
        self.speaking.add(code)
        try:
            async with asyncio.timeout(SPEAKING):
                form = await read_voice(request)
        except TimeoutError:
            return self._notice(request, FAILED, 408, code)
        finally:
            self.speaking.discard(code)
        if form is None:
            return self._notice(request, TOO_LONG, 413, code)
        return await self._taken(code, form, _visitor(request), request)

    async def _taken(self, code: str, form: Form, visitor: str, request: Request) -> Response:
        try:
            return await self._answered(code, form, visitor, request)
        except Exception as error:
            # Nothing was committed, or all of it: the same event sent again does the right thing.
            self.limits.unclear_code(visitor, code)
            if isinstance(error, InboxFull):
                return self._once_more(code, form, request, BUSY, 503, SOON)
            log.error("web turn failed", error=fault(error), trail=trail(error))
            return self._once_more(code, form, request, FAILED, 503, SOON)

    async def _answered(self, code: str, form: Form, visitor: str, request: Request) -> Response:
        taken = Taken("duplicate")
        if form.said:
            incoming = _incoming(code, form.event, form.said, form.sound)
            wait = self.limits.turn(incoming)
            if wait > 0:
                self.limits.unclear_code(visitor, code)
                return self._slow(code, form, request, wait)
            taken = await self.take(incoming)
        transcript = await self.look(code)
        if transcript is not None:
            self.limits.good_code(visitor, code)
        if _is_htmx(request):
            return self._news(code, form, taken, transcript, request)
        return self._next_page(code, form, taken, transcript, request)

    async def leave(self, code: str, request: Request) -> Response:
        """She leaves in a hurry: whatever happens here, she gets away, also from a database that is slow."""
        if CODE.fullmatch(code) and not self._is_foreign(request):
            leaving = asyncio.create_task(self._left(code))
            self.leaving.add(leaving)  # else it could be dropped half done
            leaving.add_done_callback(self.leaving.discard)
            await asyncio.wait({leaving}, timeout=PATIENCE)
        return self._away()

    async def _left(self, code: str) -> None:
        try:
            await self.take(_incoming(code, "", Command("leave")))
        except Exception as error:
            log.error("web leave failed", error=fault(error))

    async def bye(self, request: Request) -> Response:
        """Where she lands: a page that says nothing about where she was."""
        return _page(self.pages.bye(self._language(request), self.clock()), more=_forget_pages())

    async def file(self, stamp: str, name: str, request: Request) -> Response:
        """A style sheet, a script, the icon."""
        return static_file(request, stamp, name) or self._not_here(request)

    async def nothing(self, request: Request) -> Response:
        """Every other address under /chat."""
        wait = self.limits.request(_visitor(request))
        return self._slow_notice(request, wait) if wait > 0 else self._not_here(request)

    # ── what came of it ───────────────────────────────────────────────────────────────────────────

    def _wait(self, visitor: str, code: str) -> float:
        """Seconds until this visitor may go on with this code; 0.0: now."""
        return self.limits.request(visitor) or self.limits.begin_code(visitor, code)

    def _next_page(
        self, code: str, form: Form, taken: Taken, transcript: Transcript | None, request: Request
    ) -> Response:
        """Without JavaScript: back to the page; or at once what a second request could not show."""
        screen = _after(code, form, taken, transcript)
        if screen is None:
            return self._not_here(request)
        if _has_left(taken, transcript):
            return self._away()
        if len(screen.typed) > WORTH_KEEPING or screen.over:
            return _page(self.pages.chat(screen))
        return RedirectResponse(f"{self.base}/chat/{code}#latest", status_code=303, headers=HEADERS)

    def _news(
        self, code: str, form: Form, taken: Taken, transcript: Transcript | None, request: Request
    ) -> Response:
        """With htmx: what is new since the page was drawn, to be added to it."""
        screen = _after(code, form, taken, transcript)
        if screen is None:
            return self._not_here(request)
        if not screen.started or form.language != screen.language:
            return _page("", more={"HX-Refresh": "true"})
        if _has_left(taken, transcript):
            return _page("", more={"HX-Redirect": f"{self.base}/bye"})
        fresh = screen.since(form.after)
        if fresh is None or screen.over:  # what she sees is another visit's, or erased: it goes
            return _page(self.pages.news(screen, screen.messages), more={"HX-Reswap": "innerHTML"})
        return _page(self.pages.news(screen, fresh))

    def _slow(self, code: str, form: Form, request: Request, wait: float) -> Response:
        if not CODE.fullmatch(code):
            return self._slow_notice(request, wait)
        return self._once_more(code, form, request, BUSY, 429, _retry_after(wait))

    def _once_more(
        self, code: str, form: Form, request: Request, text: str, status: int, more: Mapping[str, str]
    ) -> Response:
        """Her words in the field once more, to be sent again. A page cannot hold a recording."""
        if isinstance(form.said, Voice):
            return self._notice(request, text, status, code, more)
        language = form.language if form.language in self.pages.languages else self._language(request)
        return _page(self.pages.once_more(code, language, text, form.fields, form.words), status, more)

    def _slow_notice(self, request: Request, wait: float, code: str = "") -> Response:
        return self._notice(request, BUSY, 429, code, _retry_after(wait))

    def _not_here(self, request: Request) -> Response:
        """The same for every code that is not good, whatever the reason."""
        if _is_htmx(request):
            return _page("", 404, {"HX-Refresh": "true"})
        return self._notice(request, "This page is not here.", 404)

    def _notice(
        self,
        request: Request,
        text: str,
        status: int,
        code: str = "",
        more: Mapping[str, str] | None = None,
    ) -> Response:
        back = code if CODE.fullmatch(code) else ""
        return _page(self.pages.notice(self._language(request), text, back), status, more)

    def _away(self) -> Response:
        headers = HEADERS | _forget_pages()
        return RedirectResponse(f"{self.base}/bye", status_code=303, headers=headers)

    def _language(self, request: Request) -> str:
        return self.pages.language_for(request.headers.get("accept-language", ""))

    def _is_foreign(self, request: Request) -> bool:
        """Whether another site's page sent this. Nothing hangs on it but politeness: there is no cookie that
        another site could borrow, the code in the address is the only key."""
        site = request.headers.get("sec-fetch-site")
        if site is not None:
            return site not in ("same-origin", "none")
        origin = request.headers.get("origin", "null")
        # With Referrer-Policy: no-referrer, browsers call our own pages' origin "null" as well.
        if origin == "null":
            return False
        return origin.partition("://")[2] not in (self.host, request.headers.get("host", ""))


def _incoming(code: str, event: str, said: Said, sound: bytes = b"") -> Incoming:
    # An event's name is only as good as the browser that made it up, so each invite has its own names.
    name = sha256(f"{code} {event or token_urlsafe(16)}".encode()).hexdigest()[:40]
    return Incoming(channel=CHANNEL, event=name, said=said, code=code, sound=sound)


def _visitor(request: Request) -> str:
    """The address that she comes from."""
    return request.client.host if request.client else ""


def _retry_after(wait: float) -> dict[str, str]:
    return {"Retry-After": str(ceil(wait))}


def _screen(code: str, transcript: Transcript) -> Screen:
    session = transcript.session
    if session is None:
        return Screen(code, transcript.caller.language, started=False)
    screen = Screen(code, session.language, transcript.messages, session.token)
    # While she is away somebody else may hold the phone: only the words that ask whether to go on.
    return screen.only_question() if session.is_away else screen


def _after(code: str, form: Form, taken: Taken, transcript: Transcript | None) -> Screen | None:
    """What she sees after a turn. When the conversation was erased by it, only this turn's own messages."""
    if taken.status == "unknown":
        return None
    if transcript is not None and (transcript.session is not None or not taken.messages):
        screen = _screen(code, transcript)
        same_question = bool(form.token) and form.token == screen.token
        return replace(screen, typed=form.words) if same_question else screen
    if not taken.messages:
        return None
    return Screen(code, taken.messages[-1][1].language, taken.messages, over=True)


def _has_left(taken: Taken, transcript: Transcript | None) -> bool:
    session = transcript.session if transcript else None
    return taken.status == "done" and session is not None and session.mode == "left"


def _is_htmx(request: Request) -> bool:
    return request.headers.get("hx-request") == "true"


def _forget_pages() -> dict[str, str]:
    return {"Clear-Site-Data": '"cache"'}


def _page(html: str, status: int = 200, more: Mapping[str, str] | None = None) -> HTMLResponse:
    return HTMLResponse(html, status_code=status, headers={**HEADERS, **(more or {})})
