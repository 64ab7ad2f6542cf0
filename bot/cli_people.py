"""Commands about people: to invite clients, and to let members of staff in."""

import json
from typing import Annotated, Any

import typer

from bot.cli_tools import AsJson, say, stop, with_database
from bot.opening import languages_of, now
from bot.settings import Settings, WrongSettings
from bot.telegram_bot import bot_name
from locales.catalogue import CLIENT_LANGUAGES
from storage import invites, staff
from storage import sign_in as sign_ins
from storage.database import Database

people = typer.Typer()
user = typer.Typer(no_args_is_help=True, help="Members of staff.")


@people.command()
def invite(
    name: Annotated[str, typer.Option(help="What her case manager calls her.")],
    language: Annotated[str, typer.Option(help="Language to begin in.")],
    manager: Annotated[str | None, typer.Option(help="Email of her case manager.")] = None,
    organisation: Annotated[str | None, typer.Option(help="Name, if there are several.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make an invite for a client: a link to web chat, and one to Telegram if there is a bot."""
    if language not in CLIENT_LANGUAGES:
        stop(f"There is no language '{language}'. Choose one of: {', '.join(CLIENT_LANGUAGES)}.")

    async def work(database: Database, settings: Settings) -> dict[str, str | None]:
        if language not in dict(languages_of(settings)):
            raise WrongSettings(
                f"No native speaker has read all words of '{language}' yet, so it is not on offer. "
                f"To offer the draft, add {language} to TREDE_DRAFT_LANGUAGES. See docs/settings.md."
            )
        bot = await bot_name(database, settings)  # first: if it refuses, no code is made and lost
        made = await invites.invite(
            database,
            name=name,
            language=language,
            manager_email=manager,
            organisation=organisation,
            now=now(),
        )
        return {
            "code": made.code,
            "web": f"{settings.address}/chat/{made.code}",
            "telegram": f"https://t.me/{bot}?start={made.code}" if bot else None,
        }

    links = with_database(work)
    if as_json:
        print(json.dumps(links, indent=2))  # noqa: T201
    else:
        say(f"Web chat:  {links['web']}")
        nowhere = "none (no TREDE_TELEGRAM_TOKEN, or Telegram did not answer)"
        say(f"Telegram:  {links['telegram'] or nowhere}")


@user.command("add")
def user_add(
    email: Annotated[str, typer.Argument(help="Email address to sign in with.")],
    name: Annotated[str, typer.Option(help="Name that colleagues and clients see.")],
    role: Annotated[str, typer.Option(help="manager, coordinator or admin.")],
    organisation: Annotated[str | None, typer.Option(help="Its name; made if it is new.")] = None,
) -> None:
    """Add a member of staff, and print her or his one-time sign-in."""

    async def work(database: Database, settings: Settings) -> str:
        home = await staff.first_organisation(database)
        if organisation is not None or home is None:
            home = await staff.add_organisation(database, organisation or "Our organisation", now())
        person = await staff.add_staff(
            database, email=email, name=name, role=role, now=now(), organisation=home
        )
        return f"{settings.address}/staff/enter/{await staff.new_sign_in_code(database, person, now())}"

    say(f"One-time sign-in: {with_database(work)}")


@user.command("token")
def user_token(email: Annotated[str, typer.Argument(help="Whose cases it may read.")]) -> None:
    """Make a bearer token for the JSON API. It is shown only now."""

    async def work(database: Database, _: Settings) -> str:
        return await sign_ins.new_api_token(database, await _known(database, email), now())

    print(with_database(work))  # noqa: T201


@user.command("reset")
def user_reset(email: Annotated[str, typer.Argument(help="Who forgot the password.")]) -> None:
    """Print a new one-time sign-in, to choose a new password with."""

    async def work(database: Database, settings: Settings) -> str:
        code = await staff.new_sign_in_code(database, await _known(database, email), now())
        return f"{settings.address}/staff/enter/{code}"

    say(f"One-time sign-in: {with_database(work)}")


async def _known(database: Database, email: str) -> Any:
    person = await staff.find_staff(database, email)
    if person is None:
        stop(f"There is no account {email}. Add it with `trede user add`.")
    return person
