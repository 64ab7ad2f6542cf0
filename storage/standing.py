"""Loads clients and where their conversations stand, and keeps at hand those that are talking just now.

What is at hand is used only if the database still has the same version of the session, so it is right with
any number of processes, and saves reading and opening all that she ever said at each of her messages.
`storage.trusting` saves asking for that version too.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Connection, FromClause, Row, Select, select

from casework.summary import Summary
from dialogs.frozen import replace
from dialogs.session import Session
from storage.bulk import listed, one_of
from storage.database import Database
from storage.driver import Written
from storage.sealed import Closed, Key, key_of
from storage.stored_session import ANSWER_COLUMNS, answers_from, session_from
from storage.tables import clients, organisations, sessions, staff, summaries, turns

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


@dataclass(frozen=True)
class Standing:
    """Where a conversation stands. With no session yet, the numbers are 0.

    `caller` was made of `found`. `kept_on`: the day on which her invite was last kept good. `still`: what the
    database must still say of her when she is saved (see `storage.trusting`); None if it was asked just now.
    """

    caller: Caller
    found: tuple[Any, ...]
    key: Key
    session: Session | None
    last_summary: Summary | None
    summary_id: str | None
    case_state: str | None
    version: int  # of the session, as loaded
    answers: int  # how many were ever given
    messages: int
    kept_on: date | None = None
    still: tuple[Any, ...] | None = None

    def after(self, session: Session, answers: int, messages: int, on: date) -> "Standing":
        """A turn later, which had so many answers and messages, with the summary as it was."""
        return replace(
            self,
            session=session,
            version=self.version + 1,
            answers=self.answers + answers,
            messages=self.messages + messages,
            kept_on=on,
            still=None,
        )

    def with_summary(self, summary: Summary | None) -> "Standing":
        """With a new one, or without any."""
        id, state = (None, None) if summary is None else (summary.summary.id, "new")
        return replace(self, last_summary=summary, summary_id=id, case_state=state)


class AtHand:
    """The sessions that were needed last, by client."""

    def __init__(self, most: int = MOST_AT_HAND) -> None:
        self._kept: OrderedDict[str, tuple[Standing, str | None]] = OrderedDict()
        self._by_code: dict[str, str] = {}  # her invite's, if she came with it last
        self._most = most

    def get(self, client: str) -> Standing | None:
        """What is kept of her. It may be old: compare the version."""
        if client not in self._kept:
            return None
        self._kept.move_to_end(client)
        return self._kept[client][0]

    def get_by_code(self, code: str) -> Standing | None:
        """The same, by the invite's code that she came with last."""
        client = self._by_code.get(code)
        return None if client is None else self.get(client)

    def forget_codes(self) -> None:
        """Nobody is found by her code any more, until she was here again."""
        self._by_code.clear()

    def keep(self, client: str, standing: Standing | None, code: str | None = None) -> None:
        """Instead of what was there; None: forget her."""
        _before, known_by = self._kept.pop(client, (None, None))
        if known_by is not None and (standing is None or known_by != code):
            self._by_code.pop(known_by, None)
        if standing is None:
            return
        self._kept[client] = standing, code
        if code is not None:
            self._by_code[code] = client
        if len(self._kept) > self._most:
            self.keep(next(iter(self._kept)), None)


def at_hand(database: Database) -> AtHand:
    """The sessions that this process has at hand of a database."""
    found: AtHand = database.attached.setdefault("at hand", AtHand())
    return found


class Found(NamedTuple):
    """The driver's values of COLUMNS: first what a `Caller` is made of, then her session and summary."""

    client: str
    organisation: str
    organisation_name: str
    name: bytes
    key: bytes | None
    invited_in: str
    manager: str | None
    manager_name: str | None
    id: str | None
    script: str
    version: int
    language: str
    mode: str
    answers: int
    messages: int
    summary: str | None
    case_state: str | None


OF_CALLER = 8
"""How many of COLUMNS a `Caller` is made of."""

COLUMNS: tuple[ColumnElement[Any], ...] = (
    clients.c.id,
    clients.c.organisation,
    organisations.c.name,
    clients.c.name,
    clients.c.key,
    clients.c.language,
    clients.c.manager,
    staff.c.name,
    sessions.c.id,
    sessions.c.script,
    sessions.c.version,
    sessions.c.language,
    sessions.c.mode,
    sessions.c.answers,
    sessions.c.messages,
    summaries.c.id,
    summaries.c.state,
)


def around(whom: FromClause) -> FromClause:
    """What COLUMNS are read from; `whom` has `clients` in it."""
    return (
        whom.outerjoin(organisations, organisations.c.id == clients.c.organisation)
        .outerjoin(staff, staff.c.id == clients.c.manager)
        .outerjoin(sessions, sessions.c.client == clients.c.id)
        .outerjoin(summaries, summaries.c.session == sessions.c.id)
    )


def _standing(dialect: str) -> Select[Any]:
    return select(*COLUMNS).select_from(around(clients)).where(one_of(clients.c.id, "clients", dialect))


def _bodies(dialect: str) -> Select[Any]:
    return (
        select(sessions.c.id, sessions.c.state, summaries.c.id.label("summary"), summaries.c.body)
        .outerjoin(summaries, summaries.c.session == sessions.c.id)
        .where(one_of(sessions.c.id, "sessions", dialect))
    )


def _answers(dialect: str) -> Select[Any]:
    hers = one_of(turns.c.session, "sessions", dialect), turns.c.answers.is_not(None)
    return select(*ANSWER_COLUMNS).where(*hers).order_by(turns.c.n)


_STANDING = Written(_standing)
_BODIES, _ANSWERS = (
    {dialect: make(dialect) for dialect in ("sqlite", "postgresql")} for make in (_bodies, _answers)
)


def load(connection: Connection, client: str) -> Standing:
    """The client must exist. `session.answers` holds the newest answer to each place."""
    return load_one(connection, client, AtHand())


def load_one(connection: Connection, client: str, near: AtHand) -> Standing:
    """As `load`; what `near` has of the right version is not read again."""
    rows = _STANDING.run(connection, {"clients": listed([client], connection.dialect.name)}).fetchall()
    return standings(connection, [Found._make(row) for row in rows], near)[client]


def standings(connection: Connection, them: Sequence[Found], near: AtHand) -> dict[str, Standing]:
    """By client, what was found of her made whole."""
    kept = {found.client: near.get(found.client) for found in them}
    callers = {found.client: _caller(found, kept[found.client]) for found in them}
    missing = {
        found.id: (found, callers[found.client][1])
        for found in them
        if found.id is not None and not _is_current(found, kept[found.client])
    }
    read = _read(connection, missing) if missing else {}
    return {found.client: _made(found, *callers[found.client], kept[found.client], read) for found in them}


def _is_current(found: Found, kept: Standing | None) -> bool:
    return (
        kept is not None
        and kept.session is not None
        and kept.session.id == found.id
        and kept.version == found.version
    )


def _caller(found: Found, kept: Standing | None) -> tuple[Caller, Key]:
    if kept is not None and kept.found == found[:OF_CALLER]:
        return kept.caller, kept.key
    key = key_of(found.client, found.key)
    caller = Caller(
        client=found.client,
        organisation=found.organisation,
        organisation_name=found.organisation_name,
        name=Closed(found.name, "clients.name").open(key, found.client),
        language=found.invited_in,
        manager=found.manager,
        manager_name=found.manager_name or "",
    )
    return caller, key


def _made(
    found: Found,
    caller: Caller,
    key: Key,
    kept: Standing | None,
    read: Mapping[str, tuple[Session, Summary | None]],
) -> Standing:
    session: Session | None = None
    summary: Summary | None = None
    if found.id is not None and found.id in read:
        session, summary = read[found.id]
    elif found.id is not None and kept is not None:
        session, summary = kept.session, kept.last_summary
    return Standing(
        caller=caller,
        found=found[:OF_CALLER],
        key=key,
        session=session,
        last_summary=summary if found.summary is not None else None,
        summary_id=found.summary,
        case_state=found.case_state,
        version=found.version or 0,
        answers=found.answers or 0,
        messages=found.messages or 0,
        kept_on=kept.kept_on if kept is not None else None,
    )


def _read(
    connection: Connection, missing: Mapping[str, tuple[Found, Key]]
) -> dict[str, tuple[Session, Summary | None]]:
    """Sessions and summaries, by the session's id."""
    dialect = connection.dialect.name
    names = {"sessions": listed(list(missing), dialect)}
    given: dict[str, list[Row[Any]]] = {id: [] for id in missing}
    for answer in connection.execute(_ANSWERS[dialect], names):
        given[answer.session].append(answer)
    return {
        row.id: _opened(row, *missing[row.id], given[row.id])
        for row in connection.execute(_BODIES[dialect], names)
    }


def _opened(
    row: Row[Any], found: Found, key: Key, given: Sequence[Row[Any]]
) -> tuple[Session, Summary | None]:
    session = session_from(found, row.state.open(key, row.id), dict(answers_from(given, key)))
    if row.body is None:
        return session, None
    return session, stored_summary.validate_python(row.body.open(key, row.summary))
