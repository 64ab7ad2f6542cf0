"""Who is signed in: browser sessions and API tokens. Of both only hashes are kept."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from casework.person import Person
from storage.database import Database
from storage.staff import person_columns, person_from
from storage.tables import api_tokens, staff, staff_sessions
from storage.tokens import hash_token, new_token

SESSION_LASTS = timedelta(hours=12)
RENEW_AFTER = timedelta(hours=1)
"""A session in use is renewed at most once in this time, so that reading a page is seldom a write."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A person with an open session. `csrf` belongs into every form of hers or his."""

    person: Person
    csrf: str


async def open_session(database: Database, person: Person, now: datetime) -> str:
    """The token for the cookie. Sessions that ran out, of anybody, are cleared away."""
    token = new_token()

    def work(connection: Connection) -> None:
        connection.execute(delete(staff_sessions).where(staff_sessions.c.expires <= now))
        connection.execute(
            insert(staff_sessions).values(
                token_hash=hash_token(token), staff=person.id, csrf=new_token(), expires=now + SESSION_LASTS
            )
        )

    await database.write(work)
    return token


async def who_is_signed_in(database: Database, token: str, now: datetime) -> SignedIn | None:
    """Whose session it is; None if there is no such session or it ran out. Using a session renews it."""
    this_session = staff_sessions.c.token_hash == hash_token(token)
    row = await database.read(
        lambda connection: connection.execute(
            select(*person_columns, staff_sessions.c.csrf, staff_sessions.c.expires)
            .join(staff_sessions, staff_sessions.c.staff == staff.c.id)
            .where(this_session, staff_sessions.c.expires > now)
        ).first()
    )
    if row is None:
        return None
    if row.expires < now + SESSION_LASTS - RENEW_AFTER:
        await database.write(
            lambda connection: connection.execute(
                update(staff_sessions).where(this_session).values(expires=now + SESSION_LASTS)
            )
        )
    return SignedIn(person_from(row), row.csrf)


async def close_session(database: Database, token: str) -> None:
    """Sign out. A token that is unknown is no fault."""
    await database.write(
        lambda connection: connection.execute(
            delete(staff_sessions).where(staff_sessions.c.token_hash == hash_token(token))
        )
    )


async def new_api_token(database: Database, person: Person, now: datetime) -> str:
    """A bearer token for the JSON API, shown once. It sees what the person sees."""
    token = new_token()
    await database.write(
        lambda connection: connection.execute(
            insert(api_tokens).values(token_hash=hash_token(token), staff=person.id, created=now)
        )
    )
    return token


async def whose_api_token(database: Database, token: str) -> Person | None:
    """The person a bearer token belongs to."""

    def work(connection: Connection) -> Person | None:
        row = connection.execute(
            select(*person_columns)
            .join(api_tokens, api_tokens.c.staff == staff.c.id)
            .where(api_tokens.c.token_hash == hash_token(token))
        ).first()
        return person_from(row) if row else None

    return await database.read(work)
