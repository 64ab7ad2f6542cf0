"""What came of a turn is one row: its answers and messages, sealed, instead of a row for each of them.

So a turn writes to fewer places, and which questions somebody answered is sealed with what she said. Rows of
old have the numbers 0, -1, …, since nobody knows any more which turn they came of: one for each message, and
one before these with all answers.
"""

import json
import os
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection

from storage.sealed import master

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_TURNS = sa.table(
    "turns",
    *map(sa.column, ("session", "n", "visit", "first", "answers", "messages")),
    sa.column("at", sa.DateTime(timezone=True)),
)
_SESSIONS = sa.text(
    "SELECT sessions.id, sessions.client, clients.key, sessions.created "
    "FROM sessions JOIN clients ON clients.id = sessions.client"
).columns(created=sa.DateTime(timezone=True))
_ANSWERS = sa.text("SELECT * FROM answers WHERE session = :session ORDER BY n").columns(
    at=sa.DateTime(timezone=True)
)
_MESSAGES = sa.text("SELECT * FROM messages WHERE session = :session ORDER BY n").columns(
    at=sa.DateTime(timezone=True)
)


def upgrade() -> None:
    """The new table, filled from the two old ones."""
    op.create_table(
        "turns",
        sa.Column("session", sa.String(length=64), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("visit", sa.Integer(), nullable=False),
        sa.Column("first", sa.Integer(), nullable=False),
        sa.Column("answers", sa.LargeBinary(), nullable=True),
        sa.Column("messages", sa.LargeBinary(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["session"], ["sessions.id"], name=op.f("fk_turns_session"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("session", "n", name=op.f("pk_turns")),
    )
    connection = op.get_bind()
    for session in connection.execute(_SESSIONS).all():
        _fill(connection, session, _opened(session.client, session.key))
    op.drop_table("answers")
    op.drop_table("messages")


# ── the words: as the formats were when this step was written ────────────────────────────────────


def _opened(client: str, wrapped: bytes) -> AESGCM:
    about = f"clients.key|{client}|1".encode()
    return AESGCM(AESGCM(master().locking).decrypt(bytes(wrapped[:12]), bytes(wrapped[12:]), about))


def _fill(connection: Connection, session: Any, key: AESGCM) -> None:
    of = {"session": session.id}
    answers = [_given(row, key) for row in connection.execute(_ANSWERS, of).all()]
    messages = connection.execute(_MESSAGES, of).all()
    rows = []
    if answers:
        rows.append(_turn(session, -len(messages), (0, 1, session.created), key, answers=answers))
    for n, row in enumerate(messages, start=1 - len(messages)):
        body = json.loads(_open(row.body, key, f"messages.body|{row.session}/{row.n}|1"))
        rows.append(_turn(session, n, (row.visit, row.n, row.at), key, messages=[body]))
    if rows:
        connection.execute(sa.insert(_TURNS), rows)


def _given(row: Any, key: AESGCM) -> Any:
    body = json.loads(_open(row.body, key, f"answers.body|{row.session}/{row.n}|1"))
    about = {
        "state": row.state,
        "language": row.language,
        "at": _aware(row.at).isoformat(),
        "channel": row.channel,
    }
    return [[row.question, row.round], {**about, "words": body["words"], "value": body["value"]}]


def _aware(at: datetime) -> datetime:
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _turn(
    session: Any, n: int, about: tuple[int, int, datetime], key: AESGCM, **words: list[Any]
) -> dict[str, Any]:
    visit, first, at = about
    sealed = {
        name: _seal(
            json.dumps(value, separators=(",", ":")).encode(), key, f"turns.{name}|{session.id}/{n}|1"
        )
        for name, value in words.items()
    }
    row = {"session": session.id, "n": n, "visit": visit, "first": first, "at": at}
    return {**row, "answers": None, "messages": None, **sealed}


def _open(stored: bytes, key: AESGCM, place: str) -> bytes:
    return key.decrypt(bytes(stored[2:14]), bytes(stored[14:]), place.encode())


def _seal(plain: bytes, key: AESGCM, place: str) -> bytes:
    nonce = os.urandom(12)
    return b"\x02\x01" + nonce + key.encrypt(nonce, plain, place.encode())
