"""Loads a client and where her conversation stands."""

from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Connection, Row, bindparam, func, select

from casework.summary import Summary
from dialogs.session import Session
from storage.stored_session import ANSWER_COLUMNS, answers_from, session_from
from storage.tables import answers, clients, organisations, sessions, staff, summaries

stored_summary = TypeAdapter(Summary)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is knocking. `client`, `organisation` and `manager` are ids; `language` is the invite's."""

    client: str
    organisation: str
    organisation_name: str
    name: str
    language: str
    manager: str | None
    manager_name: str  # "" if nobody is assigned


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a conversation stands. With no session yet, the numbers are 0."""

    caller: Caller
    session: Session | None
    last_summary: Summary | None
    summary_id: str | None
    case_state: str | None
    version: int  # of the session, as loaded
    answers: int  # how many were ever given
    messages: int


_STANDING = (
    select(
        clients.c.id.label("client"),
        clients.c.organisation,
        clients.c.name,
        clients.c.language.label("invited_in"),
        clients.c.manager,
        organisations.c.name.label("organisation_name"),
        staff.c.name.label("manager_name"),
        sessions.c.id,
        sessions.c.script,
        sessions.c.version,
        sessions.c.language,
        sessions.c.mode,
        sessions.c.state,
        sessions.c.answers,
        sessions.c.messages,
        summaries.c.id.label("summary"),
        summaries.c.body.label("summary_body"),
        summaries.c.state.label("case_state"),
    )
    .select_from(clients)
    .join(organisations, organisations.c.id == clients.c.organisation)
    .outerjoin(staff, staff.c.id == clients.c.manager)
    .outerjoin(sessions, sessions.c.client == clients.c.id)
    .outerjoin(summaries, summaries.c.session == sessions.c.id)
    .where(clients.c.id == bindparam("client"))
)

_NEWEST = (
    select(func.max(answers.c.n))
    .where(answers.c.session == bindparam("session"))
    .group_by(answers.c.question, answers.c.round)
)
_ANSWERS = (
    select(*ANSWER_COLUMNS)
    .where(answers.c.session == bindparam("session"), answers.c.n.in_(_NEWEST))
    .order_by(answers.c.n)
)


def load(connection: Connection, client: str) -> Standing:
    """The client must exist. `session.answers` holds the newest answer to each place."""
    row = connection.execute(_STANDING, {"client": client}).one()
    summary = row.summary_body
    return Standing(
        caller=_caller(row),
        session=_session(connection, row),
        last_summary=None if summary is None else stored_summary.validate_python(summary),
        summary_id=row.summary,
        case_state=row.case_state,
        version=row.version or 0,
        answers=row.answers or 0,
        messages=row.messages or 0,
    )


def _caller(row: Row[*tuple[Any, ...]]) -> Caller:
    return Caller(
        client=row.client,
        organisation=row.organisation,
        organisation_name=row.organisation_name,
        name=row.name,
        language=row.invited_in,
        manager=row.manager,
        manager_name=row.manager_name or "",
    )


def _session(connection: Connection, row: Row[*tuple[Any, ...]]) -> Session | None:
    if row.id is None:
        return None
    return session_from(row, answers_from(connection.execute(_ANSWERS, {"session": row.id})))
