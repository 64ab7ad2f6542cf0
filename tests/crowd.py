"""Many women who talk at once, each answering what she is asked, and always the same to the same question."""

import asyncio
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import unescape

import httpx

from dialogs import phrases
from tests.fakes.telegram_person import Person, Seen

SHARING = """\
  - part: sharing
    title: Read back and share
    minutes: 1
    private: true
    steps:
      - read_back: your_words
        ask: This is what you told me about %(part)s.
      - share: share
        ask: May %(case_manager)s see what you said about %(part)s?
        which: Which of these may %(case_manager)s see?
      - yes_no: call
        ask: Do you want %(case_manager)s to call you?
        summary: call.wanted
      - hand_over: shared
        text: Thank you. Your case manager sees what you shared, and nothing else.
        if_nothing: Thank you. You keep everything to yourself.
"""
"""The part in which she reads back and shares, for the end of any script."""

SCRIPT = f"""\
script: talk
title: A talk
parts:
  - part: start
    title: Before we begin
    minutes: 1
    private: true
    steps:
      - text: call_me
        ask: What may I call you?
        summary: client.name
      - choice: consent
        ask: May I keep your answers?
        required: true
        consent: "2026-11"
        choices:
          - agree: Yes, you may
          - refuse: "No"
            then: forget
  - part: hopes
    title: My hopes
    minutes: 2
    steps:
      - say: hello
        text: Hello %(name)s. There are no wrong answers.
      - text: good_life
        ask: What would you like your life to look like?
        summary: ambition
      - choice: own_wish
        ask: Whose wish is it?
        summary: own_wish
        only_if: {{answer: good_life, answered: true}}
        choices:
          - mine: My own wish
          - others: A wish of other people
          - both: Both
      - scale: sure
        ask: How sure are you?
  - part: stories
    title: My stories
    minutes: 2
    steps:
      - loop: story_loop
        title: Story
        at_most: 3
        again: another_story
        ask_again: Do you want to tell more than story %(round)s?
        steps:
          - text: story
            ask: What did you do in story %(round)s?
            summary: story.title
          - several: kinds
            ask: What was it in story %(round)s?
            summary: story.kind
            choices:
              - job: A job
              - farm: Work on a farm
              - study: Study or training
{SHARING}"""

Reply = str | int | tuple[int, ...]
"""Words, or a choice's place from 0, or the places of all choices that she ticks."""


@dataclass(slots=True)
class Woman:
    """What she answers. `acts` counts what she sent."""

    number: int
    code: str
    wants_a_person: bool = field(init=False)
    acts: int = 0

    def __post_init__(self) -> None:
        self.wants_a_person = self.number % 10 == 3

    def reply(self, question: str) -> Reply:
        """To a question as she reads it: each woman in her own way, and each question is in her words."""
        n, keeps_all = self.number, self.number % 5 == 1
        if "How sure are you" in question and self.wants_a_person:
            self.wants_a_person = False
            return "/person"
        replies: Mapping[str, Reply] = {  # the first that fits: the first two quote other questions
            "This is what you told": 0,
            "Which of these": (0,),
            "Shall I tell": 0,
            "How sure are you": n % 11,
            "May I keep": 0,
            "Whose wish": n % 3,
            "more than story": int(n % 3 < int(_number(question))),
            "What was it": ((0,), (0, 2), (2,))[n % 3],
            "see what you said about": 2 if keeps_all else (n // 3 + len(question)) % 3,
            "to call you": 1 if keeps_all else n % 2,
            "your life": "/skip" if n % 7 == 5 else f"{n} wants: <b>a shop</b> & حياة هادئة 🌿",
        }
        found = [reply for words, reply in replies.items() if words in question]
        return found[0] if found else f"{n} says, asked “{question.splitlines()[0]}”: yes,\nand more"


def _number(question: str) -> str:
    digits = "".join(letter for letter in question if letter.isdecimal())
    return digits[-1:] or "0"


def is_goodbye(words: str) -> bool:
    """Whether nothing is asked any more."""
    return phrases.ENDED.text in words


# ── on Telegram ──────────────────────────────────────────────────────────────────────────────────


async def talks_on_telegram(woman: Woman, person: Person, patience: float) -> None:
    """To the end. She answers each question once, however often she reads it. `patience`: seconds."""
    answered = {""}
    person.writes(f"/start {woman.code}")
    woman.acts += 1
    while not is_goodbye((seen := await _next(person, patience)).text):
        if (token := token_of(seen)) not in answered:
            answered.add(token)
            _answers(woman, person, seen)
            woman.acts += 1


async def _next(person: Person, patience: float) -> Seen:
    try:
        return await person.next_message(patience)
    except TimeoutError:
        raise AssertionError(f"After {[seen.text for seen in person.chat][-2:]} nothing came.") from None


def token_of(seen: Seen) -> str:
    """The question's turn token; "" for a message that asks nothing."""
    return seen.keyboard[0][0][1].partition(":")[0] if seen.keyboard else ""


def _answers(woman: Woman, person: Person, seen: Seen) -> None:
    reply = woman.reply(seen.text)
    if isinstance(reply, str):
        person.writes(reply)
    elif isinstance(reply, int):
        person.taps(reply, on=seen)
    else:
        missing = [each for each in reply if not seen.labels[each].startswith("✓")]
        person.taps(missing[0] if missing else phrases.DONE.text, on=seen)


# ── on the web ───────────────────────────────────────────────────────────────────────────────────


async def talks_on_the_web(woman: Woman, phone: httpx.AsyncClient) -> None:
    """To the end, with a browser without JavaScript that sends a form until it is taken."""
    path = f"/chat/{woman.code}"
    fields: dict[str, str | list[str]] = {"command": "start", "event": secrets.token_urlsafe(16)}
    while True:
        await _until_taken(phone, path, fields)
        woman.acts += 1
        page = await _page(phone, path)
        question = _newest(page)
        if is_goodbye(question):
            return
        fields = _form(page) | _filled(woman.reply(question), page)


async def _until_taken(phone: httpx.AsyncClient, path: str, fields: Mapping[str, str | list[str]]) -> None:
    while (await _response(phone, "POST", path, fields)).status_code != 303:  # noqa: ASYNC110
        await asyncio.sleep(0.05)


async def _page(phone: httpx.AsyncClient, path: str) -> str:
    while (shown := await _response(phone, "GET", path)).status_code != 200:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    return shown.text


async def _response(
    phone: httpx.AsyncClient, method: str, path: str, fields: Mapping[str, str | list[str]] | None = None
) -> httpx.Response:
    """What came; 503 where the connection broke."""
    try:
        return await phone.request(method, path, data=fields)
    except httpx.TransportError:
        return httpx.Response(503)


def _newest(page: str) -> str:
    """The words of the newest message."""
    message = page[page.rindex('<div class="message') :].partition("</div>")[0]
    return "\n".join(unescape(words) for words in re.findall(r"<p[^>]*>(.*?)</p>", message, re.DOTALL))


def _form(page: str) -> dict[str, str | list[str]]:
    answer = page[page.index('id="answers"') :]
    fields = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', answer)
    return {name: unescape(value) for name, value in reversed(fields)}


def _filled(reply: Reply, page: str) -> dict[str, str | list[str]]:
    if isinstance(reply, str):
        return {"text": reply}
    if isinstance(reply, int):
        return {"tap": re.findall(r'name="tap" value="([^"]*)" class="choice"', page)[reply]}
    boxes = re.findall(r'name="pick" value="([^"]*)"', page)
    return {"pick": [boxes[each] for each in reply], "picks": "send"}
