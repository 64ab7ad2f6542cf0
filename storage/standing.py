"""Loads clients and where their conversations stand, and keeps at hand those that are talking just now.

What is at hand is used only if the database still has the same version of the session, so it is right with
any number of processes, and saves reading and opening all that she ever said at each of her messages.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Connection, Row, Select, select

from casework.summary import Summary
from dialogs.session import Session
from storage.bulk import listed, one_of
from storage.database import Database
from storage.sealed import Key, key_of
from storage.stored_session import ANSWER_COLUMNS, answers_from, session_from
from storage.tables import answers, clients, organisations, sessions, staff, summaries

stored_summary = TypeAdapter(Summary)

MOST_AT_HAND = 2_000
"""Sessions; of some 20 kB each. The one that was not needed for longest goes first."""


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
class Kept:
    """What is kept at hand of a client: her opened key, her session as of a version, and her summary.

    `on`: the day on which her invite was last kept good.
    """

    key: Key
    session: Session
    version: int
    last_summary: Summary | None
    on: date


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a conversation stands. With no session yet, the numbers are 0."""

    caller: Caller
    key: Key
    session: Session | None
    last_summary: Summary | None
    summary_id: str | None
    case_state: str | None
    version: int  # of the session, as loaded
    answers: int  # how many were ever given
    messages: int
    kept_on: date | None = None  # see `Kept.on`


class AtHand:
    """The sessions that were needed last, by client."""

    def __init__(self, most: int = MOST_AT_HAND) -> None:
        self._kept: OrderedDict[str, Kept] = OrderedDict()
        self._most = most

    def get(self, client: str) -> Kept | None:
        """What is kept of her. It may be old: compare the version."""
        kept = self._kept.get(client)
        if kept is not None:
            self._kept.move_to_end(client)
        return kept

    def keep(self, client: str, kept: Kept | None) -> None:
        """Instead of what was there; None: forget her."""
        self._kept.pop(client, None)
        if kept is not None:
            self._kept[client] = kept
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)


def at_hand(database: Database) -> AtHand:
    """The sessions that this process has at hand of a database."""
    found: AtHand = database.attached.setdefault("at hand", AtHand())
    return found


def _standing(dialect: str) -> Select[Any]:
    return (
        select(
            clients.c.id.label("client"),
            clients.c.organisation,
            clients.c.name,
            clients.c.key,
            clients.c.language.label("invited_in"),
            clients.c.manager,
            organisations.c.name.label("organisation_name"),
            staff.c.name.label("manager_name"),
            sessions.c.id,
            sessions.c.script,
            sessions.c.version,
            sessions.c.language,
            sessions.c.mode,
            sessions.c.answers,
            sessions.c.messages,
            summaries.c.id.label("summary"),
            summaries.c.state.label("case_state"),
        )
        .select_from(clients)
        .join(organisations, organisations.c.id == clients.c.organisation)
        .outerjoin(staff, staff.c.id == clients.c.manager)
        .outerjoin(sessions, sessions.c.client == clients.c.id)
        .outerjoin(summaries, summaries.c.session == sessions.c.id)
        .where(one_of(clients.c.id, "clients", dialect))
    )


def _bodies(dialect: str) -> Select[Any]:
    return (
        select(sessions.c.id, sessions.c.state, summaries.c.id.label("summary"), summaries.c.body)
        .outerjoin(summaries, summaries.c.session == sessions.c.id)
        .where(one_of(sessions.c.id, "sessions", dialect))
    )


def _answers(dialect: str) -> Select[Any]:
    return select(*ANSWER_COLUMNS).where(one_of(answers.c.session, "sessions", dialect)).order_by(answers.c.n)


_STANDING, _BODIES, _ANSWERS = (
    {dialect: make(dialect) for dialect in ("sqlite", "postgresql")}
    for make in (_standing, _bodies, _answers)
)


def load(connection: Connection, client: str) -> Standing:
    """The client must exist. `session.answers` holds the newest answer to each place."""
    return load_all(connection, [client], AtHand())[client]


def load_all(connection: Connection, them: Sequence[str], near: AtHand) -> dict[str, Standing]:
    """As `load`, for several at once; what `near` has of the right version is not read again."""
    dialect = connection.dialect.name
    rows = connection.execute(_STANDING[dialect], {"clients": listed(them, dialect)}).all()
    kept = {row.client: near.get(row.client) for row in rows}
    keys = {row.client: _key(row, kept[row.client]) for row in rows}
    missing = {row.id: keys[row.client] for row in rows if row.id and not _is_current(row, kept[row.client])}
    read = _read(connection, missing, rows) if missing else {}
    return {row.client: _made(row, keys[row.client], kept[row.client], read) for row in rows}


def _is_current(row: Row[Any], kept: Kept | None) -> bool:
    return kept is not None and kept.session.id == row.id and kept.version == row.version


def _key(row: Row[Any], kept: Kept | None) -> Key:
    """A key that is at hand is still hers, unless everything was erased since."""
    return kept.key if kept is not None and row.key is not None else key_of(row.client, row.key)


def _made(
    row: Row[Any], key: Key, kept: Kept | None, read: Mapping[str, tuple[Session, Summary | None]]
) -> Standing:
    session: Session | None = None
    summary: Summary | None = None
    if row.id is not None and row.id in read:
        session, summary = read[row.id]
    elif row.id is not None and kept is not None:
        session, summary = kept.session, kept.last_summary
    return Standing(
        caller=Caller(
            client=row.client,
            organisation=row.organisation,
            organisation_name=row.organisation_name,
            name=row.name.open(key, row.client),
            language=row.invited_in,
            manager=row.manager,
            manager_name=row.manager_name or "",
        ),
        key=key,
        session=session,
        last_summary=summary if row.summary is not None else None,
        summary_id=row.summary,
        case_state=row.case_state,
        version=row.version or 0,
        answers=row.answers or 0,
        messages=row.messages or 0,
        kept_on=kept.on if kept is not None else None,
    )


def _read(
    connection: Connection, missing: Mapping[str, Key], rows: Iterable[Row[Any]]
) -> dict[str, tuple[Session, Summary | None]]:
    """Sessions and summaries, by the session's id."""
    dialect = connection.dialect.name
    names = {"sessions": listed(list(missing), dialect)}
    given: dict[str, list[Row[Any]]] = {id: [] for id in missing}
    for answer in connection.execute(_ANSWERS[dialect], names):
        given[answer.session].append(answer)
    heads = {row.id: row for row in rows if row.id in missing}
    return {
        row.id: (
            session_from(
                heads[row.id],
                row.state.open(missing[row.id], row.id),
                answers_from(given[row.id], missing[row.id]),
            ),
            None
            if row.body is None
            else stored_summary.validate_python(row.body.open(missing[row.id], row.summary)),
        )
        for row in connection.execute(_BODIES[dialect], names)
    }
