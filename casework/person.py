"""Who works with cases, and which cases that person may see."""

from dataclasses import dataclass
from typing import Literal, get_args

Role = Literal["manager", "coordinator", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)


@dataclass(frozen=True, slots=True)
class Person:
    """A member of staff. `language` is the one the console speaks to her or him: "en" or "nl"."""

    id: str
    organisation: str  # its id
    role: Role
    name: str
    email: str
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Scope:
    """Which cases may be read. None means: whichever.

    `manager`: only cases assigned to this person (an id) or to nobody.
    """

    organisation: str | None = None
    manager: str | None = None
    nothing: bool = False


EVERYTHING = Scope()
"""For the command line, which only the operator of the machine can use. Never for the console."""


def scope_of(person: Person) -> Scope:
    """A manager sees cases assigned to her or to nobody, an admin all of the organisation, others none."""
    if person.role == "manager":
        return Scope(organisation=person.organisation, manager=person.id)
    if person.role == "admin":
        return Scope(organisation=person.organisation)
    return Scope(nothing=True)
