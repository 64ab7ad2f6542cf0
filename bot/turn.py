"""Takes one update: decides it with the engine, and has all that comes of it saved in one transaction."""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo

from bot.audio import Audio
from bot.help_cards import HelpCards
from bot.incoming import Incoming, Taken
from bot.outbox import LEASE
from bot.scripts import Library, UnknownVersion
from bot.words import write, write_message
from casework.feedback import feedback_in
from casework.sharing import after_turn
from dialogs import phrases
from dialogs.engine import Here, reply
from dialogs.frozen import replace
from dialogs.message import Message
from dialogs.said import Said, Tap, Text, Voice
from dialogs.session import Session
from dialogs.turn import Answered, Phrase, Turn
from dialogs.understand import LONGEST
from locales.catalogue import Catalogue
from locales.layered import over
from storage.database import Database
from storage.outbox import Parcel
from storage.turns import Caller, Change, Knock, Loaded, take
from storage.voices import Recording


@dataclass(frozen=True, slots=True)
class Talk:
    """The way in for every channel.

    `zone` is the women's time zone. `hand_out` sends what a turn left, where this process has a sender; it is
    ours for `lease`. `woken` are told when something waits in the outbox that nobody holds. `audio`: what can
    be played or sent with questions; without it, nothing can.
    """

    database: Database
    library: Library
    catalogue: Catalogue
    languages: Sequence[tuple[str, str]]
    now: Callable[[], datetime]
    zone: tzinfo = UTC
    new_token: Callable[[], str] = field(default=lambda: secrets.token_urlsafe(6))
    hand_out: Callable[[Sequence[Parcel]], None] | None = None
    woken: tuple[asyncio.Event, ...] = ()
    lease: timedelta = LEASE
    help_cards: HelpCards = field(default_factory=HelpCards)
    audio: Audio | None = None

    async def take(self, incoming: Incoming) -> Taken:
        """Committed before it returns. Raises what went wrong, with nothing saved."""
        now = self.now()
        await self.library.look(now)
        lease = self.lease if self.hand_out is not None else None
        knock = Knock(
            channel=incoming.channel,
            event=incoming.event,
            now=now,
            code=incoming.code,
            address=incoming.address,
            client=incoming.client,
            lease=lease,
        )
        token = self.new_token()

        def decide(loaded: Loaded) -> Change:
            return self._decide(incoming, loaded, now, token)

        try:
            outcome = await take(self.database, knock, decide)
        except UnknownVersion as missing:
            await self.library.fetch(missing.version)
            outcome = await take(self.database, knock, decide)
        if outcome.parcels and self.hand_out is not None:
            self.hand_out(outcome.parcels)
        elif outcome.messages:
            for event in self.woken:
                event.set()
        return Taken(outcome.status, outcome.messages)

    def _decide(self, incoming: Incoming, loaded: Loaded, now: datetime, token: str) -> Change:
        session = loaded.session or self._new_session(loaded.caller)
        if (facts := _facts(loaded.caller)) != session.facts:
            session = replace(session, facts=facts)
        if loaded.is_dealt_with and session.asked_for_help:
            session = replace(session, asked_for_help=False)
        moves = self.library.moves(session.script)
        words = over(self.catalogue, moves.script.words)
        here = Here(
            now=now,
            token=token,
            translate=lambda phrase: write(words, session.language, phrase),
            languages=self.languages,
            channel=incoming.channel,
            zone=self.zone,
            reachable=incoming.address is not None,
            help_card=self.help_cards.card(session.facts.get("organisation", ""), session.language),
            reads_aloud=self._reads_aloud(incoming),
        )
        turn = reply(moves, session, incoming.said, here)
        ours = tuple(write_message(words, turn.session.language, say) for say in turn.says)
        return Change(
            session=turn.session if turn.session.mode != "new" else None,  # nothing began: nothing to keep
            events=turn.events,
            messages=(*self._hers(incoming.said, session, turn, here.translate), *ours),
            summary=after_turn(moves, turn, secrets.token_hex(8), now, loaded.last_summary),
            feedback=feedback_in(moves, turn),
            recording=_recording(incoming),
        )

    def _reads_aloud(self, incoming: Incoming) -> frozenset[str]:
        """Only where messages are sent to her; the web page has buttons to listen."""
        return self.audio.found().languages if self.audio and incoming.address is not None else frozenset()

    def _new_session(self, caller: Caller) -> Session:
        return Session(
            id=secrets.token_hex(16),
            script=self.library.current.script.version,
            language=caller.language,
            seed=secrets.randbelow(2**31),
        )

    def _hers(
        self, said: Said, before: Session, turn: Turn, translate: Callable[[Phrase], str]
    ) -> tuple[Message, ...]:
        """What she wrote, spoke or chose, for the page that shows the conversation; not the mere controls."""
        if isinstance(said, Text) and len(said.words) <= LONGEST and said.words.strip():
            return (_from_her(said.words, before.language),)
        if isinstance(said, Tap | Voice):
            given = (e.answer for e in turn.events if isinstance(e, Answered) and e.place == before.at)
            for answer in given:
                if words := translate(phrases.VOICE) if answer.voice else answer.words:
                    return (_from_her(words, before.language, answer.voice),)
        return ()


def _from_her(words: str, language: str, voice: str = "") -> Message:
    return Message(language=language, paragraphs=(words,), hers=True, voice=voice)


def _recording(incoming: Incoming) -> Recording | None:
    if not isinstance(incoming.said, Voice) or not incoming.sound:
        return None
    return Recording(incoming.said.ref, incoming.sound)


def _facts(caller: Caller) -> dict[str, str]:
    return {
        "name": caller.name,
        "case_manager": caller.manager_name,
        "organisation": caller.organisation_name,
    }
