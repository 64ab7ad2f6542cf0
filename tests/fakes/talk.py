"""A small conversation in memory, for the web chat's own tests: a choice, several, a text, a scale."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from bot.incoming import Incoming, Taken
from dialogs.message import Message, WrittenButton
from dialogs.said import Command, Tap, Text
from dialogs.session import Session
from dialogs.turn import Expects
from storage.pages import Transcript
from storage.standing import Caller

WORDS: dict[str, Mapping[str, str]] = {
    "ar": {
        "Do you have time now?": "هل لديكِ وقت الآن؟",
        "Yes": "نعم",
        "Later today": "لاحقًا اليوم",
        "What do you like?": "ماذا تحبّين؟",
        "Cooking": "الطبخ",
        "Sewing": "الخياطة",
        "Helping people": "مساعدة الناس",
        "What would you like to learn?": "ماذا تودّين أن تتعلّمي؟",
        "How sure are you?": "ما مدى ثقتكِ؟",
        "Thank you. That was all.": "شكرًا لكِ. هذا كل شيء.",
        "Please choose one of these.": "من فضلكِ اختاري واحدًا مما يلي.",
        "See you.": "إلى اللقاء.",
        "Skip": "تخطّي",
        "Go on": "متابعة",
        "Chat": "محادثة",
        "Messages": "الرسائل",
        "You": "أنتِ",
        "Start": "ابدئي",
        "Press Start when you are ready.": "اضغطي «ابدئي» عندما تكونين جاهزة.",
        "Send": "إرسال",
        "Your answer": "إجابتكِ",
        "Or write your answer": "أو اكتبي إجابتكِ",
        "Choose one or more, then send": "اختاري واحدًا أو أكثر ثم أرسلي",
        "Leave now": "اخرجي الآن",
        "To leave quickly, press Esc three times.": "للخروج بسرعة اضغطي Esc ثلاث مرات.",
    },
    "uk": {
        "Do you have time now?": "У вас зараз є час?",
        "Yes": "Так",
        "Later today": "Пізніше сьогодні",
        "What do you like?": "Що вам подобається?",
        "Cooking": "Готувати",
        "Sewing": "Шити",
        "Helping people": "Допомагати людям",
        "What would you like to learn?": "Чого ви хотіли б навчитися?",
        "How sure are you?": "Наскільки ви впевнені?",
        "Thank you. That was all.": "Дякую. Це все.",
        "Skip": "Пропустити",
        "Start": "Почати",
        "Send": "Надіслати",
        "Or write your answer": "Або напишіть відповідь",
        "Choose one or more, then send": "Виберіть одне або кілька, потім надішліть",
        "Leave now": "Вийти зараз",
    },
}


def words(language: str, text: str) -> str:
    """A text in a language, as it stands where there is no translation."""
    return WORDS.get(language, {}).get(text, text)


@dataclass(frozen=True)
class Asked:
    text: str
    expects: Expects
    choices: tuple[str, ...] = ()


QUESTIONS = (
    Asked("Do you have time now?", "choice", ("Yes", "Later today")),
    Asked("What do you like?", "several", ("Cooking", "Sewing", "Helping people")),
    Asked("What would you like to learn?", "text"),
    Asked("How sure are you?", "scale", tuple(str(n) for n in range(11))),
)


@dataclass
class FakeTalk:
    """One woman's conversation. `answers` is what was taken; `heard` every update that reached it."""

    language: str = "en"
    code: str = "a-good-code-1234567890"
    session: Session | None = None
    messages: list[tuple[int, Message]] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    heard: list[Incoming] = field(default_factory=list)
    broken: bool = False  # every update fails, as with a database that is gone
    gone: bool = False  # the invite is used up
    at: int = 0
    count: int = 0

    async def look(self, code: str) -> Transcript | None:
        if code != self.code or self.gone:
            return None
        caller = Caller("1", "1", "", "", self.language, None, "")
        return Transcript(caller, self.session, tuple(self.messages))

    async def take(self, incoming: Incoming) -> Taken:
        if self.broken:
            raise OSError("the database is gone")
        if incoming.code != self.code or self.gone:
            return Taken("unknown")
        if incoming.event in {old.event for old in self.heard}:
            return Taken("duplicate")
        self.heard.append(incoming)
        if incoming.said == Command("delete"):
            return self._erase()
        before = self.count
        self._turn(incoming)
        return Taken("done", tuple(numbered for numbered in self.messages if numbered[0] > before))

    def _turn(self, incoming: Incoming) -> None:
        said = incoming.said
        if self.session is None:
            self.session = Session(id="1", script="fake", language=self.language, mode="talking")
            self._ask()
            return
        if isinstance(said, Text):
            self._add(Message(self.language, (said.words,), hers=True))
        if said == Command("leave"):
            self._away()
        elif self.session.mode == "left":
            if said == Command("again") or (isinstance(said, Tap) and said.value == "go_on"):
                self.session = replace(self.session, mode="talking")
                self.messages.clear()
                self._ask()
        elif isinstance(said, Text | Tap) and said.token == self.session.token:
            self._answer(said)

    def _answer(self, said: Text | Tap) -> None:
        answer = said.words if isinstance(said, Text) else said.value
        question = QUESTIONS[self.at]
        if isinstance(said, Text) and question.expects == "choice" and answer != "1":
            self._say(words(self.language, "Please choose one of these."))
            return
        self.answers.append(answer)
        self.at += 1
        if self.at < len(QUESTIONS):
            self._ask()
        else:
            self._end()

    def _erase(self) -> Taken:
        self.session, self.gone = None, True
        self.messages.clear()
        return Taken("done", ((99, Message(self.language, ("Everything is deleted.",))),))

    def _ask(self) -> None:
        question = QUESTIONS[self.at]
        choices = tuple(
            WrittenButton(str(n), words(self.language, label))
            for n, label in enumerate(question.choices, start=0 if question.expects == "scale" else 1)
        )
        done = (WrittenButton("done", "Done", "control"),) if question.expects == "several" else ()
        skip = WrittenButton("skip", words(self.language, "Skip"), "control")
        self._say(words(self.language, question.text), (*choices, *done, skip), question.expects)

    def _away(self) -> None:
        assert self.session is not None
        self.session = replace(self.session, mode="left")
        go_on = WrittenButton("go_on", words(self.language, "Go on"), "control")
        self._say(words(self.language, "See you."), (go_on,), "choice")

    def _end(self) -> None:
        assert self.session is not None
        self.session = replace(self.session, mode="ended", token="")
        self._add(Message(self.language, (words(self.language, "Thank you. That was all."),)))

    def _say(self, text: str, buttons: tuple[WrittenButton, ...] = (), expects: Expects = "nothing") -> None:
        assert self.session is not None
        token = ""
        if expects != "nothing":
            token = f"token-{self.count}"
            self.session = replace(self.session, token=token)
        self._add(Message(self.language, (text,), buttons, expects, token))

    def _add(self, message: Message) -> None:
        self.messages.append((self._number(), message))

    def _number(self) -> int:
        self.count += 1
        return self.count
