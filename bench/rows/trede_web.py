"""Ours through engine and storage, by the way in that web chat has. SQLite, or PostgreSQL if there is one."""

from copy import copy
from dataclasses import replace

from bench.bot_api import Answer, BotApi
from bench.row import Place, Row
from bench.rows.bare import read, send
from bench.rows.crowd import is_empty, multiply
from bench.rows.house import House, furnish, opened
from bench.rows.keyboard import keyboard, said_by
from bench.rows.unsealed import unseal_everything
from bench.walk import UPDATES, Person
from bot.incoming import Incoming

TEMPLATE = Person(0, 1)
"""Who walks first, and is copied."""
TEMPLATES_UPDATES = 2_000_000_000  # where the numbers of her updates begin: nobody else's do


class _WebRow(Row):
    def __init__(self, answer: Answer, house: House) -> None:
        self._answer = answer
        self._house = house

    async def handle(self, update: bytes) -> None:
        heard = read(update)
        code = self._house.invites[heard.chat].code
        taken = await self._house.talk.take(Incoming("web", str(heard.event), said_by(heard), code=code))
        for _, message in taken.messages:
            if not message.hers:
                send(self._answer, heard, "\n\n".join(message.paragraphs), keyboard(message))

    async def stored(self) -> int | None:
        return await self._house.answers()


async def trede_web(place: Place) -> Row:
    """Encrypted, as always. With `place.stored`, so many people who have finished are there."""
    if place.stored:
        await fill(place)
    return _WebRow(place.answer, await furnish(place))


async def fill(place: Place) -> None:
    """Somebody walks, and is copied; done once in a database."""
    database = await opened(place)
    if await is_empty(database):
        api = BotApi()
        alone = replace(place, chats=[TEMPLATE.chat], answer=api.answer)
        row, her = _WebRow(api.answer, await furnish(alone)), copy(TEMPLATE)
        for number in range(UPDATES):
            await row.handle(her.update(TEMPLATES_UPDATES + number))
            her.go_on()
            her.last = api.sent()[her.chat][-1]
        await multiply(database, place.stored)
    await database.close()


async def trede_unsealed(place: Place) -> Row:
    """As it would be without encryption. Only here: Trede itself has no such setting."""
    unseal_everything()
    return await trede_web(place)
