"""Saves what came of turns, in their own transaction: the rows of all are gathered, then written."""

import secrets
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, Executable, bindparam, delete, insert, select, update

from casework.feedback import Feedback
from casework.sharing import is_same
from casework.summary import Summary
from dialogs.message import Message
from dialogs.session import Answer, Session, Timer
from dialogs.turn import Answered, Consented, Deleted, Event, Forgotten, HandedOver, PersonAsked, Withdrawn
from storage.bulk import Target, write
from storage.erasing import erase_client, erase_conversation
from storage.feedback import feedback_statements
from storage.knocks import Admitted, Chat, Knock, event_name
from storage.outbox import Parcel
from storage.sealed import Key, Words, house_key
from storage.standing import AtHand, Standing, stored_summary
from storage.stored_session import answers_body, message_body, messages_body, state_of, turn_row
from storage.tables import (
    chats,
    consents,
    invites,
    outbox,
    quarantine,
    received,
    sessions,
    summaries,
    turns,
)
from storage.timers import sync as sync_timers
from storage.together import wake
from storage.trusting import STILL
from storage.voices import Recording, voice_statement

INVITE_LASTS = timedelta(days=180)
"""How long an invite stays good after its last use."""


@dataclass(frozen=True, slots=True)
class Change:
    """What came of a turn. `messages`: hers and ours, in order. `deliver`: send ours to her chat.

    `feedback`: what she said the questions got wrong, when she came to the end. `recording`: what she spoke;
    it is kept if it became an answer.
    """

    session: Session | None
    events: tuple[Event, ...] = ()
    messages: tuple[Message, ...] = ()
    summary: Summary | None = None
    deliver: bool = True
    feedback: Feedback | None = None
    recording: Recording | None = None

    @property
    def happened(self) -> set[type]:
        """The kinds of its events."""
        return {type(event) for event in self.events}

    @property
    def kept_recording(self) -> Recording | None:
        """The recording, if one of her answers in this turn is spoken in it."""
        spoken = {event.answer.voice for event in self.events if isinstance(event, Answered)}
        return self.recording if self.recording is not None and self.recording.ref in spoken else None


class Saved(NamedTuple):
    """What a turn left: its messages with their numbers, and those that this process is to send now."""

    messages: tuple[tuple[int, Message], ...]
    parcels: tuple[Parcel, ...] = ()


_COLUMNS = (
    sessions.c.id,
    sessions.c.client,
    sessions.c.created,
    sessions.c.script,
    sessions.c.version,
    sessions.c.language,
    sessions.c.mode,
    sessions.c.state,
    sessions.c.answers,
    sessions.c.messages,
    sessions.c.updated,
)
_NEW_SESSION = Target(_COLUMNS)
_SESSION = Target(_COLUMNS[3:], sessions.c.id, sessions.c.version)
_TRUSTED = Target(_COLUMNS[3:], sessions.c.id, sessions.c.version, STILL)
_TURN = Target(
    (
        turns.c.session,
        turns.c.n,
        turns.c.visit,
        turns.c.first,
        turns.c.answers,
        turns.c.messages,
        turns.c.at,
    )
)
_CONSENT = Target(
    (
        consents.c.session,
        consents.c.n,
        consents.c.version,
        consents.c.question,
        consents.c.language,
        consents.c.at,
    )
)
_EVENT = Target((received.c.channel, received.c.event, received.c.at))
_CHAT = Target(
    (
        chats.c.id,
        chats.c.client,
        chats.c.channel,
        chats.c.address_hash,
        chats.c.address,
        chats.c.unreachable,
        chats.c.created,
    )
)
_PARCEL = Target(
    (
        outbox.c.ref,
        outbox.c.chat,
        outbox.c.channel,
        outbox.c.address,
        outbox.c.body,
        outbox.c.due,
        outbox.c.lease,
        outbox.c.order_key,
    )
)
_IN_ORDER = (_EVENT, _CHAT, _NEW_SESSION, _SESSION, _TRUSTED, _TURN, _CONSENT, _PARCEL)
"""What others refer to goes first."""
_WAITING = (
    select(outbox.c.order_key)
    .where(outbox.c.channel == bindparam("channel"), outbox.c.order_key == bindparam("chat"))
    .limit(1)
)


@dataclass(slots=True)
class Saving:
    """Gathers turns with `add`, then writes them with `write`. After the commit, `keep` puts them at hand.

    `busy`: chats that have something waiting in the outbox already, by their order key.
    """

    connection: Connection
    busy: set[str] = field(default_factory=set)
    _rows: defaultdict[Target, list[tuple[Any, ...]]] = field(default_factory=lambda: defaultdict(list))
    _more: list[Executable] = field(default_factory=list)
    _timers: list[tuple[str, tuple[Timer, ...]]] = field(default_factory=list)
    _kept: list[tuple[str, Standing | None, str | None]] = field(default_factory=list)

    def add_event(self, knock: Knock, *, failed_before: bool) -> None:
        """Her update is taken from now on."""
        self._rows[_EVENT].append((knock.channel, event_name(knock.event), knock.now))
        if failed_before:
            self.settle(knock)

    def settle(self, knock: Knock) -> None:
        """Her update may have failed before. Now it goes well, so its copy goes."""
        hers = quarantine.c.channel == knock.channel, quarantine.c.event == event_name(knock.event)
        self._more.append(delete(quarantine).where(*hers))

    def add(self, knock: Knock, who: Admitted, standing: Standing, change: Change) -> Saved:
        """One turn. What touches more than her own rows is done at once, the rest by `write`."""
        key, chat = standing.key, who.chat
        bodies = [message_body(message) for message in change.messages]
        kept: Standing | None = None
        happened = change.happened
        if Deleted in happened:
            erase_client(self.connection, who.client)
            key, chat = house_key(), _erased(chat)
        elif Forgotten in happened:
            erase_conversation(self.connection, who.client)
        elif change.session is not None:
            given = self.add_session(change.session, standing, change.events, bodies, knock.now)
            before = standing.session.timers if standing.session is not None else ()
            if knock.client is not None or before != change.session.timers:
                self._timers.append((change.session.id, change.session.timers))
            after = standing.after(change.session, given, len(bodies), knock.now.date())
            if change.feedback is not None:
                caller = standing.caller
                self._more += feedback_statements(
                    change.feedback, change.session.id, caller.client, caller.organisation, key, knock.now
                )
            if (recording := change.kept_recording) is not None:
                self._more.append(voice_statement(recording, change.session.id, who.client, key, knock.now))
            kept = self._add_summary(change.session, standing, change, after, knock.now)
        if chat is not None and chat.is_new:
            address = Words(chat.address, key, chat.id)
            self._rows[_CHAT].append(
                (chat.id, who.client, chat.channel, chat.order_key, address, False, knock.now)
            )
        self._kept.append((who.client, kept, knock.code))
        if standing.kept_on != knock.now.date():  # once a day at most: a write less for all her other turns
            self._keep_invite(who.client, knock.now)
        numbered = tuple(enumerate(change.messages, start=standing.messages + 1))
        return Saved(numbered, self._add_parcels(knock, chat, key, change, bodies))

    def write(self) -> None:
        """Raises Conflict if a session is not as it was loaded."""
        parts = [(each, self._rows[each]) for each in _IN_ORDER if each in self._rows]
        wakes = any(lease is None for *_, lease, _order_key in self._rows.get(_PARCEL, ()))
        write(self.connection, parts, is_last=not (wakes or self._timers or self._more))
        if wakes:
            wake(self.connection, "outbox")
        for timers in self._timers:
            sync_timers(self.connection, *timers)
        for statement in self._more:
            self.connection.execute(statement)

    def keep(self, near: AtHand) -> None:
        """Only once it is committed: what was not may not be seen by the next turn."""
        for kept in self._kept:
            near.keep(*kept)

    # ── the session and what belongs to it ────────────────────────────────────────────────────────

    def add_session(
        self,
        session: Session,
        standing: Standing,
        events: tuple[Event, ...],
        bodies: Sequence[bytes],
        now: datetime,
    ) -> int:
        """Her session, answers, consents and the messages' bodies; no summary, and nothing that goes out.

        How many answers that were.
        """
        key, n = standing.key, standing.version + 1
        given = [(event.place, _at(event.answer, now)) for event in events if isinstance(event, Answered)]
        row = (
            session.script,
            n,
            session.language,
            session.mode,
            Words(state_of(session), key, session.id),
            standing.answers + len(given),
            standing.messages + len(bodies),
            now,
        )
        if standing.session is None:
            self._rows[_NEW_SESSION].append((session.id, standing.caller.client, now, *row))
        elif standing.still is None:
            self._rows[_SESSION].append((*row, session.id, standing.version))
        else:
            self._rows[_TRUSTED].append((*row, session.id, standing.version, *standing.still))
        if given or bodies:
            name = turn_row(session.id, n)
            answers = Words(answers_body(given), key, name) if given else None
            messages = Words(messages_body(bodies), key, name) if bodies else None
            self._rows[_TURN].append(
                (session.id, n, session.visit, standing.messages + 1, answers, messages, now)
            )
        if consents := tuple(_consent_rows(session, standing.answers, events, now)):
            self._rows[_CONSENT] += consents
        return len(given)

    def _add_summary(
        self, session: Session, standing: Standing, change: Change, after: Standing, now: datetime
    ) -> Standing:
        """One summary a session: sharing anew replaces it, sharing nothing takes it back."""
        last, happened = standing.last_summary, change.happened
        if change.summary is None:
            if HandedOver not in happened and Withdrawn not in happened:
                return after
            self._more.append(delete(summaries).where(summaries.c.session == session.id))
            return after.with_summary(None)
        asks_now = PersonAsked in happened
        if change.summary is last or (last and not asks_now and is_same(change.summary, last)):
            return after  # nothing new for her case manager to see
        id = standing.summary_id or change.summary.summary.id
        summary = replace(change.summary, summary=replace(change.summary.summary, id=id))
        self._more.append(_summary_statement(summary, session, standing, now))
        return after.with_summary(summary)

    def _keep_invite(self, client: str, now: datetime) -> None:
        self._more.append(
            update(invites)
            .where(
                invites.c.client == client,
                invites.c.used_up.is_(False),
                invites.c.expires < now + INVITE_LASTS - timedelta(days=1),
            )
            .values(expires=now + INVITE_LASTS)
        )

    # ── what goes out ─────────────────────────────────────────────────────────────────────────────

    def _add_parcels(
        self, knock: Knock, chat: Chat | None, key: Key, change: Change, bodies: Sequence[bytes]
    ) -> tuple[Parcel, ...]:
        """Ours are sent at once by who holds the lease, unless something older waits for that chat."""
        if chat is None or not change.deliver:
            return ()
        leased = knock.lease is not None and chat.order_key not in self.busy
        until = knock.now + knock.lease if knock.lease is not None and leased else None
        parcels: list[Parcel] = []
        for message, text in zip(change.messages, bodies, strict=True):
            if message.hers:
                continue
            ref = secrets.token_hex(16)
            address = Words(chat.address, key, ref)
            body = Words(text, key, ref)
            self._rows[_PARCEL].append(
                (ref, chat.id or None, chat.channel, address, body, knock.now, until, chat.order_key)
            )
            parcels.append(Parcel(ref, chat.channel, chat.address, message, 0))
        self.busy.add(chat.order_key)
        return tuple(parcels) if leased else ()


def begin_saving(connection: Connection, who: Admitted) -> Saving:
    """For a turn of hers."""
    if who.chat is None:
        return Saving(connection)
    values = {"channel": who.chat.channel, "chat": who.chat.order_key}
    return Saving(connection, set(connection.scalars(_WAITING, values)))


def _erased(chat: Chat | None) -> Chat | None:
    """Her chat for a last goodbye, though it has no row."""
    return None if chat is None else replace(chat, id="", is_new=False)


def _summary_statement(summary: Summary, session: Session, standing: Standing, now: datetime) -> Executable:
    id = summary.summary.id
    row = {
        "body": Words(stored_summary.dump_python(summary, mode="json"), standing.key, id),
        "state": "new",
        "asked_for_help": summary.flags.asked_for_help,
        "wants_call": summary.flags.wants_call,
        "language": session.language,
        "changed": now,
    }
    if standing.summary_id is not None:
        return update(summaries).where(summaries.c.id == id).values(row)
    caller = standing.caller
    return insert(summaries).values(
        id=id, session=session.id, organisation=caller.organisation, client=caller.client, created=now, **row
    )


def _at(answer: Answer, now: datetime) -> Answer:
    return answer if answer.at is not None else replace(answer, at=now)


def _consent_rows(
    session: Session, given: int, events: tuple[Event, ...], now: datetime
) -> Iterator[tuple[Any, ...]]:
    """A consent has the number of the answer it came with, which goes before it."""
    n = given
    for event in events:
        if isinstance(event, Answered):
            n += 1
        elif isinstance(event, Consented):
            yield (session.id, n, event.version, event.question, session.language, now)
