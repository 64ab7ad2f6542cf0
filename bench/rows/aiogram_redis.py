"""aiogram's FSM in its own RedisStorage. The server appends every write to disk before it answers."""

import json

from aiogram.fsm.storage.redis import RedisStorage

from bench.row import Place, Row
from bench.rows.aiogram_bot import FsmBot, count


class _RedisRow(Row):
    def __init__(self, bot: FsmBot, storage: RedisStorage) -> None:
        self._bot = bot
        self._storage = storage

    async def handle(self, update: bytes) -> None:
        await self._bot.handle(update)

    async def stored(self) -> int | None:
        redis = self._storage.redis
        keys = [key async for key in redis.scan_iter("fsm:*:data", count=10_000)]
        return sum(count(json.loads(value or "{}")) for value in await redis.mget(keys))


async def aiogram_redis(place: Place) -> Row:
    """The best of the peers that store before they reply."""
    storage = RedisStorage.from_url(place.url)
    return _RedisRow(FsmBot(place, storage), storage)
