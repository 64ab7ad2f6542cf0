"""Saves what came of a turn, in the turn's own transaction."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, update

from casework.sharing import is_same
from casework.summary import Summary
from dialogs.message import Message
from dialogs.session import Session
from dialogs.turn import Answered, Consented, Deleted, Event, Forgotten, HandedOver, PersonAsked, Withdrawn
from storage.erasing import erase_client, erase_conversation
from storage.errors import Conflict
from storage.knocks import Admitted, Knock, order_key
from storage.standing import Standing, stored_summary
from storage.stored_session import body_of, state_of
from storage.tables import answers, consents, invites, messages, outbox, sessions, summaries

INVITE_LASTS = timedelta(days=180)
"""How long an invite stays good after its last use."""


@dataclass(frozen=True, slots=True)
class Change:
    """What came of a turn. `messages`: hers and ours, in order. `deliver`: send ours to her chat."""

    session: Session | None
    events: tuple[Event, ...] = ()
    messages: tuple[Message, ...] = ()
    summary: Summary | None = None
    deliver: bool = True


_INSERT_SESSION = insert(sessions)
_UPDATE_SESSION = (
    update(sessions)
    .where(sessions.c.id == bindparam("session"), sessions.c.version == bindparam("loaded"))
    .values(
        version=bindparam("next_version"),
        language=bindparam("new_language"),
        mode=bindparam("new_mode"),
        script=bindparam("new_script"),
        state=bindparam("new_state"),
        answers=bindparam("answer_count"),
        messages=bindparam("message_count"),
        updated=bindparam("now"),
    )
)
_INSERT_ANSWERS = insert(answers)
_INSERT_CONSENTS = insert(consents)
_INSERT_MESSAGES = insert(messages)
_INSERT_OUTBOX = insert(outbox)
_KEEP_INVITES = (
    update(invites)
    .where(
        invites.c.client == bindparam("whose"),
        invites.c.used_up.is_(False),
        invites.c.expires < bindparam("soon", type_=invites.c.expires.type),
    )
    .values(expires=bindparam("later"))
)


def save(
    connection: Connection, knock: Knock, who: Admitted, standing: Standing, change: Change
) -> tuple[tuple[int, Message], ...]:
    """The messages with their numbers. Raises Conflict if the session is not as it was loaded."""
    if any(isinstance(event, Deleted) for event in change.events):
        erase_client(connection, who.client)
        who = replace(who, chat=None)
    elif any(isinstance(event, Forgotten) for event in change.events):
        erase_conversation(connection, who.client)
    elif change.session is not None:
        _save_session(connection, change.session, standing, change, knock.now)
        _save_summary(connection, change.session, standing, change, knock.now)
    _put_in_outbox(connection, knock, who, change)
    _keep_invite(connection, who.client, knock.now)
    return tuple(enumerate(change.messages, start=standing.messages + 1))


def _save_session(
    connection: Connection, session: Session, standing: Standing, change: Change, now: datetime
) -> None:
    answered = list(_answer_rows(session, standing.answers, change.events, now))
    agreed = list(_consent_rows(session, standing.answers, change.events, now))
    said = list(_message_rows(session, standing.messages, change.messages, now))
    counts = (standing.answers + len(answered), standing.messages + len(said))
    if standing.session is None:
        _insert(connection, session, standing.caller.client, counts, now)
    else:
        _update(connection, session, standing.version, counts, now)
    for statement, rows in (
        (_INSERT_ANSWERS, answered),
        (_INSERT_CONSENTS, agreed),
        (_INSERT_MESSAGES, said),
    ):
        if rows:
            connection.execute(statement, rows)


def _insert(
    connection: Connection, session: Session, client: str, counts: tuple[int, int], now: datetime
) -> None:
    row = {
        "id": session.id,
        "client": client,
        "script": session.script,
        "version": 1,
        "language": session.language,
        "mode": session.mode,
        "state": state_of(session),
        "answers": counts[0],
        "messages": counts[1],
        "created": now,
        "updated": now,
    }
    connection.execute(_INSERT_SESSION, row)


def _update(
    connection: Connection, session: Session, loaded: int, counts: tuple[int, int], now: datetime
) -> None:
    row = {
        "session": session.id,
        "loaded": loaded,
        "next_version": loaded + 1,
        "new_script": session.script,
        "new_language": session.language,
        "new_mode": session.mode,
        "new_state": state_of(session),
        "answer_count": counts[0],
        "message_count": counts[1],
        "now": now,
    }
    if connection.execute(_UPDATE_SESSION, row).rowcount == 0:
        raise Conflict(session.id)


def _answer_rows(
    session: Session, given: int, events: tuple[Event, ...], now: datetime
) -> Iterator[dict[str, Any]]:
    found = (event for event in events if isinstance(event, Answered))
    for n, event in enumerate(found, start=given + 1):
        yield {
            "session": session.id,
            "n": n,
            "question": event.place.step,
            "round": event.place.round,
            "state": event.answer.state,
            "body": body_of(event.answer),
            "language": event.answer.language,
            "channel": event.answer.channel,
            "at": event.answer.at or now,
        }


def _consent_rows(
    session: Session, given: int, events: tuple[Event, ...], now: datetime
) -> Iterator[dict[str, Any]]:
    """A consent has the number of the answer it came with, which goes before it."""
    n = given
    for event in events:
        if isinstance(event, Answered):
            n += 1
        elif isinstance(event, Consented):
            yield {
                "session": session.id,
                "n": n,
                "version": event.version,
                "question": event.question,
                "language": session.language,
                "at": now,
            }


def _message_rows(
    session: Session, said: int, new: tuple[Message, ...], now: datetime
) -> Iterator[dict[str, Any]]:
    for n, message in enumerate(new, start=said + 1):
        yield {
            "session": session.id,
            "n": n,
            "visit": session.visit,
            "body": message.as_json(),
            "at": now,
        }


def _save_summary(
    connection: Connection, session: Session, standing: Standing, change: Change, now: datetime
) -> None:
    """One summary a session: sharing anew replaces it, sharing nothing takes it back."""
    last = standing.last_summary
    if change.summary is None:
        if any(isinstance(event, HandedOver | Withdrawn) for event in change.events):
            connection.execute(delete(summaries).where(summaries.c.session == session.id))
        return
    asks_now = any(isinstance(event, PersonAsked) for event in change.events)
    if change.summary is last or (last and not asks_now and is_same(change.summary, last)):
        return  # nothing new for her case manager to see
    id = standing.summary_id or change.summary.summary.id
    summary = replace(change.summary, summary=replace(change.summary.summary, id=id))
    row = {
        "body": stored_summary.dump_python(summary, mode="json"),
        "state": "new",
        "asked_for_help": summary.flags.asked_for_help,
        "wants_call": summary.flags.wants_call,
        "language": session.language,
        "changed": now,
    }
    if standing.summary_id is not None:
        connection.execute(update(summaries).where(summaries.c.id == id).values(row))
        return
    caller = standing.caller
    connection.execute(
        insert(summaries).values(
            id=id,
            session=session.id,
            organisation=caller.organisation,
            client=caller.client,
            created=now,
            **row,
        )
    )


def _put_in_outbox(connection: Connection, knock: Knock, who: Admitted, change: Change) -> None:
    if knock.address is None or not change.deliver:
        return
    rows = [
        {
            "chat": who.chat,
            "channel": knock.channel,
            "address": knock.address,
            "body": message.as_json(),
            "due": knock.now,
            "order_key": order_key(knock.channel, knock.address),
        }
        for message in change.messages
        if not message.hers
    ]
    if rows:
        connection.execute(_INSERT_OUTBOX, rows)


def _keep_invite(connection: Connection, client: str, now: datetime) -> None:
    """Written once a day at most: a write less for all her other turns."""
    times = {"soon": now + INVITE_LASTS - timedelta(days=1), "later": now + INVITE_LASTS}
    connection.execute(_KEEP_INVITES, {"whose": client, **times})
