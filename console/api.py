"""The JSON API under /api: the queue and a summary, for a bearer token, in what its owner may see."""

from collections.abc import Callable
from datetime import datetime
from json import dumps
from typing import Annotated, Any, Literal

import structlog
from fastapi import Depends, FastAPI, HTTPException, Query, Request, Response
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, TypeAdapter

from casework.person import Person
from casework.reading import for_reader
from casework.summary import Case, Summary
from console.access import Access
from console.reader import Reader, Words
from console.sign_in import SignIn
from storage.errors import StorageError

log = structlog.get_logger(__name__)

ABOUT = "What case managers see in the console, for other programs. Times are in UTC."

_queue = TypeAdapter(list[Case])
_summary = TypeAdapter(Summary)
_bearer = HTTPBearer(auto_error=False, description="An API token. It sees what its owner sees.")


class Problem(BaseModel):
    """Why there is no answer."""

    detail: str


_NO_TOKEN: dict[int | str, dict[str, Any]] = {
    401: {
        "model": Problem,
        "description": "No token, or one that is not good.",
        "headers": {"WWW-Authenticate": {"schema": {"type": "string"}, "description": "Bearer"}},
    }
}
_TOO_FAST: dict[int | str, dict[str, Any]] = {
    429: {
        "model": Problem,
        "description": "Too many requests from one address.",
        "headers": {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds to wait."}},
    }
}
_NO_CASE: dict[int | str, dict[str, Any]] = {
    404: {"model": Problem, "description": "No such summary, or not one that the token's owner may see."}
}


def api(
    access: Access, sign_in: SignIn, *, script_words: Words, public_url: str, now: Callable[[], datetime]
) -> FastAPI:
    """An application that knows its addresses by their whole path. Its description: /api/openapi.json."""
    app = FastAPI(
        title="Trede",
        version="1",
        description=ABOUT,
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        servers=[{"url": public_url}],
        redirect_slashes=False,
        exception_handlers={StorageError: _not_now},
    )

    async def owner(
        token: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    ) -> Person:
        person = await sign_in.bearer(token.credentials) if token else None
        if person is None:
            raise HTTPException(
                401, "Send a good token: Authorization: Bearer …", {"WWW-Authenticate": "Bearer"}
            )
        return person

    @app.get("/api/queue", response_model=list[Case], responses=_NO_TOKEN | _TOO_FAST, summary="The queue")
    async def queue(person: Annotated[Person, Depends(owner)]) -> Response:
        """Asked for help first, then wants a call, then the oldest; those that are done last."""
        return _json(_queue.dump_python(await access.queue(person, now()), mode="json"))

    @app.get(
        "/api/summaries/{id}",
        response_model=Summary,
        responses=_NO_TOKEN | _TOO_FAST | _NO_CASE,
        summary="One summary",
    )
    async def summary(
        id: str,
        person: Annotated[Person, Depends(owner)],
        language: Annotated[
            Literal["en", "nl"] | None,
            Query(
                description="Of questions, choices and titles; without it, the one the token's owner reads."
            ),
        ] = None,
    ) -> Response:
        """What she shared, her words as she wrote them."""
        file = await access.case_file(person, id, now())
        if file is None:
            raise HTTPException(404)
        script = await access.script(file)
        reader = Reader(language or person.language, script_words, script_words).of(script)
        read = for_reader(file.summary, script, reader.look_up)
        return _json(_summary.dump_python(read, mode="json"))

    return app


async def _not_now(_: Request, error: Exception) -> Response:
    log.error("database away", error=type(error).__name__)
    return JSONResponse({"detail": "The database does not answer. Try again in a minute."}, 503)


def _json(value: Any) -> Response:
    # Escaped to ASCII: half a character, which UTF-8 cannot hold, still comes out as she typed it.
    return Response(dumps(value, ensure_ascii=True), media_type="application/json")
