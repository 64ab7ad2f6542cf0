"""How her step went is in the summary when she shares it, and nothing tells of it when she does not."""

from dataclasses import asdict
from datetime import date

from casework.sharing import after_turn, summarise, withdraw
from casework.summary import StepPlan, Summary
from dialogs.session import Place
from tests.casework.test_sharing import STEP, shared, told_all
from tests.dialogs.talking import Amina


def shared_before(*decisions: str) -> tuple[Amina, Summary]:
    """She told everything, decided on hopes, stories and her step, and is at the end."""
    amina = told_all()
    amina.says(*decisions, "no", "1", "no", "no")
    found = summarise(amina.moves, amina.session, "s1", amina.now, None)
    assert found is not None
    return amina, found


def comes_back(amina: Amina, *told: str, share: str = "yes", last: Summary | None = None) -> Summary | None:
    """She tells how it went, nothing else has changed, and decides whether to share it."""
    amina.taps("How my step went")
    amina.says(*told)
    amina.taps("No", "This is right")
    amina.says(share)
    assert amina.session.mode == "ended"
    return summarise(amina.moves, amina.session, "s1", amina.now, last)


SMALLER = ("2", "To ask", "2", "Ask my neighbour", "Friday")


def test_how_it_went_is_told_beside_the_step() -> None:
    amina, _ = shared_before("no", "no", "yes")

    found = comes_back(amina, *SMALLER)

    assert found is not None
    assert found.step == StepPlan(
        what=STEP[0],
        done_when=STEP[1],
        when_where=STEP[2],
        confidence=4,
        smaller=STEP[4],
        obstacle=STEP[5],
        if_then=STEP[6],
        who_knows=STEP[7],
        status="partly",
        learned="To ask",
        next="Ask my neighbour",
        next_when="Friday",
        language="en",
    )
    assert found.summary.parts_done == ("my_step", "coming_back")


def test_what_she_keeps_of_it_leaves_the_summary_as_it_was() -> None:
    amina, before = shared_before("yes", "no", "yes")

    found = comes_back(amina, *SMALLER, share="no")

    assert found is not None
    assert found.step == before.step
    assert found.summary.parts_skipped == before.summary.parts_skipped
    assert "neighbour" not in repr(asdict(found))
    assert "coming_back" not in repr(asdict(found))


def test_whether_she_ever_came_back_cannot_be_told_from_what_she_did_not_share() -> None:
    assert "coming_back" not in repr(asdict(shared("yes", "yes", "yes")))


def test_of_a_step_she_kept_only_its_name_is_told_when_she_shares_how_it_went() -> None:
    amina, _ = shared_before("yes", "no", "no")

    found = comes_back(amina, "1", "That I can", "4", "I am ill")

    assert found is not None
    assert found.step == StepPlan(what=STEP[0], status="done", learned="That I can", language="en")


def test_the_second_time_the_step_is_the_one_she_chose_the_first_time() -> None:
    amina, _ = shared_before("no", "no", "yes")
    first = comes_back(amina, *SMALLER)

    found = comes_back(amina, "1", "It was easy", "4", "I am ill", last=first)

    assert found is not None
    assert found.step == StepPlan(
        what="Ask my neighbour", status="done", learned="It was easy", language="en"
    )


def test_taking_back_how_it_went_leaves_the_step_as_it_was_planned() -> None:
    amina, before = shared_before("no", "no", "yes")
    found = comes_back(amina, *SMALLER)
    assert found is not None

    left = withdraw(amina.moves.script, "coming_back", found)

    assert left is not None
    assert left.step == before.step
    assert left.summary.parts_skipped == before.summary.parts_skipped


def test_taking_back_the_step_leaves_how_it_went() -> None:
    amina, _ = shared_before("no", "no", "yes")
    found = comes_back(amina, *SMALLER)
    assert found is not None

    left = withdraw(amina.moves.script, "my_step", found)

    assert left is not None
    assert left.step == StepPlan(
        what=STEP[0],
        status="partly",
        learned="To ask",
        next="Ask my neighbour",
        next_when="Friday",
        language="en",
    )


def test_what_she_tells_on_coming_back_is_listed_as_new() -> None:
    amina, before = shared_before("no", "no", "yes")

    found = comes_back(amina, *SMALLER, last=before)

    assert found is not None
    assert {(change.question, change.what) for change in found.changes} == {
        ("step_status", "added"),
        ("learned", "added"),
        ("next_step", "added"),
        ("new_step", "added"),
        ("new_when", "added"),
    }


def test_what_she_shares_while_a_reminder_is_due_is_handed_over_as_she_decided() -> None:
    amina = told_all()
    amina.says("yes", "no", "yes", "no", "For 3 months", "no")
    amina.turned(follow_up="due")  # it rang while she was deciding

    amina.says("no")

    assert amina.at == Place("step_status"), "she is asked at once, and for a new term later"
    found = after_turn(amina.moves, amina.turn, "s1", amina.now, None)
    assert found is not None
    assert {answer.share.until for answer in found.answers} == {date(2027, 2, 21)}
