"""Script versions keep their translations, and which one is current is remembered."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Script versions keep their translations, and which one is current is remembered."""
    op.add_column("scripts", sa.Column("words", sa.Text(), nullable=True))
    op.create_table(
        "published",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("origin", sa.String(length=12), nullable=False),
        sa.Column("package", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["version"], ["scripts.version"], name=op.f("fk_published_version")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_published")),
    )
