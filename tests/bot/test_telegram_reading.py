"""Telegram's updates become what she did, and each library reads them alike."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.telegram_library import Heard, TelegramLibrary
from bot.channels.telegram_reading import read_body, without_ours
from bot.telegram_choice import telegram_library
from dialogs.said import Command, Said, Tap, Text, Unreadable
from tests.fakes.telegram_libraries import LIBRARIES
from tests.fakes.telegram_server import TOKEN

AMINA = {"id": 1001, "is_bot": False, "first_name": "Amina", "language_code": "ar"}
CHAT = {"id": 1001, "type": "private"}
SENT = 1_800_000_000


@dataclass(frozen=True)
class Reader:
    """What updates say, as one library reads them."""

    library: TelegramLibrary

    def update(self, kind: str, body: Any) -> Heard | None:
        """An update of that kind, on its way through JSON."""
        update = read_body(json.dumps({"update_id": 7, kind: body}).encode())
        assert update is not None
        return self.library.read(without_ours(update))

    def message(self, **content: Any) -> Heard | None:
        """Hers, with more or other content."""
        return self.update("message", a_message(**content))

    def tap(self, data: str | None, **more: Any) -> Heard | None:
        """On a button that carries that data."""
        return self.update("callback_query", a_tap(data, **more))


def a_message(**content: Any) -> dict[str, Any]:
    return {"message_id": 1, "date": SENT, "chat": CHAT, "from": AMINA, **content}


def a_tap(data: str | None, **more: Any) -> dict[str, Any]:
    return {"id": "5", "from": AMINA, "chat_instance": "1", "data": data, **more}


@pytest.fixture(scope="session")
def readers() -> tuple[Reader, ...]:
    """One for each library."""
    return tuple(Reader(telegram_library(name, TOKEN)) for name in LIBRARIES)


@pytest.fixture(params=LIBRARIES)
def reads(request: pytest.FixtureRequest, readers: tuple[Reader, ...]) -> Reader:
    """One after the other."""
    return readers[LIBRARIES.index(request.param)]


def said(found: Heard | None) -> Said:
    assert found is not None
    return found.said


def test_a_text_is_her_words_with_the_second_she_sent_them(reads: Reader) -> None:
    sent_at = datetime.fromtimestamp(SENT, UTC)

    assert reads.message(text=" I like <b>bread</b>\u200c ") == Heard(
        1001, "ar", Text(" I like <b>bread</b>\u200c ", sent_at=sent_at)
    )


def test_start_brings_the_invites_code(reads: Reader) -> None:
    assert reads.message(text="/start AbC_-9") == Heard(1001, "ar", Command("start"), code="AbC_-9")


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("/start", "start"),
        ("/skip", "skip"),
        ("/BACK", "back"),
        ("/pause@trede_bot", "pause"),
        ("/language please", "language"),
        ("/person", "person"),
        ("/leave", "leave"),
        ("/menu", "menu"),
        ("/help", "menu"),
        ("/delete", "delete"),
        ("/again", "again"),
    ],
)
def test_a_command_is_what_she_asks_for(reads: Reader, typed: str, name: Any) -> None:
    assert reads.message(text=typed) == Heard(1001, "ar", Command(name), code=None)


@pytest.mark.parametrize("typed", ["/", "/nonsense", "/ skip", "skip", "12/03", ""])
def test_what_is_no_command_is_text(reads: Reader, typed: str) -> None:
    words = said(reads.message(text=typed))

    assert isinstance(words, Text)
    assert words.words == typed


@pytest.mark.parametrize(
    ("data", "meant"),
    [
        ("tok:3", Tap("tok", "3")),
        ("tok:1,4", Tap("tok", "1,4")),
        ("tok:a:b", Tap("tok", "a:b")),
        (":again", Tap("", "again")),
        ("nonsense", Tap("", "")),
        ("", Tap("", "")),
        (None, Tap("", "")),
    ],
)
def test_a_tap_is_its_questions_token_and_a_value(reads: Reader, data: str | None, meant: Tap) -> None:
    assert reads.tap(data) == Heard(1001, "ar", meant, tap="5")


def test_a_tap_under_a_message_too_old_to_be_seen_still_counts(reads: Reader) -> None:
    old = {"message_id": 1, "date": 0, "chat": CHAT}

    assert said(reads.tap("tok:3", message=old)) == Tap("tok", "3")


def test_a_tap_counts_whatever_the_message_above_it_holds(reads: Reader) -> None:
    ours = a_message(text={"new": "here"}, reply_markup=[5], entities="none")

    assert said(reads.tap("tok:3", message=ours)) == Tap("tok", "3")


def test_whoever_has_no_language_has_an_empty_one(reads: Reader) -> None:
    nobody = {"id": 1001, "is_bot": False, "first_name": "x"}

    for found in (reads.message(text="x", **{"from": nobody}), reads.tap("a:1", **{"from": nobody})):
        assert found is not None
        assert found.language == ""


FILE = {"file_id": "1", "file_unique_id": "1"}
SIZE = {"width": 1, "height": 1}


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("photo", [{**FILE, **SIZE}]),
        ("audio", {**FILE, "duration": 1}),
        ("video", {**FILE, **SIZE, "duration": 1}),
        ("video_note", {**FILE, "length": 1, "duration": 1}),
        ("animation", {**FILE, **SIZE, "duration": 1}),
        ("sticker", {**FILE, **SIZE, "is_animated": False, "is_video": False, "type": "regular"}),
        ("document", FILE),
        ("location", {"latitude": 1.0, "longitude": 1.0}),
        ("contact", {"phone_number": "1", "first_name": "x"}),
        ("dice", {"emoji": "🎲", "value": 3}),
        ("story", {"id": 1, "chat": CHAT}),
    ],
)
def test_what_is_not_text_is_unreadable(reads: Reader, kind: str, content: Any) -> None:
    around = {"caption": "words", "effect_id": "1", "sender_boost_count": 1}

    assert said(reads.message(**{kind: content}, **around)) == Unreadable(kind)


def test_something_telegram_invents_later_is_unreadable(reads: Reader) -> None:
    assert said(reads.message(hologram={"depth": 3}, effect_id="1")) == Unreadable("unknown")


NOTES: dict[str, Any] = {
    "pinned_message": {"message_id": 1, "date": 0, "chat": CHAT},
    "message_auto_delete_timer_changed": {"message_auto_delete_time": 60},
    "write_access_allowed": {},
    "chat_background_set": {"type": {"type": "chat_theme", "theme_name": "x"}},
    "users_shared": {"request_id": 1, "users": []},
}


@pytest.mark.parametrize("note", NOTES)
def test_a_note_of_telegrams_own_is_let_pass(reads: Reader, note: str) -> None:
    assert reads.message(**{note: NOTES[note]}) is None


GROUP = {"id": -5, "type": "group", "title": "g"}


@pytest.mark.parametrize(
    "found",
    [
        lambda reads: reads.message(text="x", chat=GROUP),
        lambda reads: reads.tap("tok:1", message=a_message(text="x", chat=GROUP)),
        lambda reads: reads.update("edited_message", a_message(text="x")),
        lambda reads: reads.update("channel_post", a_message(text="x", chat={"id": -7, "type": "channel"})),
        lambda reads: reads.update("something_new", {"id": 1}),
    ],
)
def test_what_is_not_said_to_us_in_private_is_let_pass(
    reads: Reader, found: Callable[[Reader], Heard | None]
) -> None:
    assert found(reads) is None


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("message", "text"),
        ("message", [1]),
        ("message", {}),
        ("message", a_message(text=5)),
        ("message", a_message(text="x", chat=5)),
        ("message", a_message(text="x", chat={"id": "me", "type": "private"})),
        ("message", a_message(text="x", date="noon")),
        ("message", a_message(text="x", **{"from": {**AMINA, "language_code": 5}})),
        ("callback_query", {"data": "tok:1"}),
        ("callback_query", a_tap("tok:1", id=None)),
        ("callback_query", a_tap("tok:1", **{"from": {"id": [1]}})),
        ("callback_query", {**a_tap(""), "data": {"a": 1}}),
    ],
)
def test_an_update_that_cannot_be_read_is_let_pass(reads: Reader, kind: str, body: Any) -> None:
    assert reads.update(kind, body) is None


def test_a_lone_surrogate_becomes_a_replacement_mark(reads: Reader) -> None:
    words = said(reads.message(text="half \ud83d of it, 😀 whole"))

    assert isinstance(words, Text)
    assert words.words == "half \ufffd of it, 😀 whole"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no json",
        b"\xff\xfe",
        b"[1]",
        b"null",
        b'{"update_id": "x"}',
        b'{"update_id": true}',
        b"[" * 100_000,
        b"1" * 10_000,
        b'{"a":' * 900 + rb'"\ud83d"' + b"}" * 900,
    ],
)
def test_what_is_no_update_is_none(body: bytes) -> None:
    assert read_body(body) is None


@given(st.text(alphabet=st.characters(), max_size=300))
def test_whatever_she_types_is_read_alike(readers: tuple[Reader, ...], typed: str) -> None:
    first, *others = (reader.message(text=typed) for reader in readers)

    assert isinstance(said(first), Text | Command)
    assert others == [first] * len(others)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from([a_message(text="x"), a_message(sticker=FILE), a_tap("tok:1")]), st.data())
def test_whatever_stands_in_an_update_nothing_is_raised(
    readers: tuple[Reader, ...], body: dict[str, Any], data: st.DataObject
) -> None:
    odd = {**body, data.draw(st.sampled_from(sorted(body))): data.draw(JSON)}
    kind = "callback_query" if "data" in body else "message"

    for reader in readers:
        found = reader.update(kind, odd)

        assert found is None or (type(found.person), type(found.language)) == (int, str)
        assert found is None or isinstance(found.tap, str | None)
