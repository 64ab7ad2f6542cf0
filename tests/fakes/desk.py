"""A small world for staff: two organisations, their people, and cases laid straight into the database."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from argon2 import PasswordHasher
from sqlalchemy import Connection, insert, select

from casework.person import Person
from casework.summary import (
    Ambition,
    CaseState,
    Change,
    Experience,
    Flags,
    Head,
    Share,
    SharedAnswer,
    StepPlan,
    Summary,
)
from console.passwords import Passwords
from storage.database import Database
from storage.sealed import Words, new_key
from storage.staff import add_organisation, add_staff
from storage.standing import stored_summary
from storage.tables import chats, clients, scripts, sessions, summaries

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SHARED = Share(("case_manager",), date(2027, 2, 1), NOW)


def quick_passwords() -> Passwords:
    """Hashes far too cheap for real passwords."""
    return Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@dataclass(frozen=True, slots=True)
class Staff:
    """Mara and Joris are case managers of Huis, Els is its admin, Cor its coordinator; Tess is of Thuis."""

    mara: Person
    joris: Person
    els: Person
    cor: Person
    tess: Person


async def people(database: Database) -> Staff:
    """Two organisations with their staff."""
    huis = await add_organisation(database, "Huis", NOW)
    thuis = await add_organisation(database, "Thuis", NOW)

    async def add(name: str, role: str, organisation: str) -> Person:
        email = f"{name.lower()}@{'huis' if organisation == huis else 'thuis'}.example"
        return await add_staff(
            database, email=email, name=name, role=role, now=NOW, organisation=organisation
        )

    return Staff(
        mara=await add("Mara", "manager", huis),
        joris=await add("Joris", "manager", huis),
        els=await add("Els", "admin", huis),
        cor=await add("Cor", "coordinator", huis),
        tess=await add("Tess", "manager", thuis),
    )


async def lay_case(
    database: Database,
    summary: Summary,
    organisation: str,
    manager: Person | None = None,
    *,
    state: CaseState = "new",
    unreachable: bool = False,
) -> str:
    """Put a summary into the queue, with a client and a session of its own; its id."""
    id = summary.summary.id
    key, wrapped = new_key(f"client-{id}")
    language = summary.summary.languages[0]

    def work(connection: Connection) -> None:
        version = summary.summary.script_version
        if connection.scalar(select(scripts.c.version).where(scripts.c.version == version)) is None:
            connection.execute(
                insert(scripts).values(version=version, name="reflection", source="{}", created=NOW)
            )
        client: Mapping[str, Any] = {
            "id": f"client-{id}",
            "organisation": organisation,
            "manager": manager.id if manager else None,
            "key": wrapped,
            "name": Words("Name on the invite", key, f"client-{id}"),
            "language": language,
            "created": NOW,
        }
        connection.execute(insert(clients).values(client))
        connection.execute(
            insert(sessions).values(
                id=f"session-{id}",
                client=f"client-{id}",
                script=version,
                version=1,
                language=language,
                mode="ended",
                state=Words({}, key, f"session-{id}"),
                created=NOW,
                updated=NOW,
            )
        )
        connection.execute(
            insert(summaries).values(
                id=id,
                session=f"session-{id}",
                organisation=organisation,
                client=f"client-{id}",
                body=Words(stored_summary.dump_python(summary, mode="json"), key, id),
                state=state,
                asked_for_help=summary.flags.asked_for_help,
                wants_call=summary.flags.wants_call,
                language=language,
                created=NOW,
                changed=NOW,
            )
        )
        if unreachable:
            connection.execute(
                insert(chats).values(
                    id=f"chat-{id}",
                    client=f"client-{id}",
                    channel="telegram",
                    address_hash=id,
                    address=Words("1", key, f"chat-{id}"),
                    unreachable=True,
                    created=NOW,
                )
            )

    await database.write(work)
    return id


def short_summary(
    id: str,
    client: str = "Amina",
    *,
    flags: Flags | None = None,
    created: datetime = NOW,
    words: str = "A calm house",
    share: Share = SHARED,
) -> Summary:
    """One hope, in Arabic as far as anyone knows."""
    answer = SharedAnswer("good_life", 1, "hopes", "answered", words, "ar", (), share)
    head = Head(id, client, "reflection", "reflection-1", ("ar",), created, 10, ("hopes",), ("my_step",))
    hope = Ambition("good_life", words, "ar")
    return Summary(head, (answer,), (hope,), flags=flags or Flags())


def long_summary(id: str, version: str = "reflection-1") -> Summary:
    """Everything that the reflection can give."""
    told = {
        "good_life": "أريد بيتًا هادئًا وعملًا أحبه",
        "story": "خبزت الخبز لكل الحي",
        "step": "سأتصل بالمدرسة",
    }

    def answer(question: str, part: str, words: str, *value: str) -> SharedAnswer:
        return SharedAnswer(question, 1, part, "answered", words, "ar", value, SHARED)

    return Summary(
        Head(id, "أمينة", "reflection", version, ("ar",), NOW, 12, ("hopes", "stories", "my_step"), ()),
        (
            answer("good_life", "hopes", told["good_life"]),
            answer("own_wish", "hopes", "رغبتي", "mine"),
            answer("story", "stories", told["story"]),
            answer("kinds", "stories", "عمل خاص، مساعدة", "own_business", "helping"),
            answer("step", "my_step", told["step"]),
            answer("sure", "my_step", "٦", "6"),
        ),
        (Ambition("good_life", told["good_life"], "ar", "mine"),),
        (
            Experience(
                title=told["story"], kind=("own_business", "helping"), proud_of="الجميع", language="ar"
            ),
        ),
        step=StepPlan(what=told["step"], confidence=6, when_where="الاثنين في البيت", language="ar"),
        flags=Flags(wants_call=True, call_when="صباحًا", call_how=("phone",), asked_for_help=True),
        changes=(Change("step", "changed"),),
    )
