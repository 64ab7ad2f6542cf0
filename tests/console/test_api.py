"""The JSON API."""

from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient
from pydantic import TypeAdapter

from casework.summary import Case, Flags, Summary
from tests.console.conftest import HERE, Desk
from tests.fakes.desk import lay_case, long_summary, short_summary


async def _lay_long(desk: Desk) -> None:
    summary = long_summary("s1", desk.script.version)
    await lay_case(desk.database, summary, desk.staff.mara.organisation, desk.staff.mara)


@pytest.mark.parametrize("path", ["/api/queue", "/api/summaries/s1", "/api/summaries/unknown"])
@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer wrong", "Basic bWFyYTp4", "Bearer \x80"])
async def test_without_a_good_token_there_is_no_answer(desk: Desk, path: str, header: str | None) -> None:
    await _lay_long(desk)
    headers = [] if header is None else [(b"authorization", header.encode("latin-1"))]
    transport = ASGITransport(app=desk.app)

    async with AsyncClient(transport=transport, base_url=HERE) as program:
        answer = await program.get(path, headers=headers)

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert "token" in answer.json()["detail"]


async def test_the_queue_is_its_owners_most_pressing_first(desk: Desk) -> None:
    huis = desk.staff.mara.organisation
    await lay_case(desk.database, short_summary("a"), huis)
    await lay_case(desk.database, short_summary("b", flags=Flags(asked_for_help=True)), huis)
    await lay_case(desk.database, short_summary("c"), huis, desk.staff.joris)
    await lay_case(desk.database, short_summary("d"), desk.staff.tess.organisation)

    answer = await (await desk.api(desk.staff.mara)).get("/api/queue")

    read = TypeAdapter(list[Case]).validate_json(answer.content)
    assert [case.summary for case in read] == ["b", "a"]


async def test_a_summary_is_the_one_she_shared_in_the_readers_words(desk: Desk) -> None:
    await _lay_long(desk)
    program = await desk.api(desk.staff.mara)

    dutch = await program.get("/api/summaries/s1?language=nl")
    english = await program.get("/api/summaries/s1")

    in_dutch = TypeAdapter(Summary).validate_json(dutch.content)
    in_english = TypeAdapter(Summary).validate_json(english.content)
    assert in_english.answers[3].chosen == ("My own business", "Helping people")
    assert in_dutch.answers[0].asked != in_english.answers[0].asked
    assert in_dutch.answers[0].verbatim == in_english.answers[0].verbatim == "أريد بيتًا هادئًا وعملًا أحبه"
    assert in_dutch.flags == long_summary("s1").flags


async def test_unknown_and_somebody_elses_are_the_same_404(desk: Desk) -> None:
    await lay_case(desk.database, short_summary("elsewhere"), desk.staff.tess.organisation)
    program = await desk.api(desk.staff.mara)

    answers = [
        await program.get(f"/api/summaries/{id}")
        for id in ("elsewhere", "unknown", "%00", "%F0%9F", "x" * 5000)
    ]

    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1


async def test_an_unknown_language_is_refused_with_what_to_do(desk: Desk) -> None:
    await _lay_long(desk)

    answer = await (await desk.api(desk.staff.mara)).get("/api/summaries/s1?language=%00xx")

    assert answer.status_code == 422
    assert "'en' or 'nl'" in answer.text


async def test_half_a_character_comes_out_as_she_typed_it(desk: Desk) -> None:
    words = "half \ud83d nul \0 turned \u202e"
    await lay_case(desk.database, short_summary("s1", words, words=words), desk.staff.mara.organisation)
    program = await desk.api(desk.staff.mara)

    queue, summary = await program.get("/api/queue"), await program.get("/api/summaries/s1")

    assert queue.json()[0]["client"] == words
    assert summary.json()["answers"][0]["verbatim"] == words


async def test_a_cookie_is_no_token(desk: Desk) -> None:
    browser = await desk.signed_in(desk.staff.mara)

    assert (await browser.get("/api/queue")).status_code == 401


async def test_the_description_fits_what_is_answered(desk: Desk) -> None:
    await _lay_long(desk)
    program = await desk.api(desk.staff.mara)

    described = (await program.get("/api/openapi.json")).json()
    line = (await program.get("/api/queue")).json()[0]
    summary = (await program.get("/api/summaries/s1")).json()

    schemas = described["components"]["schemas"]
    assert set(described["paths"]) == {"/api/queue", "/api/summaries/{id}"}
    for operation in (path["get"] for path in described["paths"].values()):
        assert operation["security"]
        assert operation["responses"]["401"]["headers"]["WWW-Authenticate"]
    assert "404" in described["paths"]["/api/summaries/{id}"]["get"]["responses"]
    _fits(line, schemas["Case"], schemas)
    _fits(summary, schemas["Summary"], schemas)


def _fits(value: Any, schema: dict[str, Any], schemas: dict[str, Any]) -> None:
    """As much of JSON Schema as our own description uses."""
    if "$ref" in schema:
        return _fits(value, schemas[schema["$ref"].rpartition("/")[2]], schemas)
    if "anyOf" in schema:
        fitting = schema["anyOf"][0 if value is not None else -1]
        return _fits(value, fitting, schemas)
    kinds: dict[str, type | tuple[type, ...]] = {
        "object": dict,
        "array": list,
        "string": str,
        "integer": int,
        "boolean": bool,
        "null": type(None),
    }
    assert isinstance(value, kinds[schema["type"]]), schema
    assert "enum" not in schema or value in schema["enum"]
    if isinstance(value, list):
        for item in value:
            _fits(item, schema["items"], schemas)
    if isinstance(value, dict):
        assert set(value) == set(schema["properties"])
        for name, item in value.items():
            _fits(item, schema["properties"][name], schemas)
    return None
