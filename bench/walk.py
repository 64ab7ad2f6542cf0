"""The walk: one conversation that every row carries out, and the people who walk it.

31 answers to 30 questions: the language, consent, 20 choices (one in two variants, by the answer before it),
6 texts, a question put twice, a confirmation. `walk.yaml` is the same conversation as a script of ours.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from bench.bot_api import Call

LANGUAGES = ("en", "de", "uk")
SCALE = ("Never", "Sometimes", "Often", "Always")
ANSWERS = 31
UPDATES = ANSWERS + 1  # and /start
TURNS = 2  # of the question that is put again
END = ("done", "bye")


@dataclass(frozen=True, slots=True)
class Question:
    """Its words in the source language. Without `options` it is answered in her own words."""

    key: str
    text: str
    options: tuple[str, ...] = ()


def _choice(key: str) -> Question:
    return Question(key, f"Question {key}: how often does this happen to you at work or at home?", SCALE)


def _text(key: str) -> Question:
    return Question(key, f"Question {key}: please describe in your own words what you did.")


_CHOICES = [f"c{number:02}" for number in range(1, 21)]
_ORDER: list[str | tuple[str, str]] = [
    *("lang", "consent", *_CHOICES[:5]),
    ("c06a", "c06b"),
    *(*_CHOICES[6:10], "t1", "t2", "t3", *_CHOICES[10:], "t4", "t5", "t6", "loop", "confirm", "done"),
]
_PLACE = {
    key: index for index, keys in enumerate(_ORDER) for key in (keys if isinstance(keys, tuple) else (keys,))
}
QUESTIONS = {
    question.key: question
    for question in (
        Question("lang", "Which language do you speak?", LANGUAGES),
        Question("consent", "Do you agree that your answers are stored?", ("Yes", "No")),
        Question("c06a", "Question c06, seldom: what helps you?", SCALE),
        Question("c06b", "Question c06, often: what helps you?", SCALE),
        *(_choice(key) for key in _CHOICES if key != "c06"),
        *(_text(f"t{number}") for number in range(1, 7)),
        Question("loop", "Repeat: how did this week go?", SCALE),
        Question("confirm", "Is everything correct?", ("Yes", "No")),
        Question("done", "Thank you, this was the last question."),
        Question("bye", "Goodbye, nothing more was stored."),
    )
}


def following(key: str, option: int | None, turns: int) -> tuple[str, int]:
    """The question after `key`, and how often the repeated one was answered. `option`: None for words."""
    if key == "consent" and option == 1:
        return "bye", turns
    if key == "loop":
        return ("loop" if turns + 1 < TURNS else "confirm"), turns + 1
    after = _ORDER[_PLACE[key] + 1]
    if isinstance(after, tuple):
        return after[0 if (option or 0) < 2 else 1], turns
    return after, turns


def in_language(language: str, text: str) -> str:
    """What every catalogue of the benchmark says for `text`."""
    return f"[{language}] {text}"


@dataclass(slots=True)
class Person:
    """Somebody who presses a button of the last keyboard that she was sent, or writes a text."""

    number: int
    chat: int
    language: str = "en"
    at: str | None = None
    turns: int = 0
    answers: int = 0
    last: Call = field(default_factory=Call)

    def update(self, update_id: int) -> bytes:
        """What Telegram would send next from her."""
        option = self._option()
        body = self._message(update_id) if option is None else self._tap(update_id, option)
        return json.dumps({"update_id": update_id, **body}).encode()

    def go_on(self) -> str:
        """Moves her on in the walk. The reply that she must get now."""
        option = self._option()
        if self.at is None:
            self.at = "lang"
        else:
            self.answers += 1
            self.language = LANGUAGES[option or 0] if self.at == "lang" else self.language
            self.at, self.turns = following(self.at, option, self.turns)
        return in_language(self.language, QUESTIONS[self.at].text)

    def _option(self) -> int | None:
        if self.at is None or not QUESTIONS[self.at].options:
            return None
        if self.at == "lang":
            return self.number % len(LANGUAGES)
        return 0 if self.at in ("consent", "confirm") else (self.number * 7 + self.answers * 3) % len(SCALE)

    def _message(self, update_id: int) -> dict[str, Any]:
        begins = self.at is None
        words = f"free text {self.answers} of person {self.number}, some forty characters"
        command = {"type": "bot_command", "offset": 0, "length": 6}
        message = {
            "message_id": 500_000_000 + update_id,
            "from": self._herself(),
            "chat": self._chat(),
            "date": 1_700_000_000,
            "text": "/start" if begins else words,
            **({"entities": [command]} if begins else {}),
        }
        return {"message": message}

    def _tap(self, update_id: int, option: int) -> dict[str, Any]:
        keyboard = json.loads(self.last.markup or "{}")
        buttons = [button for row in keyboard["inline_keyboard"] for button in row]
        message = {
            "message_id": self.last.message_id,
            "date": 1_700_000_000,
            "chat": self._chat(),
            "from": {"id": 42, "is_bot": True, "first_name": "bot"},
            "text": self.last.text,
            "reply_markup": keyboard,
        }
        query = {
            "id": str(update_id),
            "from": self._herself(),
            "chat_instance": "1",
            "data": buttons[option]["callback_data"],
            "message": message,
        }
        return {"callback_query": query}

    def _herself(self) -> dict[str, Any]:
        name = f"P{self.number}"
        return {"id": self.chat, "is_bot": False, "first_name": name, "language_code": "en"}

    def _chat(self) -> dict[str, Any]:
        return {"id": self.chat, "type": "private", "first_name": f"P{self.number}"}
