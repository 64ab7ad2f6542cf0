"""From where she is to the next question without an answer, with what is said on the way; or to the end."""

from collections.abc import Sequence

from dialogs import phrases
from dialogs.asides import STOP, offer_reminder
from dialogs.asking import has_heading, heading, round_title, speak
from dialogs.coming_back import asked_anew, heard_anew, her_step, is_about_sharing, sharing_part, to_follow_up
from dialogs.frozen import replace
from dialogs.moves import change_mode
from dialogs.open_turn import OpenTurn
from dialogs.script import END, FORGET, SILENT, Loop, Part, Step, came_back, chosen_part
from dialogs.session import NOWHERE, Answer, Place, Session
from dialogs.turn import Button, Forgotten, HandedOver, Label, Phrase, Say

_ENDED: tuple[tuple[str, Phrase], ...] = (
    ("revise", phrases.CHANGE_OR_SHARE),
    ("person", phrases.PERSON),
    ("language", phrases.LANGUAGE),
    ("delete", phrases.DELETE),
)


def go_on(turn: OpenTurn, place: Place) -> None:
    """From `place` to the next question without an answer, speaking what is said on the way."""
    last = place
    while True:
        place = turn.moves.onward(place, turn.session.answers)
        if place.step == FORGET:
            _forget(turn)
            return
        if place.step == END:
            turn.session = replace(turn.session, at=place, last=last)
            _at_the_end(turn)
            return
        step = turn.script.step(place.step)
        if step.kind in SILENT:
            _speak(turn, place)
            continue
        answer = turn.session.answers.get(place)
        if answer is None or answer.state == "not_asked":
            break
    _head(turn, place)
    turn.fresh_question(place, last)
    turn.ask()


def arrive(turn: OpenTurn, before: Sequence[Label] = ()) -> None:
    """She was moved to another version: what lies on the way is said, then the question she is at now."""
    turn.session = replace(turn.session, moved=False)
    turn.change_mode("return_")
    turn.say_first(before)
    go_on(turn, NOWHERE)


def return_to_question(turn: OpenTurn, before: Sequence[Label] = ()) -> None:
    """Back from an aside to the question where she was."""
    if turn.session.moved:
        arrive(turn, before)
    elif turn.is_at_a_question:
        turn.change_mode("return_")
        turn.new_token()  # what she ticked so far stays
        turn.ask(before)
    else:
        turn.say_first(before)
        end(turn)


# ── what is said on the way ───────────────────────────────────────────────────────────────────────


def _speak(turn: OpenTurn, place: Place) -> None:
    step = turn.script.step(place.step)
    if step.kind == "branch" or place in turn.session.heard:
        return
    _head(turn, place)
    turn.session = replace(turn.session, heard=turn.session.heard | {place})
    text = step.text
    if step.kind == "hand_over":
        text = _hand_over(turn, step.text, step.if_nothing)
    asks = step.context if step.kind == "say" else ""
    words = speak(turn.script, turn.session, step, text)
    turn.says.append(Say((words,), asks=asks, aloud=turn.session.reads_aloud))


def _hand_over(turn: OpenTurn, text: str, if_nothing: str) -> str:
    answers, steps = turn.session.answers, turn.script.by_name
    shares = any(turn.moves.is_shared(place, answers) for place in answers)
    calls = any(
        steps[place.step].feeds == "call.wanted" and answer.value == ("yes",)
        for place, answer in answers.items()
        if place.step in steps
    )
    if shares or calls or turn.session.handed_over:
        turn.events.append(HandedOver(turn.session))
    turn.session = replace(turn.session, handed_over=shares or calls)
    return text if shares or calls else if_nothing or text


def _head(turn: OpenTurn, place: Place) -> None:
    """Say which part and which round begins."""
    step = turn.script.step(place.step)
    if step.part != turn.session.part:
        _head_part(turn, step.part)
    if step.loop is not None:
        _head_round(turn, place, turn.script.loops[step.loop])


def _head_part(turn: OpenTurn, name: str) -> None:
    """The first one has no heading: the language comes before any words."""
    turn.session = replace(turn.session, part=name)
    part = turn.script.part(name)
    if name != turn.script.parts[0].name and has_heading(turn.script, part):
        turn.says.append(heading(turn.moves, turn.session, part))


def _head_round(turn: OpenTurn, place: Place, loop: Loop) -> None:
    title = round_title(turn.script, place)
    if title is not None and place.step == loop.steps[0] and place not in turn.session.answers:
        turn.says.append(Say((title,), quiet=True))


# ── the end ───────────────────────────────────────────────────────────────────────────────────────


def _forget(turn: OpenTurn) -> None:
    turn.events.append(Forgotten())
    old = turn.session
    mode = change_mode(old.mode, "forget")
    turn.session = Session(
        id=old.id, script=old.script, language=old.language, seed=old.seed, facts=old.facts, mode=mode
    )
    if not turn.says:  # the script says nothing on the way: her tap is still answered
        turn.says.append(Say((phrases.LEFT,)))


def _at_the_end(turn: OpenTurn) -> None:
    """Her step is asked about if it is time to, or she is offered to be asked later."""
    part = to_follow_up(turn.moves, turn.session)
    if part is not None and turn.session.follow_up == "due":
        come_back(turn, part)
    elif part is not None and turn.here.reachable and _may_offer(turn.session):
        turn.session = replace(turn.session, follow_up="offered")
        offer_reminder(turn, "follow_up")
    else:
        end(turn)


def _may_offer(session: Session) -> bool:
    return not session.follow_up and all(timer.kind != "follow_up" for timer in session.timers)


def come_back(turn: OpenTurn, part: Part) -> None:
    """Ask how her step went, then what of that she shares. What she said before is kept as history."""
    step = her_step(turn.moves, turn.session)
    turn.drop_timer("follow_up")
    for place in asked_anew(turn.moves, turn.session, part):
        turn.clear(place)
    if step is not None:
        asked = Answer("answered", step.words, (step.words,), voice=step.voice, seconds=step.seconds)
        turn.keep(Place(came_back(part.name)), asked)
    heard = turn.session.heard - heard_anew(turn.moves, turn.session, part)
    turn.session = replace(turn.session, heard=heard, part="", follow_up="")
    turn.change_mode("return_")
    go_on(turn, NOWHERE)


def talk_more(turn: OpenTurn) -> None:
    """She wants to talk about something else: she is offered the parts that are left, then what to share."""
    for offer in offers(turn):
        turn.clear(Place(offer.name))
        has_time_for(turn, offer.part)
    has_time_for(turn, sharing_part(turn.script))
    heard = frozenset(place for place in turn.session.heard if not is_about_sharing(turn.moves, place))
    turn.session = replace(turn.session, heard=heard, part="")
    turn.change_mode("return_")
    go_on(turn, NOWHERE)


def has_time_for(turn: OpenTurn, part: str) -> None:
    """She chose to come to that part: all of it is asked."""
    if turn.moves.hangs_on_time(part):
        turn.keep(Place(chosen_part(part)), Answer("answered", value=(part,)))


def offers(turn: OpenTurn) -> list[Step]:
    """The questions that offer her what is left to talk about; none if nothing is."""
    found = [step for step in turn.script.steps if step.kind == "offer"]
    return found if any(turn.moves.parts_on_offer(turn.session.answers)) else []


def end(turn: OpenTurn) -> None:
    """Nothing is asked any more."""
    turn.change_mode("finish")
    turn.new_token()
    say_end(turn)


def say_end(turn: OpenTurn, before: Sequence[Label] = ()) -> None:
    """What she can do now. `before`: lines said first, in the same message."""
    has_step = to_follow_up(turn.moves, turn.session) is not None
    found = [("follow_up", phrases.HOW_IT_WENT)] if has_step else []
    found += [("more", phrases.TALK_MORE)] if offers(turn) else []
    found += [*_ENDED, *([STOP] if turn.session.timers else [])]
    buttons = tuple(Button(value, label, kind="control") for value, label in found)
    turn.says.append(Say((*before, phrases.ENDED), buttons, "choice", turn.session.token))
