"""What staff see while the database is away: a page or a JSON object that says so, and no 500."""

import pytest
from starlette.applications import Starlette

from dialogs.script import Script
from storage.database import Database, T, Work
from storage.errors import DatabaseUnreadable
from tests.console.conftest import Browser, Desk, app_over
from tests.fakes.desk import people


class Away(Database):
    """A database that cannot be reached."""

    async def write(self, work: Work[T]) -> T:
        raise DatabaseUnreadable("sqlite:///secret-place", "database is locked")

    async def read(self, work: Work[T]) -> T:
        raise DatabaseUnreadable("sqlite:///secret-place", "database is locked")

    async def close(self) -> None:
        return None


@pytest.fixture
def away(reflection: Script) -> Starlette:
    return app_over(Away(), reflection)


@pytest.fixture
async def browser(away: Starlette, reflection: Script, fresh_database: Database) -> Browser:
    browser = Desk(Away(), await people(fresh_database), away, reflection).browser()
    browser.http.cookies.set("trede_staff", "any", path="/staff")
    return browser


@pytest.mark.parametrize("path", ["/staff", "/staff/sign-in", "/staff/cases/s1", "/staff/enter/code"])
async def test_pages_say_that_cases_cannot_be_reached_at_the_moment(browser: Browser, path: str) -> None:
    page = await browser.get(path)

    assert page.status_code == 503
    assert "Wait a minute, then try again." in page.text
    assert "secret-place" not in page.text
    assert page.headers["cache-control"] == "no-store"


async def test_an_address_that_is_none_is_still_none(browser: Browser) -> None:
    assert (await browser.get("/staff/nothing")).status_code == 404


async def test_forms_say_so_too(browser: Browser) -> None:
    page = await browser.post("/staff/sign-in", {"email": "mara@huis.example", "password": "my secret"})

    assert page.status_code == 503
    assert "secret" not in page.text


async def test_the_api_says_so_in_json(browser: Browser) -> None:
    answer = await browser.get("/api/queue", authorization="Bearer any")

    assert answer.status_code == 503
    assert "Try again" in answer.json()["detail"]
