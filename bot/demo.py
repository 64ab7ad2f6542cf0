"""A small organisation to try Trede with: a case manager and one client. Made once, found again later."""

from dataclasses import dataclass
from datetime import datetime

from storage.database import Database
from storage.invites import demo_code, invite
from storage.staff import add_organisation, add_staff, find_staff, new_sign_in_code

ORGANISATION = "Demo organisation"
MANAGER = "demo@example.org"
MANAGER_NAME = "Joke Bakker"
CLIENT = "Amina"


@dataclass(frozen=True, slots=True)
class Demo:
    """What `trede run --demo` prints. `enter`: a one-time sign-in, new each time."""

    chat: str
    enter: str


async def demo(database: Database, address: str, now: datetime) -> Demo:
    """Find the demo, or make what is missing of it. `address` is where browsers reach us."""
    manager = await find_staff(database, MANAGER)
    if manager is None:
        organisation = await add_organisation(database, ORGANISATION, now)
        manager = await add_staff(
            database, email=MANAGER, name=MANAGER_NAME, role="manager", now=now, organisation=organisation
        )
    code = await demo_code(database)
    if code is None:
        made = await invite(database, name=CLIENT, language="en", manager_email=MANAGER, now=now, demo=True)
        code = made.code
    enter = await new_sign_in_code(database, manager, now)
    return Demo(f"{address}/chat/{code}", f"{address}/staff/enter/{enter}")
