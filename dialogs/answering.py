"""She answers the question where she is: a tap or words are kept, and lead on; or a tick stays there."""

from collections.abc import Sequence

from dialogs import phrases
from dialogs.asides import open_aside
from dialogs.asking import Option, agrees, buttons, is_several, options, page_of
from dialogs.asking_again import not_understood
from dialogs.frozen import replace
from dialogs.going_on import go_on, has_time_for
from dialogs.open_turn import OpenTurn
from dialogs.reading_answers import Unclear, read_answer, tapped_number
from dialogs.revising import share_anew
from dialogs.said import Tap, Text
from dialogs.script import chosen_part
from dialogs.session import NOWHERE, Answer, Place
from dialogs.too_early import add_to_last, was_sent_before
from dialogs.turn import Consented, Phrase, Withdrawn


def answer(turn: OpenTurn, said: Tap | Text) -> None:
    """What is unclear leaves her where she is."""
    if isinstance(said, Text) and was_sent_before(turn, said):
        add_to_last(turn, said.words)
        return
    step = turn.script.step(turn.session.at.step)
    found = options(turn.moves, turn.session, turn.here.languages)
    said = _typed_button(turn, said, found)
    if isinstance(said, Tap) and _tapped_inside(turn, said.value, found):
        return
    old = turn.session.answers.get(turn.session.at)
    if isinstance(said, Tap) and said.value == "keep" and old is not None and old.state == "answered":
        go_on(turn, turn.session.at)
        return
    here = turn.here
    read = read_answer(step, said, found, turn.session.draft, here.translate, here.now.date())
    if isinstance(read, Unclear):
        not_understood(turn, read.why, read.note)
        return
    if step.kind == "read_back" and read.value == ("change",):
        if old is not None:  # said to be right before: to be read back once more
            turn.clear(turn.session.at)
        open_aside(turn, "change")
        return
    _keep(turn, read)
    go_on(turn, NOWHERE if step.kind == "offer" else turn.session.at)


def skip(turn: OpenTurn) -> None:
    """Skipping is an answer like others. A language is hers already: it stays."""
    step = turn.script.step(turn.session.at.step)
    if not step.skippable:
        not_understood(turn, "required", phrases.NEED_ANSWER)
        return
    if step.kind != "language" or turn.session.at not in turn.session.answers:
        _keep(turn, Answer("declined"))
    go_on(turn, turn.session.at)


def _keep(turn: OpenTurn, answer: Answer) -> None:
    step = turn.script.step(turn.session.at.step)
    if step.kind == "language" and answer.state == "answered":
        turn.session = replace(turn.session, language=answer.value[0])
    if step.kind == "offer":
        _choose_part(turn, answer)
    turn.keep(turn.session.at, answer)
    if agrees(step, answer):
        turn.events.append(Consented(step.consent, step.name))
    if step.kind == "share" and turn.session.handed_over and answer.value != ("yes",):
        turn.events.append(Withdrawn(step.about))
    if step.feeds == "share.changed" and answer.value == ("yes",):
        share_anew(turn)


def _choose_part(turn: OpenTurn, answer: Answer) -> None:
    """Before her answer is kept: a part that she chose first, and did not begin, is not chosen any more."""
    before = turn.session.answers.get(turn.session.at)
    for part in before.value if before is not None else ():
        if not turn.moves.has_begun(part, turn.session.answers):
            turn.clear(Place(chosen_part(part)))
    for part in answer.value:
        has_time_for(turn, part)


# ── what stays at the question ────────────────────────────────────────────────────────────────────


def _typed_button(turn: OpenTurn, said: Tap | Text, found: Sequence[Option]) -> Tap | Text:
    """Buttons die after a while, so their labels can be typed as well: "Done", "Show more", "Keep: …"."""
    if isinstance(said, Text):
        for button in buttons(turn.moves, turn.session, found):
            label = button.label
            if button.kind == "control" and isinstance(label, Phrase) and turn.is_typed(label):
                return Tap(turn.session.token, button.value)
    return said


def _tapped_inside(turn: OpenTurn, value: str, found: Sequence[Option]) -> bool:
    """A tap that stays at the question: the next page, or a tick."""
    step = turn.script.step(turn.session.at.step)
    turns, has_boxes, boxes = value.partition("=")
    if has_boxes and is_several(step):
        _tick_page(turn, boxes, found)
    if turns == "page":
        turn.session = replace(turn.session, page=turn.session.page + 1)
    elif is_several(step) and (index := tapped_number(value, found)) is not None:
        draft = set(turn.session.draft) ^ {found[index].key}
        turn.session = replace(turn.session, draft=tuple(o.key for o in found if o.key in draft))
    else:
        return False
    turn.new_token()
    turn.ask(again=True)
    return True


def _tick_page(turn: OpenTurn, boxes: str, found: Sequence[Option]) -> None:
    """A form with boxes says how the whole page is ticked; ticks on other pages stay."""
    page = page_of(found, turn.session.page)
    shown = {button.value for button in page if button.kind == "choice"}
    ticked = shown & set(boxes.split(","))
    before = set(turn.session.draft)
    draft = (
        option.key
        for number, option in enumerate(found, start=1)
        if (str(number) in ticked if str(number) in shown else option.key in before)
    )
    turn.session = replace(turn.session, draft=tuple(draft))
