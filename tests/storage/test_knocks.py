"""Who is let in: by invite, by chat, and how a chat is bound to a client."""

from datetime import timedelta

import pytest

from storage import outbox
from storage.database import Database
from storage.invites import demo_code, invite
from storage.pages import look
from storage.turns import take
from tests.storage.house import NOW, amina, by_chat, by_code, loaded, ours, says

MINUTE = timedelta(minutes=1)


# ── invites ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("code", ["", "wrong", "\x00\ud800", "x" * 5000])
async def test_a_wrong_code_is_nobody_s(database: Database, code: str) -> None:
    await amina(database)

    assert (await take(database, by_code(code), says("Amina"))).status == "unknown"
    assert (await take(database, by_chat("7", "2", code), says("Amina"))).status == "unknown"
    assert await look(database, code, NOW) is None


async def test_neither_code_nor_known_chat_is_nobody(database: Database) -> None:
    await amina(database)

    assert (await take(database, by_chat("7"), says("Amina"))).status == "unknown"


async def test_an_invite_that_is_never_used_expires_after_thirty_days(database: Database) -> None:
    her = await amina(database)

    late = await take(database, by_code(her.code, "1", NOW + timedelta(days=30)), says("Amina"))
    just = await take(database, by_code(her.code, "2", NOW + timedelta(days=29)), says("Amina"))

    assert (late.status, just.status) == ("unknown", "done")


async def test_an_invite_lasts_half_a_year_from_its_last_use(database: Database) -> None:
    her = await amina(database)
    await take(database, by_code(her.code, "1"), says("Amina"))
    used_again = NOW + timedelta(days=179)
    await take(database, by_code(her.code, "2", used_again), says("Amina"))

    assert await look(database, her.code, used_again + timedelta(days=179)) is not None
    assert await look(database, her.code, used_again + timedelta(days=180)) is None


async def test_talking_on_telegram_keeps_the_web_link_good(database: Database) -> None:
    her = await amina(database)
    await take(database, by_chat("7", "1", her.code), says("Amina"))

    await take(database, by_chat("7", "2", minutes=60 * 24 * 100), says("Amina"))

    assert await look(database, her.code, NOW + timedelta(days=200)) is not None


async def test_the_demo_invite_can_be_shown_again(database: Database) -> None:
    assert await demo_code(database) is None
    await amina(database)

    demo = await invite(database, name="Demo", language="en", organisation="Huis", now=NOW, demo=True)

    assert await demo_code(database) == demo.code
    assert await look(database, demo.code, NOW + timedelta(days=400)) is not None


# ── chats ────────────────────────────────────────────────────────────────────────────────────────


async def test_opening_the_bot_with_her_link_binds_the_chat(database: Database) -> None:
    her = await amina(database)
    await take(database, by_chat("7", "1", her.code), says("Amina"))

    assert (await loaded(database, by_chat("7", "2"))).caller.client == her.client


async def test_the_web_and_telegram_share_one_session(database: Database) -> None:
    her = await amina(database)
    await take(database, by_code(her.code, "1"), says("Amina"))
    await take(database, by_chat("7", "1", her.code), says("to learn", question="hope"))

    transcript = await look(database, her.code, NOW)

    assert transcript is not None
    assert [n for n, _message in transcript.messages] == [1, 2, 3, 4]
    assert transcript.session is not None
    assert {place.step for place in transcript.session.answers} == {"name", "hope"}


async def test_her_link_a_second_time_in_the_same_chat_is_fine(database: Database) -> None:
    her = await amina(database)
    await take(database, by_chat("7", "1", her.code), says("Amina"))

    assert (await take(database, by_chat("7", "2", her.code), says("Amina"))).status == "done"


async def test_a_second_chat_with_the_same_link_is_turned_away(database: Database) -> None:
    her = await amina(database)
    await take(database, by_chat("7", "1", her.code), says("Amina"))

    assert (await take(database, by_chat("8", "2", her.code), says("Amina"))).status == "unknown"
    assert (await take(database, by_chat("8", "3"), says("Amina"))).status == "unknown"
    assert (await take(database, by_chat("7", "4"), says("Amina"))).status == "done"


async def test_a_chat_that_comes_with_another_link_goes_over_with_nothing_of_the_old_one(
    database: Database,
) -> None:
    amina_s, bilqis_s = await amina(database, "Amina"), await amina(database, "Bilqis")
    await take(database, by_chat("7", "1", amina_s.code), says("Amina", reply="a secret of Amina's"))

    outcome = await take(database, by_chat("7", "2", bilqis_s.code), says("Bilqis", reply="Hello Bilqis"))

    assert outcome.status == "done"
    assert (await loaded(database, by_chat("7", "3"))).caller.name == "Bilqis"
    parcels = await outbox.take_due(database, "telegram", NOW, 10, MINUTE)
    assert [parcel.message for parcel in parcels] == [ours("Hello Bilqis")]
    assert (await loaded(database, by_code(amina_s.code, "4"))).session is not None
    assert (await take(database, by_chat("8", "5", amina_s.code), says("Amina"))).status == "done"


async def test_the_same_number_on_another_channel_is_another_chat(database: Database) -> None:
    her = await amina(database)
    await take(database, by_chat("7", "1", her.code), says("Amina"))
    elsewhere = by_chat("7", "2")

    outcome = await take(database, type(elsewhere)("signal", "2", NOW, address="7"), says("Amina"))

    assert outcome.status == "unknown"
