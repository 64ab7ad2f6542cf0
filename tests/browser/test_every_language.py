"""The same five screens in every language, on a phone: nothing cut off, and running the right way."""

from collections.abc import Callable

import pytest
from fastapi import FastAPI

from bot.channels.web import web_chat
from dialogs import phrases
from dialogs.frozen import replace
from dialogs.turn import HelpLine
from locales.catalogue import CLIENT_LANGUAGES, RIGHT_TO_LEFT
from storage.pages import Transcript
from storage.standing import Caller
from tests.browser.conftest import OpenPage, Serve, axe_violations, overflows, shoot, small_targets
from tests.dialogs.talking import Amina, talk_through, with_twenty_minutes, words_of_clients
from tests.fakes.talk import FakeTalk

HER_WORDS = "Een eigen bakkerij, 2 dagen per week"
"""In a writing other than that of half of the languages."""

CARD = (HelpLine(phrases.HELP_EMERGENCY, "112"), HelpLine(phrases.HELP_VIOLENCE, "+31 800 2000"))


def at(language: str, question: str) -> Amina:
    """At that question, with five minutes; her hope told, all else skipped."""
    amina = talk_through(language=language)
    amina.help_card = CARD
    amina.skips_to("good_life")
    amina.says(HER_WORDS)
    amina.skips_to(question)
    return amina


def at_the_consent(language: str) -> Amina:
    amina = talk_through(language=language)
    amina.skips_to("consent")
    return amina


def at_the_cards(language: str) -> Amina:
    amina = with_twenty_minutes("more", language)
    amina.says("1")
    assert amina.at.step == "can"
    return amina


def at_the_scale(language: str) -> Amina:
    amina = at(language, "step")
    amina.says(HER_WORDS)
    amina.skips_to("sure")
    return amina


def at_the_help_card(language: str) -> Amina:
    amina = at(language, "learn")
    amina.does("helpnow")
    return amina


SCREENS: dict[str, Callable[[str], Amina]] = {
    "1-consent": at_the_consent,
    "2-cards": at_the_cards,
    "3-scale": at_the_scale,
    "4-read-back": lambda language: at(language, "your_words.hopes"),
    "5-help": at_the_help_card,
}


class Shown(FakeTalk):
    """A conversation that stands where she is."""

    def __init__(self, amina: Amina) -> None:
        session = replace(amina.session, facts={})
        super().__init__(session.language, session=session)
        self.messages = list(enumerate(amina.messages, start=1))

    async def look(self, code: str) -> Transcript | None:
        caller = Caller("1", "1", "", "", self.language, None, "")
        return Transcript(caller, self.session, tuple(self.messages)) if code == self.code else None


def page_of(serve: Serve, amina: Amina) -> str:
    def words(language: str, text: str) -> str:
        return words_of_clients().look_up(language, "web", text)

    talk, app = Shown(amina), FastAPI()
    app.include_router(web_chat(talk.take, talk.look, words, CLIENT_LANGUAGES, "http://127.0.0.1"))
    return f"{serve(app)}/chat/{talk.code}"


@pytest.mark.long
@pytest.mark.parametrize("language", CLIENT_LANGUAGES)
@pytest.mark.parametrize("screen", SCREENS)
async def test_nothing_is_cut_off_and_it_runs_the_right_way(
    serve: Serve, open_page: OpenPage, language: str, screen: str
) -> None:
    page = await open_page()
    await page.goto(page_of(serve, SCREENS[screen](language)))

    await shoot(page, f"language-{language}-{screen}")

    assert await page.locator("html").get_attribute("lang") == language
    assert await page.locator("html").get_attribute("dir") == ("rtl" if language in RIGHT_TO_LEFT else "ltr")
    assert not await overflows(page)
    assert await small_targets(page) == []
    assert await axe_violations(page) == []
