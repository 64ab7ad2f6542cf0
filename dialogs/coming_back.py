"""Coming back to her small step: which part asks how it went, which step it is, and what is asked anew."""

from datetime import datetime, tzinfo

from dialogs.moves import Moves
from dialogs.reminding import today
from dialogs.script import Part, Script, came_back
from dialogs.session import Answer, Place, Session

STEP_FEEDS = ("step.what", "step.next")
"""Where the answers go that name a step of hers."""

_TERMS = ("share.until", "share.until_date")
"""Where the answers go that say until when she shares."""


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


def to_follow_up(moves: Moves, session: Session) -> Part | None:
    """The part that asks how her step went, if she has a step."""
    part = follow_up_part(moves.script)
    return part if part is not None and her_step(moves, session) is not None else None


def is_time_to_follow_up(moves: Moves, session: Session, now: datetime, zone: tzinfo) -> bool:
    """She was reminded, or her step is of another day. `zone`: hers."""
    step = her_step(moves, session)
    if session.follow_up == "due" or step is None or step.at is None:
        return session.follow_up == "due"
    return today(step.at, zone) < today(now, zone)


# ── what is asked anew ────────────────────────────────────────────────────────────────────────────


def asked_anew(moves: Moves, session: Session, part: Part) -> list[Place]:
    """Of her answers those that are asked for anew, when she comes back to her step in that part."""
    return [
        place
        for place, answer in session.answers.items()
        if answer.state != "not_asked" and _is_asked_anew(moves, place, answer, part)
    ]


def _is_asked_anew(moves: Moves, place: Place, answer: Answer, part: Part) -> bool:
    """What she says of her step, whether she shares it, what she put off, and a term that may be over."""
    step = moves.script.by_name.get(place.step)
    if step is None:
        return False
    return (
        part.name in (step.part, step.about)
        or step.feeds == "share.changed"
        or (step.kind == "share" and answer.value == ("later",))
        or (step.feeds in _TERMS and answer.state == "answered" and answer.value != ("stop",))
    )


def heard_anew(moves: Moves, session: Session, part: Part) -> frozenset[Place]:
    """Of what she heard that which is said anew then."""
    return frozenset(
        place for place in session.heard if _is_in(moves, place, part.name) or is_about_sharing(moves, place)
    )


def _is_in(moves: Moves, place: Place, part: str) -> bool:
    step = moves.script.by_name.get(place.step)
    return step is not None and step.part == part


def is_about_sharing(moves: Moves, place: Place) -> bool:
    """Whether a decision belongs to the part in which she reads back and shares."""
    step, part = moves.script.by_name.get(place.step), sharing_part(moves.script)
    return step is not None and step.part == part


def sharing_part(script: Script) -> str:
    """The name of the part in which she reads back and shares; "" if there is none."""
    return next((step.part for step in script.steps if step.kind in ("read_back", "share")), "")
