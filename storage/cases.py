"""Cases as staff see them: the queue, one case file, and moving a case on. Every read takes a `Scope`."""

import re
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, exists, false, insert, or_, select, update

from casework.case_file import CaseFile, CaseStep
from casework.person import Person, Scope
from casework.summary import NEXT_STATES, Case, CaseState, Summary
from casework.until import still_shared
from storage.database import Database
from storage.sealed import key_of
from storage.standing import stored_summary
from storage.tables import case_steps, chats, clients, staff, summaries

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")

_unreachable = (
    exists().where(chats.c.client == summaries.c.client, chats.c.unreachable.is_(True)).label("unreachable")
)


async def cases(database: Database, scope: Scope, now: datetime) -> list[Case]:
    """All cases within the scope, in no particular order; see `casework.summary.in_queue_order`.

    A case whose client chose an end to sharing that has passed is not among them, unless she asks for a
    person: then there is her name and this wish, and nothing else.
    """
    rows = await database.read(lambda connection: connection.execute(_within(scope)).all())
    read = ((row, _shared(row, now)) for row in rows)
    return [_case(row, summary) for row, summary in read if summary is not None]


async def find(database: Database, scope: Scope, id: str, now: datetime) -> CaseFile | None:
    """One case file. None for an id that does not exist, cannot exist, is outside the scope or no longer
    shared: all alike.
    """
    if not _ID.fullmatch(id):
        return None
    return await database.read(lambda connection: _find(connection, scope, id, now))


def _find(connection: Connection, scope: Scope, id: str, now: datetime) -> CaseFile | None:
    row = connection.execute(_within(scope).where(summaries.c.id == id)).first()
    if row is None:
        return None
    summary = _shared(row, now)
    if summary is None:
        return None
    return CaseFile(_case(row, summary), summary, _history(connection, id))


async def move(
    database: Database, scope: Scope, by: Person | None, id: str, state: CaseState, now: datetime
) -> CaseState | None:
    """Set the case to `state`, if that may follow; say which state it has now. None as in `find`.

    `by` is None for the operator. A move that may not follow, or was made already, changes nothing.
    """
    if not _ID.fullmatch(id):
        return None

    def work(connection: Connection) -> CaseState | None:
        row = connection.execute(
            _within(scope).where(summaries.c.id == id).with_for_update(of=summaries)
        ).first()
        if row is None or _shared(row, now) is None:
            return None
        before: CaseState = row.state
        if state not in NEXT_STATES[before]:
            return before
        connection.execute(update(summaries).where(summaries.c.id == id).values(state=state, changed=now))
        connection.execute(
            insert(case_steps).values(summary=id, staff=by.id if by else None, state=state, at=now)
        )
        return state

    return await database.write(work)


def _within(scope: Scope) -> Select[Any]:
    """The only query that reads cases, so that nothing can be read past the scope."""
    query = (
        select(
            summaries.c.id,
            summaries.c.body,
            summaries.c.state,
            summaries.c.language,
            summaries.c.client,
            clients.c.key,
            staff.c.name.label("manager"),
            _unreachable,
        )
        .join(clients, clients.c.id == summaries.c.client)
        .outerjoin(staff, staff.c.id == clients.c.manager)
    )
    if scope.nothing:
        return query.where(false())
    if scope.organisation is not None:
        query = query.where(summaries.c.organisation == scope.organisation)
    if scope.manager is not None:
        query = query.where(or_(clients.c.manager == scope.manager, clients.c.manager.is_(None)))
    return query


def _shared(row: Row[Any], now: datetime) -> Summary | None:
    """What may be read of a row today. Where all was done before sharing ended, that is nothing."""
    summary = stored_summary.validate_python(row.body.open(key_of(row.client, row.key), row.id))
    still = still_shared(summary, now.date())
    return None if still is not summary and row.state == "done" else still


def _case(row: Row[Any], summary: Summary) -> Case:
    return Case(
        summary=row.id,
        client=summary.summary.client,
        state=row.state,
        language=row.language,
        created=summary.summary.created,
        asked_for_help=summary.flags.asked_for_help,
        wants_call=summary.flags.wants_call,
        manager=row.manager or "",
        unreachable=bool(row.unreachable),
    )


def _history(connection: Connection, id: str) -> tuple[CaseStep, ...]:
    rows = connection.execute(
        select(case_steps.c.state, case_steps.c.at, staff.c.name)
        .outerjoin(staff, staff.c.id == case_steps.c.staff)
        .where(case_steps.c.summary == id)
        .order_by(case_steps.c.id)
    )
    return tuple(CaseStep(row.state, row.at, row.name or "") for row in rows)
