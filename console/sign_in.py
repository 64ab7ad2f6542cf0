"""Signing in: a one-time code first, then email and password, then a session."""

from dataclasses import dataclass
from datetime import datetime

from casework.person import Person
from console.passwords import Passwords
from storage import sign_in, staff, tries
from storage.database import Database
from storage.sign_in import SignedIn


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of a try: the new session's token, or "" whatever was wrong."""

    token: str = ""
    too_many: bool = False


@dataclass(frozen=True, slots=True)
class SignIn:
    """The hash of a password is always computed outside a transaction: it takes 0.1 s."""

    database: Database
    passwords: Passwords

    async def try_password(self, email: str, password: str, address: str, now: datetime) -> Tried:
        """Sign in, unless something is wrong or there were too many tries in a minute."""
        account = staff.plain_email(email) or ""
        noted = await tries.begin_try(self.database, account, address, now)
        if noted is None:
            return Tried(too_many=True)
        person, stored = await staff.password_of(self.database, account) or (None, None)
        if not await self.passwords.is_right(stored, password) or person is None:
            return Tried()
        await tries.forget_try(self.database, noted)
        return Tried(await sign_in.open_session(self.database, person, now))

    async def whose_code(self, code: str, now: datetime) -> Person | None:
        """Who may choose a password with this one-time code. Changes nothing."""
        return await staff.whose_code(self.database, code, now)

    async def choose_password(self, code: str, password: str, now: datetime) -> str | None:
        """Use the code up and sign in: the session's token. None if the code is wrong, used or too old."""
        if await staff.whose_code(self.database, code, now) is None:
            return None
        hashed = await self.passwords.hash(password)
        person = await staff.use_code(self.database, code, hashed, now)
        return await sign_in.open_session(self.database, person, now) if person else None

    async def who(self, token: str, now: datetime) -> SignedIn | None:
        """Whose session a cookie's token is."""
        return await sign_in.who_is_signed_in(self.database, token, now) if token else None

    async def bearer(self, token: str) -> Person | None:
        """Whose API token it is."""
        return await sign_in.whose_api_token(self.database, token)

    async def out(self, token: str) -> None:
        """End the session."""
        await sign_in.close_session(self.database, token)

    async def speak(self, person: Person, language: str) -> None:
        """Keep the language that person reads the console in."""
        await staff.set_language(self.database, person, language)
