"""What the women of the state machine do, and what they read on their screens."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, get_args

from hypothesis import strategies as st

from bot.incoming import Incoming
from dialogs import phrases
from dialogs.message import Message
from dialogs.said import Command, CommandName, Said, Tap, Text
from dialogs.turn import Phrase
from tests.dialogs.talking import words_of_clients
from tests.model import LANGUAGES, PARTS

WEB, TELEGRAM, BOTH = range(3)
CHATS = {TELEGRAM: 101, BOTH: 102}
"""Three women; where two of them are on Telegram."""

# ── words on the screen ──────────────────────────────────────────────────────────────────────────

_LABELS = {
    "skip": phrases.SKIP,
    "back": phrases.BACK,
    "menu": phrases.MENU,
    "pause": phrases.PAUSE,
    "language": phrases.LANGUAGE,
    "person": phrases.PERSON,
    "leave": phrases.LEAVE,
    "stop": phrases.STOP_REMINDERS,
    "helpnow": phrases.HELP_NOW,
    "read": phrases.READ_TO_ME,
    "silent": phrases.STOP_READING,
    "go_on": phrases.GO_ON,
    "done": phrases.DONE,
    "revise": phrases.CHANGE_OR_SHARE,
    "follow_up": phrases.HOW_IT_WENT,
}
_ASIDES = {
    "menu": phrases.MENU_ASK,
    "help": phrases.HELP_INTRO,
    "language": phrases.LANGUAGE_ASK,
    "delete": phrases.DELETE_ASK,
    "change": phrases.CHANGE_ASK,
    "remind_date": phrases.REMIND_WHICH_DAY,
    "remind_hour": phrases.REMIND_WHEN,
    "ended": phrases.ENDED,
    "deleted": phrases.DELETED,
    "reminder": phrases.REMINDER,
}


def _in(language: str, phrase: Phrase) -> str:
    return words_of_clients().look_up(language, phrase.context, phrase.text)


LABELS = {
    language: {_in(language, phrase): meaning for meaning, phrase in _LABELS.items()}
    for language in LANGUAGES
}
ASKED = {
    "What may I call you?": "call_me",
    "May I keep your answers?": "consent",
    "What do you hope for?": "hope",
    "What do you wish for?": "hope",
    "Whose wish is it?": "whose",
    "What do you like?": "likes",
    "How sure are you?": "sure",
    "What is your small step?": "step",
    "How did your step go?": "went",
    "All right. I keep nothing. Goodbye.": "goodbye",
    **{f"This is what you told me about {title}.": f"right.{part}" for part, title in PARTS.items()},
    **{
        f"May your case manager see what you said about {title}?": f"share.{part}"
        for part, title in PARTS.items()
    },
    **{
        f"Which of these about {title} may your case manager see?": f"share.{part}.which"
        for part, title in PARTS.items()
    },
    **{_in(language, phrase): aside for language in LANGUAGES for aside, phrase in _ASIDES.items()},
    **{
        _in(language, phrase): "remind_day"
        for language in LANGUAGES
        for phrase in (phrases.REMIND_ASK, phrases.FOLLOW_UP_ASK)
    },
}


def screen_of(said: Sequence[Message]) -> str:
    """What the newest message asks, as she reads it."""
    if not said:
        return "silent"
    newest = said[-1]
    found = [ASKED[words] for words in newest.paragraphs if words in ASKED]
    if found:
        return found[-1] if not found[-1].startswith("right.") else found[0]
    if [button.value for button in newest.buttons] == ["go_on"]:
        return "away"
    return "person"  # the only one whose words hold a name


# ── what she does ────────────────────────────────────────────────────────────────────────────────

Act = tuple[str, int]
COMMANDS = get_args(CommandName)
TAILS = ("", " <b>&", " حياة", " \u202e", " 🌿", " =1+1", " %(name)s", "\nand more")

answers = st.tuples(st.just("answer"), st.integers(0, 20))
acts: st.SearchStrategy[Act] = st.one_of(
    answers,
    answers,
    answers,
    st.tuples(st.just("button"), st.integers(0, 11)),
    st.tuples(st.just("button"), st.integers(0, 11)),
    st.tuples(st.just("old button"), st.integers(0, 60)),
    st.tuples(st.just("words"), st.integers(0, len(TAILS) - 1)),
    st.tuples(st.just("words"), st.integers(0, len(TAILS) - 1)),
    st.tuples(st.just("number"), st.integers(0, 11)),
    st.tuples(st.just("label"), st.integers(0, len(_LABELS) - 1)),
    st.tuples(st.just("command"), st.integers(0, len(COMMANDS) - 1)),
    st.tuples(st.just("odd"), st.integers(0, 2)),
)
Seat = tuple[int, bool]
"""Which woman, and whether on Telegram; else on the web."""
women: st.SearchStrategy[Seat] = st.sampled_from(
    ((WEB, False), (TELEGRAM, True), (TELEGRAM, True), (BOTH, True), (BOTH, False))
)


@dataclass(frozen=True)
class Update:
    """Something she sent: on Telegram as the Bot API says it, on the web as the form is read."""

    who: int
    number: int
    at: datetime
    body: dict[str, Any] | Incoming

    @property
    def is_telegram(self) -> bool:
        """Otherwise it is from the web."""
        return isinstance(self.body, dict)

    def under(self, number: int, at: datetime) -> "Update":
        """The same again, under another name; a text keeps the time at which she sent it."""
        if isinstance(self.body, Incoming):
            return Update(self.who, number, at, replace(self.body, event=str(number)))
        return Update(self.who, number, at, {**self.body, "update_id": number})


def as_telegram_says(
    said: Said, chat: int, code: str, number: int, message_id: int, at: datetime
) -> dict[str, Any]:
    """The update, in the words of the Bot API. `code`: her invite's, for when she starts."""
    person = {"id": chat, "is_bot": False, "first_name": "A", "language_code": "en"}
    room = {"id": chat, "type": "private", "first_name": "A"}
    message = {"message_id": message_id, "date": int(at.timestamp()), "chat": room, "from": person}
    match said:
        case Tap(token, value):
            tap = {"id": str(number), "from": person, "chat_instance": "1", "data": f"{token}:{value}"}
            return {"update_id": number, "callback_query": {**tap, "message": message}}
        case Command("start"):
            return {"update_id": number, "message": {**message, "text": f"/start {code}"}}
        case Command(name):
            return {"update_id": number, "message": {**message, "text": f"/{name}"}}
        case Text(words):
            return {"update_id": number, "message": {**message, "text": words}}
    place = {"latitude": 1.0, "longitude": 2.0}
    return {"update_id": number, "message": {**message, "location": place}}
