"""One message in, one turn out. Pure: the same arguments always give the same turn."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from dialogs import phrases, reminding
from dialogs.asking import (
    LONGEST_NAME,
    Languages,
    Option,
    agrees,
    ask,
    buttons,
    chosen_name,
    heading,
    is_several,
    options,
    page_of,
    question_title,
    round_title,
    shortened,
    speak,
    told,
)
from dialogs.coming_back import follow_up_part, her_step, is_about_sharing
from dialogs.frozen import replace
from dialogs.moves import Moves, change_mode
from dialogs.reading_answers import Unclear, read_answer, tapped_number
from dialogs.said import Command, CommandName, Rang, Said, Tap, Text, Unreadable
from dialogs.script import END, FORGET, SILENT, Part, came_back
from dialogs.session import NOWHERE, REMINDING, Answer, Place, Session, Timer, TimerKind, Wish
from dialogs.turn import (
    Answered,
    Button,
    Consented,
    Deleted,
    Event,
    Expects,
    Forgotten,
    HandedOver,
    Label,
    NotUnderstood,
    PersonAsked,
    Phrase,
    Say,
    StaleTap,
    Turn,
    Withdrawn,
)
from dialogs.understand import LONGEST, plain, plain_label, read_choice, read_date

_TELEGRAM_KEEPS = 24 * 60 * 60
"""Seconds that a text waits for us at Telegram."""

_LONGEST_LABEL = 60
"""Characters of a text that can be the label of a button."""


@dataclass(frozen=True, slots=True)
class Here:
    """What varies from turn to turn, passed in: the clock, chance, words, the channel.

    `token`: a fresh random one, for the next question. `translate`: a phrase in the session's language.
    `zone`: hers. `reachable`: whether we can write to her by ourselves, so that reminders can be offered.
    """

    now: datetime
    token: str
    translate: Callable[[Phrase], str]
    languages: Languages
    channel: str = ""
    zone: tzinfo = UTC
    reachable: bool = False


def reply(moves: Moves, session: Session, said: Said, here: Here) -> Turn:
    """Answer one message. What cannot be read leaves the session where it was."""
    return _Reply(moves, session, here).to(said)


class _Reply:
    """The work of one turn: `session` moves on, `events` and `says` are gathered."""

    def __init__(self, moves: Moves, session: Session, here: Here) -> None:
        self.moves = moves
        self.script = moves.script
        self.session = session
        self.here = here
        self.events: list[Event] = []
        self.says: list[Say] = []
        self.typed = ""  # a short text of hers, to compare with the labels of buttons

    def to(self, said: Said) -> Turn:
        """The whole turn."""
        mode = self.session.mode
        if isinstance(said, Text) and len(said.words) <= _LONGEST_LABEL:
            self.typed = plain(said.words)
        if isinstance(said, Rang):
            self._ring(said)
        elif mode == "new":
            self._before_beginning(said)
        elif isinstance(said, Text) and len(said.words) > LONGEST:
            self._note("too_long", phrases.TOO_LONG)
        elif self.session.is_away:
            self._while_away(said)
        elif (command := self._command(said)) is not None:
            self._obey(command)
        elif self.session.moved and mode in ("talking", "change", "ended"):
            self.events.append(StaleTap())
            self._arrive((phrases.STALE if isinstance(said, Tap) else phrases.TOO_EARLY,))
        elif isinstance(said, Tap | Text) and said.token not in (None, self.session.token):
            self._stale(phrases.STALE if isinstance(said, Tap) else phrases.TOO_EARLY)
        elif isinstance(said, Unreadable | Command):
            self._note("unreadable", phrases.UNREADABLE)
        elif mode == "talking":
            self._answer(said)
        else:
            self._aside_answer(said)
        return Turn(self.session, tuple(self.events), tuple(self.says))

    # ── beginning, leaving, coming back ───────────────────────────────────────────────────────────

    def _before_beginning(self, said: Said) -> None:
        """Nothing is kept of her yet: words begin, but an old button or leaving in a hurry does not."""
        if isinstance(said, Tap) and said.value != "go_on":
            self.events.append(StaleTap())
            self._say_away(phrases.STILL_AWAY, self.here.token)
        elif isinstance(said, Command) and said.name == "leave":
            self._say_away(phrases.LEFT, self.here.token)
        else:
            self._mode("begin")
            self._go_on(NOWHERE)

    def _while_away(self, said: Said) -> None:
        """Paused or left: only "go on" opens it again, since somebody else may hold the phone."""
        wants_on = (
            (isinstance(said, Tap) and said.value == "go_on" and said.token == self.session.token)
            or (isinstance(said, Text) and self._is_typed(phrases.GO_ON))
            or (isinstance(said, Command) and said.name == "again")
        )
        if wants_on:
            self._resume()
        elif isinstance(said, Command) and said.name == "leave":
            self._go_away("leave", phrases.LEFT)
        elif self._command(said) == "stop":
            self._stop_reminders()
        elif isinstance(said, Tap | Text) and self._chooses_a_reminder(said):
            self._aside_answer(said)
        else:
            self._still_away()

    def _chooses_a_reminder(self, said: Tap | Text) -> bool:
        """Whether it answers the question that is open while she is away. Other words are no wish for one."""
        if self.session.mode not in REMINDING or said.token not in (None, self.session.token):
            return False
        return self.session.mode != "remind_day" or self._chosen(said, reminding.DAYS) is not None

    def _still_away(self) -> None:
        if self.session.mode in REMINDING:
            self._mode("pause")
        self.session = replace(self.session, wish=None)
        self._say_away(phrases.STILL_AWAY, self.session.token)

    def _say_away(self, words: Phrase, token: str) -> None:
        button = Button("go_on", phrases.GO_ON, kind="control")
        self.says.append(Say((words,), (button,), "choice", token))

    def _resume(self) -> None:
        self._mode("resume")
        self.session = replace(self.session, wish=None)
        self._drop("resume")
        self._next_visit()
        self.says.append(Say(self._recap(), quiet=True))
        self._where_she_is()

    def _recap(self) -> tuple[Label, ...]:
        name = shortened(chosen_name(self.script, self.session), LONGEST_NAME)
        lines: list[Label] = [
            Phrase(phrases.WELCOME_BACK.context, phrases.WELCOME_BACK.text, {"name": name})
            if name
            else phrases.WELCOME
        ]
        current = self.script.by_name.get(self.session.at.step)
        done = tuple(
            Phrase(part.context, part.title)
            for part in self.script.parts
            if not part.private
            and (current is None or part.name != current.part)
            and told(self.moves, self.session, part.name)
        )
        if done:
            lines.append(Phrase(phrases.PARTS_DONE.context, phrases.PARTS_DONE.text, {"parts": done}))
        if current is not None:
            part = self.script.part(current.part)
            title = Phrase(part.context, part.title)
            lines.append(Phrase(phrases.WE_ARE_AT.context, phrases.WE_ARE_AT.text, {"part": title}))
        return tuple(lines)

    def _where_she_is(self) -> None:
        """After coming back: the question she was at, or the end."""
        part = self._to_follow_up()
        if self.session.moved:
            self._arrive()
        elif self.session.at.step in self.script.by_name:
            self._new_token()
            self._ask()
        elif part is not None and self._is_time_to_follow_up():
            self._come_back(part)
        else:
            self._end()

    def _go_away(self, how: str, words: Phrase) -> None:
        """Pause or leave. A new visit begins, so that her screen shows no more than these neutral words."""
        self._mode(how)
        self.session = replace(self.session, wish=None)
        self._next_visit()
        self._new_token()
        self._say_away(words, self.session.token)

    def _next_visit(self) -> None:
        self.session = replace(self.session, visit=self.session.visit + 1)

    # ── what is always at hand ────────────────────────────────────────────────────────────────────

    def _command(self, said: Said) -> CommandName | None:
        """The command meant: sent as one, tapped, or typed as the button's label. A stale tap means none."""
        if isinstance(said, Command):
            return said.name
        if isinstance(said, Tap):
            known = said.token == self.session.token and said.value in _BY_TAP
            return _BY_TAP[said.value] if known else None
        if isinstance(said, Text):
            slash = said.words.strip().removeprefix("/").casefold() if said.words.startswith("/") else ""
            if slash in _BY_WORD:
                return _BY_WORD[slash]
            return next((name for name, label in _LABELS if self._is_typed(label)), None)
        return None

    def _is_typed(self, label: Phrase) -> bool:
        """Whether what she typed is this button's label."""
        if self.typed == "":
            return False
        compared = plain if label.params else plain_label  # "Keep: …" holds words of hers
        return self.typed == compared(self.here.translate(label))

    def _obey(self, command: CommandName) -> None:
        if self.session.moved and command in ("start", "again", "skip", "back"):
            self._arrive((phrases.STALE,) if command in ("skip", "back") else ())
            return
        match command:
            case "start" | "again":
                self._show_again()
            case "skip":
                self._skip()
            case "back":
                self._back()
            case "pause":
                self._pause()
            case "stop":
                self._stop_reminders()
            case "leave":
                self._go_away("leave", phrases.LEFT)
            case "menu" | "language" | "person" | "delete":
                self._open(command)

    def _show_again(self) -> None:
        if self.session.mode != "talking":
            self._return()
        else:
            self._ask()

    def _skip(self) -> None:
        if self.session.mode != "talking":
            self._return()
            return
        step = self.script.step(self.session.at.step)
        if not step.skippable:
            self._note("required", phrases.NEED_ANSWER)
            return
        old = self.session.answers.get(self.session.at)
        if step.kind == "language" and old is not None:
            self._go_on(self.session.at)
            return
        self._keep_answer(Answer("declined"))
        self._go_on(self.session.at)

    def _back(self) -> None:
        if self.session.mode != "talking":
            self._return()
            return
        before = self._question_before()
        if before is None:
            self._note("first", phrases.FIRST)
            return
        self._fresh_question(before, last=NOWHERE)
        self._ask()

    def _question_before(self) -> Place | None:
        """The question before this one on the way that her answers lead now."""
        before = None
        for place in self.moves.walk(self.session.answers):
            if place == self.session.at:
                break
            if place.step in self.script.by_name and self.script.step(place.step).kind not in SILENT:
                before = place
        return before

    # ── answering ─────────────────────────────────────────────────────────────────────────────────

    def _answer(self, said: Tap | Text) -> None:
        if isinstance(said, Text) and self._was_sent_before(said):
            self._late(said.words)
            return
        step = self.script.step(self.session.at.step)
        found = options(self.moves, self.session, self.here.languages)
        said = self._typed_button(said, found)
        if isinstance(said, Tap) and self._tapped_inside(said.value, found):
            return
        old = self.session.answers.get(self.session.at)
        if isinstance(said, Tap) and said.value == "keep" and old is not None and old.state == "answered":
            self._go_on(self.session.at)
            return
        read = read_answer(step, said, found, self.session.draft, self.here.translate, self.here.now.date())
        if isinstance(read, Unclear):
            self._note(read.why, read.note)
            return
        if step.kind == "read_back" and read.value == ("change",):
            if old is not None:  # said to be right before: to be read back once more
                self._clear(self.session.at)
            self._open("change")
            return
        self._keep_answer(read)
        self._go_on(self.session.at)

    def _typed_button(self, said: Tap | Text, found: Sequence[Option]) -> Tap | Text:
        """Buttons die after a while, so their labels can be typed as well: "Done", "Show more", "Keep: …"."""
        if isinstance(said, Text):
            for button in buttons(self.moves, self.session, found):
                label = button.label
                if button.kind == "control" and isinstance(label, Phrase) and self._is_typed(label):
                    return Tap(self.session.token, button.value)
        return said

    def _tapped_inside(self, value: str, found: Sequence[Option]) -> bool:
        """A tap that stays at the question: the next page, or a tick."""
        step = self.script.step(self.session.at.step)
        turns, has_boxes, boxes = value.partition("=")
        if has_boxes and is_several(step):
            self._tick(boxes, found)
        if turns == "page":
            self.session = replace(self.session, page=self.session.page + 1)
        elif is_several(step) and (index := tapped_number(value, found)) is not None:
            key = found[index].key
            draft = set(self.session.draft) ^ {key}
            self.session = replace(self.session, draft=tuple(o.key for o in found if o.key in draft))
        else:
            return False
        self._new_token()
        self._ask()
        return True

    def _tick(self, boxes: str, found: Sequence[Option]) -> None:
        """A form with boxes says how the whole page is ticked; ticks on other pages stay."""
        page = page_of(found, self.session.page)
        shown = {button.value for button in page if button.kind == "choice"}
        ticked = shown & set(boxes.split(","))
        before = set(self.session.draft)
        draft = (
            option.key
            for number, option in enumerate(found, start=1)
            if (str(number) in ticked if str(number) in shown else option.key in before)
        )
        self.session = replace(self.session, draft=tuple(draft))

    def _keep_answer(self, answer: Answer) -> None:
        place, language = self.session.at, self.session.language
        step = self.script.step(place.step)
        if step.kind == "language" and answer.state == "answered":
            language = answer.value[0]
        answer = replace(answer, language=language, at=self.here.now, channel=self.here.channel)
        answers = {**self.session.answers, place: answer}
        self.session = replace(self.session, language=language, answers=answers)
        self.events.append(Answered(place, answer))
        if agrees(step, answer):
            self.events.append(Consented(step.consent, step.name))
        if step.kind == "share" and self.session.handed_over and answer.value != ("yes",):
            self.events.append(Withdrawn(step.about))
        if step.feeds == "share.changed" and answer.value == ("yes",):
            self._share_anew()

    def _was_sent_before(self, said: Text) -> bool:
        """Whether she sent this before the question was asked: two quick messages, or hers overtook ours.

        Telegram's times are whole seconds, and it keeps texts for a day; anything older is no real time.
        Two clocks are compared, so what they differ by at the least is taken off.
        """
        asked = self.session.asked_at
        if said.sent_at is None or asked is None:
            return False
        took = (self.here.now - said.sent_at).total_seconds()
        lag = took if self.session.lag is None else min(took, self.session.lag)
        if lag != self.session.lag:
            self.session = replace(self.session, lag=lag)
        early = (asked - said.sent_at).total_seconds()
        return early < _TELEGRAM_KEEPS and early - lag >= 1

    def _late(self, words: str) -> None:
        place = self.session.last
        step, old = self.script.by_name.get(place.step), self.session.answers.get(place)
        if step is None or step.kind != "text" or old is None or old.state != "answered":
            self._note("late", phrases.TOO_EARLY)
            return
        longer = f"{old.words}\n{words}"
        if len(longer) > LONGEST:
            self._note("too_long", phrases.TOO_LONG)
            return
        answer = replace(old, words=longer, value=(longer,), at=self.here.now)
        self.session = replace(self.session, answers={**self.session.answers, place: answer})
        self.events.append(Answered(place, answer))
        self._ask((phrases.LATE,))

    # ── moving on ─────────────────────────────────────────────────────────────────────────────────

    def _go_on(self, place: Place) -> None:
        """From `place` to the next question without an answer, speaking what is said on the way."""
        last = place
        while True:
            place = self.moves.onward(place, self.session.answers)
            if place.step == FORGET:
                self._forget()
                return
            if place.step == END:
                self.session = replace(self.session, at=place, last=last)
                self._arrive_at_the_end()
                return
            step = self.script.step(place.step)
            if step.kind in SILENT:
                self._speak(place)
                continue
            answer = self.session.answers.get(place)
            if answer is None or answer.state == "not_asked":
                break
        self._head(place)
        self._fresh_question(place, last)
        self._ask()

    def _arrive(self, before: Sequence[Label] = ()) -> None:
        """She was moved to another version: what lies on the way is said, then the question she is at now."""
        self.session = replace(self.session, moved=False)
        self._mode("return_")
        if before:
            self.says.append(Say(tuple(before), quiet=True))
        self._go_on(NOWHERE)

    def _speak(self, place: Place) -> None:
        step = self.script.step(place.step)
        if step.kind == "branch" or place in self.session.heard:
            return
        self._head(place)
        self.session = replace(self.session, heard=self.session.heard | {place})
        text = step.text
        if step.kind == "hand_over":
            text = self._hand_over(step.text, step.if_nothing)
        self.says.append(Say((speak(self.script, self.session, step, text),)))

    def _hand_over(self, text: str, if_nothing: str) -> str:
        answers = self.session.answers
        shares = any(self.moves.is_shared(place, answers) for place in answers)
        calls = any(
            self.script.by_name[place.step].feeds == "call.wanted" and answer.value == ("yes",)
            for place, answer in answers.items()
            if place.step in self.script.by_name
        )
        if shares or calls or self.session.handed_over:
            self.events.append(HandedOver())
        self.session = replace(self.session, handed_over=shares or calls)
        return text if shares or calls else if_nothing or text

    def _head(self, place: Place) -> None:
        """Say which part begins, the first one excepted: the language comes before any words."""
        name = self.script.step(place.step).part
        if name != self.session.part:
            first = name == self.script.parts[0].name
            self.session = replace(self.session, part=name)
            if not first:
                self.says.append(heading(self.moves, self.session, self.script.part(name)))
        self._head_round(place)

    def _head_round(self, place: Place) -> None:
        step = self.script.step(place.step)
        if step.loop is None:
            return
        first = self.script.loops[step.loop].steps[0]
        title = round_title(self.script, place)
        if title is not None and step.name == first and place not in self.session.answers:
            self.says.append(Say((title,), quiet=True))

    def _forget(self) -> None:
        self.events.append(Forgotten())
        old = self.session
        mode = change_mode(old.mode, "forget")
        self.session = Session(
            id=old.id, script=old.script, language=old.language, seed=old.seed, facts=old.facts, mode=mode
        )

    def _end(self) -> None:
        self._mode("finish")
        self._new_token()
        self._say_end()

    def _say_end(self, before: Sequence[Label] = ()) -> None:
        found = [("follow_up", phrases.HOW_IT_WENT)] if self._to_follow_up() else []
        found += [*_ENDED, *([_STOP] if self.session.timers else [])]
        buttons = tuple(Button(value, label, kind="control") for value, label in found)
        self.says.append(Say((*before, phrases.ENDED), buttons, "choice", self.session.token))

    # ── coming back to her small step ─────────────────────────────────────────────────────────────

    def _arrive_at_the_end(self) -> None:
        part = self._to_follow_up()
        if part is not None and self.session.follow_up == "due":
            self._come_back(part)
        elif part is not None and self.here.reachable and self._may_offer():
            self.session = replace(self.session, follow_up="offered")
            self._offer_reminder("follow_up")
        else:
            self._end()

    def _may_offer(self) -> bool:
        return not self.session.follow_up and all(t.kind != "follow_up" for t in self.session.timers)

    def _to_follow_up(self) -> Part | None:
        """The part that asks how her step went, if she has a step."""
        part = follow_up_part(self.script)
        return part if part is not None and her_step(self.moves, self.session) is not None else None

    def _is_time_to_follow_up(self) -> bool:
        """She was reminded, or her step is of another day."""
        step, zone = her_step(self.moves, self.session), self.here.zone
        if self.session.follow_up == "due" or step is None or step.at is None:
            return self.session.follow_up == "due"
        return reminding.today(step.at, zone) < reminding.today(self.here.now, zone)

    def _come_back(self, part: Part) -> None:
        """Ask how her step went, then what of that she shares. What she said before is kept as history."""
        step = her_step(self.moves, self.session)
        self._drop("follow_up")
        for place, answer in self.session.answers.items():
            if answer.state != "not_asked" and self._is_asked_anew(place, answer, part):
                self._clear(place)
        if step is not None:
            self._note_answer(Place(came_back(part.name)), Answer("answered", step.words, (step.words,)))
        heard = frozenset(
            place
            for place in self.session.heard
            if not self._is_in(place, part.name) and not is_about_sharing(self.moves, place)
        )
        self.session = replace(self.session, heard=heard, part="", follow_up="")
        self._mode("return_")
        self._go_on(NOWHERE)

    def _is_asked_anew(self, place: Place, answer: Answer, part: Part) -> bool:
        """What she says of her step, whether she shares it, what she put off, and a term that may be over."""
        step = self.script.by_name.get(place.step)
        if step is None:
            return False
        return (
            part.name in (step.part, step.about)
            or step.feeds == "share.changed"
            or (step.kind == "share" and answer.value == ("later",))
            or (step.feeds in _TERMS and answer.state == "answered" and answer.value != ("stop",))
        )

    # ── reminders ─────────────────────────────────────────────────────────────────────────────────

    def _pause(self) -> None:
        """Away at once; if we can write to her, she may choose when."""
        if self.here.reachable and self.session.at.step in self.script.by_name:
            self._next_visit()
            self._offer_reminder("resume", (phrases.PAUSED,))
        else:
            self._go_away("pause", phrases.PAUSED)

    def _offer_reminder(self, kind: TimerKind, before: Sequence[Label] = ()) -> None:
        self.session = replace(self.session, wish=Wish(kind), page=0)
        self._mode("remind_day")
        self._new_token()
        self._ask_aside(before)

    def _day_chosen(self, key: str) -> None:
        if key == "none":
            self._reminder_settled(phrases.REMIND_NOT)
        elif key == "day":
            self._mode("remind_date")
            self._new_token()
            self._ask_aside()
        else:
            today = reminding.today(self.here.now, self.here.zone)
            self._day_known(today + timedelta(days=reminding.DAYS_ON[key]))

    def _date_typed(self, words: str) -> None:
        day = read_date(words)
        if day is None:
            self._note("date", phrases.NEED_DATE)
        elif not reminding.can_be(day, self.here.now, self.here.zone):
            self._note("date", phrases.REMIND_TOO_FAR)
        else:
            self._day_known(day)

    def _day_known(self, day: date) -> None:
        wish = self.session.wish
        self.session = replace(self.session, wish=replace(wish, day=day) if wish else None)
        self._mode("remind_hour")
        self._new_token()
        self._ask_aside()

    def _hour_chosen(self, key: str) -> None:
        wish = self.session.wish
        if wish is None or wish.day is None:
            self._return()
            return
        due = reminding.moment(wish.day, time(reminding.HOUR_OF[key]), self.here.zone)
        self._drop(wish.kind)
        timer = Timer(wish.kind, due, self.here.token)
        self.session = replace(self.session, timers=(*self.session.timers, timer))
        hour = next(option.label for option in reminding.HOURS if option.key == key)
        params: dict[str, Label | date] = {"day": wish.day, "hour": hour}
        self._reminder_settled(Phrase(phrases.REMIND_SET.context, phrases.REMIND_SET.text, params))

    def _reminder_settled(self, words: Phrase) -> None:
        is_away = self.session.is_away
        self.session = replace(self.session, wish=None)
        if is_away:
            if self.session.mode in REMINDING:
                self._mode("pause")
            self._new_token()
            self._say_away(words, self.session.token)
        else:
            self._return((words,))

    def _stop_reminders(self) -> None:
        self.session = replace(self.session, timers=())
        if self.session.is_away:
            self._reminder_settled(phrases.STOPPED)
        else:
            self._return((phrases.STOPPED,))

    def _drop(self, kind: TimerKind) -> None:
        left = tuple(timer for timer in self.session.timers if timer.kind != kind)
        self.session = replace(self.session, timers=left)

    def _ring(self, rang: Rang) -> None:
        """Write to her once, in neutral words. If she has moved on since, nothing is said or changed."""
        found = [t for t in self.session.timers if (t.kind, t.token) == (rang.kind, rang.token)]
        if not found:
            return
        self._drop(rang.kind)
        if self._is_a_bad_moment():
            due = reminding.put_off(found[0].due, self.here.now, self.here.zone)
            self.session = replace(self.session, timers=(*self.session.timers, replace(found[0], due=due)))
            return
        if rang.kind == "follow_up":
            self.session = replace(self.session, follow_up="due")
        self._remind()

    def _is_a_bad_moment(self) -> bool:
        """It is night where she is, or she is in the middle of talking."""
        asked = self.session.asked_at
        is_talking = (
            not self.session.is_away
            and asked is not None
            and abs(self.here.now - asked) < reminding.STILL_TALKING
        )
        return is_talking or not reminding.is_her_hour(self.here.now, self.here.zone)

    def _remind(self) -> None:
        if self.session.mode in ("paused", "left"):  # "go on" on her screen stays good
            self._next_visit()
            self._say_away(phrases.REMINDER, self.session.token)
        else:
            self._go_away("pause", phrases.REMINDER)

    # ── asides ────────────────────────────────────────────────────────────────────────────────────

    def _open(self, aside: CommandName | str) -> None:
        self._mode(aside)
        self.session = replace(self.session, page=0)
        self._new_token()
        self._ask_aside()

    def _ask_aside(self, before: Sequence[Label] = ()) -> None:
        question, buttons = self._aside()
        back = Button("go_on" if self.session.is_away else "return", phrases.GO_ON, kind="control")
        line = (*before, question)
        expects: Expects = "date" if self.session.mode == "remind_date" else "choice"
        self.says.append(Say(line, (*buttons, back), expects, self.session.token))

    def _aside(self) -> tuple[Phrase, Sequence[Button]]:
        mode = self.session.mode
        if mode == "language":
            return phrases.LANGUAGE_ASK, page_of(self._aside_options(), self.session.page)
        if mode == "change":
            return phrases.CHANGE_ASK, page_of(self._aside_options(), self.session.page)
        if mode == "person":
            return self._with_manager(phrases.PERSON_ASK), page_of(self._aside_options(), 0)
        if mode == "delete":
            return phrases.DELETE_ASK, page_of(self._aside_options(), 0)
        if mode in REMINDING:
            return self._reminder_question(), page_of(self._aside_options(), 0)
        menu = [*_MENU[:-2], *([_STOP] if self.session.timers else []), *_MENU[-2:]]
        return phrases.MENU_ASK, [Button(value, label, kind="control") for value, label in menu]

    def _reminder_question(self) -> Phrase:
        if self.session.mode == "remind_date":
            return phrases.REMIND_WHICH_DAY
        if self.session.mode == "remind_hour":
            return phrases.REMIND_WHEN
        return phrases.REMIND_ASK if self.session.is_away else phrases.FOLLOW_UP_ASK

    def _with_manager(self, phrase: Phrase) -> Phrase:
        manager = self.session.facts.get("case_manager") or phrases.YOUR_CASE_MANAGER
        return Phrase(phrase.context, phrase.text, {"case_manager": manager})

    def _aside_options(self) -> tuple[Option, ...]:
        mode = self.session.mode
        if mode == "language":
            return tuple(Option(code, name, language=code) for code, name in self.here.languages)
        if mode == "change":
            about = self.script.step(self.session.at.step).about
            return tuple(
                Option(f"{place.step}#{place.round}", question_title(self.script, self.session, place))
                for place in told(self.moves, self.session, about)
            )
        if mode in ("person", "delete"):
            return (Option("yes", phrases.YES), Option("no", phrases.NO))
        if mode == "remind_day":
            return reminding.DAYS
        return reminding.HOURS if mode == "remind_hour" else ()

    def _aside_answer(self, said: Tap | Text) -> None:
        found = self._aside_options()
        if isinstance(said, Tap):
            if said.value == "page":
                self.session = replace(self.session, page=self.session.page + 1)
                self._new_token()
                self._ask_aside()
                return
            if said.value == "return":
                self._return()
                return
        if self.session.mode == "ended" and (chosen := self._chosen_at_the_end(said)) is not None:
            chosen()
            return
        if isinstance(said, Text) and self._is_typed(phrases.GO_ON):
            self._return()
            return
        if isinstance(said, Text) and self.session.mode == "remind_date":
            self._date_typed(said.words)
            return
        index = self._chosen(said, found)
        if index is None:
            self._note("choice", phrases.CHOOSE)
        else:
            self._aside_chosen(found[index].key)

    def _chosen_at_the_end(self, said: Tap | Text) -> Callable[[], None] | None:
        """What one of the buttons at the end does; None for all that is always at hand."""
        value = said.value if isinstance(said, Tap) else ""
        if value == "revise" or self._is_typed(phrases.CHANGE_OR_SHARE):
            return self._revise
        part = self._to_follow_up()
        if part is not None and (value == "follow_up" or self._is_typed(phrases.HOW_IT_WENT)):
            return lambda: self._come_back(part)
        return None

    def _chosen(self, said: Tap | Text, found: Sequence[Option]) -> int | None:
        labels = [(self._written(option.label), option.key) for option in found]
        return read_choice(said.value if isinstance(said, Tap) else said.words, labels)

    def _written(self, label: Label) -> str:
        return self.here.translate(label) if isinstance(label, Phrase) else label

    def _aside_chosen(self, key: str) -> None:
        match self.session.mode:
            case "language":
                self.session = replace(self.session, language=key)
                self._return((phrases.LANGUAGE_CHANGED,))
            case "person":
                if key == "yes":
                    self.session = replace(self.session, asked_for_help=True)
                    self.events.append(PersonAsked())
                told_her = phrases.PERSON_TOLD if key == "yes" else phrases.PERSON_NOT_TOLD
                self._return((self._with_manager(told_her) if key == "yes" else told_her,))
            case "delete":
                if key == "yes":
                    self.events.append(Deleted())
                    self.says.append(Say((phrases.DELETED,)))
                else:
                    self._return()
            case "remind_day":
                self._day_chosen(key)
            case "remind_hour":
                self._hour_chosen(key)
            case _:
                step, _, round_ = key.rpartition("#")
                self._mode("return_")
                self._fresh_question(Place(step, int(round_)), self.session.last)
                self._ask()

    def _return(self, before: Sequence[Label] = ()) -> None:
        """Back from an aside to the question where she was."""
        self.session = replace(self.session, wish=None)
        if self.session.moved:
            self._arrive(before)
        elif self.session.at.step in self.script.by_name:
            self._mode("return_")
            self._new_token()  # what she ticked so far stays
            self._ask(before)
        else:
            if before:
                self.says.append(Say(tuple(before), quiet=True))
            self._end()

    def _revise(self) -> None:
        """After the end: read back and share anew. The old decisions are cleared, and kept as history."""
        if not any(is_about_sharing(self.moves, Place(step.name)) for step in self.script.steps):
            self._end()
            return
        self._share_anew()
        self.session = replace(self.session, part="")
        self._mode("return_")
        self._go_on(NOWHERE)

    def _share_anew(self) -> None:
        """Clear what she decided about sharing. What she says just now, where she is, stays."""
        for place, answer in self.session.answers.items():
            is_hers = place != self.session.at and is_about_sharing(self.moves, place)
            if is_hers and answer.state != "not_asked":
                self._clear(place)
        heard = frozenset(p for p in self.session.heard if not is_about_sharing(self.moves, p))
        self.session = replace(self.session, heard=heard)

    def _is_in(self, place: Place, part: str) -> bool:
        step = self.script.by_name.get(place.step)
        return step is not None and step.part == part

    def _clear(self, place: Place) -> None:
        """To be asked anew. What she said before stays in the history."""
        self._note_answer(place, Answer("not_asked"))

    def _note_answer(self, place: Place, answer: Answer) -> None:
        answer = replace(answer, language=self.session.language, at=self.here.now, channel=self.here.channel)
        self.session = replace(self.session, answers={**self.session.answers, place: answer})
        self.events.append(Answered(place, answer))

    # ── small pieces ──────────────────────────────────────────────────────────────────────────────

    def _mode(self, trigger: str) -> None:
        self.session = replace(self.session, mode=change_mode(self.session.mode, trigger))  # type: ignore[arg-type]

    def _new_token(self) -> None:
        self.session = replace(self.session, token=self.here.token, asked_at=self.here.now)

    def _fresh_question(self, at: Place, last: Place) -> None:
        token, now = self.here.token, self.here.now
        self.session = replace(self.session, at=at, last=last, draft=(), page=0, token=token, asked_at=now)

    def _ask(self, before: Sequence[Label] = ()) -> None:
        self.says.append(ask(self.moves, self.session, self.here.languages, before))

    def _ask_again(self, note: Phrase) -> None:
        mode = self.session.mode
        if self.session.moved and mode in ("talking", "change", "ended"):
            self._arrive((note,))
        elif mode == "talking":
            self._ask((note,))
        elif mode in ("paused", "left"):
            self._still_away()
        elif mode == "ended":
            self._say_end((note,))
        else:
            self._ask_aside((note,))

    def _note(self, why: str, note: Phrase) -> None:
        self.events.append(NotUnderstood(why))
        self._ask_again(note)

    def _stale(self, note: Phrase) -> None:
        self.events.append(StaleTap())
        self._ask_again(note)


_BY_WORD: dict[str, CommandName] = {
    name: name
    for name in (
        "start",
        "skip",
        "back",
        "pause",
        "language",
        "person",
        "leave",
        "menu",
        "delete",
        "again",
        "stop",
    )
}
_BY_TAP: dict[str, CommandName] = {
    name: name for name in ("skip", "back", "pause", "language", "person", "leave", "menu", "delete", "stop")
}
_LABELS: tuple[tuple[CommandName, Phrase], ...] = (
    ("skip", phrases.SKIP),
    ("back", phrases.BACK),
    ("menu", phrases.MENU),
    ("pause", phrases.PAUSE),
    ("language", phrases.LANGUAGE),
    ("person", phrases.PERSON),
    ("leave", phrases.LEAVE),
    ("delete", phrases.DELETE),
    ("stop", phrases.STOP_REMINDERS),
)
_TERMS = ("share.until", "share.until_date")
_STOP: tuple[str, Phrase] = ("stop", phrases.STOP_REMINDERS)
_MENU: tuple[tuple[str, Phrase], ...] = (
    ("pause", phrases.PAUSE),
    ("person", phrases.PERSON),
    ("language", phrases.LANGUAGE),
    ("leave", phrases.LEAVE),
    ("delete", phrases.DELETE),
)
_ENDED: tuple[tuple[str, Phrase], ...] = (
    ("revise", phrases.CHANGE_OR_SHARE),
    ("person", phrases.PERSON),
    ("language", phrases.LANGUAGE),
    ("delete", phrases.DELETE),
)
