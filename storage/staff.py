"""Organisations and the people who work there."""

import re
import secrets
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from casework.person import ROLES, Person
from storage.database import Database
from storage.errors import StaffExists, StaffRefused
from storage.names import refuse_odd_name
from storage.tables import organisations, sign_in_codes, staff, staff_sessions
from storage.tokens import hash_token, new_token

CODE_LASTS = timedelta(days=7)

person_columns = (
    staff.c.id,
    staff.c.organisation,
    staff.c.role,
    staff.c.name,
    staff.c.email,
    staff.c.language,
)

_EMAIL = re.compile(r"[^\s@\x00-\x1f\x7f]+@[^\s@\x00-\x1f\x7f]+")


def person_from(row: Row[*tuple[Any, ...]]) -> Person:
    """A row that has `person_columns`."""
    return Person(row.id, row.organisation, row.role, row.name, row.email, row.language)


def plain_email(text: str) -> str | None:
    """As stored: lower case, no spaces around. None if it can be no address."""
    email = text.strip().lower()
    return email if len(email) <= 254 and _EMAIL.fullmatch(email) and email.isprintable() else None


async def add_organisation(database: Database, name: str, now: datetime) -> str:
    """The new organisation's id; for a name that exists already, its id. Raises NameRefused."""
    refuse_odd_name(name)

    def work(connection: Connection) -> str:
        known = connection.scalar(select(organisations.c.id).where(organisations.c.name == name))
        if known is not None:
            return str(known)
        id = secrets.token_hex(12)
        connection.execute(insert(organisations).values(id=id, name=name, created=now))
        return id

    return await database.write(work)


async def first_organisation(database: Database) -> str | None:
    """The oldest organisation's id: the one meant when none is named."""
    return await database.read(_first_organisation)


def _first_organisation(connection: Connection) -> str | None:
    return connection.scalar(
        select(organisations.c.id).order_by(organisations.c.created, organisations.c.id).limit(1)
    )


async def add_staff(
    database: Database, *, email: str, name: str, role: str, now: datetime, organisation: str | None = None
) -> Person:
    """Somebody who can sign in once she or he has a one-time code. `organisation`: its id; None: the first.

    Raises `StaffRefused` (unusable email, name, role or organisation) or `StaffExists` (email in use).
    """
    address = plain_email(email)
    if address is None:
        raise StaffRefused(f"{email!r} is no email address. Write it like name@example.org.")
    if role not in ROLES:
        raise StaffRefused(f"There is no role {role!r}. Choose one of: {', '.join(ROLES)}.")
    if not 0 < len(name.strip()) <= 200 or not name.isprintable():
        raise StaffRefused("The name must have 1 to 200 letters, on one line.")

    def work(connection: Connection) -> Person:
        at = organisation or _first_organisation(connection)
        if at is None:
            raise StaffRefused("There is no organisation yet. Add one first.")
        person = Person(secrets.token_hex(12), at, role, name.strip(), address)
        connection.execute(
            insert(staff).values(
                id=person.id,
                organisation=at,
                email=address,
                name=person.name,
                role=role,
                language=person.language,
                created=now,
            )
        )
        return person

    try:
        return await database.write(work)
    except IntegrityError:
        if await find_staff(database, address) is None:
            raise StaffRefused(f"There is no organisation with the id {organisation!r}.") from None
        raise StaffExists(address) from None


async def find_staff(database: Database, email: str) -> Person | None:
    """The person with that email, in any spelling of upper and lower case."""
    found = await password_of(database, email)
    return found[0] if found else None


async def password_of(database: Database, email: str) -> tuple[Person, str | None] | None:
    """The person with that email, and the hash of the password; None as hash until one was chosen."""
    address = plain_email(email)
    if address is None:
        return None

    def work(connection: Connection) -> tuple[Person, str | None] | None:
        row = connection.execute(
            select(*person_columns, staff.c.password).where(staff.c.email == address)
        ).first()
        return (person_from(row), row.password) if row else None

    return await database.read(work)


async def set_language(database: Database, person: Person, language: str) -> None:
    """The console speaks `language` to that person from now on."""
    await database.write(
        lambda connection: connection.execute(
            update(staff).where(staff.c.id == person.id).values(language=language)
        )
    )


async def new_sign_in_code(database: Database, person: Person, now: datetime) -> str:
    """A code to choose a password with, once, within 7 days. An earlier code stops working."""
    code = new_token()

    def work(connection: Connection) -> None:
        connection.execute(delete(sign_in_codes).where(sign_in_codes.c.staff == person.id))
        connection.execute(
            insert(sign_in_codes).values(
                code_hash=hash_token(code), staff=person.id, expires=now + CODE_LASTS
            )
        )

    await database.write(work)
    return code


async def whose_code(database: Database, code: str, now: datetime) -> Person | None:
    """The person a one-time code was made for; None if it is wrong, used or too old. Changes nothing."""
    return await database.read(lambda connection: _whose_code(connection, code, now))


def _whose_code(connection: Connection, code: str, now: datetime) -> Person | None:
    row = connection.execute(
        select(*person_columns)
        .join(sign_in_codes, sign_in_codes.c.staff == staff.c.id)
        .where(sign_in_codes.c.code_hash == hash_token(code), sign_in_codes.c.expires > now)
    ).first()
    return person_from(row) if row else None


async def use_code(database: Database, code: str, password_hash: str, now: datetime) -> Person | None:
    """Use a code up: set the password, end every session of that person. None as in `whose_code`."""

    def work(connection: Connection) -> Person | None:
        person = _whose_code(connection, code, now)
        if person is None or not _use_up(connection, code):
            return None
        connection.execute(update(staff).where(staff.c.id == person.id).values(password=password_hash))
        connection.execute(delete(staff_sessions).where(staff_sessions.c.staff == person.id))
        return person

    return await database.write(work)


def _use_up(connection: Connection, code: str) -> bool:
    """False when somebody else used the same code a moment ago."""
    used = connection.execute(delete(sign_in_codes).where(sign_in_codes.c.code_hash == hash_token(code)))
    return used.rowcount == 1
