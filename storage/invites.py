"""Invites: how a client comes in. The code is the only key she needs, so it is long and can be used up."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Row, insert, select

from storage.database import Database
from storage.errors import UnknownOrganisation, UnknownStaff
from storage.key_proof import key_for_new
from storage.names import refuse_odd_name
from storage.sealed import Words, hashed, key_of
from storage.tables import clients, invites, organisations, staff

UNUSED_LASTS = timedelta(days=30)
DEMO_LASTS = timedelta(days=3650)


@dataclass(frozen=True, slots=True)
class Invite:
    """`code` goes into her link (22 letters, digits, - and _); `client` is her id."""

    code: str
    client: str


async def invite(
    database: Database,
    *,
    name: str,
    language: str,
    manager_email: str | None = None,
    organisation: str | None = None,
    now: datetime,
    demo: bool = False,
) -> Invite:
    """A new client with an invite, good for 30 days if she never uses it.

    She belongs to her case manager's organisation, else to the one named `organisation`, else to the only one
    there is. Raises UnknownStaff, UnknownOrganisation,
    NameRefused, and WrongKey.
    """
    refuse_odd_name(name)
    new = Invite(secrets.token_urlsafe(16), secrets.token_hex(16))

    def work(connection: Connection) -> Invite:
        home, manager = _home(connection, manager_email, organisation)
        key, wrapped = key_for_new(connection, new.client)
        connection.execute(
            insert(clients).values(
                id=new.client,
                organisation=home,
                manager=manager,
                key=wrapped,
                name=Words(name, key, new.client),
                language=language,
                created=now,
            )
        )
        connection.execute(
            insert(invites).values(
                code_hash=hashed(new.code),
                client=new.client,
                code=Words(new.code, key, hashed(new.code)),
                expires=now + (DEMO_LASTS if demo else UNUSED_LASTS),
                demo=demo,
                created=now,
            )
        )
        return new

    return await database.write(work)


async def demo_code(database: Database) -> str | None:
    """The newest demo invite's code that is not used up, to be shown again."""
    query = (
        select(invites.c.code, invites.c.code_hash, clients.c.id, clients.c.key)
        .join(clients, clients.c.id == invites.c.client)
        .where(invites.c.demo.is_(True), invites.c.used_up.is_(False))
        .order_by(invites.c.created.desc())
        .limit(1)
    )
    row = await database.read(lambda connection: connection.execute(query).first())
    code: str | None = None if row is None else row.code.open(key_of(row.id, row.key), row.code_hash)
    return code


def _home(connection: Connection, email: str | None, organisation: str | None) -> tuple[str, str | None]:
    """The organisation's id and the case manager's."""
    if email is None:
        return _organisation(connection, organisation), None
    found: Row[str, str] | None = connection.execute(
        select(staff.c.organisation, staff.c.id).where(staff.c.email == email.strip().lower())
    ).first()
    if found is None:
        raise UnknownStaff(email)
    return found.organisation, found.id


def _organisation(connection: Connection, name: str | None) -> str:
    query = select(organisations.c.id).limit(2)
    if name is not None:
        query = query.where(organisations.c.name == name)
    found = connection.scalars(query).all()
    if len(found) != 1:
        raise UnknownOrganisation(name)
    id: str = found[0]
    return id
