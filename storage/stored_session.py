"""A session, its answers and messages as they are stored: JSON for the sealed columns."""

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields
from typing import Any

from pydantic import TypeAdapter
from pydantic_core import PydanticSerializationError
from sqlalchemy import Row

from dialogs.frozen import replace
from dialogs.message import Message
from dialogs.session import Answer, Place, Session
from storage.sealed import Key, written
from storage.tables import answers

# A field that a later version adds gets its default; one that it drops is passed over.
_session = TypeAdapter(Session)
_message = TypeAdapter(Message)
_STATE = {
    field.name: field.default if field.default_factory is MISSING else field.default_factory()
    for field in fields(Session)
    if field.name not in ("id", "script", "language", "mode", "answers")  # these have columns or rows
}
ANSWER_COLUMNS = (
    answers.c.session,
    answers.c.n,
    answers.c.question,
    answers.c.round,
    answers.c.state,
    answers.c.body,
    answers.c.language,
    answers.c.at,
    answers.c.channel,
)


def state_of(session: Session) -> bytes:
    """JSON: all of a session that has no column or table of its own, and is not as it is at first."""
    return written({n: value for n, value in vars(session).items() if n in _STATE and value != _STATE[n]})


def message_body(message: Message) -> bytes:
    """JSON, as `Message.from_json` takes it."""
    try:
        return _message.dump_json(message, exclude_defaults=True)
    except PydanticSerializationError:  # lone surrogates
        return written(_message.dump_python(message, exclude_defaults=True))


def session_from(row: Any, state: Mapping[str, Any], given: Mapping[Place, Answer]) -> Session:
    """What `state_of` took apart. `row` has the columns of `sessions` beside it."""
    columns = {"id": row.id, "script": row.script, "language": row.language, "mode": row.mode}
    return replace(_session.validate_python({**state, **columns}), answers=given)


def body_of(answer: Answer) -> dict[str, Any]:
    """The part of an answer that is hers."""
    return {"words": answer.words, "value": answer.value}


def answers_from(rows: Iterable[Row[Any]], key: Key) -> dict[Place, Answer]:
    """The newest answer to each place. `rows` have ANSWER_COLUMNS and are in order of their numbers."""
    newest = {Place(row.question, row.round): row for row in rows}
    return {place: _answer(row, key) for place, row in newest.items()}


def _answer(row: Row[Any], key: Key) -> Answer:
    body = row.body.open(key, answer_row(row.session, row.n))
    return Answer(row.state, body["words"], tuple(body["value"]), row.language, row.at, row.channel)


def answer_row(session: str, n: int) -> str:
    """What an answer or a message is called as a row."""
    return f"{session}/{n}"
