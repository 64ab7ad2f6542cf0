"""Coming back to her small step: the part of the script that asks how it went, and which step that is."""

from dialogs.moves import Moves
from dialogs.script import Part, Script, came_back
from dialogs.session import Answer, Place, Session

STEP_FEEDS = ("step.what", "step.next")
"""Where the answers go that name a step of hers."""


def follow_up_part(script: Script) -> Part | None:
    """The part that is entered when she comes back; None if the script has none."""
    return next((part for part in script.parts if part.follow_up), None)


def her_step(moves: Moves, session: Session) -> Answer | None:
    """The step she chose last: at first, or when she came back. None if she has none."""
    places = [
        place
        for place in moves.walk(session.answers)
        if place.step in moves.script.by_name and moves.script.by_name[place.step].feeds in STEP_FEEDS
    ]
    part = follow_up_part(moves.script)
    if part is not None:  # its words are the step she was asked about then
        places.insert(0, Place(came_back(part.name)))
    named = [session.answers[place] for place in places if place in session.answers]
    return max((a for a in named if a.state == "answered"), key=_age, default=None)


def _age(answer: Answer) -> float:
    return answer.at.timestamp() if answer.at is not None else 0.0


def is_about_sharing(moves: Moves, place: Place) -> bool:
    """Whether a decision belongs to the part in which she reads back and shares."""
    step, part = moves.script.by_name.get(place.step), sharing_part(moves.script)
    return step is not None and step.part == part


def sharing_part(script: Script) -> str:
    """The name of the part in which she reads back and shares; "" if there is none."""
    return next((step.part for step in script.steps if step.kind in ("read_back", "share")), "")
