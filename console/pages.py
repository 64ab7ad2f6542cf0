"""The staff's pages at /staff: signing in, the queue, one case."""

import re
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, get_args

import structlog
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from casework.occupations import CONTEXT as OCCUPATION
from casework.occupations import occupations
from casework.summary import NEXT_STATES, CaseState
from console import guard
from console.access import Access
from console.passwords import AT_LEAST, is_long_enough
from console.played import played
from console.reader import LANGUAGES, Reader, Words, best_language
from console.sign_in import SignIn
from console.summary_page import lay_out
from dialogs.script import Script
from dialogs.understand import LONGEST
from locales.standing import Standing
from storage.errors import StorageError
from storage.sign_in import SignedIn

log = structlog.get_logger(__name__)

HERE = Path(__file__).parent
COOKIE = "trede_staff"
STATES: tuple[CaseState, ...] = get_args(CaseState)

_OUR_PATH = re.compile(r"/staff(/[\w/-]{0,200})?", re.ASCII)
# HTML cannot hold these, whatever she typed; the stored words keep them.
_UNSHOWABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class _Question:
    """As it is put to a member of staff."""

    name: str
    asked: str
    hint: str


@dataclass(frozen=True, slots=True)
class Pages:
    """One method a page. A GET never changes anything.

    `for_staff`: the script of questions to oneself. `standings`: how each translation stands. `offered`:
    codes of the languages that clients can choose.
    """

    access: Access
    sign_in: SignIn
    words: Words
    script_words: Words
    public_url: str
    now: Callable[[], datetime]
    templates: Environment
    style: bytes
    for_staff: Script
    standings: Callable[[], Sequence[Standing]]
    offered: Collection[str]

    def app(self) -> Starlette:
        """An application that knows its pages by their whole path."""
        one_case = "/staff/cases/{id}"
        routes = [
            Route("/staff", self.queue),
            Route("/staff/sign-in", self.sign_in_form),
            Route("/staff/sign-in", self.signing_in, methods=["POST"]),
            Route("/staff/enter/{code}", self.enter_form),
            Route("/staff/enter/{code}", self.entering, methods=["POST"]),
            Route("/staff/sign-out", self.sign_out, methods=["POST"]),
            Route("/staff/language", self.choose_language, methods=["POST"]),
            Route(one_case, self.case),
            Route(one_case + "/state", self.move, methods=["POST"]),
            Route(one_case + "/voice/{voice}", self.voice),
            Route("/staff/feedback", self.feedback),
            Route("/staff/languages", self.languages),
            Route("/staff/occupations", self.occupations),
            Route("/staff/for-yourself", self.for_yourself),
            Route("/staff/for-yourself", self.keep_note, methods=["POST"]),
            Route("/staff/for-yourself/{id}/delete", self.drop_note, methods=["POST"]),
            Route("/staff/static/console.css", self.console_css),
        ]
        refusals: dict[int | type[Exception], Callable[[Request, Any], Awaitable[Response]]] = {
            404: self.not_found,
            405: self.not_found,
            403: self.not_from_here,
            StorageError: self.not_now,
            ClientDisconnect: self.gone,
        }
        app = Starlette(routes=routes, exception_handlers=refusals, max_body_size=guard.FORM_AT_MOST)
        app.router.redirect_slashes = False
        return app

    # ── signing in ───────────────────────────────────────────────────────────────────────────────

    async def sign_in_form(self, request: Request) -> Response:
        """The form, or the queue for somebody who is signed in already."""
        if await self._who(request):
            return _see("/staff")
        return self._page(request, "sign_in.html", None, email="", fault="")

    async def signing_in(self, request: Request) -> Response:
        """To the queue, or the form again with one sentence that does not tell what was wrong."""
        form = await self._form(request)
        email = form.get("email", "")
        tried = await self.sign_in.try_password(
            email, form.get("password", ""), _address(request), self.now()
        )
        if tried.token:
            return self._signed_in(tried.token)
        if tried.too_many:
            page = self._page(request, "sign_in.html", None, 429, email=email, fault="too many")
            page.headers["Retry-After"] = "60"
            return page
        return self._page(request, "sign_in.html", None, 401, email=email, fault="wrong")

    async def enter_form(self, request: Request) -> Response:
        """Choose a password, with a one-time code. Looking at it does not use it up."""
        person = await self.sign_in.whose_code(request.path_params["code"], self.now())
        if person is None:
            raise HTTPException(404)
        return self._enter_page(request, person.email, "")

    async def entering(self, request: Request) -> Response:
        """Set the password and sign in; the code is used up."""
        form = await self._form(request)
        code, password = request.path_params["code"], form.get("password", "")
        person = await self.sign_in.whose_code(code, self.now())
        if person is None:
            raise HTTPException(404)
        if not is_long_enough(password):
            return self._enter_page(request, person.email, "short")
        if form.get("again", password) != password:
            return self._enter_page(request, person.email, "differs")
        token = await self.sign_in.choose_password(code, password, self.now())
        if token is None:
            raise HTTPException(404)
        return self._signed_in(token)

    async def sign_out(self, request: Request) -> Response:
        """End the session, here and on the server."""
        await self._signed_form(request)
        await self.sign_in.out(request.cookies.get(COOKIE, ""))
        response = _see("/staff/sign-in")
        response.delete_cookie(COOKIE, path="/staff")
        return response

    async def choose_language(self, request: Request) -> Response:
        """Keep the language with the person, and go back to where she or he was."""
        signed_in, form = await self._signed_form(request)
        if form.get("language") in LANGUAGES:
            await self.sign_in.speak(signed_in.person, form["language"])
        back = form.get("back", "")
        return _see(back if _OUR_PATH.fullmatch(back) else "/staff")

    # ── cases ────────────────────────────────────────────────────────────────────────────────────

    async def queue(self, request: Request) -> Response:
        """Open cases, or those that are done with ?show=done."""
        signed_in = await self._who(request)
        if signed_in is None:
            return _see("/staff/sign-in")
        cases = await self.access.queue(signed_in.person, self.now())
        is_done = request.query_params.get("show") == "done"
        shown = [case for case in cases if (case.state == "done") == is_done]
        return self._page(
            request,
            "queue.html",
            signed_in,
            cases=shown,
            is_done=is_done,
            open_count=sum(case.state != "done" for case in cases),
            done_count=sum(case.state == "done" for case in cases),
        )

    async def case(self, request: Request) -> Response:
        """One summary. With ?print=1 only what belongs on paper."""
        signed_in = await self._who(request)
        if signed_in is None:
            return _see("/staff/sign-in")
        file = await self.access.case_file(signed_in.person, request.path_params["id"], self.now())
        if file is None:
            raise HTTPException(404)
        script = await self.access.script(file)
        reader = self._reader(request, signed_in)
        return self._page(
            request,
            "case.html",
            signed_in,
            page=lay_out(file, script, reader, NEXT_STATES[file.case.state]),
            on_paper=request.query_params.get("print") == "1",
        )

    async def voice(self, request: Request) -> Response:
        """One answer that she spoke."""
        signed_in = await self._who(request)
        if signed_in is None:
            return _see("/staff/sign-in")
        case, voice = request.path_params["id"], request.path_params["voice"]
        sound = await self.access.voice(signed_in.person, case, voice, self.now())
        if sound is None:
            raise HTTPException(404)
        return played(request, sound)

    async def move(self, request: Request) -> Response:
        """Set the case's state, and show where it is now. A move made already changes nothing."""
        signed_in, form = await self._signed_form(request)
        state, id = form.get("state", ""), request.path_params["id"]
        if state not in STATES:
            raise HTTPException(404)
        if await self.access.move(signed_in.person, id, state, self.now()) is None:
            raise HTTPException(404)
        return _see(f"/staff/cases/{id}")

    # ── beside the cases ─────────────────────────────────────────────────────────────────────────

    async def feedback(self, request: Request) -> Response:
        """What clients say the questions got wrong. For a case manager it does not exist."""
        signed_in = await self._who(request)
        if signed_in is None:
            return _see("/staff/sign-in")
        if signed_in.person.role == "manager":
            raise HTTPException(404)
        told = await self.access.feedback(signed_in.person)
        return self._page(request, "feedback.html", signed_in, told=told)

    async def languages(self, request: Request) -> Response:
        """How each translation stands, and which languages are on offer."""
        signed_in = await self._who(request)
        if signed_in is None:
            return _see("/staff/sign-in")
        return self._page(
            request, "languages.html", signed_in, standings=self.standings(), offered=self.offered
        )

    async def occupations(self, request: Request) -> Response:
        """Work and activities with their codes, in the order of the reader's words."""
        signed_in = await self._who(request)
        if signed_in is None:
            return _see("/staff/sign-in")
        reader = self._reader(request, signed_in)
        labelled = [(reader.look_up(OCCUPATION, one.label), one) for one in occupations()]
        labelled.sort(key=lambda each: each[0].casefold())
        return self._page(request, "occupations.html", signed_in, occupations=labelled)

    async def for_yourself(self, request: Request) -> Response:
        """Three questions to oneself, and what this person answered before."""
        signed_in = await self._who(request)
        if signed_in is None:
            return _see("/staff/sign-in")
        reader, script = self._reader(request, signed_in), self.for_staff
        questions = [
            _Question(step.name, reader.own(step.context, step.text), reader.own(step.context, step.hint))
            for step in script.steps
            if step.kind == "text"
        ]
        return self._page(
            request,
            "for_yourself.html",
            signed_in,
            title=reader.own(f"{script.name}/title", script.title),
            questions=questions,
            notes=await self.access.own_notes(signed_in.person, script.name),
        )

    async def keep_note(self, request: Request) -> Response:
        """Keep what this person wrote; nothing if all fields are empty."""
        signed_in, form = await self._signed_form(request)
        asked = [step.name for step in self.for_staff.steps if step.kind == "text"]
        answers = {name: form[name][:LONGEST] for name in asked if form.get(name, "").strip()}
        if answers:
            await self.access.keep_note(signed_in.person, self.for_staff.name, answers, self.now())
        return _see("/staff/for-yourself")

    async def drop_note(self, request: Request) -> Response:
        """Delete one of this person's own."""
        signed_in, _ = await self._signed_form(request)
        await self.access.drop_note(signed_in.person, request.path_params["id"])
        return _see("/staff/for-yourself")

    # ── the rest ─────────────────────────────────────────────────────────────────────────────────

    async def console_css(self, request: Request) -> Response:
        """Its address changes with its content, so a browser may keep it."""
        cache = {"Cache-Control": "public, max-age=31536000, immutable"}
        return Response(self.style, media_type="text/css", headers=cache)

    async def not_found(self, request: Request, _: Exception) -> Response:
        """The same for what does not exist and what is somebody else's."""
        return self._page(request, "not_found.html", None, 404, reader=await self._somebody(request))

    async def not_from_here(self, request: Request, _: Exception) -> Response:
        """A form without this session's token, or from another site."""
        return self._page(request, "refused.html", None, 403, reader=await self._somebody(request))

    async def not_now(self, request: Request, error: Exception) -> Response:
        """The database does not answer, so nobody is known here."""
        log.error("database away", error=type(error).__name__)
        return self._page(request, "not_now.html", None, 503)

    async def gone(self, request: Request, _: Exception) -> Response:
        """The browser hung up before the form was sent: nobody hears this answer."""
        return Response(status_code=400)

    def _page(
        self,
        request: Request,
        template: str,
        signed_in: SignedIn | None,
        status: int = 200,
        reader: Reader | None = None,
        **values: Any,
    ) -> Response:
        reader = reader or self._reader(request, signed_in)
        text = self.templates.get_template(template).render(
            t=reader.t,
            reader=reader,
            languages=LANGUAGES,
            signed_in=signed_in,
            here=request.url.path if _OUR_PATH.fullmatch(request.url.path) else "/staff",
            style=_style_address(self.style),
            **values,
        )
        return HTMLResponse(_UNSHOWABLE.sub("\ufffd", text), status)

    def _enter_page(self, request: Request, email: str, fault: str) -> Response:
        status = 422 if fault else 200
        return self._page(request, "enter.html", None, status, email=email, fault=fault, at_least=AT_LEAST)

    def _reader(self, request: Request, signed_in: SignedIn | None) -> Reader:
        language = signed_in.person.language if signed_in else ""
        if language not in LANGUAGES:
            language = best_language(request.headers.get("accept-language", ""))
        return Reader(language, self.words, self.script_words)

    async def _somebody(self, request: Request) -> Reader:
        """For pages that say nothing about anyone, but still in her or his language."""
        try:
            signed_in = await self._who(request)
        except StorageError:
            signed_in = None
        return self._reader(request, signed_in)

    async def _who(self, request: Request) -> SignedIn | None:
        return await self.sign_in.who(request.cookies.get(COOKIE, ""), self.now())

    async def _form(self, request: Request) -> Mapping[str, str]:
        if not guard.is_from_here(request, self.public_url):
            raise HTTPException(403)
        return await guard.read_form(request)

    async def _signed_form(self, request: Request) -> tuple[SignedIn, Mapping[str, str]]:
        form = await self._form(request)
        signed_in = await self._who(request)
        if signed_in is None or not guard.is_token(signed_in.csrf, form):
            raise HTTPException(403)
        return signed_in, form

    def _signed_in(self, token: str) -> Response:
        response = _see("/staff")
        # No end date: the browser forgets it when it closes, the server after 12 hours without use.
        response.set_cookie(
            COOKIE,
            token,
            path="/staff",
            httponly=True,
            samesite="lax",
            secure=self.public_url.startswith("https:"),
        )
        return response


def pages(
    access: Access,
    sign_in: SignIn,
    *,
    words: Words,
    script_words: Words,
    public_url: str,
    now: Callable[[], datetime],
    for_staff: Script,
    standings: Callable[[], Sequence[Standing]],
    offered: Collection[str],
) -> Starlette:
    """The pages, ready to serve."""
    templates = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = (HERE / "static" / "console.css").read_bytes()
    return Pages(
        access,
        sign_in,
        words,
        script_words,
        public_url,
        now,
        templates,
        style,
        for_staff,
        standings,
        offered,
    ).app()


def _style_address(style: bytes) -> str:
    return f"/staff/static/console.css?v={sha256(style).hexdigest()[:12]}"


def _see(path: str) -> RedirectResponse:
    return RedirectResponse(path, 303)


def _address(request: Request) -> str:
    """Where a try comes from."""
    return guard.network(request.client.host if request.client else "")
