"""How long a pure turn takes: the engine and its words, nothing stored, beside the least Python for the same.

The talk: 31 answers (language, consent, 20 questions with four choices, one of them in two variants, 6 texts,
a loop gone through twice) in three languages. Machines differ and so do hours: compare ratios.

    python bench/pure_turn.py
"""

import gettext
import io
import json
import statistics
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo

from bot.words import write, write_message
from casework.sharing import after_turn
from dialogs import phrases
from dialogs.engine import Here, reply
from dialogs.extract import messages_of
from dialogs.library import load
from dialogs.moves import Moves
from dialogs.said import Command, Said, Tap, Text
from dialogs.session import Session
from dialogs.turn import Phrase
from locales.catalogue import Catalogue, autonym

LANGUAGES = ("en", "nl", "uk")
OFFERED = tuple((code, autonym(code)) for code in LANGUAGES)
OFTEN = ("Never", "Sometimes", "Often", "Always")
FACTS = {"name": "Amina", "case_manager": "Joke Bakker", "organisation": "Huis"}
NINE = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
ANSWERS = 31
WALKS, ROUNDS = 30, 9
WORDS = "free text, some forty characters of words"

Step = dict[str, Any]
Doing = tuple[int | None, str]
"""The number of the choice she taps, or None and what she types."""
Stand = tuple[str, str, int]
"""Question, language, and how many were asked before it."""


# ── the talk ──────────────────────────────────────────────────────────────────────────────────────


def _choice(name: str, ask: str, labels: tuple[str, ...] = OFTEN, **more: Any) -> Step:
    return {
        "choice": name,
        "ask": ask,
        "choices": [{f"k{n}": label} for n, label in enumerate(labels)],
        **more,
    }


def _steps() -> list[Step]:
    often = [
        _choice(f"c{n:02}", f"Question {n}: how often is this so at work or at home?") for n in range(1, 21)
    ]
    texts = [{"text": f"t{n}", "ask": f"Question t{n}: please tell what you did."} for n in range(1, 7)]
    often[5:6] = [
        _choice("c06a", "Seldom: what helps you?", only_if={"answer": "c05", "is": ["k0", "k1"]}),
        _choice("c06b", "Often: what helps you?", only_if={"answer": "c05", "is": ["k2", "k3"]}),
    ]
    consent = _choice("consent", "May I keep your answers?", ("Yes", "No"))
    consent["choices"][1]["then"] = "end"
    weeks = {
        "loop": "weeks",
        "title": "Week",
        "at_most": 2,
        "again": "once_more",
        "ask_again": "And the week before?",
    }
    return [
        {"language": "language", "ask": "Which language do you speak?"},
        consent,
        *often[:11],
        *texts[:3],
        *often[11:],
        *texts[3:],
        {**weeks, "steps": [_choice("week", "How did this week go?")]},
    ]


STEPS = _steps()


def her_doings(walk: int) -> Iterator[Doing]:
    """What she does after /start, one by one."""
    yield walk % 3, ""
    yield 0, ""
    for number, step in enumerate(s for s in STEPS[2:-1] if s.get("choice") not in ("c06b",)):
        yield (None, WORDS) if "text" in step else ((walk * 7 + number * 3) % 4, "")
    yield from [(1, ""), (0, ""), (2, "")]


# ── a turn of ours ────────────────────────────────────────────────────────────────────────────────


class Ours:
    """Takes turns as `bot/turn.py` does, without the database."""

    def __init__(self) -> None:
        part = {"part": "walk", "title": "A walk", "minutes": 5, "steps": STEPS}
        self.source = json.dumps({"script": "walk", "title": "A walk", "parts": [part]}, indent=1)
        self.moves = Moves(load("walk", {"walk.yaml": self.source}))
        self.words = Catalogue({language: self._translations(language) for language in LANGUAGES})
        self.turns = 0

    @property
    def now(self) -> datetime:
        """A minute goes by with each turn."""
        return NINE + timedelta(minutes=self.turns)

    def _translations(self, language: str) -> gettext.GNUTranslations:
        controls = [(each.context, each.text) for each in vars(phrases).values() if isinstance(each, Phrase)]
        script = [(each.context, each.text) for each in messages_of("walk.yaml", self.source)]
        return _compiled(language, [*controls, *script])

    def turn(self, before: Session, said: Said) -> Session:
        """One turn, its words included."""
        now, token = self.now, f"t{self.turns}"
        self.turns += 1
        session = replace(before, facts=dict(FACTS))
        here = Here(now, token, lambda phrase: write(self.words, session.language, phrase), OFFERED, "bench")
        turn = reply(self.moves, session, said, here)
        for say in turn.says:
            write_message(self.words, turn.session.language, say)
        after_turn(self.moves, turn, token, now, None)
        return turn.session


def _compiled(language: str, messages: list[tuple[str, str]]) -> gettext.GNUTranslations:
    """A catalogue in which a translation is the source behind the language's code."""
    found, out = Catalog(locale=language), io.BytesIO()
    for context, text in messages:
        found.add(text, f"[{language}] {text}", context=context)
    write_mo(out, found)
    return gettext.GNUTranslations(io.BytesIO(out.getvalue()))


def ours(turns: Ours) -> Iterator[float]:
    """Seconds of each turn."""
    for walk in range(WALKS):
        session = Session(str(walk), turns.moves.script.version, "en", walk)
        for doing in [None, *her_doings(walk)]:
            said = _said(session, doing, turns.now)
            begin = time.perf_counter()
            session = turns.turn(session, said)
            yield time.perf_counter() - begin
        _expect(session.mode == "ended" and len(session.answers) == ANSWERS)


def _said(session: Session, doing: Doing | None, sent_at: datetime) -> Said:
    if doing is None:
        return Command("start")
    choice, words = doing
    return Text(words, sent_at=sent_at) if choice is None else Tap(session.token, str(choice + 1))


# ── the least Python that does the same ───────────────────────────────────────────────────────────


class Least:
    """Parses an update, looks the question up, translates with gettext, and writes the reply as JSON."""

    def __init__(self) -> None:
        self.questions = {name: (ask, tuple(options)) for name, ask, options in _plain(STEPS)}
        self.order = [name for name in self.questions if name not in ("c06a", "c06b")]
        self.order.insert(self.order.index("c07"), "c06")
        texts = {("", text) for ask, options in self.questions.values() for text in (ask, *options)}
        self.words = {language: _compiled(language, sorted(texts)).gettext for language in LANGUAGES}
        self.sent: list[str] = []

    def turn(self, session: Stand, raw: bytes) -> Stand:
        """Where she stands after one update."""
        chat, tap, said = self._read(raw)
        after = self._advance(session, tap, said)
        if tap is not None:
            self._send({"callback_query_id": tap})
        text, markup = self.question(after)
        self._send({"chat_id": chat, "text": text, "reply_markup": markup})
        return after

    def _read(self, raw: bytes) -> tuple[int, str | None, str]:
        update = json.loads(raw)
        if tap := update.get("callback_query"):
            return tap["from"]["id"], tap["id"], tap["data"]
        return update["message"]["from"]["id"], None, update["message"]["text"]

    def _advance(self, session: Stand, tap: str | None, said: str) -> Stand:
        name, language, place = session
        if said == "/start":
            return self.order[0], language, 0
        if tap is not None:
            asked, _, option = said.partition(":")
            if asked != name:
                raise ValueError("a button of an old question")
            language = self.questions[name][1][int(option)] if name == "language" else language
            if name == "c05":
                return "c06a" if int(option) < 2 else "c06b", language, place + 1
        return self.order[place + 1], language, place + 1

    def question(self, session: Stand) -> tuple[str, str | None]:
        """The question's words and its keyboard."""
        name, language, _ = session
        translate, (ask, options) = self.words[language], self.questions[name]
        rows = [[{"text": translate(o), "callback_data": f"{name}:{n}"}] for n, o in enumerate(options)]
        return translate(ask), json.dumps({"inline_keyboard": rows}) if rows else None

    def _send(self, call: dict[str, Any]) -> None:
        self.sent.append(json.dumps(call))


def _plain(steps: list[Step]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    for step in steps[:-1]:
        name = next(iter(step.values()))
        labels = [
            label for choice in step.get("choices", ()) for key, label in choice.items() if key != "then"
        ]
        yield name, step["ask"], LANGUAGES if "language" in step else tuple(labels)
    yield "week", "How did this week go?", OFTEN
    yield "once_more", "And the week before?", ("Yes", "No")
    yield "week again", "How did this week go?", OFTEN
    yield "end", "Thank you, this was the last question.", ()


def least(turns: Least) -> Iterator[float]:
    """Seconds of each turn."""
    for walk in range(WALKS):
        session: Stand = ("", "en", 0)
        for doing in [None, *her_doings(walk)]:
            raw = _update(turns, session, doing)
            begin = time.perf_counter()
            session = turns.turn(session, raw)
            yield time.perf_counter() - begin
        _expect(session[0] == "end")


def _update(turns: Least, session: Stand, doing: Doing | None) -> bytes:
    she = {"id": 5, "is_bot": False, "first_name": "Amina", "language_code": "en"}
    chat = {"id": 5, "type": "private", "first_name": "Amina"}
    if doing is None or doing[0] is None:
        text = doing[1] if doing else "/start"
        message = {"message_id": 500_000_000, "from": she, "chat": chat, "date": 1_700_000_000, "text": text}
        return json.dumps({"update_id": 1, "message": message}).encode()
    text, markup = turns.question(session)
    shown = {"message_id": 7, "date": 1_700_000_000, "chat": chat, "text": text}
    shown["reply_markup"] = json.loads(markup or "null")
    data = f"{session[0]}:{doing[0]}"
    tap = {"id": "1", "from": she, "chat_instance": "1", "data": data, "message": shown}
    return json.dumps({"update_id": 1, "callback_query": tap}).encode()


# ── side by side ──────────────────────────────────────────────────────────────────────────────────


def measure() -> dict[str, float]:
    """Microseconds of a turn, each in its quickest round: `floor_us`, `turn_us`, and their `ratio`."""
    turns, plain = Ours(), Least()
    rounds = [(list(least(plain)), list(ours(turns))) for _ in range(ROUNDS)]
    floor_us, turn_us = (_quickest(times) * 1e6 for times in zip(*rounds, strict=True))
    return {"floor_us": floor_us, "turn_us": turn_us, "ratio": turn_us / floor_us}


def _expect(has_come_to_the_end: bool) -> None:
    if not has_come_to_the_end:
        raise RuntimeError("The talk did not go as planned: nothing was measured.")


def _quickest(rounds: tuple[list[float], ...]) -> float:
    """Seconds: what else the machine does meanwhile counts for little this way."""
    return statistics.fmean(min(times) for times in zip(*rounds, strict=True))


if __name__ == "__main__":
    print(json.dumps({name: round(value, 2) for name, value in measure().items()}))  # noqa: T201
