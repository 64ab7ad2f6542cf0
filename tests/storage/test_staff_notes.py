"""What staff write for themselves is theirs alone."""

from datetime import timedelta

from sqlalchemy import Connection, insert, select

from casework.person import Person
from storage.database import Database
from storage.staff_notes import MOST, drop_note, keep_note, own_notes
from storage.tables import staff, staff_notes
from tests.storage.house import NOW, furnish

MARA = Person("mara", "huis", "manager", "Mara", "mara@huis.example")
ELS = Person("els", "huis", "admin", "Els", "els@huis.example")
SCRIPT = "before-you-open"


async def furnished(database: Database) -> None:
    await furnish(database)

    def work(connection: Connection) -> None:
        connection.execute(
            insert(staff).values(
                id="els", organisation="huis", email=ELS.email, name="Els", role="admin", created=NOW
            )
        )

    await database.write(work)


async def test_each_reads_her_own_the_newest_first_and_nobody_elses(fresh_database: Database) -> None:
    await furnished(fresh_database)
    await keep_note(fresh_database, MARA, SCRIPT, {"me": "I expected a mother"}, NOW)
    await keep_note(fresh_database, MARA, SCRIPT, {"me": "Less today"}, NOW + timedelta(days=1))

    assert [note.answers["me"] for note in await own_notes(fresh_database, MARA, SCRIPT)] == [
        "Less today",
        "I expected a mother",
    ]
    assert await own_notes(fresh_database, ELS, SCRIPT) == [], "an admin neither"


async def test_only_its_writer_can_delete_it(fresh_database: Database) -> None:
    await furnished(fresh_database)
    await keep_note(fresh_database, MARA, SCRIPT, {"me": "Mine"}, NOW)
    [note] = await own_notes(fresh_database, MARA, SCRIPT)

    await drop_note(fresh_database, ELS, note.id)
    assert len(await own_notes(fresh_database, MARA, SCRIPT)) == 1

    await drop_note(fresh_database, MARA, note.id)
    assert await own_notes(fresh_database, MARA, SCRIPT) == []


async def test_it_is_not_readable_in_the_table(fresh_database: Database) -> None:
    await furnished(fresh_database)
    await keep_note(fresh_database, MARA, SCRIPT, {"me": "I expected a mother"}, NOW)

    def rows(connection: Connection) -> str:
        return repr(connection.execute(select(staff_notes)).all())

    assert "mother" not in await fresh_database.read(rows)


async def test_the_oldest_go_when_there_are_many(fresh_database: Database) -> None:
    await furnished(fresh_database)
    for day in range(MOST + 2):
        await keep_note(fresh_database, MARA, SCRIPT, {"me": str(day)}, NOW + timedelta(days=day))

    kept = [note.answers["me"] for note in await own_notes(fresh_database, MARA, SCRIPT)]
    assert (len(kept), kept[-1]) == (MOST, "2")
