"""A small organisation to test storage with: one case manager, one script, and clients as needed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, Table, func, insert, select

from casework.summary import Flags, Head, Share, SharedAnswer, Summary
from dialogs.message import Message, WrittenButton
from dialogs.session import Answer, Place, Session
from dialogs.turn import Answered, Event, HandedOver
from storage import scripts
from storage.database import Database
from storage.invites import Invite, invite
from storage.tables import organisations, staff
from storage.turns import Change, Decide, Knock, Loaded, take

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SCRIPT = "reflection-1"


async def furnish(database: Database) -> None:
    """The organisation "Huis", the case manager Mara, and a published script."""

    def work(connection: Connection) -> None:
        connection.execute(insert(organisations).values(id="huis", name="Huis", created=NOW))
        connection.execute(
            insert(staff).values(
                id="mara",
                organisation="huis",
                email="mara@huis.example",
                name="Mara",
                role="manager",
                created=NOW,
            )
        )

    await database.write(work)
    await scripts.publish(database, SCRIPT, "reflection", {"reflection.yaml": "name: reflection"}, NOW)


async def amina(database: Database, name: str = "Amina") -> Invite:
    """A client of Mara's, invited in Arabic."""
    return await invite(database, name=name, language="ar", manager_email="mara@huis.example", now=NOW)


def by_code(code: str, event: str = "1", now: datetime = NOW) -> Knock:
    """She sends a form on the web."""
    return Knock("web", event, now, code=code)


def by_chat(address: str, event: str = "1", code: str | None = None, minutes: int = 0) -> Knock:
    """She writes on Telegram; with `code` she opened the bot with her link."""
    return Knock("telegram", event, NOW + timedelta(minutes=minutes), code=code, address=address)


def session_of(loaded: Loaded) -> Session:
    """Her session, or a new one named after her."""
    return loaded.session or Session(f"session-{loaded.caller.client[:40]}", SCRIPT, loaded.caller.language)


def ours(words: str) -> Message:
    """A question of ours, with two buttons."""
    return Message("ar", (words,), (WrittenButton("1", "Yes"), WrittenButton("2", "No")), "choice", "t1")


def hers(words: str) -> Message:
    """What she wrote."""
    return Message("ar", (words,), hers=True)


def says(words: str, *events: Event, question: str = "name", reply: str = "") -> Decide:
    """A turn that takes her words as the answer to `question`, and replies to them."""

    def decide(loaded: Loaded) -> Change:
        session = session_of(loaded)
        place = Place(question)
        answer = Answer("answered", words, (words,), "ar", NOW, "web")
        session = replace(session, mode="talking", answers={**session.answers, place: answer})
        messages = (hers(words), ours(reply or f"You said {words}"))
        return Change(session, (Answered(place, answer), *events), messages)

    return decide


HANDED_OVER = HandedOver(Session("of her turn", SCRIPT, "ar"))
"""Storage looks at no more of it than that it happened."""


def does(*events: Event, goodbye: str = "Goodbye", keep: bool = True) -> Decide:
    """A turn in which something happens, and a goodbye is said."""

    def decide(loaded: Loaded) -> Change:
        return Change(session_of(loaded) if keep else None, events, (ours(goodbye),))

    return decide


def shares(words: str, *events: Event, id: str = "summary-1", flags: Flags | None = None) -> Decide:
    """A turn in which she shares one answer."""

    def decide(loaded: Loaded) -> Change:
        return Change(
            session_of(loaded), events, (ours("Thank you"),), summary_of(words, id, flags or Flags())
        )

    return decide


def summary_of(words: str, id: str = "summary-1", flags: Flags | None = None) -> Summary:
    """A summary with one answer in her words."""
    share = Share(("case_manager",), (NOW + timedelta(days=90)).date(), NOW)
    answer = SharedAnswer("hope", 1, "hopes", "answered", words, "ar", (), share)
    head = Head(id, "Amina", "reflection", SCRIPT, ("ar",), NOW, 10, ("hopes",), ("step",))
    return Summary(head, (answer,), flags=flags or Flags())


async def loaded(database: Database, knock: Knock) -> Loaded:
    """What the next turn would be decided on; changes nothing but the list of updates seen.

    What is at hand of her must be what is stored.
    """
    seen: list[Loaded] = []

    def peek(what: Loaded) -> Change:
        seen.append(what)
        return Change(None)

    await take(database, knock, peek)  # a turn without a session leaves nothing at hand
    at_first = seen[-1]  # what was decided on before that may have been given up
    await take(database, replace(knock, event=f"{knock.event} again"), peek)
    assert seen[-1] == at_first
    return at_first


async def count(database: Database, *tables: Table) -> dict[str, int]:
    """How many rows each table has."""

    def work(connection: Connection) -> dict[str, int]:
        return {
            table.name: connection.scalar(select(func.count()).select_from(table)) or 0 for table in tables
        }

    return await database.read(work)
