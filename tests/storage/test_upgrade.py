"""A database of Trede 0.1, with people's words in it, is as good after the upgrade as before."""

import json
import os
from datetime import timedelta
from typing import Any

import pytest
from alembic import command
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, text

from casework.person import EVERYTHING
from dialogs.session import Answer, Place
from storage import facts, outbox
from storage.cases import find
from storage.database import Database, open_database
from storage.errors import WrongKey
from storage.key_proof import prove_key
from storage.migrate import upgrade
from storage.pages import look
from storage.sealed import hashed, use_key
from storage.standing import stored_summary
from storage.steps import config
from storage.stored_session import message_body
from storage.turns import take
from tests.conftest import KEY
from tests.storage.house import NOW, SCRIPT, by_chat, by_code, loaded, ours, says, summary_of
from tests.told import only_one

CODE = "an-old-code-of-twenty-two"
CHAT = "9182736455"
SAID = ("My hopes", "What do you hope for?", "Tell me more")


def _old(value: Any, about: str) -> bytes:
    """As 0.1 sealed: one key for all, bound to the column only."""
    nonce = os.urandom(12)
    return b"\x01" + nonce + AESGCM(KEY).encrypt(nonce, json.dumps(value).encode(), about.encode())


def _rows() -> dict[str, dict[str, Any]]:
    """One row a table; `_more` has the rest."""
    message = json.loads(message_body(ours("Welcome")))
    return {
        "meta": {"name": "key", "body": _old("this key fits", "meta.body")},
        "organisations": {"id": "huis", "name": "Huis", "created": NOW},
        "scripts": {"version": SCRIPT, "name": "reflection", "source": "{}", "created": NOW},
        "clients": {
            "id": "amina",
            "organisation": "huis",
            "name": _old("Amina", "clients.name"),
            "language": "ar",
            "created": NOW,
        },
        "invites": {
            "code_hash": hashed(CODE),
            "client": "amina",
            "code": _old(CODE, "invites.code"),
            "expires": NOW + timedelta(days=9),
            "created": NOW,
        },
        "chats": {
            "id": "chat-1",
            "client": "amina",
            "channel": "telegram",
            "address_hash": hashed(f"telegram:{CHAT}"),
            "address": _old(CHAT, "chats.address"),
            "created": NOW,
        },
        "sessions": {
            "id": "s1",
            "client": "amina",
            "script": SCRIPT,
            "version": 2,
            "language": "ar",
            "mode": "talking",
            "state": _old({"seed": 7, "visit": 2, "token": "t1"}, "sessions.state"),
            "answers": 2,
            "messages": 4,
            "created": NOW,
            "updated": NOW,
        },
        "answers": {
            "session": "s1",
            "n": 1,
            "question": "name",
            "round": 1,
            "state": "answered",
            "body": _old({"words": "Amina", "value": ["Amina"]}, "answers.body"),
            "language": "ar",
            "channel": "web",
            "at": NOW,
        },
        "messages": {"session": "s1", "n": 1, "visit": 1, "body": _old(message, "messages.body"), "at": NOW},
        "outbox": {
            "id": 5,
            "chat": "chat-1",
            "channel": "telegram",
            "address": _old(CHAT, "outbox.address"),
            "body": _old(message, "outbox.body"),
            "due": NOW,
            "order_key": hashed(f"telegram:{CHAT}"),
        },
        "quarantine": {
            "channel": "telegram",
            "event": "9",
            "tries": 3,
            "body": _old("her words", "quarantine.body"),
            "error": "KeyError",
            "at": NOW,
        },
        "summaries": {
            "id": "summary-1",
            "session": "s1",
            "organisation": "huis",
            "client": "amina",
            "body": _old(stored_summary.dump_python(summary_of("to learn"), mode="json"), "summaries.body"),
            "state": "new",
            "asked_for_help": False,
            "wants_call": False,
            "language": "ar",
            "created": NOW,
            "changed": NOW,
        },
    }


def _more() -> list[tuple[str, dict[str, Any]]]:
    """A later answer to the same question, and more messages than turns, the newest in a second visit."""
    words = _old({"words": "أمينة", "value": ["أمينة"]}, "answers.body")
    said = [json.loads(message_body(ours(words))) for words in SAID]
    return [
        ("answers", _rows()["answers"] | {"n": 2, "body": words}),
        *(
            ("messages", _rows()["messages"] | {"n": n, "visit": visit, "body": _old(each, "messages.body")})
            for n, visit, each in zip((2, 3, 4), (1, 2, 2), said, strict=True)
        ),
    ]


def _fill(connection: Connection) -> None:
    settings = config()
    settings.attributes["connection"] = connection
    command.upgrade(settings, "0001")
    for table, row in [*_rows().items(), *_more()]:
        names, marks = ", ".join(row), ", ".join(f":{name}" for name in row)
        connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({marks})"), row)


@pytest.fixture
async def old_url(empty_url: str) -> str:
    """The address of a database as 0.1 left it."""
    database = open_database(empty_url)
    await database.write(_fill)
    await database.close()
    return empty_url


async def test_everything_opens_and_the_conversation_goes_on(old_url: str) -> None:
    upgrade(old_url)

    database = open_database(old_url)
    await prove_key(database)
    transcript = await look(database, CODE, NOW)
    assert transcript is not None
    newest = ((3, ours(SAID[1])), (4, ours(SAID[2])))
    assert (transcript.caller.name, transcript.messages) == ("Amina", newest), "of her second visit"
    (parcel,) = await outbox.take_due(database, "telegram", NOW, 5, timedelta(minutes=1))
    assert (parcel.address, parcel.message) == (CHAT, ours("Welcome"))
    case = await find(database, EVERYTHING, "summary-1", NOW)
    assert case is not None
    assert case.summary.answers[0].verbatim == "to learn"
    assert (await take(database, by_chat(CHAT, "10"), says("to sew", question="hope"))).status == "done"
    now = await loaded(database, by_code(CODE, "11"))
    assert now.session is not None
    answers = now.session.answers
    assert answers[Place("name")] == Answer("answered", "أمينة", ("أمينة",), "ar", NOW, "web")
    assert answers[Place("hope")].words == "to sew"
    transcript = await look(database, CODE, NOW)
    assert transcript is not None
    assert [n for n, _ in transcript.messages] == [3, 4, 5, 6]
    told = await only_one(database)
    assert [answer.words for _, answer in told.answers] == ["Amina", "أمينة", "to sew"]
    assert [message for _, message in told.messages[:4]] == [ours("Welcome"), *map(ours, SAID)]
    assert now.session.seed == 7
    await database.close()


async def test_nothing_is_left_that_the_one_key_alone_opens(old_url: str) -> None:
    upgrade(old_url)

    database = open_database(old_url)
    for table, column in (
        ("clients", "name"),
        ("turns", "answers"),
        ("outbox", "body"),
        ("quarantine", "body"),
    ):
        stored = await _first(database, f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL")
        assert stored[:1] == b"\x02", table
    await database.close()


async def _first(database: Database, query: str) -> bytes:
    return bytes(await database.read(lambda connection: connection.execute(text(query)).scalar_one()))


async def test_with_another_key_nothing_is_touched(old_url: str) -> None:
    use_key(bytes(32))

    with pytest.raises(WrongKey):
        upgrade(old_url)

    use_key(KEY)
    upgrade(old_url)
    database = open_database(old_url)
    assert await facts.noted(database, "nothing") is None
    await prove_key(database)
    await database.close()
