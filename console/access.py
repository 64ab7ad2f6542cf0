"""The one way from the console to cases: it takes the signed-in person and scopes every read."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from casework.case_file import CaseFile
from casework.feedback import ReadFeedback
from casework.person import Person, scope_of
from casework.summary import Case, CaseState, in_queue_order
from dialogs.script import Script
from storage import cases, staff_notes
from storage.database import Database
from storage.feedback import read_feedback
from storage.staff_notes import StaffNote
from storage.voices import voice_for_case

ScriptOf = Callable[[str], Awaitable[Script | None]]
"""A script version's name in, the compiled script out; None if it cannot be had."""


@dataclass(frozen=True, slots=True)
class Access:
    """Every method takes the person who asks. There is no other way in."""

    database: Database
    script_of: ScriptOf

    async def queue(self, person: Person, now: datetime) -> list[Case]:
        """Her or his cases, the most pressing first."""
        return in_queue_order(await cases.cases(self.database, scope_of(person), now))

    async def case_file(self, person: Person, id: str, now: datetime) -> CaseFile | None:
        """None for an unknown case and for somebody else's: the caller cannot tell them apart."""
        return await cases.find(self.database, scope_of(person), id, now)

    async def voice(self, person: Person, id: str, ref: str, now: datetime) -> bytes | None:
        """What she shares aloud in a case. None for every other recording, and as in `case_file`."""
        found = await self.case_file(person, id, now)
        if found is None or ref not in found.summary.recordings:
            return None
        return await voice_for_case(self.database, id, ref)

    async def move(self, person: Person, id: str, state: CaseState, now: datetime) -> CaseState | None:
        """Which state the case has now; None as in `case_file`."""
        return await cases.move(self.database, scope_of(person), person, id, state, now)

    async def script(self, case_file: CaseFile) -> Script | None:
        """The script the summary was made with, for its words."""
        return await self.script_of(case_file.summary.summary.script_version)

    async def feedback(self, person: Person) -> list[ReadFeedback]:
        """What clients of the organisation said the questions got wrong; nothing for case managers."""
        return await read_feedback(self.database, person)

    async def own_notes(self, person: Person, script: str) -> list[StaffNote]:
        """What this person wrote for herself or himself."""
        return await staff_notes.own_notes(self.database, person, script)

    async def keep_note(self, person: Person, script: str, answers: dict[str, str], now: datetime) -> None:
        """For this person alone."""
        await staff_notes.keep_note(self.database, person, script, answers, now)

    async def drop_note(self, person: Person, id: str) -> None:
        """One of this person's own."""
        await staff_notes.drop_note(self.database, person, id)
