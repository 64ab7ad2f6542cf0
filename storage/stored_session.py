"""A session and its turns as they are stored: JSON for the sealed columns."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, fields
from typing import Any

from pydantic import TypeAdapter
from pydantic_core import PydanticSerializationError
from sqlalchemy import Row

from dialogs.frozen import replace
from dialogs.message import Message
from dialogs.session import Answer, Place, Session
from storage.sealed import Key, written
from storage.tables import turns

# A field that a later version adds gets its default; one that it drops is passed over.
_session = TypeAdapter(Session)
_message = TypeAdapter(Message)
_given = TypeAdapter(list[tuple[Place, Answer]])
_STATE = {
    field.name: field.default if field.default_factory is MISSING else field.default_factory()
    for field in fields(Session)
    if field.name not in ("id", "script", "language", "mode", "answers")  # these have columns or rows
}
ANSWER_COLUMNS = (turns.c.session, turns.c.n, turns.c.answers)


def state_of(session: Session) -> bytes:
    """JSON: all of a session that has no column or table of its own, and is not as it is at first."""
    return written({n: value for n, value in vars(session).items() if n in _STATE and value != _STATE[n]})


def message_body(message: Message) -> bytes:
    """JSON, as `Message.from_json` takes it."""
    return _dumped(_message, message)


def messages_body(bodies: Sequence[bytes]) -> bytes:
    """JSON: the messages of one turn, each as `message_body` made it."""
    return b"[" + b",".join(bodies) + b"]"


def answers_body(given: Sequence[tuple[Place, Answer]]) -> bytes:
    """JSON: what was answered in one turn."""
    return _dumped(_given, given)


def _dumped(adapter: TypeAdapter[Any], value: Any) -> bytes:
    try:
        return adapter.serializer.to_json(value, exclude_defaults=True)
    except PydanticSerializationError:  # lone surrogates
        return written(adapter.dump_python(value, exclude_defaults=True))


def session_from(row: Any, state: Mapping[str, Any], given: Mapping[Place, Answer]) -> Session:
    """What `state_of` took apart. `row` has the columns of `sessions` beside it."""
    columns = {"id": row.id, "script": row.script, "language": row.language, "mode": row.mode}
    return replace(_session.validate_python({**state, **columns}), answers=given)


def answers_from(rows: Iterable[Row[Any]], key: Key) -> Iterator[tuple[Place, Answer]]:
    """All that was ever answered, the newest last. `rows` have ANSWER_COLUMNS and are in order of `n`."""
    for row in rows:
        if row.answers is not None:
            yield from _given.validate_python(row.answers.open(key, turn_row(row.session, row.n)))


def turn_row(session: str, n: int) -> str:
    """What a turn is called as a row."""
    return f"{session}/{n}"
