"""What she shares of what she can, hopes, fears and whom she knows; and nothing that tells of the rest."""

from dataclasses import asdict

from casework.sharing import summarise, withdraw
from casework.summary import Barrier, Competence, LadderPlace, Summary, Told
from tests.dialogs.talking import Amina, talk_through

MORE = "Talk about something else"
PARTS = {
    "can_do": "What I can do (about 6 minutes)",
    "later": "Here, there, later (about 3 minutes)",
    "worries": "What worries me (about 4 minutes)",
    "people": "People around me (about 3 minutes)",
    "where_am_i": "Where I am now (about 4 minutes)",
}


def finishes(amina: Amina, **shares: str) -> None:
    """To the end of the visit: she shares parts as told, and no others."""
    while amina.session.mode == "talking":
        step = amina.moves.script.step(amina.at.step)
        if step.kind == "share":
            amina.says(shares.get(step.about, "no"))
        elif step.kind == "read_back":
            amina.says("1")
        else:
            amina.does("skip") if step.skippable else amina.says("1")


def told(**parts: tuple[str, ...]) -> Amina:
    """She baked bread, shares nothing, and then talks about these parts, one after the other."""
    amina = talk_through()
    amina.skips_to("story")
    amina.says("I baked bread")
    finishes(amina)
    for part, answers in parts.items():
        amina.taps(MORE)
        label = PARTS[part]
        while label not in amina.buttons:
            amina.taps("Show more")
        amina.taps(label)
        for answer in answers:
            amina.does("skip") if answer == "-" else amina.says(answer)
        amina.skips_to(f"share.{part}") if amina.at.step.startswith("your_words") else None
        if parts and part != list(parts)[-1]:
            finishes(amina)
    return amina


def shared(amina: Amina, **shares: str) -> Summary:
    finishes(amina, **shares)
    found = summarise(amina.moves, amina.session, "s1", amina.now, None)
    assert found is not None
    return found


def test_a_card_names_the_competence_that_it_shows() -> None:
    found = shared(told(can_do=("I can plan my day", "At another moment")), can_do="yes")

    assert found.competences == (Competence("learning", "can", "plan"),)


def test_what_she_still_learns_is_said_to_be_so() -> None:
    found = shared(told(can_do=("I can plan my day", "I am still learning this")), can_do="yes")

    assert [competence.can for competence in found.competences] == ["learning"]


def test_evidence_is_the_title_of_a_story_that_she_shares_too() -> None:
    amina = told(can_do=("I can plan my day", "I baked bread"))
    amina.skips_to("share.can_do")
    finishes(amina, can_do="yes")
    amina.taps("Change what I said or share")

    found = shared(amina, can_do="yes", stories="yes")

    assert found.competences == (Competence("learning", "can", "plan", "yes", "I baked bread", "en"),)


def test_a_story_she_keeps_is_not_told_by_a_card() -> None:
    found = shared(told(can_do=("I can plan my day", "I baked bread")), can_do="yes", stories="no")

    assert found.competences == (Competence("learning", "can", "plan"),)
    assert "bread" not in repr(asdict(found))


def test_taking_the_stories_back_takes_them_off_the_cards() -> None:
    amina = told(can_do=("I can plan my day", "I baked bread"))
    finishes(amina, can_do="yes")
    amina.taps("Change what I said or share")
    found = shared(amina, can_do="yes", stories="yes")

    left = withdraw(amina.moves.script, "stories", found)

    assert left is not None
    assert left.competences == (Competence("learning", "can", "plan"),)
    assert "bread" not in repr(asdict(left))


def test_where_she_sees_her_future_is_one_of_five() -> None:
    assert shared(told(later=("I have not decided",)), later="yes").perspective == "undecided"
    assert shared(told(later=("-", "A car")), later="yes").perspective == "unsaid"


def test_what_makes_it_difficult_is_told_with_the_hardest_and_her_words() -> None:
    amina = told(worries=("Childcare, Money", "Childcare", "A place near the school", "I asked around"))

    found = shared(amina, worries="yes")

    assert set(found.barriers) == {
        Barrier("childcare", True, "A place near the school", "en"),
        Barrier("money"),
    }


def test_people_are_told_and_whom_not_to_talk_to_stands_apart() -> None:
    found = shared(told(people=("My sister", "My teacher", "-", "-", "My uncle")), people="yes")

    assert found.supporters == (Told("My sister", "en"), Told("My teacher", "en"))
    assert found.do_not_contact == (Told("My uncle", "en"),)


def test_her_rung_comes_with_the_ladders_name_and_her_reasons() -> None:
    amina = told(where_am_i=("I know what I want to reach", "I wrote it down", "A plan", "To rest"))

    found = shared(amina, where_am_i="yes")

    assert found.ladder == LadderPlace("newcastle 2026-11", 8, "I wrote it down", "A plan", "To rest", "en")


def test_what_is_not_shared_is_nowhere() -> None:
    amina = told(people=("My sister", "-", "-", "-", "My uncle"), later=("Here, in this country",))

    found = shared(amina, later="yes")

    assert found.perspective == "here"
    assert (found.supporters, found.do_not_contact) == ((), ())
    assert "uncle" not in repr(asdict(found))


def test_a_contact_wished_for_among_her_worries_is_a_call_wished_for() -> None:
    amina = told(worries=("Money", "-", "Yes"))
    amina.skips_to("call_when")

    amina.says("Tuesday")
    found = shared(amina, worries="no")

    assert found.flags.wants_call
    assert found.flags.call_when == "Tuesday"
    assert found.barriers == ()
