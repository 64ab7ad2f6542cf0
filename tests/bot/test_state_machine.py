"""Whatever happens, in whatever order: Trede, on a real database, does what a small pure model says.

Three women talk, one on the web, one on Telegram, one on both. What they send comes twice, late, in another
order, together; timers ring, staff work, a script is replaced, the process is killed. After each of these the
rows are opened and compared with `tests/model.py`, which knows no engine and no storage.
"""

import asyncio
import json
import shutil
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from itertools import count, permutations
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from bot.channels.telegram import CHANNEL
from bot.incoming import Incoming, Taken
from bot.moving import carry_out
from bot.outbox import LEASE
from casework.person import EVERYTHING
from casework.summary import NEXT_STATES
from dialogs.message import Message
from dialogs.move_over import MoveOver
from dialogs.said import Command, Rang, Said, Tap, Text, Unreadable
from storage import cases, outbox, scripts
from storage.invites import Invite
from storage.key_proof import rotate_key
from storage.keys import write_key
from storage.outbox import Parcel
from storage.sealed import use_key
from storage.sweeping import QUARANTINE_KEPT, sweep
from storage.turns import sent
from tests.conftest import KEY
from tests.doings import (
    BOTH,
    CHATS,
    COMMANDS,
    LABELS,
    TAILS,
    TELEGRAM,
    Act,
    Seat,
    Update,
    acts,
    answers,
    as_telegram_says,
    screen_of,
    women,
)
from tests.model import TEXTS, Moment, Row, Woman
from tests.postgres import PostgresServer, emptied
from tests.whole_house import START, House, Kept, Poison, Took, furnish, read_rows, script, settled

NAMES = ("Amina", "Nour", "Oksana")
TELEGRAM_KEEPS = timedelta(days=1)
LONGEST = timedelta(days=100)  # an invite that nobody uses ends after 180

before = st.sampled_from(  # something that makes it harder
    ("", "a turn fails", "sending stalls", "seen", "done", "she wants a person")
)

Place = Callable[[], tuple[House, Sequence[Invite]]]

Step = Callable[[Woman], Woman]
"""One thing that happened to her. Raises AssertionError if it cannot have happened to her as she was."""


So = Callable[[Woman], bool]
Rule = TypeVar("Rule", bound=Callable[..., Any])


def needs(so: So, among: Collection[int] = range(3)) -> Callable[[Rule], Rule]:
    """The rule is about a woman who is so.

    On PostgreSQL two turns of hers at once are taken in either order. What Hypothesis may draw must not hang
    on that, so there the rule can always be chosen, and does nothing if there is none.
    """
    return precondition(lambda self: self.is_in_any_order or self.first_who(so, among) is not None)


def _is_to_write(her: Woman) -> bool:
    return her.screen in TEXTS


def _has_ended(her: Woman) -> bool:
    return her.mode == "ended"


def _is_asked_for_consent(her: Woman) -> bool:
    return her.screen == "consent"


def _has_timers(her: Woman) -> bool:
    return bool(her.timers)


def _has_shared(her: Woman) -> bool:
    return her.summary is not None


def _sees_a_question_that_changes(her: Woman) -> bool:
    return her.mode == "talking" and her.at.startswith(("hope", "right."))


class Conversations(RuleBasedStateMachine):
    """`place` gives a furnished house for each run, and the invites of `NAMES` in it."""

    def __init__(self, place: Place) -> None:
        super().__init__()
        self.house, invites = place()
        self.codes = [invite.code for invite in invites]
        self.clients = [invite.client for invite in invites]
        self.women = [Woman(name) for name in NAMES]
        self.said_to = [0] * len(NAMES)  # messages of the conversation that she is in
        self.pages: list[list[Message]] = [[] for _ in NAMES]  # on the web
        self.screens: list[list[Message]] = [[] for _ in NAMES]  # on Telegram: what was sent
        self.waiting: list[list[Message]] = [[] for _ in NAMES]  # and what was not
        self.unnoted: dict[str, tuple[int, Message]] = {}  # sent, but that is not written down
        self.tokens: list[set[str]] = [{""} for _ in NAMES]
        self.names = count(1)
        self.sent: list[Update] = []  # all that arrived
        self.held: list[Update] = []  # what did not yet
        self.taken: set[tuple[str, str]] = set()
        self.happened: list[tuple[int, Step]] = []
        self.version = 1
        self.is_slow = False  # nothing is sent on Telegram
        self.is_in_any_order = not self.house.url.startswith("sqlite")
        self.runner = asyncio.Runner()
        self.does(self.house.open())

    def teardown(self) -> None:
        """The end of one run."""
        try:
            self.does(self.house.close())
        finally:
            self.runner.close()
            use_key(KEY)

    def does(self, work: Awaitable[Any]) -> Any:
        """Carry it out."""

        async def run() -> Any:
            result = await work
            await settled()
            return result

        return self.runner.run(run())

    # ── what happens ──────────────────────────────────────────────────────────────────────────────

    @initialize(steps=st.lists(st.integers(0, 18), min_size=3, max_size=3), how=st.integers(0, 20))
    def they_begin(self, steps: list[int], how: int) -> None:
        """Each gets some way first."""
        for who, much in enumerate(steps):
            for n in range(much + 1):
                self.sends((who, who in CHATS), ("answer", how + n))

    @rule(seat=women, act=acts)
    def she_does(self, seat: Seat, act: Act) -> None:
        self.sends(seat, act)

    @rule(seat=women, way=st.lists(acts, min_size=2, max_size=8))
    def she_goes_on(self, seat: Seat, way: list[Act]) -> None:
        for act in way:
            self.sends(seat, act)

    @rule(seat=women, way=st.lists(answers, min_size=4, max_size=12))
    def she_comes_far(self, seat: Seat, way: list[Act]) -> None:
        for act in way:
            self.sends(seat, act)

    @rule(
        who=st.sampled_from((TELEGRAM, BOTH)),
        day=st.integers(1, 4),
        hour=st.integers(1, 3),
        then=st.one_of(st.none(), st.integers(-1, 13)),
    )
    def she_pauses_for_some_days(self, who: int, day: int, hour: int, then: int | None) -> None:
        for said in (Command("again"), Command("pause"), Text(str(day)), Text(str(hour))):
            self.arrives(self.update((who, True), said))
        if then is not None and self.women[who].timers:
            self.it_is_about_time(then)

    @needs(_is_to_write, among=CHATS)
    @rule(seconds=st.integers(0, 3))
    def she_writes_faster_than_we_answer(self, seconds: int) -> None:
        who = self.first_who(_is_to_write, among=CHATS)
        if who is None:
            return
        quick = [self.update((who, True), Text(self.words())) for _ in range(2)]
        self.house.clock += timedelta(seconds=seconds)
        for update in quick:
            self.arrives(update)

    @needs(_has_ended)
    @rule(before=before, how=st.sampled_from((20, 20, 1, 2)))
    def she_shares_anew(self, before: str, how: int) -> None:
        who = self.first_who(_has_ended)
        if who is None:
            return
        self.first(who, before)
        labels = {meaning: label for label, meaning in LABELS[self.women[who].language].items()}
        self.arrives(self.update((who, who in CHATS), Text(labels["revise"])))
        for _ in range(5):
            self.sends((who, who in CHATS), ("answer", how))

    @needs(_is_asked_for_consent)
    @rule(before=before)
    def she_says_no(self, before: str) -> None:
        who = self.first_who(_is_asked_for_consent)
        if who is None:
            return
        self.first(who, before)
        self.arrives(self.update((who, who in CHATS), Tap(self.women[who].token, "2")))

    @rule(who=st.integers(0, 2), before=before)
    def she_deletes_everything(self, who: int, before: str) -> None:
        if any(her.is_erased for her in self.women):
            return
        self.first(who, before)
        self.arrives(self.update((who, who in CHATS), Command("again")))
        self.arrives(self.update((who, who in CHATS), Command("delete")))
        self.arrives(self.update((who, who in CHATS), Tap(self.women[who].token, "1")))

    @rule(who=st.sampled_from((TELEGRAM, BOTH)))
    def a_turn_of_hers_fails(self, who: int) -> None:
        self.first(who, "a turn fails")

    @rule(seat=women, act=acts)
    def it_is_held_up(self, seat: Seat, act: Act) -> None:
        self.held.append(self.update(seat, self.meant(seat, act)))

    @precondition(lambda self: self.held)
    @rule(which=st.integers(0, 30))
    def it_arrives_late(self, which: int) -> None:
        update = self.held.pop(which % len(self.held))
        if self.house.clock - update.at < TELEGRAM_KEEPS:
            self.arrives(update)

    @precondition(lambda self: self.sent)
    @rule(which=st.integers(0, 12))
    def it_comes_twice(self, which: int) -> None:
        update = self.sent[-1 - which % len(self.sent)]
        if self.house.clock - update.at < TELEGRAM_KEEPS:
            before = len(self.taken)
            self.arrives(update)
            assert len(self.taken) == before

    @precondition(lambda self: self.sent)
    @rule(which=st.integers(0, 6))
    def it_comes_again_under_another_name(self, which: int) -> None:
        update = self.sent[-1 - which % len(self.sent)]
        self.arrives(update.under(next(self.names), self.house.clock))

    @rule(who=st.sampled_from((TELEGRAM, BOTH)))
    def she_edits_what_she_sent(self, who: int) -> None:
        update = self.telegram(who, Text("I meant something else"))
        body = {"update_id": update["update_id"], "edited_message": {**update["message"], "edit_date": 1}}
        assert self.does(self.house.webhook(body)) == 200
        assert not self.house.took
        self.settle()

    @rule(
        doings=st.lists(st.tuples(women, acts), min_size=2, max_size=4),
        fails=st.integers(0, 4),
        too=st.sampled_from(("", "", "twice", "rings", "staff", "moves")),
    )
    def they_come_together(self, doings: list[tuple[Seat, Act]], fails: int, too: str) -> None:
        updates = [self.update(seat, self.meant(seat, act)) for seat, act in doings]
        works: list[Awaitable[Any]] = []
        for n, update in enumerate(updates):
            poisons = n == fails
            works.append(self.arriving(update, poisons))
            if poisons:
                self.held.append(update)
            else:
                self.sent.append(update)
        if too == "twice":
            works.append(self.arriving(updates[0], poisons=fails == 0))
        elif too == "rings":
            works.append(self.house.bell.ring())
        elif too == "staff":
            works.append(self.staff(0, "done"))
        elif too == "moves":
            works.append(self.moving())
        self.does(_all(works))
        self.house.reader.poison.clear()
        self.settle()

    @rule(seconds=st.sampled_from((1, 2, 60, 600, 3600, 5 * 3600, 12 * 3600, 86_400, 3 * 86_400)))
    def time_passes(self, seconds: int) -> None:
        if self.house.clock - START < LONGEST:
            self.house.clock += timedelta(seconds=seconds)
            self.settle()

    @needs(_has_timers)
    @rule(hours=st.integers(-1, 13))
    def it_is_about_time_for_a_timer(self, hours: int) -> None:
        self.it_is_about_time(hours)

    @rule()
    def the_bell_rings(self) -> None:
        self.does(self.house.bell.ring())
        self.settle()

    @needs(_has_timers)
    @rule()
    def a_timer_of_the_past_rings(self) -> None:
        who = self.first_who(_has_timers)
        if who is None:
            return
        rang = Rang(next(iter(self.women[who].timers)), "t0")  # type: ignore[arg-type]
        event = f"past-{next(self.names)}"
        self.does(self.house.take(Incoming("timer", event, rang, client=self.clients[who])))
        self.settle()

    @rule()
    def sending_stalls_or_goes_on(self) -> None:
        self.is_slow = not self.is_slow
        self.settle()

    @rule()
    def the_sender_dies_before_it_is_noted(self) -> None:
        for parcel in self.does(outbox.take_due(self.house.database, CHANNEL, self.house.clock, 1, LEASE)):
            self.unnoted[parcel.ref] = (self.arrived(parcel), parcel.message)
        self.settle()

    @needs(_has_shared)
    @rule(state=st.sampled_from(("seen", "acting", "done")))
    def staff_move_a_case_on(self, state: Any) -> None:
        who = self.first_who(_has_shared)
        if who is None:
            return
        self.does(self.staff(who, state))
        self.settle()

    @needs(_sees_a_question_that_changes)
    @rule(act=acts)
    def the_script_is_replaced(self, act: Act) -> None:
        who = self.first_who(_sees_a_question_that_changes)
        if who is None:
            return
        self.does(self.publishing())
        self.does(self.moving())
        self.settle()
        self.sends((who, who in CHATS), act)

    @rule(what=st.sampled_from(("start anew", "start anew", "publish", "move", "rotate", "sweep")))
    def operators_do(self, what: str) -> None:
        self.does(
            {
                "start anew": self.starting_anew,
                "publish": self.publishing,
                "move": self.moving,
                "rotate": self.rotating,
                "sweep": self.sweeping,
            }[what]()
        )
        self.settle()

    @rule()
    def in_the_end_everything_is_sent(self) -> None:
        if self.house.clock - START > LONGEST:
            return
        self.is_slow = False
        self.house.clock += timedelta(days=2)
        self.settle()
        assert not any(self.waiting)
        assert not self.unnoted

    # ── how it happens ────────────────────────────────────────────────────────────────────────────

    def it_is_about_time(self, hours: int) -> None:
        """So long after the first timer is due, or before; the clock can be set back by that."""
        due = min((due for her in self.women for due, _ in her.timers.values()), default=None)
        if due is None or due - START > LONGEST:
            return
        self.house.clock = max(self.house.clock, due) + timedelta(hours=hours)
        self.does(self.house.bell.ring())
        self.settle()

    def first_who(self, so: So, among: Collection[int] = range(3)) -> int | None:
        return next((who for who in among if so(self.women[who])), None)

    def first(self, who: int, what: str) -> None:
        """Something that makes it harder."""
        if what == "a turn fails" and who in CHATS:
            update = self.update((who, True), Text(self.words()))
            self.does(self.arriving(update, poisons=True))
            self.house.reader.poison.clear()
            self.held.append(update)
        elif what == "sending stalls":
            self.is_slow = True
            self.sends((who, who in CHATS), ("odd", 0))
        elif what in ("seen", "done"):
            self.does(self.staff(who, what))
        elif what == "she wants a person":
            self.arrives(self.update((who, who in CHATS), Command("person")))
            self.arrives(self.update((who, who in CHATS), Tap(self.women[who].token, "1")))
        self.settle()

    def sends(self, seat: Seat, act: Act) -> None:
        self.arrives(self.update(seat, self.meant(seat, act)))

    def arrives(self, update: Update) -> None:
        self.does(self.arriving(update))
        self.sent.append(update)
        self.settle()

    async def arriving(self, update: Update, poisons: bool = False) -> None:
        if isinstance(update.body, dict):
            if poisons:
                self.house.reader.poison.add(update.number)
            status = await self.house.webhook(update.body)
            assert status == 200 or poisons
        else:
            said = Poison() if poisons else update.body.said
            try:
                await self.house.take(replace(update.body, said=said))
            except ArithmeticError:
                assert poisons

    async def staff(self, who: int, state: Any) -> None:
        """A case manager marks her case, if there is one when he looks."""
        found = await cases.cases(self.house.database, EVERYTHING, self.house.clock)
        ids = [case.summary for case in found if case.summary in self.summaries(who)]
        for id in ids:
            await cases.move(self.house.database, EVERYTHING, None, id, state, self.house.clock)
            self.happened.append((who, partial(_case, state=state)))

    def summaries(self, who: int) -> list[str]:
        return [id for _, _, id in self.stored.clients[self.clients[who]].summaries]

    async def rotating(self) -> None:
        await rotate_key(self.house.database, self.house.key_file)

    async def sweeping(self) -> None:
        await sweep(self.house.database, self.house.clock)
        before = self.house.clock - QUARANTINE_KEPT
        self.happened += [(who, partial(_swept, before=before)) for who in range(3)]

    async def starting_anew(self) -> None:
        """The process is gone, and with it all that it had at hand."""
        await self.house.close()
        await self.house.open()

    async def publishing(self) -> None:
        """The other version is the current one from now on."""
        self.version = 3 - self.version
        version = script(self.version).script.version
        await scripts.make_current(self.house.database, version, "published", "0", self.house.clock)
        self.house.clock += timedelta(seconds=6)  # so long others may begin with the one before

    async def moving(self) -> None:
        """Everybody who stands in one version is moved to the other."""
        over = MoveOver(script(3 - self.version), script(self.version))
        await carry_out(self.house.database, over, self.house.clock)
        for who in range(len(NAMES)):
            self.happened.append((who, partial(_moved, version=self.version)))

    # ── what she sends ────────────────────────────────────────────────────────────────────────────

    def meant(self, seat: Seat, act: Act) -> Said:
        """What her doing comes to, as she sees things."""
        kind, n = act
        seen = self.seen(seat)
        if kind == "answer":
            return self.answer(seen[-1] if seen else None, n)
        if kind in ("button", "old button"):
            among = seen[-1:] if kind == "button" else seen[-12:]
            found = [Tap(message.token, button.value) for message in among for button in message.buttons]
            return found[n % len(found)] if found else Tap("", "1")
        if kind == "words":
            return Text(self.words(TAILS[n]))
        if kind == "number":
            return Text(str(n))
        if kind == "label":
            labels = [*LABELS[self.women[seat[0]].language], "A wish of other people", "1 3"]
            return Text(labels[n % len(labels)])
        if kind == "command":
            return Command(COMMANDS[n])
        return (Unreadable("location"), Tap("strange", "1"), Text(self.words(" x" * 50)))[n]

    def seen(self, seat: Seat) -> list[Message]:
        """The messages that she can tap on, the newest last."""
        who, on_telegram = seat
        return [m for m in (self.screens if on_telegram else self.pages)[who] if m.buttons]

    def words(self, tail: str = "") -> str:
        """Nothing that was ever said before, and no number, label or command."""
        return f"~{next(self.names)}~{tail}"

    def answer(self, seen: Message | None, n: int) -> Said:
        """Something that fits what she sees, so that the conversation goes on."""
        if seen is None:
            return Command("start")
        asked = screen_of([seen])
        if asked in TEXTS:
            return Command("skip") if n % 7 == 3 else Text(self.words())
        choices = [button.value for button in seen.buttons if button.kind == "choice"]
        if asked == "consent":
            return Tap(seen.token, choices[n % 9 == 4])
        if any(button.ticked for button in seen.buttons):
            return Tap(seen.token, "done")
        if asked.startswith("right.") and n % 5:
            return Tap(seen.token, choices[0])
        values = choices[:4] or [button.value for button in seen.buttons]
        return Tap(seen.token, values[n % len(values)])

    def update(self, seat: Seat, said: Said) -> Update:
        """As her channel hands it in."""
        who, on_telegram = seat
        if on_telegram:
            body = self.telegram(who, said)
            return Update(who, body["update_id"], self.house.clock, body)
        if isinstance(said, Text):
            seen = [message.token for message in self.pages[who] if message.token]
            said = replace(said, token=seen[-1] if seen else None)
        number = next(self.names)
        incoming = Incoming("web", str(number), said, code=self.codes[who])
        return Update(who, number, self.house.clock, incoming)

    def telegram(self, who: int, said: Said) -> dict[str, Any]:
        number, message = next(self.names), next(self.names)
        return as_telegram_says(said, CHATS[who], self.codes[who], number, message, self.house.clock)

    # ── what the model says of it ─────────────────────────────────────────────────────────────────

    def settle(self) -> None:
        """Hold what came of it against the model, in one of the orders in which it can have happened."""
        took, self.house.took = self.house.took, []
        happened, self.happened = self.happened, []
        steps: list[list[Step]] = [[] for _ in NAMES]
        for who, step in happened:
            steps[who].append(step)
        for each in sorted(took, key=_is_repeated):
            who = self.whose(each.incoming)
            if (step_of_hers := self.step(who, each)) is not None:
                steps[who].append(step_of_hers)
        self.stored = self.does(self.house.database.read(read_rows))
        for who in range(len(NAMES)):
            self.follow(who, steps[who])
        self.check_waiting()
        if not self.is_slow and any(self.stored.waiting.values()):
            self.does(self.send_all())

    def step(self, who: int, took: Took) -> Step | None:
        """What a turn can have done. An update is taken once, whatever comes of it."""
        event = (took.incoming.channel, took.incoming.event)
        if took.taken is None:
            return partial(_failed, incoming=took.incoming, at=took.at)
        assert (took.taken.status == "duplicate") == (event in self.taken)
        self.taken.add(event)
        if took.taken.status == "duplicate":
            return None
        if took.taken.status == "unknown":
            assert not took.taken.messages
            return _is_nobody
        return partial(self.turn, who=who, took=took)

    def whose(self, incoming: Incoming) -> int:
        if incoming.client is not None:
            return self.clients.index(incoming.client)
        if incoming.address is not None:
            return next(who for who, chat in CHATS.items() if str(chat) == incoming.address)
        return self.codes.index(incoming.code or "")

    def follow(self, who: int, steps: Sequence[Step]) -> None:
        """Whichever order it was: it must explain what she saw, and what is stored now."""
        before = self.snapshot(who)
        why: AssertionError | None = None
        for order in permutations(steps):
            try:
                for step in order:
                    self.women[who] = step(self.women[who])
                self.check(who, self.stored.clients[self.clients[who]])
            except AssertionError as error:
                why = why or error
                self.restore(who, before)
            else:
                return
        assert why is not None
        raise why

    def snapshot(self, who: int) -> Any:
        return (
            self.women[who],
            self.said_to[who],
            [*self.pages[who]],
            [*self.waiting[who]],
            {*self.tokens[who]},
        )

    def restore(self, who: int, before: Any) -> None:
        her, said, page, waiting, tokens = before
        self.women[who], self.said_to[who], self.pages[who] = her, said, [*page]
        self.waiting[who], self.tokens[who] = [*waiting], {*tokens}

    def turn(self, before: Woman, who: int, took: Took) -> Woman:
        """One turn, as the model has it and as she saw it."""
        assert took.taken is not None
        ours = [message for _, message in took.taken.messages if not message.hers]
        token = ours[-1].token if ours else ""
        moment = Moment(took.at, token, took.incoming.address is not None, self.version, LABELS)
        her = before.after(took.incoming.said, moment)
        assert screen_of(ours) == her.screen
        if her.mode != "new" and ours:
            assert token == her.token
            assert (token not in self.tokens[who]) == her.is_fresh
        self.tokens[who].add(token)
        self.check_numbers(who, before, her, took.taken)
        self.check_words(took.incoming.said, took.taken, her, ours)
        self.note_messages(who, her, took.incoming, ours)
        her.failing.pop(took.incoming.event, None)
        return her

    def check_numbers(self, who: int, before: Woman, her: Woman, taken: Taken) -> None:
        first = self.said_to[who] + 1 if before.turns else 1
        assert [n for n, _ in taken.messages] == list(range(first, first + len(taken.messages)))
        self.said_to[who] = first + len(taken.messages) - 1 if her.turns else 0

    def check_words(self, said: Said, taken: Taken, her: Woman, ours: Sequence[Message]) -> None:
        """Her own words stand in the conversation; what is read back to her is what she said."""
        if isinstance(said, Text):
            assert [m.paragraphs for _, m in taken.messages if m.hers] == [(said.words,)]
        if her.screen.startswith("right."):
            told = [her.live[q].words for q in her.told(her.screen.partition(".")[2]) if q in TEXTS]
            assert all(any(words in text for text in ours[-1].paragraphs) for words in told)

    def note_messages(self, who: int, her: Woman, incoming: Incoming, ours: Sequence[Message]) -> None:
        if her.screen in ("goodbye", "deleted"):
            self.waiting[who].clear()
            self.unnoted = {ref: (at, m) for ref, (at, m) in self.unnoted.items() if at != who}
            self.house.hand = [
                (until, each)
                for until, each in self.house.hand
                if each.address != str(CHATS.get(who)) or any(each.message is message for message in ours)
            ]
        self.pages[who] += ours
        if incoming.channel != "web":
            self.waiting[who] += ours

    # ── what the rows must say ────────────────────────────────────────────────────────────────────

    def check(self, who: int, kept: Kept) -> None:
        her = self.women[who]
        assert (kept.has_key, kept.name) == ((False, "") if her.is_erased else (True, her.name))
        assert kept.open_invites == (0 if her.is_erased else 1)
        assert kept.sessions == (1 if her.turns else 0)
        if her.is_erased:
            assert kept == Kept(has_key=False, name="")
        assert kept.version == her.turns, "one more with each turn"
        assert kept.messages == list(range(1, self.said_to[who] + 1))
        assert set(kept.turns) <= set(range(1, her.turns + 1))
        assert kept.counted == (len(kept.answers), len(kept.messages))
        assert her.is_stored_as([_plain(row) for row in kept.answers if row.state != "not_asked"])
        assert kept.consents == her.consents
        assert kept.quarantined == len(her.failing)
        assert kept.timers == {(kind, due, token) for kind, (due, token) in her.timers.items()}
        if her.turns:
            assert kept.mode == her.mode
            assert kept.language == her.language
            assert kept.script == script(her.version).script.version
        self.check_summary(her, kept)

    def check_summary(self, her: Woman, kept: Kept) -> None:
        """At most one, never without her yes, and nothing in it that she did not choose to share."""
        assert len(kept.summaries) == (her.summary is not None)
        if her.summary is None:
            return
        assert her.consents or her.summary.answers == ()
        [(body, state, _)] = kept.summaries
        assert state == her.case
        shared = [(a["question"], a["state"], a["verbatim"], a["language"]) for a in body["answers"]]
        assert shared == [(q, s, w, language) for q, s, w, language in her.summary.answers]
        assert body["flags"]["asked_for_help"] == her.summary.help
        assert body["summary"]["client"] == her.summary.name
        assert body.get("being_changed", False) == her.summary.changing
        may_be_told = {*(w for _, _, w, _ in shared), her.summary.about, her.summary.name}
        told = "\n".join(may_be_told)  # what she added to an answer stands behind it
        private = {words for words in her.said if words not in told}
        text = json.dumps(body, ensure_ascii=False)
        assert not [words for words in private if json.dumps(words, ensure_ascii=False)[1:-1] in text]

    # ── what is sent on Telegram ──────────────────────────────────────────────────────────────────

    async def send_all(self) -> None:
        """What this process has in hand, then what lies in the outbox, until nothing may go."""
        hand, self.house.hand = self.house.hand, []
        found = [parcel for until, parcel in hand if self.house.clock < until] or await self.found()
        while found:
            for parcel in found:
                self.arrived(parcel)
            await asyncio.gather(*(sent(self.house.database, parcel.ref) for parcel in found))
            found = await self.found() if self.unnoted or any(self.waiting) else []

    async def found(self) -> list[Parcel]:
        return await outbox.take_due(self.house.database, CHANNEL, self.house.clock, 9, LEASE)

    def arrived(self, parcel: Parcel) -> int:
        """In order, each once; after a crash, the last one once more. Who it was for."""
        who = next(who for who, chat in CHATS.items() if str(chat) == parcel.address)
        if self.unnoted.pop(parcel.ref, None) is not None:
            assert parcel.message == self.screens[who][-1]
        else:
            assert parcel.message == self.waiting[who].pop(0)
            self.screens[who].append(parcel.message)
        return who

    def check_waiting(self) -> None:
        """What was not sent yet is in the outbox, in order; and what was sent, as long as it is not noted."""
        for who, chat in CHATS.items():
            waiting = self.stored.waiting.get(str(chat), [])
            not_noted = [message for at, message in self.unnoted.values() if at == who]
            assert waiting == not_noted + self.waiting[who]


def _is_repeated(took: Took) -> bool:
    return took.taken is not None and took.taken.status == "duplicate"


def _plain(row: Row) -> Row:
    """Words that are not the script's, and so not the model's, are left out."""
    return row._replace(words="") if row.question.startswith(("right.", "share.")) else row


def _is_nobody(her: Woman) -> Woman:
    assert her.is_erased
    return her


def _failed(her: Woman, incoming: Incoming, at: datetime) -> Woman:
    """Nothing came of it, but on Telegram it is set aside and can be tried again."""
    if incoming.channel != CHANNEL or her.is_erased:
        return her
    return replace(her, failing={**her.failing, incoming.event: at})


def _swept(her: Woman, before: datetime) -> Woman:
    return replace(her, failing={event: at for event, at in her.failing.items() if at >= before})


def _case(her: Woman, state: Any) -> Woman:
    """Her case is moved on, if it can be."""
    is_next = her.summary is not None and state in NEXT_STATES[her.case]  # type: ignore[index]
    return replace(her, case=state) if is_next else her


def _moved(her: Woman, version: int) -> Woman:
    return her.moved_to(version) if her.turns and her.version != version else her


async def _all(works: Sequence[Awaitable[Any]]) -> None:
    for result in await asyncio.gather(*works, return_exceptions=True):
        if isinstance(result, BaseException):
            raise result


# ── the tests ────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def sqlite_place(sqlite_url: str, tmp_path: Path) -> Place:
    """A furnished house, and always the same again."""
    invites = asyncio.run(furnish(sqlite_url, NAMES))
    template, used = Path(sqlite_url.removeprefix("sqlite:///")), tmp_path / "used.sqlite3"

    def place() -> tuple[House, Sequence[Invite]]:
        for end in ("-wal", "-shm"):
            used.with_name(f"{used.name}{end}").unlink(missing_ok=True)
        shutil.copyfile(template, used)
        write_key(tmp_path / "key", KEY)
        return House(f"sqlite:///{used}", tmp_path / "key"), invites

    return place


@pytest.fixture
def postgres_place(postgres_server: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A newly furnished house each time; its process goes on trusting what it knows."""
    monkeypatch.setattr("storage.trusting.DOUBTS", 0.0)

    def place() -> tuple[House, Sequence[Invite]]:
        url = emptied(postgres_server)
        invites = asyncio.run(furnish(url, NAMES))
        write_key(tmp_path / "key", KEY)
        return House(url, tmp_path / "key"), invites

    return place


_usual = settings(deadline=None, suppress_health_check=list(HealthCheck), stateful_step_count=60)
_same = settings(_usual, derandomize=True, database=None)
_other = settings(_usual, max_examples=50, print_blob=True)
MOST, LONG = 2000, 600.0
"""Examples and seconds of a long run; in batches of 50."""


def holds(place: Place, how: settings) -> None:
    """Whatever happens there is as the model says."""

    class There(Conversations):
        def __init__(self) -> None:
            super().__init__(place)

    run_state_machine_as_test(There, settings=how)


def holds_long(place: Place) -> None:
    """The same for many runs, each time others."""
    until = time.monotonic() + LONG
    for _ in range(MOST // 50):
        if time.monotonic() < until:
            holds(place, _other)


def test_whatever_happens_on_sqlite_is_as_the_model_says(sqlite_place: Place) -> None:
    holds(sqlite_place, settings(_same, max_examples=16))


def test_whatever_happens_on_postgresql_is_as_the_model_says(postgres_place: Place) -> None:
    holds(postgres_place, settings(_same, max_examples=6))


@pytest.mark.long
def test_whatever_else_happens_on_sqlite_is_as_the_model_says(sqlite_place: Place) -> None:
    holds_long(sqlite_place)


@pytest.mark.long
def test_whatever_else_happens_on_postgresql_is_as_the_model_says(postgres_place: Place) -> None:
    holds_long(postgres_place)
