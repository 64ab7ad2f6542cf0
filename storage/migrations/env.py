"""Called by Alembic: runs the steps on the connection that `storage.migrate` opened."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from storage.sealed import Sealed
from storage.tables import Moment, metadata


def in_plain_types(kind: str, thing: Any, _context: AutogenContext) -> str | Literal[False]:
    """A step says what the database holds, so that it still runs when our own types have changed."""
    if kind == "type" and isinstance(thing, Sealed):
        return "sa.LargeBinary()"
    if kind == "type" and isinstance(thing, Moment):
        return "sa.DateTime(timezone=True)"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite cannot alter much in place
    render_item=in_plain_types,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
