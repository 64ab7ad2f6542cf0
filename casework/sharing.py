"""Makes the summary out of a conversation: only what she shared, and nothing that tells of the rest."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import get_args

from casework.profile import STORY, profile
from casework.summary import (
    Ambition,
    Change,
    Experience,
    Flags,
    Head,
    OwnWish,
    Share,
    SharedAnswer,
    Spoken,
    StepPlan,
    StepStatus,
    Summary,
)
from dialogs.asking import agrees, chosen_name, item_of, told
from dialogs.coming_back import follow_up_part
from dialogs.moves import Moves
from dialogs.script import Script, Step, came_back
from dialogs.session import Answer, Place, Session
from dialogs.turn import Deleted, Forgotten, HandedOver, PersonAsked, Turn, Withdrawn

_PAUSE = timedelta(minutes=10)
"""A longer silence between two answers counts as this much."""

_TERMS: Mapping[str, timedelta] = {"3_months": timedelta(days=91), "1_year": timedelta(days=365)}


@dataclass(frozen=True, slots=True)
class _Shared:
    """One answer she shares, with the question it answers.

    `round` counts the rounds she shares, not those she told: a story she keeps must leave no gap.
    """

    place: Place
    round: int
    step: Step
    answer: Answer


def after_turn(
    moves: Moves, turn: Turn, summary_id: str, now: datetime, last: Summary | None
) -> Summary | None:
    """Her summary in the queue after a turn: `last` itself if nothing touched it, None if there is none."""
    summary = last
    for event in turn.events:
        if isinstance(event, HandedOver):
            summary = summarise(moves, event.session, summary_id, now, summary)
        elif isinstance(event, PersonAsked):
            summary = ask_for_help(moves, turn.session, summary_id, now, summary)
        elif isinstance(event, Withdrawn) and summary is not None:
            summary = withdraw(moves.script, event.part, summary)
        elif isinstance(event, Deleted | Forgotten):
            summary = None
    return summary


def summarise(
    moves: Moves, session: Session, summary_id: str, now: datetime, last: Summary | None
) -> Summary | None:
    """What she shares at this moment, or None if that is nothing at all.

    `last` is the summary it replaces; what differs from it is listed under `changes`.
    """
    shared = tuple(_numbered(moves, session))
    flags = _flags(moves, session)
    if not shared and not (flags.wants_call or flags.asked_for_help):
        return None
    share = _share(moves, session, shared, now)
    answers = tuple(_shared_answer(one, share) for one in shared)
    return Summary(
        summary=_head(moves, session, shared, summary_id, now),
        answers=answers,
        ambitions=_ambitions(shared),
        experiences=_experiences(shared),
        step=_step(moves.script, answers, _asked_about(moves.script, session)),
        **profile(moves.script, answers),
        flags=flags,
        changes=_since(last, answers) if last else (),
    )


def ask_for_help(
    moves: Moves, session: Session, summary_id: str, now: datetime, last: Summary | None
) -> Summary:
    """She wants to talk to a person: what she shared before, or nothing but her name, and this wish."""
    if last is not None:
        changes = last.changes if last.being_changed else ()
        return replace(last, flags=replace(last.flags, asked_for_help=True), changes=changes)
    head = _head(moves, session, (), summary_id, now)
    return Summary(summary=head, flags=Flags(asked_for_help=True))


def withdraw(script: Script, part: str, last: Summary) -> Summary | None:
    """`last` without a part she takes back, at once; None if nothing is left.

    What she still wants to share of it comes back with the next summary. So does what an earlier version of
    the script had in a part that is not there any more: it may be this one, under another name.
    """
    parts = {each.name for each in script.parts} - {part}
    tells = any(step.feeds == "story.title" and step.part == part for step in script.steps)
    kept = tuple(
        answer
        for answer in last.answers
        if _part_now(script, answer) in parts and not (tells and _names_a_story(script, answer))
    )
    gone = [answer for answer in last.answers if answer not in kept]
    if not gone:
        return last
    if not kept and not (last.flags.wants_call or last.flags.asked_for_help):
        return None
    feeds = {step.feeds.partition(".")[0] for step in script.steps if step.part == part}
    if any(answer.part not in {part, *parts} for answer in gone):  # nobody can tell what those fed
        feeds = {"ambition", "story", "step"}
    done = tuple(name for name in last.summary.parts_done if name in parts)
    head = replace(last.summary, parts_done=done, parts_skipped=_not_in_it(script, done))
    return replace(
        last,
        summary=head,
        answers=kept,
        ambitions=() if "ambition" in feeds else last.ambitions,
        experiences=() if "story" in feeds else last.experiences,
        step=_step(script, kept, (last.step.what, last.step.what_aloud) if last.step else ("", "")),
        **profile(script, kept),
        changes=(
            *(last.changes if last.being_changed else ()),
            *(Change(answer.question, "withdrawn") for answer in gone),
        ),
        being_changed=True,
    )


def _part_now(script: Script, answer: SharedAnswer) -> str:
    """The part that a shared answer belongs to in this version of the script."""
    step = script.by_name.get(answer.question)
    return answer.part if step is None else step.part


def _names_a_story(script: Script, answer: SharedAnswer) -> bool:
    step = script.by_name.get(answer.question)
    return step is not None and step.kind == "evidence" and answer.value == (STORY,)


def is_same(one: Summary, other: Summary) -> bool:
    """Whether both tell a case manager the same, whenever they were made."""
    return _timeless(one) == _timeless(other)


def _timeless(summary: Summary) -> Summary:
    head = replace(summary.summary, id="", created=datetime.min, minutes=0, languages=())
    answers = tuple(replace(a, share=replace(a.share, decided_at=None)) for a in summary.answers)
    return replace(summary, summary=head, answers=answers, changes=())


# ── what she shares ───────────────────────────────────────────────────────────────────────────────


def _numbered(moves: Moves, session: Session) -> Iterator[_Shared]:
    rounds: dict[str, list[int]] = {}
    places = tuple(_shared(moves, session))
    titles = _titles(moves, session, places)
    for place in places:
        step, round_, answer = moves.script.by_name[place.step], 1, session.answers[place]
        if step.kind == "evidence" and answer.state == "answered" and "#" in answer.value[0]:
            if answer.value[0] not in titles:  # it would tell of a story that she keeps to herself
                continue
            answer = replace(answer, words=titles[answer.value[0]], value=(STORY,))
        if step.loop is not None:
            known = rounds.setdefault(step.loop, [])
            if place.round not in known:
                known.append(place.round)
            round_ = known.index(place.round) + 1
        yield _Shared(place, round_, step, answer)


def _titles(moves: Moves, session: Session, shared: tuple[Place, ...]) -> dict[str, str]:
    """What she calls the stories that she shares."""
    script = moves.script
    return {
        item_of(script, place): session.answers[place].words
        for place in shared
        if script.by_name[place.step].feeds == "story.title" and session.answers[place].state == "answered"
    }


def _shared(moves: Moves, session: Session) -> Iterator[Place]:
    script, answers = moves.script, session.answers
    decisions = [step for step in script.steps if step.kind == "share"]
    for decision in decisions:
        said = answers.get(Place(decision.name))
        if said is None or said.state != "answered" or said.value[0] not in ("yes", "some"):
            continue
        items = _items(moves, session, decision) if said.value[0] == "some" else None
        for place in told(moves, session, decision.about):
            # With "only some", what she declined is left out too: it must look like what she kept.
            if items is None or (answers[place].state == "answered" and item_of(script, place) in items):
                yield place


def _items(moves: Moves, session: Session, decision: Step) -> tuple[str, ...]:
    which = next(
        step for step in moves.script.steps if step.kind == "share_which" and step.about == decision.about
    )
    chosen = session.answers.get(Place(which.name))
    return chosen.value if chosen is not None and chosen.state == "answered" else ()


def _share(moves: Moves, session: Session, shared: tuple[_Shared, ...], now: datetime) -> Share:
    partners = _fed(moves, session, "share.partners")
    people = ("case_manager", "partners") if partners and partners.value == ("yes",) else ("case_manager",)
    return Share(people, _until(moves, session, now), now if shared else None)


def _until(moves: Moves, session: Session, now: datetime) -> date | None:
    term = _fed(moves, session, "share.until")
    day = _fed(moves, session, "share.until_date")
    if term is None:
        return None
    if term.value[0] in _TERMS:
        return (now + _TERMS[term.value[0]]).date()
    return date.fromisoformat(day.value[0]) if day is not None and term.value == ("day",) else None


def _fed(moves: Moves, session: Session, key: str) -> Answer | None:
    """Her answer to the question that feeds `key`, if she answered it on the way she went."""
    for place in moves.walk(session.answers):
        step = moves.script.by_name.get(place.step)
        answer = session.answers.get(place)
        if step is not None and step.feeds == key and answer is not None and answer.state == "answered":
            return answer
    return None


# ── the pieces of a summary ───────────────────────────────────────────────────────────────────────


def _head(
    moves: Moves, session: Session, shared: tuple[_Shared, ...], summary_id: str, now: datetime
) -> Head:
    parts = [part.name for part in moves.script.parts]
    done = tuple(name for name in parts if any(one.step.part == name for one in shared))
    spoken = dict.fromkeys([*(one.answer.language for one in shared), session.language])
    consent = next(
        (
            step.consent
            for step in reversed(moves.script.steps)
            if agrees(step, session.answers.get(Place(step.name)))
        ),
        "",
    )
    return Head(
        id=summary_id,
        client=chosen_name(moves.script, session),
        script=moves.script.name,
        script_version=moves.script.version,
        languages=tuple(spoken),
        created=now,
        minutes=_minutes(session, shared),
        parts_done=done,
        parts_skipped=_not_in_it(moves.script, done),
        consent=consent,
    )


def _not_in_it(script: Script, done: tuple[str, ...]) -> tuple[str, ...]:
    """Parts that are not in it. Whether she came back to her step, only what she shares of it tells."""
    return tuple(
        part.name
        for part in script.parts
        if not part.private and not part.follow_up and part.name not in done
    )


def _minutes(session: Session, shared: tuple[_Shared, ...]) -> int:
    """Time before each shared answer, since the answer before it; long silences count for little."""
    hers = {one.place for one in shared}
    spent, before = timedelta(), None
    for place, answer in sorted(
        ((p, a) for p, a in session.answers.items() if a.at is not None), key=lambda item: item[1].at or 0
    ):
        if before is not None and answer.at is not None and place in hers:
            spent += min(answer.at - before, _PAUSE)
        before = answer.at
    return -(-int(spent.total_seconds()) // 60)


def _shared_answer(one: _Shared, share: Share) -> SharedAnswer:
    is_open = one.step.kind == "text"
    return SharedAnswer(
        question=one.place.step,
        round=one.round,
        part=one.step.part,
        state="answered" if one.answer.state == "answered" else "declined",
        verbatim=one.answer.words,
        language=one.answer.language,
        value=() if is_open else one.answer.value,
        share=share,
        voice=_spoken(one.answer),
    )


def _spoken(answer: Answer) -> Spoken | None:
    return Spoken(answer.voice, answer.seconds) if answer.voice else None


def _ambitions(shared: tuple[_Shared, ...]) -> tuple[Ambition, ...]:
    wishes = {
        test.question: one.answer.value[0]
        for one in shared
        if one.step.feeds == "own_wish" and one.answer.state == "answered"
        for test in one.step.only_if
    }
    return tuple(
        Ambition(
            answer=one.place.step,
            verbatim=one.answer.words,
            language=one.answer.language,
            own_wish=_own_wish(wishes.get(one.step.name)),
            voice=_spoken(one.answer),
        )
        for one in shared
        if one.step.feeds == "ambition" and one.answer.state == "answered"
    )


def _own_wish(key: str | None) -> OwnWish:
    """Whose wish a hope is. The question that asks it names the hope in its `only_if`."""
    return key if key in ("mine", "others", "both") else "unsaid"  # type: ignore[return-value]


def _experiences(shared: tuple[_Shared, ...]) -> tuple[Experience, ...]:
    rounds = sorted({one.round for one in shared if one.step.feeds.startswith("story.")})
    found = (_experience([one for one in shared if one.round == n]) for n in rounds)
    return tuple(story for story in found if story != Experience())


def _experience(shared: list[_Shared]) -> Experience:
    """Without what she spoke: that stands among the answers."""
    hers = {
        one.step.feeds.removeprefix("story."): one.answer
        for one in shared
        if one.step.feeds.startswith("story.") and one.answer.state == "answered" and not one.answer.voice
    }

    def words(key: str) -> str:
        return hers[key].words if key in hers else ""

    return Experience(
        title=words("title"),
        kind=hers["kind"].value if "kind" in hers else (),
        for_whom=words("for_whom"),
        period=words("period"),
        day=words("day"),
        tasks=words("tasks"),
        decided=words("decided"),
        not_her_tasks=words("not_her_tasks"),
        proud_of=words("proud_of"),
        language=next(iter(hers.values())).language if hers else "",
    )


_FOLLOWED_UP = ("status", "learned", "next", "next_when")
"""What she says of her step when she comes back to it."""


_Said = tuple[str, str]
"""Her words, and the recording in which she spoke instead: one of them is ""."""


def _step(script: Script, answers: tuple[SharedAnswer, ...], asked_about: _Said) -> StepPlan | None:
    """Her step, as far as she shares it in words. `asked_about`: the one she came back to."""
    hers = {
        step.feeds.removeprefix("step."): answer
        for answer in answers
        if (step := script.by_name.get(answer.question)) is not None
        and step.feeds.startswith("step.")
        and answer.state == "answered"
    }
    if not hers:
        return None

    def words(key: str) -> str:
        return hers[key].verbatim if key in hers else ""

    def aloud(key: str) -> str:
        voice = hers[key].voice if key in hers else None
        return voice.id if voice else ""

    what = words("what"), aloud("what")
    is_back = any(key in hers for key in _FOLLOWED_UP)
    if is_back and any(asked_about) and asked_about != what:  # what she told of an earlier step is over
        hers = {key: answer for key, answer in hers.items() if key in _FOLLOWED_UP}
        what = asked_about
    written = [answer for answer in hers.values() if answer.voice is None]
    if not written:
        return None
    return StepPlan(
        what=what[0],
        done_when=words("done_when"),
        when_where=words("when_where"),
        confidence=int(hers["confidence"].value[0]) if "confidence" in hers else None,
        smaller=words("smaller"),
        obstacle=words("obstacle"),
        if_then=words("if_then"),
        who_knows=words("who_knows"),
        status=_status(hers["status"].value) if "status" in hers else "planned",
        learned=words("learned"),
        next=words("next"),
        next_when=words("next_when"),
        language=written[0].language,
        what_aloud=what[1],
    )


def _status(value: tuple[str, ...]) -> StepStatus:
    return value[0] if value and value[0] in get_args(StepStatus) else "planned"  # type: ignore[return-value]


def _asked_about(script: Script, session: Session) -> _Said:
    part = follow_up_part(script)
    asked = session.answers.get(Place(came_back(part.name))) if part else None
    return (asked.words, asked.voice) if asked else ("", "")


def _flags(moves: Moves, session: Session) -> Flags:
    when = _fed(moves, session, "call.when")
    how = _fed(moves, session, "call.how")
    calls = _wants_a_call(moves, session)
    return Flags(
        wants_call=calls,
        call_when=when.words if calls and when else "",
        call_how=how.value if calls and how else (),
        call_aloud=_spoken(when) if calls and when else None,
        asked_for_help=session.asked_for_help,
    )


def _wants_a_call(moves: Moves, session: Session) -> bool:
    """She may be asked at several places, and one yes is a yes."""
    return any(
        moves.script.by_name[place.step].feeds == "call.wanted" and session.answers[place].value == ("yes",)
        for place in moves.walk(session.answers)
        if place.step in moves.script.by_name and place in session.answers
    )


def _since(last: Summary, now: tuple[SharedAnswer, ...]) -> tuple[Change, ...]:
    """What differs from the last finished summary; what she took back and then shared again has changed."""
    found = _changes(last.answers, now)
    if not last.being_changed:
        return found
    added = {change.question for change in found if change.what == "added"}
    taken_back = {change.question for change in last.changes}
    return (
        *(
            Change(change.question, "changed") if change.question in taken_back else change
            for change in found
        ),
        *(change for change in last.changes if change.question not in added),
    )


def _changes(before: tuple[SharedAnswer, ...], now: tuple[SharedAnswer, ...]) -> tuple[Change, ...]:
    """By question and what she said, since a story's number may differ from one summary to the next."""
    old, new = _words(before), _words(now)
    found: list[Change] = []
    for question in dict.fromkeys([*new, *old]):
        gone = old.get(question, Counter()) - new.get(question, Counter())
        come = new.get(question, Counter()) - old.get(question, Counter())
        changed = min(gone.total(), come.total())
        found += [Change(question, "added")] * (come.total() - changed)
        found += [Change(question, "changed")] * changed
        found += [Change(question, "withdrawn")] * (gone.total() - changed)
    return tuple(found)


def _words(answers: tuple[SharedAnswer, ...]) -> dict[str, Counter[tuple[str, str]]]:
    words: dict[str, Counter[tuple[str, str]]] = {}
    for answer in answers:
        said = answer.voice.id if answer.voice else answer.verbatim
        words.setdefault(answer.question, Counter())[answer.state, said] += 1
    return words
