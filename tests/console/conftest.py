"""The console over a real database, and people who use it without a browser."""

import re
from dataclasses import dataclass

import pytest
from httpx import ASGITransport, AsyncClient, Response
from starlette.applications import Starlette

from casework.packaged import packaged_sources
from casework.person import Person
from console.app import console
from dialogs.library import load
from dialogs.script import Script
from locales.catalogue import READ_BY_STAFF, STAFF_LANGUAGES, read_catalogue
from locales.standing import standings
from storage.database import Database
from storage.sign_in import new_api_token
from storage.staff import new_sign_in_code
from tests.fakes.desk import NOW, Staff, people, quick_passwords

HERE = "http://desk.example"
PASSWORD = "correct horse battery"


@dataclass
class Browser:
    """One browser: it keeps cookies, and follows a redirect only when told to."""

    http: AsyncClient

    async def get(self, path: str, **headers: str) -> Response:
        """A page."""
        return await self.http.get(path, headers=headers)

    async def post(self, path: str, fields: dict[str, str], **headers: str) -> Response:
        """A form, sent as a browser of today does."""
        return await self.http.post(path, data=fields, headers={"sec-fetch-site": "same-origin"} | headers)

    async def submit(self, page: str, path: str, **fields: str) -> Response:
        """A form of `page`, with the token that the page holds."""
        found = re.search(r'name="csrf" value="([^"]+)"', (await self.get(page)).text)
        return await self.post(path, {"csrf": found[1] if found else ""} | fields)


@dataclass
class Desk:
    """The console with its database and people."""

    database: Database
    staff: Staff
    app: Starlette
    script: Script

    def browser(self, address: str = "192.0.2.1") -> Browser:
        """A browser in which nobody is signed in."""
        transport = ASGITransport(app=self.app, client=(address, 50000))
        return Browser(AsyncClient(transport=transport, base_url=HERE))

    async def code(self, person: Person) -> str:
        """A one-time code."""
        return await new_sign_in_code(self.database, person, NOW)

    async def signed_in(self, person: Person) -> Browser:
        """A browser in which that person has just chosen a password."""
        browser = self.browser()
        entered = await browser.post(f"/staff/enter/{await self.code(person)}", {"password": PASSWORD})
        assert entered.status_code == 303
        return browser

    async def api(self, person: Person) -> AsyncClient:
        """A program with that person's token."""
        token = await new_api_token(self.database, person, NOW)
        return AsyncClient(
            transport=ASGITransport(app=self.app),
            base_url=HERE,
            headers={"authorization": f"Bearer {token}"},
        )


def app_over(database: Database, script: Script, public_url: str = HERE) -> Starlette:
    """The console as the web application serves it; it is always the same noon."""
    words = read_catalogue("staff", STAFF_LANGUAGES)
    script_words = read_catalogue("client", READ_BY_STAFF)

    async def script_of(version: str) -> Script | None:
        return script if version == script.version else None

    return Starlette(
        routes=console(
            database,
            public_url=public_url,
            words=words.look_up,
            script_words=script_words.look_up,
            script_of=script_of,
            for_staff=load("before-you-open", packaged_sources()),
            standings=standings,
            offered=("en", "ar"),
            passwords=quick_passwords(),
            now=lambda: NOW,
        )
    )


@pytest.fixture(scope="session")
def reflection() -> Script:
    """The script that comes with Trede."""
    return load("reflection", packaged_sources())


@pytest.fixture
async def desk(fresh_database: Database, reflection: Script) -> Desk:
    """Two organisations and no case yet."""
    staff = await people(fresh_database)
    return Desk(fresh_database, staff, app_over(fresh_database, reflection), reflection)
