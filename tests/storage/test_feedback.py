"""What the questions got wrong reaches coordinators without a name, not in the case, and goes with her."""

from dataclasses import replace

from sqlalchemy import Connection, select

from casework.feedback import Feedback
from casework.person import Person
from dialogs.turn import Deleted
from storage.database import Database
from storage.feedback import read_feedback
from storage.tables import feedback
from storage.turns import Change, Loaded, take
from tests.storage.house import NOW, amina, by_code, furnish, ours, session_of

COR = Person("cor", "huis", "coordinator", "Cor", "cor@huis.example")
MARA = Person("mara", "huis", "manager", "Mara", "mara@huis.example")
ELSEWHERE = Person("tess", "thuis", "coordinator", "Tess", "tess@thuis.example")
SAID = Feedback("reflection", "v1", "ar", "You took me for a mother")


async def says(database: Database, code: str, told: Feedback, event: str = "1") -> None:
    """Her turn comes with this feedback."""

    def decide(loaded: Loaded) -> Change:
        return Change(replace(session_of(loaded), mode="talking"), messages=(ours("Thanks"),), feedback=told)

    assert (await take(database, by_code(code, event), decide)).status == "done"


async def test_a_coordinator_reads_what_she_said_and_on_which_day(fresh_database: Database) -> None:
    await furnish(fresh_database)
    await says(fresh_database, (await amina(fresh_database)).code, SAID)

    [read] = await read_feedback(fresh_database, COR)

    assert (read.day, read.told) == (NOW.date(), SAID)


async def test_a_case_manager_and_another_organisation_read_nothing(fresh_database: Database) -> None:
    await furnish(fresh_database)
    await says(fresh_database, (await amina(fresh_database)).code, SAID)

    assert await read_feedback(fresh_database, MARA) == []
    assert await read_feedback(fresh_database, ELSEWHERE) == []


async def test_what_she_says_anew_takes_the_place_of_what_she_said(fresh_database: Database) -> None:
    await furnish(fresh_database)
    code = (await amina(fresh_database)).code
    await says(fresh_database, code, SAID)

    await says(fresh_database, code, replace(SAID, words="Only a little"), "2")

    assert [read.told.words for read in await read_feedback(fresh_database, COR)] == ["Only a little"]


async def test_who_takes_it_back_said_nothing(fresh_database: Database) -> None:
    await furnish(fresh_database)
    code = (await amina(fresh_database)).code
    await says(fresh_database, code, SAID)

    await says(fresh_database, code, replace(SAID, words="", is_taken_back=True), "2")

    assert await read_feedback(fresh_database, COR) == []


async def test_it_goes_when_she_deletes_everything(fresh_database: Database) -> None:
    await furnish(fresh_database)
    code = (await amina(fresh_database)).code
    await says(fresh_database, code, SAID)

    await take(fresh_database, by_code(code, "2"), lambda loaded: Change(session_of(loaded), (Deleted(),)))

    assert await read_feedback(fresh_database, COR) == []


async def test_her_words_are_not_readable_in_the_table(fresh_database: Database) -> None:
    await furnish(fresh_database)
    await says(fresh_database, (await amina(fresh_database)).code, SAID)

    def row(connection: Connection) -> str:
        return repr(connection.execute(select(feedback)).one())

    assert "mother" not in await fresh_database.read(row)
