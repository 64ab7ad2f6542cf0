"""Our engine alone: a turn with its words, the session in memory, nothing stored."""

import secrets
from dataclasses import replace

from bench.bot_api import Answer
from bench.row import Place, Row
from bench.rows.bare import Heard, read, send
from bench.rows.house import OFFERED, compiled_walk, now
from bench.rows.keyboard import keyboard, said_by
from bench.words import our_words
from bot.words import write, write_message
from dialogs.engine import Here, reply
from dialogs.session import Session
from locales.catalogue import Catalogue


class _EngineRow(Row):
    def __init__(self, answer: Answer, words: Catalogue) -> None:
        self._answer = answer
        self._words = words
        self._moves = compiled_walk()
        self._sessions: dict[int, Session] = {}

    async def handle(self, update: bytes) -> None:
        heard = read(update)
        session = self._sessions.get(heard.chat) or self._new(heard)
        turn = reply(self._moves, session, said_by(heard), self._here(session))
        self._sessions[heard.chat] = turn.session
        for say in turn.says:
            message = write_message(self._words, turn.session.language, say)
            send(self._answer, heard, "\n\n".join(message.paragraphs), keyboard(message))

    def _new(self, heard: Heard) -> Session:
        session = Session(id=str(heard.chat), script=self._moves.script.version, language="en")
        return replace(session, facts={"name": "Amina"})

    def _here(self, session: Session) -> Here:
        return Here(
            now=now(),
            token=secrets.token_urlsafe(6),
            translate=lambda phrase: write(self._words, session.language, phrase),
            languages=OFFERED,
            channel="web",
        )


async def trede_engine(place: Place) -> Row:
    """Pure turns."""
    return _EngineRow(place.answer, our_words(place.folder / "words"))
