"""What every answer of the console has in common."""

import pytest

from tests.console.conftest import Desk
from tests.fakes.desk import lay_case, short_summary

PATHS = (
    "/staff",
    "/staff/",
    "/staff/sign-in",
    "/staff/enter/wrong",
    "/staff/cases/s1",
    "/staff/cases/s1?print=1",
    "/staff/cases/unknown",
    "/staff/sign-out",
    "/staff/static/console.css",
    "/staff/static/../pages.py",
    "/api/queue",
    "/api/summaries/s1",
    "/api/openapi.json",
    "/api/nothing",
)


@pytest.mark.parametrize("path", PATHS)
async def test_every_answer_has_safe_headers(desk: Desk, path: str) -> None:
    await lay_case(desk.database, short_summary("s1"), desk.staff.mara.organisation)

    for browser in (desk.browser(), await desk.signed_in(desk.staff.mara)):
        answer = await browser.get(path)

        assert answer.status_code < 500
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert "script-src" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-content-type-options"] == "nosniff"
        if not path.endswith(".css"):
            assert answer.headers["cache-control"] == "no-store"


async def test_pages_hold_nothing_that_the_policy_would_block(desk: Desk) -> None:
    await lay_case(desk.database, short_summary("s1"), desk.staff.mara.organisation)
    browser = await desk.signed_in(desk.staff.mara)

    for path in ("/staff", "/staff/cases/s1", "/staff/cases/s1?print=1", "/staff/cases/unknown"):
        page = (await browser.get(path)).text
        for blocked in ("<script", "<style", " style=", " onclick", "http://", "https://", "javascript:"):
            assert blocked not in page


async def test_the_style_has_an_address_of_its_own_content(desk: Desk) -> None:
    page = (await desk.browser().get("/staff/sign-in")).text
    address = page.split('rel="stylesheet" href="')[1].split('"')[0]

    style = await desk.browser().get(address)

    assert style.headers["content-type"].startswith("text/css")
    assert "immutable" in style.headers["cache-control"]


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
async def test_a_method_nobody_uses_is_no_accident(desk: Desk, method: str) -> None:
    for path in ("/staff", "/staff/sign-in", "/staff/cases/s1", "/api/queue"):
        answer = await desk.browser().http.request(method, path)

        assert answer.status_code in (404, 405)
