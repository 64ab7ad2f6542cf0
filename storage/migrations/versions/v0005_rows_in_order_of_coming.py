"""On SQLite, keep answers and messages in the order in which they came.

They lay sorted by session, so that the turns of thirty people wrote on as many pages of each table, and split
them. In the order of coming they fill one page after the other; an index finds those of a session.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Copy both tables."""
    if op.get_bind().dialect.name == "sqlite":
        _copy("answers", *_ANSWERS)
        _copy("messages", *_MESSAGES)


def _copy(name: str, *columns: "sa.Column[Any]") -> None:
    op.create_table(
        f"new_{name}",
        sa.Column("session", sa.String(length=64), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        *columns,
        sa.ForeignKeyConstraint(
            ["session"], ["sessions.id"], name=op.f(f"fk_{name}_session"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("session", "n", name=op.f(f"pk_{name}")),
    )
    names = ", ".join(["session", "n", *(column.name for column in columns)])
    op.execute(
        f"INSERT INTO new_{name} ({names}) SELECT {names} FROM {name} ORDER BY session, n"  # noqa: S608
    )
    op.drop_table(name)
    op.rename_table(f"new_{name}", name)


_ANSWERS = (
    sa.Column("question", sa.String(length=128), nullable=False),
    sa.Column("round", sa.Integer(), nullable=False),
    sa.Column("state", sa.String(length=12), nullable=False),
    sa.Column("body", sa.LargeBinary(), nullable=False),
    sa.Column("language", sa.String(length=16), nullable=False),
    sa.Column("channel", sa.String(length=20), nullable=False),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
)
_MESSAGES = (
    sa.Column("visit", sa.Integer(), nullable=False),
    sa.Column("body", sa.LargeBinary(), nullable=False),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
)
