"""The least Python that does the walk: json.loads, dictionaries, gettext, json.dumps. For the limits."""

import json
from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

from bench.bot_api import Answer
from bench.row import Place, Row
from bench.walk import QUESTIONS, following
from bench.words import peers_words

Words = Mapping[str, Callable[[str], str]]


class Session(NamedTuple):
    """Where somebody stands: `answers` given, `turns` of the question that is put again."""

    at: str = "new"
    language: str = "en"
    answers: int = 0
    turns: int = 0


Given = tuple[str, str]
"""A question's key, and what was answered."""


class Heard(NamedTuple):
    """An update: a tap with the id of its query, or words."""

    event: int
    chat: int
    query: str | None
    said: str


class Store(Protocol):
    """Keeps sessions and answers."""

    async def load(self, chat: int) -> Session | None:
        """The session, if there is one."""

    async def save(self, chat: int, session: Session, given: Given | None) -> None:
        """Durable when it returns. Without `given` she begins anew."""


def read(update: bytes) -> Heard:
    """What an update says."""
    body = json.loads(update)
    if query := body.get("callback_query"):
        return Heard(body["update_id"], query["from"]["id"], query["id"], query["data"])
    return Heard(body["update_id"], body["message"]["from"]["id"], None, body["message"]["text"])


def advance(session: Session, heard: Heard) -> tuple[Session, Given | None]:
    """The session after an update, and the answer that was given."""
    if heard.query is None and heard.said == "/start":
        return Session("lang"), None
    key, _, option = heard.said.partition(":") if heard.query else (session.at, "", "")
    if key != session.at:
        raise ValueError("a button of an old question")
    value = QUESTIONS[key].options[int(option)] if option else heard.said
    language = value if key == "lang" else session.language
    at, turns = following(key, int(option) if option else None, session.turns)
    return Session(at, language, session.answers + 1, turns), (key, value)


def write(words: Words, session: Session) -> tuple[str, str | None]:
    """The question's text, and its keyboard as JSON."""
    look_up, question = words[session.language], QUESTIONS[session.at]
    keyboard = [
        [
            {
                "text": option if session.at == "lang" else look_up(option),
                "callback_data": f"{session.at}:{index}",
            }
        ]
        for index, option in enumerate(question.options)
    ]
    return look_up(question.text), json.dumps({"inline_keyboard": keyboard}) if keyboard else None


def send(answer: Answer, heard: Heard, text: str, markup: str | None) -> None:
    """Both calls that follow an update."""
    if heard.query is not None:
        json.dumps({"callback_query_id": heard.query})
        answer("answerCallbackQuery", heard.chat, None, None)
    json.dumps({"chat_id": heard.chat, "text": text, "reply_markup": markup})
    answer("sendMessage", heard.chat, text, markup)


class BareRow(Row):
    """Any store, with the sessions in memory beside it. No framework, no engine."""

    def __init__(self, place: Place, store: Store) -> None:
        self._answer = place.answer
        self._words = peers_words(place.folder / "words")
        self._store = store
        self._sessions: dict[int, Session] = {}

    async def handle(self, update: bytes) -> None:
        """Read, advance, save, send."""
        heard = read(update)
        session = self._sessions.get(heard.chat) or await self._store.load(heard.chat) or Session()
        session, given = advance(session, heard)
        await self._store.save(heard.chat, session, given)
        self._sessions[heard.chat] = session
        send(self._answer, heard, *write(self._words, session))
