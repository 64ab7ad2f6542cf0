"""How a question is put: its words, its buttons, and what it expects. Language-free."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache

from dialogs import phrases
from dialogs.moves import Moves
from dialogs.script import AGREES, Choice, Part, Script, Step, came_back
from dialogs.session import Answer, Place, Session
from dialogs.turn import Button, Expects, Label, Phrase, Say

PAGE = 6
"""Choices shown at a time where a question has pages."""

LONGEST_NAME = 60
"""Characters of her name that are said. Some answer this question with a whole story."""

LONGEST_STEP = 200
"""Characters of her small step that are said."""

STAY_LAST = ("other", "nothing", "undecided")
"""Keys of choices that stay at the end of a shuffled question."""

CHOOSING = ("choice", "yes_no", "cards", "language", "read_back", "share", "offer", "evidence")

LONGEST_STORY = 60
"""Characters of a story's title that a button shows."""

_READ_WITHOUT_NAME = ("bias.what",)
"""Where the answers go that are read by people who do not learn whose they are."""


@dataclass(frozen=True, slots=True)
class Option:
    """One thing she can choose. `accepts`: other words for it."""

    key: str
    label: Label
    picture: str = ""
    accepts: tuple[Phrase, ...] = ()
    language: str = ""


SHARE_OPTIONS = (
    Option("yes", phrases.SHARE_YES, accepts=(phrases.YES,)),
    Option("some", phrases.SHARE_SOME),
    Option("no", phrases.SHARE_NO, accepts=(phrases.NO,)),
    Option("later", phrases.SHARE_LATER),
)

_DONE = Button("done", phrases.DONE, kind="control")
_BACK = Button("back", phrases.BACK, kind="control")
_SKIP = Button("skip", phrases.SKIP, kind="control")
_MENU = Button("menu", phrases.MENU, kind="control")
READ_TO_ME = Button("read", phrases.READ_TO_ME, kind="control", picture="🔊")

Languages = Sequence[tuple[str, str]]
"""Languages on offer: (code, its name in itself)."""


def is_several(step: Step) -> bool:
    """Whether more than one choice may be made."""
    return step.kind in ("several", "share_which") or (step.kind == "cards" and step.many)


def must_be_written(step: Step) -> bool:
    """Whether a recording is no answer to an open question: her voice would tell who she is."""
    return step.feeds in _READ_WITHOUT_NAME


def options(moves: Moves, session: Session, languages: Languages) -> tuple[Option, ...]:
    """What can be chosen at the question where she is, in the order she sees it; empty for open questions."""
    step = moves.script.step(session.at.step)
    if step.kind == "language":
        return tuple(Option(code, name, language=code) for code, name in languages)
    if step.kind == "read_back":
        return (Option("right", phrases.RIGHT), Option("change", phrases.CHANGE))
    if step.kind == "share":
        return SHARE_OPTIONS
    if step.kind == "share_which":
        return tuple(Option(key, label) for key, label in share_items(moves, session, step.about))
    if step.kind == "offer":
        return tuple(Option(part.name, _offered(part)) for part in moves.parts_on_offer(session.answers))
    found = _written_options(moves.script, step.name)
    if step.kind == "evidence":
        return (*_stories(moves, session), *found)
    if step.among:
        chosen = session.answers.get(Place(step.among, session.at.round), Answer("not_asked")).value
        found = tuple(option for option in found if option.key in chosen)
    return _shuffled(found, f"{session.seed}:{step.name}") if step.shuffle else found


@lru_cache(maxsize=2048)
def _written_options(script: Script, question: str) -> tuple[Option, ...]:
    step = script.by_name[question]
    return tuple(_option(step, choice) for choice in step.choices)


def _shuffled(found: Sequence[Option], seed: str) -> tuple[Option, ...]:
    order = list(found)
    random.Random(seed).shuffle(order)  # noqa: S311 — an order, not a secret
    return tuple(sorted(order, key=lambda option: option.key in STAY_LAST))


def _option(step: Step, choice: Choice) -> Option:
    if step.kind == "yes_no":
        return Option(choice.key, phrases.YES if choice.key == "yes" else phrases.NO)
    context = choice.context or step.context
    accepts = tuple(Phrase(context, word) for word in choice.accepts)
    return Option(choice.key, Phrase(context, choice.label), choice.picture, accepts)


def _offered(part: Part) -> Phrase:
    """“What worries me (about 4 minutes)”."""
    params: Mapping[str, int | Phrase] = {"title": Phrase(part.context, part.title), "minutes": part.minutes}
    offered = phrases.OFFERED
    return Phrase(offered.context, offered.text, params, offered.many, part.minutes)


def _stories(moves: Moves, session: Session) -> tuple[Option, ...]:
    """What she told that she did, in her own words."""
    steps = moves.script.by_name
    return tuple(
        Option(item_of(moves.script, place), _story(moves.script, place, session.answers[place]))
        for place in moves.walk(session.answers)
        if place.step in steps
        and steps[place.step].feeds == "story.title"
        and place in session.answers
        and session.answers[place].state == "answered"
    )


def _story(script: Script, place: Place, told: Answer) -> Label:
    """What it is called on a button. Spoken ones are told apart by their number."""
    if not told.voice:
        return shortened(told.words, LONGEST_STORY)
    title = round_title(script, place)
    return _titled(title, phrases.VOICE) if title is not None else phrases.VOICE


# ── what she told, by part ────────────────────────────────────────────────────────────────────────


def told(moves: Moves, session: Session, part: str) -> tuple[Place, ...]:
    """Places of a part that she came by and answered or declined, in order."""
    script = moves.script
    return tuple(
        place
        for place in moves.walk(session.answers)
        if place.step in script.by_name
        and script.by_name[place.step].part == part
        and not script.by_name[place.step].again
        and place in session.answers
        and session.answers[place].state in ("answered", "declined")
    )


def item_of(script: Script, place: Place) -> str:
    """What is shared as one: a single answer, or a whole round of a loop ("story_loop#2")."""
    step = script.by_name[place.step]
    return f"{step.loop}#{place.round}" if step.loop else step.name


def agrees(step: Step, answer: Answer | None) -> bool:
    """Whether she said yes to a consent text with this answer."""
    said_yes = answer is not None and answer.state == "answered" and answer.value[0] in AGREES
    return bool(step.consent) and said_yes


def share_items(moves: Moves, session: Session, part: str) -> tuple[tuple[str, Label], ...]:
    """What can be shared of a part, one by one: (item, what it is called)."""
    found: dict[str, Label] = {}
    for place in told(moves, session, part):
        if session.answers[place].state != "answered":
            continue
        label = round_title(moves.script, place) or question_at(moves.script, session, place)
        found.setdefault(item_of(moves.script, place), label)
    return tuple(found.items())


def round_title(script: Script, place: Place) -> Phrase | None:
    """“Story 2”; None outside a loop, and in one without a title."""
    loop = script.loops.get(script.step(place.step).loop or "")
    if loop is None or not loop.title:
        return None
    params: Mapping[str, int | Phrase] = {
        "title": Phrase(loop.context, loop.title),
        "number": place.round,
    }
    return Phrase(phrases.ROUND.context, phrases.ROUND.text, params)


def question_at(script: Script, session: Session, place: Place) -> Phrase:
    """The words of the question there, with its placeholders filled."""
    step = script.step(place.step)
    return speak(script, replace(session, at=place), step, step.text)


def question_title(script: Script, session: Session, place: Place) -> Phrase:
    """A question in a list of many: its words, in a loop after the round they belong to."""
    words, title = question_at(script, session, place), round_title(script, place)
    return _titled(title, words) if title else words


def _titled(title: Phrase, words: Phrase) -> Phrase:
    return Phrase("", "%(title)s: %(words)s", {"title": title, "words": words})


# ── putting it into a message ─────────────────────────────────────────────────────────────────────


def chosen_name(script: Script, session: Session) -> str:
    """The name she chose, else the one on her invite, else "". One that she spoke cannot be written."""
    for place, answer in session.answers.items():
        step = script.by_name.get(place.step)
        if step is not None and step.feeds == "client.name" and answer.state == "answered":
            return answer.words or session.facts.get("name", "")
    return session.facts.get("name", "")


def placeholders(script: Script, session: Session) -> dict[str, str | int | Phrase]:
    """What %(name)s and its like stand for just now."""
    return {
        "name": shortened(chosen_name(script, session), LONGEST_NAME),
        "case_manager": session.facts.get("case_manager") or phrases.YOUR_CASE_MANAGER,
        "organisation": session.facts.get("organisation") or phrases.YOUR_ORGANISATION,
        "round": session.at.round,
        "step": _step_asked_about(script, session),
    }


def _step_asked_about(script: Script, session: Session) -> str | Phrase:
    """Her small step, in her words, as it was when she came back to it."""
    part = next((part.name for part in script.parts if part.follow_up), "")
    asked = session.answers.get(Place(came_back(part)))
    if asked is not None and asked.voice:
        return phrases.VOICE
    return shortened(asked.words, LONGEST_STEP) if asked is not None else ""


def speak(script: Script, session: Session, step: Step, text: str) -> Phrase:
    """One of a step's texts, with its placeholders filled."""
    if "%(" not in text:
        return Phrase(step.context, text)
    found = placeholders(script, session)
    if step.about:
        about = script.part(step.about)
        found["part"] = Phrase(about.context, about.title)
    if step.card is not None:
        found["card"] = Phrase(step.card.context, step.card.label)
    return Phrase(step.context, text, {key: value for key, value in found.items() if f"%({key})s" in text})


def ask(
    moves: Moves, session: Session, languages: Languages, before: Sequence[Label] = (), *, reads: bool = False
) -> Say:
    """The question where she is. `before`: lines said first, in the same message.

    `reads`: whether questions can be read to her.
    """
    step = moves.script.step(session.at.step)
    found = options(moves, session, languages)
    lines: list[Label] = [*before, speak(moves.script, session, step, step.text)]
    if step.kind == "read_back":
        above: Phrase | None = None
        for number, place in enumerate(told(moves, session, step.about), start=1):
            title = round_title(moves.script, place)
            if title is not None and title != above:
                lines.append(title)
            above = title
            lines.append(_numbered(number, question_at(moves.script, session, place)))
            lines.append(_marked(told_words(moves.script, place, session.answers[place])))
    lines.extend(_notes(moves.script, step, found, session))
    return Say(
        lines=tuple(lines),
        buttons=buttons(moves, session, found, reads=reads),
        expects=_expects(step),
        token=session.token,
        asks=step.context if step.kind != "share_which" else "",  # its name is that of `share`
        in_writing=must_be_written(step),
        aloud=session.reads_aloud,
    )


def buttons(
    moves: Moves, session: Session, found: Sequence[Option], *, reads: bool = False
) -> tuple[Button, ...]:
    """The buttons of the question where she is; `found`: its options. `reads` as in `ask`."""
    step = moves.script.step(session.at.step)
    return (*_choices(step, found, session), *_controls(moves, session, reads=reads))


def _marked(told: Label) -> Label:
    """Her answer, so that it can be told from the question above it; the mark turns with the writing."""
    return told if told == phrases.NO_ANSWER else Phrase("", "» %(words)s", {"words": told})


def _numbered(number: int, question: Phrase) -> Phrase:
    return Phrase("", "%(number)s. %(text)s", {"number": number, "text": question})


def told_words(script: Script, place: Place, answer: Answer) -> Label:
    """What she answered, as she can read it now: choices in today's language, her own words as they were."""
    if answer.state != "answered":
        return phrases.NO_ANSWER
    if answer.voice:
        return phrases.VOICE
    step = script.by_name[place.step]
    if step.kind in ("choice", "several", "cards", "yes_no", "evidence"):
        labels = {choice.key: _option(step, choice).label for choice in step.choices}
        chosen = tuple(label for key in answer.value if isinstance(label := labels.get(key), Phrase))
        is_whole = len(chosen) == len(answer.value)  # a newer version may lack a choice that she made
        return Phrase("", "%(choices)s", {"choices": chosen}) if chosen and is_whole else answer.words
    if step.kind == "date":
        return Phrase("", "%(day)s", {"day": date.fromisoformat(answer.value[0])})
    return answer.words


def _notes(script: Script, step: Step, found: Sequence[Option], session: Session) -> list[Label]:
    notes: list[Label] = []
    if step.hint:
        notes.append(speak(script, session, step, step.hint))
    if is_several(step):
        notes.append(_up_to(step) if step.most is not None else phrases.SEVERAL_HINT)
        ticked = tuple(o.label for o in found if o.key in session.draft and isinstance(o.label, Phrase))
        if ticked:
            notes.append(Phrase(phrases.TICKED.context, phrases.TICKED.text, {"choices": ticked}))
    if step.kind == "scale" and step.low and step.high:
        ends: Mapping[str, Phrase] = {
            "low": Phrase(step.context, step.low),
            "high": Phrase(step.context, step.high),
        }
        notes.append(Phrase(phrases.SCALE_ENDS.context, phrases.SCALE_ENDS.text, ends))
    return notes


def _up_to(step: Step) -> Phrase:
    most = int(step.most or 0)
    return Phrase(phrases.UP_TO.context, phrases.UP_TO.text, {"most": most}, phrases.UP_TO.many, most)


def _choices(step: Step, found: Sequence[Option], session: Session) -> list[Button]:
    if step.kind == "scale":
        return [Button(str(number), Phrase("", "%(n)s", {"n": number})) for number in range(11)]
    return page_of(found, session.page, session.draft, whole=step.kind == "language")


def page_of(
    found: Sequence[Option], page: int, draft: Sequence[str] = (), *, whole: bool = False
) -> list[Button]:
    """Buttons for one page of options, numbered over all pages, and one for the next page.

    `whole`: all at once. Somebody who looks for her language cannot read the button for the next page.
    """
    whole = whole or len(found) <= PAGE + 1
    first = 0 if whole else page % -(-len(found) // PAGE) * PAGE
    shown = range(len(found)) if whole else range(first, min(first + PAGE, len(found)))
    buttons = [
        Button(
            value=str(index + 1),
            label=found[index].label,
            picture=found[index].picture,
            ticked=found[index].key in draft,
            language=found[index].language,
        )
        for index in shown
    ]
    if not whole:
        buttons.append(Button("page", phrases.NEXT_PAGE, kind="control"))
    return buttons


def _controls(moves: Moves, session: Session, *, reads: bool) -> list[Button]:
    controls: list[Button] = []
    step, old = moves.script.step(session.at.step), session.answers.get(session.at)
    if is_several(step):
        controls.append(_DONE)
    if old is not None and old.state == "answered" and step.kind not in ("read_back", "share", "share_which"):
        controls.append(Button("keep", _keep(moves.script, session.at, old), kind="control"))
    if session.at != moves.first_asked(session.answers):
        controls.append(_BACK)
    if step.skippable and step.kind not in ("read_back",):
        controls.append(_SKIP)
    if reads and not session.reads_aloud and step.part == moves.script.parts[0].name:
        controls.append(READ_TO_ME)  # who reads little finds it before she has to look into the menu
    return [*controls, _MENU]


def _keep(script: Script, place: Place, old: Answer) -> Phrase:
    """The old answer as one tap: one choice in today's language, anything else as she said it, shortened."""
    words = told_words(script, place, old) if len(old.value) == 1 else old.words
    answer = words if isinstance(words, Phrase) else shortened(words, 30)
    return Phrase(phrases.KEEP.context, phrases.KEEP.text, {"answer": answer})


def shortened(words: str, most: int) -> str:
    """Her words on one line, at most that many characters."""
    line = " ".join(words.split())
    return line if len(line) <= most else line[: most - 1] + "…"


def _expects(step: Step) -> Expects:
    if is_several(step):
        return "several"
    if step.kind in CHOOSING:
        return "choice"
    if step.kind in ("number", "date", "scale"):
        return step.kind
    return "text"


def parts_now(moves: Moves, session: Session) -> tuple[Part, ...]:
    """The parts that belong to this conversation, as far as can be told now. An offer alone is none."""
    return tuple(
        part
        for part in moves.script.parts
        if has_heading(moves.script, part)
        and all(moves.holds(test, session.answers) for test in part.only_if)
    )


def has_heading(script: Script, part: Part) -> bool:
    """The first part has none: the language comes before any words. Nor has a mere offer of other parts."""
    return any(step.kind != "offer" for step in script.steps if step.part == part.name)


def heading(moves: Moves, session: Session, part: Part) -> Say:
    """“Part 2 of 5: …”, said when a part begins."""
    now = parts_now(moves, session)
    number = next((n for n, found in enumerate(now, start=1) if found.name == part.name), 1)
    params: Mapping[str, int | Phrase] = {
        "number": number,
        "total": len(now),
        "title": Phrase(part.context, part.title),
        "minutes": part.minutes,
    }
    text = Phrase(phrases.PART.context, phrases.PART.text, params, phrases.PART.many, part.minutes)
    return Say((text,), quiet=True)
