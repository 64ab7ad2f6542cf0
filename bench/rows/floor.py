"""The floor: parse the update, look the question up, translate, write the reply. Nothing is stored."""

from bench.row import Place, Row
from bench.rows.bare import BareRow, Given, Session


class _Nowhere:
    async def load(self, chat: int) -> Session | None:
        return None

    async def save(self, chat: int, session: Session, given: Given | None) -> None:
        return None


async def floor(place: Place) -> Row:
    """Pure Python."""
    return BareRow(place, _Nowhere())
