"""Puts the console together: the pages at /staff and the JSON API at /api."""

from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime

from starlette.routing import BaseRoute, Route

from console.access import Access, ScriptOf
from console.api import api
from console.guard import SafeHeaders
from console.pages import pages
from console.passwords import Passwords
from console.reader import Words
from console.sign_in import SignIn
from dialogs.script import Script
from locales.standing import Standing
from storage.database import Database


def console(
    database: Database,
    *,
    public_url: str,
    words: Words,
    script_words: Words,
    script_of: ScriptOf,
    for_staff: Script,
    standings: Callable[[], Sequence[Standing]],
    offered: Collection[str],
    passwords: Passwords | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> list[BaseRoute]:
    """Routes for the web application: `app.router.routes.extend(console(...))`.

    `words(language, context, text)` finds the words of staff, `script_words` those of the scripts.
    `script_of(version)` is the compiled script of a version, or None. `public_url` is where browsers find us.
    `for_staff`: the questions to oneself. `standings()`: how each translation stands. `offered`: the codes of
    the languages that clients can choose.
    """
    access = Access(database, script_of)
    sign_in = SignIn(database, passwords or Passwords())
    staff_pages = SafeHeaders(
        pages(
            access,
            sign_in,
            words=words,
            script_words=script_words,
            public_url=public_url,
            now=now,
            for_staff=for_staff,
            standings=standings,
            offered=offered,
        )
    )
    json_api = SafeHeaders(api(access, sign_in, script_words=script_words, public_url=public_url, now=now))
    # Not mounts: both know their addresses by the whole path, and "/staff" itself must answer.
    return [
        Route("/staff", staff_pages),
        Route("/staff/{rest:path}", staff_pages),
        Route("/api/{rest:path}", json_api),
    ]
