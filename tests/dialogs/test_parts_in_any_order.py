"""With little time there is little; the rest she can choose, at the end or on any other day, in any order."""

import pytest

from dialogs.session import Place
from dialogs.turn import HandedOver
from tests.dialogs.talking import Amina, talk_through, with_twenty_minutes

MORE = "Talk about something else"
FIRST_VISIT = {
    "1": ["hopes", "my_step", "sharing"],
    "2": ["hopes", "stories", "my_step", "sharing"],
    "3": ["hopes", "stories", "more", "my_step", "sharing"],
}


def visited(amina: Amina) -> list[str]:
    """The parts she comes by from here on, skipping what can be skipped."""
    parts = []
    while amina.session.mode == "talking":
        if amina.part not in parts:
            parts.append(amina.part)
        amina.does("skip") if amina.moves.script.step(amina.at.step).skippable else amina.says("1")
    return parts


def ended(minutes: str = "1") -> Amina:
    """She told her hope and shared it, and is at the end of a visit."""
    amina = talk_through()
    amina.skips_to("minutes")
    amina.says(minutes, "A small shop")
    amina.skips_to("your_words.hopes")
    amina.says("1", "yes")
    visited(amina)
    return amina


# ── how much time she has ────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("minutes", FIRST_VISIT)
def test_a_first_visit_has_the_parts_that_fit_the_time(minutes: str) -> None:
    amina = talk_through()
    amina.skips_to("minutes")
    amina.says(minutes, "A small shop")

    assert ["hopes", *[part for part in visited(amina) if part != "hopes"]] == FIRST_VISIT[minutes]


def test_who_does_not_say_how_much_time_she_has_gets_ten_minutes() -> None:
    amina = talk_through()
    amina.skips_to("minutes")
    amina.does("skip")
    amina.says("A small shop")

    assert ["hopes", *[part for part in visited(amina) if part != "hopes"]] == FIRST_VISIT["2"]


def test_a_part_on_offer_says_how_long_it_takes() -> None:
    amina = with_twenty_minutes("more")

    assert "What worries me (about 4 minutes)" in amina.buttons
    assert not any(label.startswith("What I hope for") for label in amina.buttons), "all of it was asked"


def test_an_offer_has_no_heading_and_is_no_part_of_the_count() -> None:
    amina = with_twenty_minutes("more")

    assert not any(text.startswith("Part ") for text in amina.heard)
    amina.taps("What worries me (about 4 minutes)")
    assert amina.hears("Part 4 of 6: What worries me. About 4 minutes.")


def test_who_chooses_nothing_else_goes_on_to_her_step() -> None:
    amina = with_twenty_minutes("more")

    amina.does("skip")

    assert amina.part == "my_step"


def test_who_goes_back_before_she_began_can_choose_another_part() -> None:
    amina = with_twenty_minutes("more")
    amina.taps("What worries me (about 4 minutes)")
    amina.does("back")

    amina.taps("People around me (about 3 minutes)")

    assert amina.part == "people"
    assert "worries" not in visited(amina)


# ── at the end, and on any other day ─────────────────────────────────────────────────────────────


def test_after_five_minutes_all_the_rest_is_on_offer() -> None:
    amina = ended()

    amina.taps(MORE)

    offered = [label.partition(" (")[0] for label in amina.buttons]
    assert offered[:6] == [
        "What I hope for",
        "What I have done",
        "What I can do",
        "Here, there, later",
        "What worries me",
        "People around me",
    ]


@pytest.mark.parametrize("part", ["can_do", "later", "worries", "people", "where_am_i", "stories", "hopes"])
def test_every_part_can_be_the_next_one(part: str) -> None:
    amina = ended()
    title = next(p.title for p in amina.moves.script.parts if p.name == part)
    amina.taps(MORE)
    while not any(label.startswith(title) for label in amina.buttons):
        amina.taps("Show more")

    amina.taps(next(label for label in amina.buttons if label.startswith(title)))

    assert amina.part == part


def test_a_part_chosen_before_is_finished_before_she_is_asked_about_sharing_it() -> None:
    amina = ended()
    amina.taps(MORE, "People around me (about 3 minutes)")

    amina.says("My sister")

    assert amina.part == "people"
    amina.skips_to("your_words.people")
    amina.says("1")
    assert amina.at == Place("share.people"), "what she decided about her hopes stays"


def test_what_she_adds_is_handed_over_and_the_rest_stays_shared() -> None:
    amina = ended()
    amina.taps(MORE, "People around me (about 3 minutes)")
    amina.says("My sister")
    amina.skips_to("your_words.people")
    amina.events.clear()

    amina.says("1", "yes")
    visited(amina)

    assert any(isinstance(event, HandedOver) for event in amina.events)
    assert amina.words("share.hopes") == "Yes, share this"


def test_who_comes_back_for_more_has_time_to_say_who_may_see_it_and_until_when() -> None:
    amina = ended()
    assert amina.answer("until") is None, "with five minutes it was not asked"

    amina.taps(MORE, "People around me (about 3 minutes)")
    amina.says("My sister")
    amina.skips_to("until")

    assert amina.hears("Until when may they see it?")


def test_questions_that_waited_for_time_come_when_she_chooses_their_part() -> None:
    amina = ended()

    amina.taps(MORE, "What I hope for (about 3 minutes)")

    assert amina.at == Place("dream")


def test_nothing_is_offered_when_nothing_is_left() -> None:
    amina = ended("3")
    for _ in range(9):
        if MORE not in amina.buttons:
            break
        amina.taps(MORE)
        amina.says("1")
        visited(amina)

    assert MORE not in amina.buttons
    amina.says(MORE)
    assert amina.session.mode == "ended"


def test_the_offer_can_be_typed_as_well() -> None:
    amina = ended()

    amina.says(MORE)

    assert amina.at == Place("what_else")


# ── cards, evidence, and the hardest of several ──────────────────────────────────────────────────


def at_cards() -> Amina:
    """She told a story, and looks at the cards."""
    amina = talk_through()
    amina.skips_to("story")
    amina.says("I baked bread")
    visited(amina)
    amina.taps(MORE, "What I can do (about 6 minutes)")
    return amina


def test_up_to_three_cards_can_be_chosen_and_a_fourth_is_refused_kindly() -> None:
    amina = at_cards()
    assert amina.hears("You can choose up to 3.")

    amina.says("1 2 3 4")

    assert amina.hears("That was more than 3. Please choose those that fit best.")
    assert amina.at == Place("can")
    amina.says("1 2 3")
    assert len(amina.session.answers[Place("can")].value) == 3


def test_each_card_is_tied_to_a_story_of_hers_in_her_own_words() -> None:
    amina = at_cards()
    amina.says("1")

    assert amina.buttons[:3] == ["I baked bread", "At another moment", "I am still learning this"]
    amina.taps("I baked bread")
    [evidence] = [place for place in amina.session.answers if place.step.startswith("can_when.")]
    assert amina.session.answers[evidence].value == ("story_loop#1",)


def test_only_the_cards_that_she_chose_are_asked_about() -> None:
    amina = at_cards()
    amina.says("1 2")
    asked = []
    while amina.at.step.startswith("can_when."):
        asked.append(amina.at.step)
        amina.taps("At another moment")

    assert len(asked) == 2
    assert amina.at == Place("languages")


def test_the_hardest_is_chosen_among_what_she_named() -> None:
    amina = ended()
    amina.taps(MORE, "What worries me (about 4 minutes)")
    first, second = amina.buttons[:2]

    amina.says("1 2")

    assert amina.buttons[:2] == [first, second]
    assert amina.hears("Which of these is the hardest for you?")


def test_one_worry_alone_is_not_compared() -> None:
    amina = ended()
    amina.taps(MORE, "What worries me (about 4 minutes)")

    amina.says("1")

    assert amina.at.step != "heaviest"


def test_childcare_is_asked_about_only_if_she_named_it() -> None:
    named = ended()
    named.taps(MORE, "What worries me (about 4 minutes)")
    other = Amina(named.moves, named.session, named.turns)

    named.says("Childcare")
    other.says("Money")

    assert named.at == Place("childcare_help")
    assert other.at == Place("tried")


def test_the_ladder_is_shown_six_rungs_at_a_time_in_plain_sentences() -> None:
    amina = ended()
    amina.taps(MORE, "Show more", "Where I am now (about 4 minutes)")
    rungs = [label for label in amina.buttons if label.startswith(("I ", "Somebody "))]

    assert len(rungs) == 6
    amina.taps("Show more")
    assert "I know what I want to reach" in amina.buttons
    amina.taps("I know what I want to reach")
    assert amina.session.answers[Place("rung")].value == ("rung_8",)
