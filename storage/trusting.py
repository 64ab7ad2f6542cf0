"""Who is at hand is let in without a look into the database, if nobody else can have changed what is hers.

On SQLite that is certain: the file itself tells whether another connection has written to it. On PostgreSQL
her session is changed only if all that was assumed still holds (STILL). If it does not, nothing is saved, the
turns are taken again in the usual way, and for a while nobody is trusted: another process works for the same
women. Of the organisation and the case manager only the ids are asked for; their names can be a day old.

It is for who comes with an invite's code alone, as on the web. In a chat there is more to look for: whether
it is hers, whether something waits to be sent there, and whether this update failed before.
"""

import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Column, Connection, LargeBinary

from dialogs.frozen import replace
from storage.arrivals import Arrival
from storage.bulk import Still
from storage.driver import run
from storage.knocks import Admitted, Knock
from storage.sealed import hashed
from storage.sqlite import ONLY_TURNS
from storage.standing import AtHand, Standing
from storage.tables import clients, invites, summaries

DOUBTS = 30.0
"""Seconds for which nobody is trusted after an assumption did not hold."""

_sealed = LargeBinary()  # compared as it is stored

STILL = Still(
    "EXISTS (SELECT 1 FROM invites JOIN clients ON clients.id = invites.client "
    "LEFT JOIN summaries ON summaries.session = sessions.id "
    "WHERE invites.code_hash = {} AND invites.expires > {} AND NOT invites.used_up "
    "AND clients.id = {} AND clients.id = sessions.client AND clients.organisation = {} "
    "AND clients.name = {} AND clients.key = {} AND clients.language = {} "
    "AND coalesce(clients.manager, '') = {} "
    "AND coalesce(summaries.id, '') = {} AND coalesce(summaries.state, '') = {})",
    (
        invites.c.code_hash,
        invites.c.expires,
        clients.c.id,
        clients.c.organisation,
        Column("name", _sealed),
        Column("key", _sealed),
        clients.c.language,
        clients.c.manager,
        summaries.c.id,
        summaries.c.state,
    ),
    owner=2,
)


class Trust:
    """Whom of those at hand we may let in so.

    `in_hand`: clients whose turns are under way; until they are over, nobody knows where these stand.
    """

    def __init__(self, near: AtHand) -> None:
        self.in_hand: set[str] = set()
        self._near = near
        self._doubted_until = 0.0
        self._seen: int | None = None  # what SQLite called its data when we were here last

    def who(self, connection: Connection, knocks: Sequence[Knock]) -> list[Arrival | None]:
        """In the order of `knocks`. None: ask the database who she is. Only in a transaction that writes."""
        if not self._is_ours(connection):
            return [None] * len(knocks)
        seen = {*self.in_hand}
        return [self._arrival(connection.dialect.name, knock, seen) for knock in knocks]

    def holds(self, knock: Knock) -> bool:
        """Whether it is of somebody in hand, as far as its code tells."""
        known = self._near.get_by_code(knock.code) if knock.code is not None else None
        return known is not None and known.caller.client in self.in_hand

    def doubt(self) -> None:
        """Something did not hold."""
        self._doubted_until = time.monotonic() + DOUBTS

    def _is_ours(self, connection: Connection) -> bool:
        if connection.dialect.name != "sqlite":
            return time.monotonic() >= self._doubted_until
        if not connection.info.get(ONLY_TURNS):
            return False
        [[found]] = run(connection, "PRAGMA data_version", ()).fetchall()
        if found != self._seen:  # another connection wrote something: all must be looked up once
            self._seen = found
            self._near.forget_codes()
        return True

    def _arrival(self, dialect: str, knock: Knock, seen: set[str]) -> Arrival | None:
        if knock.code is None or knock.address is not None or knock.client is not None:
            return None
        standing = self._near.get_by_code(knock.code)
        # Once a day she is looked up: her invite is kept good then.
        if standing is None or standing.kept_on != knock.now.date() or standing.caller.client in seen:
            return None
        seen.add(standing.caller.client)
        if dialect != "sqlite":
            standing = replace(standing, still=_still(standing, hashed(knock.code), knock))
        who = Admitted(standing.caller.client)
        return Arrival(who, standing, failed=False, is_busy=False, is_trusted=True)


def _still(standing: Standing, code: str, knock: Knock) -> tuple[Any, ...]:
    """The values of STILL."""
    client, organisation, _its_name, name, key, language, manager, _their_name = standing.found
    summary = standing.summary_id or "", standing.case_state or ""
    return (code, knock.now, client, organisation, name, key, language, manager or "", *summary)
