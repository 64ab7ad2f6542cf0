"""A session and its answers as they are stored: JSON for `sessions.state` and `answers.body`."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Row

from dialogs.session import Answer, Place, Session

# A field that a later version adds gets its default; one that it drops is passed over.
_session = TypeAdapter(Session)
_COLUMNS = {"id", "script", "language", "mode"}  # `sessions` has these beside the state
_no_answers: dict[Place, Answer] = {}


def state_of(session: Session) -> dict[str, Any]:
    """All of a session that has no column or table of its own."""
    state: dict[str, Any] = _session.dump_python(
        replace(session, answers=_no_answers), mode="json", exclude=_COLUMNS
    )
    return state


def session_from(row: Row[*tuple[Any, ...]], answers: Mapping[Place, Answer]) -> Session:
    """What `state_of` took apart. `row` has the columns of `sessions`."""
    columns = {"id": row.id, "script": row.script, "language": row.language, "mode": row.mode}
    return replace(_session.validate_python({**row.state, **columns}), answers=answers)


def body_of(answer: Answer) -> dict[str, Any]:
    """The part of an answer that is hers."""
    return {"words": answer.words, "value": answer.value}


def answer_from(row: Row[*tuple[Any, ...]]) -> tuple[Place, Answer]:
    """`row` has the columns of `answers`."""
    answer = Answer(
        state=row.state,
        words=row.body["words"],
        value=tuple(row.body["value"]),
        language=row.language,
        at=row.at,
        channel=row.channel,
    )
    return Place(row.question, row.round), answer
