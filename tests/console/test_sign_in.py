"""Signing in to the console, and out of it."""

from datetime import timedelta

import pytest

from storage.database import Database
from storage.staff import new_sign_in_code
from tests.console.conftest import HERE, PASSWORD, Desk, app_over
from tests.fakes.desk import NOW

WRONG = {"email": "mara@huis.example", "password": "not her password"}
RIGHT = {"email": "mara@huis.example", "password": PASSWORD}


async def test_a_stranger_is_sent_to_sign_in(desk: Desk) -> None:
    for path in ("/staff", "/staff/cases/some-case"):
        sent = await desk.browser().get(path)

        assert sent.status_code == 303
        assert sent.headers["location"] == "/staff/sign-in"


async def test_a_one_time_link_asks_for_a_password_and_looking_does_not_use_it_up(desk: Desk) -> None:
    link = f"/staff/enter/{await desk.code(desk.staff.mara)}"
    browser = desk.browser()

    for _ in range(3):
        page = await browser.get(link)
        assert page.status_code == 200
        assert "Choose a password" in page.text
        assert "mara@huis.example" in page.text
    entered = await browser.post(link, {"password": PASSWORD, "again": PASSWORD})

    assert entered.status_code == 303
    assert (await browser.get("/staff")).status_code == 200


async def test_a_one_time_link_works_once(desk: Desk) -> None:
    link = f"/staff/enter/{await desk.code(desk.staff.mara)}"
    await desk.browser().post(link, {"password": PASSWORD})

    again = await desk.browser().post(link, {"password": "another long password"})

    assert again.status_code == 404
    assert (await desk.browser().get(link)).status_code == 404
    assert (await desk.browser().post("/staff/sign-in", RIGHT)).status_code == 303


async def test_a_link_that_is_used_up_too_old_or_wrong_gets_the_same_page(desk: Desk) -> None:
    used = await desk.code(desk.staff.mara)
    await desk.browser().post(f"/staff/enter/{used}", {"password": PASSWORD})
    old = await new_sign_in_code(desk.database, desk.staff.joris, NOW - timedelta(days=8))

    pages = [
        await desk.browser().get(f"/staff/enter/{code}") for code in (used, old, "wrong", "%00", "%ED%A0%80")
    ]

    assert {page.status_code for page in pages} == {404}
    assert len({page.content for page in pages}) == 1


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"password": "eleven char"}, "12 characters or more"),
        ({"password": ""}, "12 characters or more"),
        ({"password": "x" * 1001}, "at most 1000"),
        ({}, "12 characters or more"),
        ({"password": PASSWORD, "again": "something else"}, "not the same"),
    ],
)
async def test_an_unusable_password_is_told_plainly_and_the_link_stays_good(
    desk: Desk, fields: dict[str, str], told: str
) -> None:
    link = f"/staff/enter/{await desk.code(desk.staff.mara)}"
    browser = desk.browser()

    page = await browser.post(link, fields)

    assert page.status_code == 422
    assert told in page.text
    assert PASSWORD not in page.text
    assert (await browser.post(link, {"password": PASSWORD})).status_code == 303


async def test_email_and_password_sign_in(desk: Desk) -> None:
    await desk.signed_in(desk.staff.mara)
    browser = desk.browser()

    signed_in = await browser.post("/staff/sign-in", {"email": " MARA@huis.example", "password": PASSWORD})

    assert signed_in.headers["location"] == "/staff"
    assert "Mara" in (await browser.get("/staff")).text
    assert (await browser.get("/staff/sign-in")).status_code == 303


async def test_a_wrong_password_an_unknown_account_and_one_without_a_password_look_the_same(
    desk: Desk,
) -> None:
    await desk.signed_in(desk.staff.mara)

    pages = [
        await desk.browser(f"192.0.2.{n}").post("/staff/sign-in", {"email": "", "password": "x"} | fields)
        for n, fields in enumerate(
            (
                {"email": "mara@huis.example"},
                {"email": "joris@huis.example"},
                {"email": "nobody@huis.example"},
            )
        )
    ]

    assert {page.status_code for page in pages} == {401}
    without_email = {page.text.split("value=")[0] + page.text.split("autocomplete")[1] for page in pages}
    assert len(without_email) == 1
    assert 'role="alert"' in pages[0].text


async def test_the_sixth_try_in_a_minute_is_refused_even_with_the_right_password(desk: Desk) -> None:
    await desk.signed_in(desk.staff.mara)

    tried = [await desk.browser(f"192.0.2.{n}").post("/staff/sign-in", WRONG) for n in range(5)]
    sixth = await desk.browser("192.0.2.77").post("/staff/sign-in", RIGHT)

    assert [page.status_code for page in tried] == [401] * 5
    assert sixth.status_code == 429
    assert sixth.headers["retry-after"] == "60"
    assert "Wait a minute" in sixth.text


async def test_the_limit_holds_for_an_address_that_tries_many_accounts(desk: Desk) -> None:
    for n in range(5):
        await desk.browser().post("/staff/sign-in", {"email": f"a{n}@huis.example", "password": "x"})

    sixth = await desk.browser().post("/staff/sign-in", {"email": "b@huis.example", "password": "x"})

    assert sixth.status_code == 429


async def test_the_limit_holds_over_two_processes(desk: Desk) -> None:
    other = Desk(desk.database, desk.staff, app_over(desk.database, desk.script), desk.script)

    for n in range(5):
        await (desk, other)[n % 2].browser().post("/staff/sign-in", WRONG)

    assert (await other.browser().post("/staff/sign-in", WRONG)).status_code == 429


async def test_an_office_can_sign_in_together(desk: Desk) -> None:
    await desk.signed_in(desk.staff.mara)

    signed_in = [await desk.browser().post("/staff/sign-in", RIGHT) for _ in range(8)]

    assert {page.status_code for page in signed_in} == {303}


async def test_signing_out_ends_the_session_on_the_server_too(desk: Desk) -> None:
    browser = await desk.signed_in(desk.staff.mara)
    kept = dict(browser.http.cookies)

    out = await browser.submit("/staff", "/staff/sign-out")

    assert out.headers["location"] == "/staff/sign-in"
    thief = desk.browser()
    thief.http.cookies.update(kept)
    assert (await thief.get("/staff")).status_code == 303


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(desk: Desk) -> None:
    link = f"/staff/enter/{await desk.code(desk.staff.mara)}"

    cookie = (await desk.browser().post(link, {"password": PASSWORD})).headers["set-cookie"]

    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/staff" in cookie
    assert "Secure" not in cookie


async def test_over_https_the_cookie_goes_over_https_only(desk: Desk, fresh_database: Database) -> None:
    app = app_over(fresh_database, desk.script, "https://desk.example")
    secure = Desk(fresh_database, desk.staff, app, desk.script)
    link = f"/staff/enter/{await secure.code(secure.staff.mara)}"

    cookie = (await secure.browser().post(link, {"password": PASSWORD})).headers["set-cookie"]

    assert "Secure" in cookie


# ── forms from elsewhere ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "cross-site", "origin": HERE},
    ],
)
async def test_a_form_from_another_site_is_refused(desk: Desk, headers: dict[str, str]) -> None:
    await desk.signed_in(desk.staff.mara)

    refused = await desk.browser().post("/staff/sign-in", RIGHT, **headers)

    assert refused.status_code == 403
    assert "set-cookie" not in refused.headers


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (HERE, 303),
        ("null", 303),
        ("http://evil.example", 403),
        ("http://desk.example.evil.example", 403),
        ("http://[", 403),
    ],
)
async def test_an_older_browser_tells_only_the_origin(desk: Desk, origin: str, status: int) -> None:
    await desk.signed_in(desk.staff.mara)

    answer = await desk.browser().http.post("/staff/sign-in", data=RIGHT, headers={"origin": origin})

    assert answer.status_code == status


@pytest.mark.parametrize("path", ["/staff/sign-out", "/staff/language", "/staff/cases/s1/state"])
@pytest.mark.parametrize("token", ["", "wrong", "é", None])
async def test_a_form_without_this_sessions_token_is_refused(
    desk: Desk, path: str, token: str | None
) -> None:
    browser = await desk.signed_in(desk.staff.mara)
    fields = {"language": "nl", "state": "seen"} | ({} if token is None else {"csrf": token})

    refused = await browser.post(path, fields)

    assert refused.status_code == 403
    assert "Nothing was changed" in refused.text
    assert 'lang="en"' in (await browser.get("/staff")).text


async def test_the_token_of_another_session_is_refused(desk: Desk) -> None:
    mara, joris = await desk.signed_in(desk.staff.mara), await desk.signed_in(desk.staff.joris)
    page = (await joris.get("/staff")).text
    token = page.split('name="csrf" value="')[1].split('"')[0]

    refused = await mara.post("/staff/language", {"csrf": token, "language": "nl"})

    assert refused.status_code == 403


# ── odd input ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"email=%00&password=%00", "application/x-www-form-urlencoded"),
        (b"email=%ED%A0%80&password=%ff%fe", "application/x-www-form-urlencoded"),
        (b"\xff\xfe\x00", "application/x-www-form-urlencoded"),
        (b"&" * 60_000, "application/x-www-form-urlencoded"),
        (b"a=1&" * 15_000, "application/x-www-form-urlencoded"),
        (b"{}", "application/json"),
        (b"--x\r\n\r\n", "multipart/form-data; boundary=x"),
        (b"", ""),
    ],
)
async def test_odd_forms_are_a_failed_sign_in(desk: Desk, body: bytes, kind: str) -> None:
    answer = await desk.browser().http.post("/staff/sign-in", content=body, headers={"content-type": kind})

    assert answer.status_code == 401


async def test_a_form_over_64_kilobytes_is_refused(desk: Desk) -> None:
    answer = await desk.browser().post("/staff/sign-in", {"email": "x" * 70_000, "password": "y"})

    assert answer.status_code == 413
    assert answer.headers["cache-control"] == "no-store"


async def test_an_ipv6_network_is_one_address_since_everybody_has_a_whole_one(desk: Desk) -> None:
    for n in range(5):
        fields = {"email": f"a{n}@huis.example", "password": "x"}
        await desk.browser(f"2001:db8::{n}").post("/staff/sign-in", fields)

    async def status_from(address: str) -> int:
        return (await desk.browser(address).post("/staff/sign-in", {"email": "b@c.example"})).status_code

    assert await status_from("2001:db8::ffff:1") == 429
    assert await status_from("2001:db8:0:1::1") == 401
    assert await status_from("::ffff:192.0.2.9") == 401
