"""The rules of a turn: what happens to her answers, her buttons and her words, whatever she does."""

from datetime import timedelta

import pytest

from dialogs import phrases
from dialogs.asking import PAGE
from dialogs.said import Command, Tap, Text, Unreadable
from dialogs.session import NOWHERE, Answer, Place
from dialogs.turn import (
    Answered,
    Consented,
    Deleted,
    Forgotten,
    HandedOver,
    NotUnderstood,
    PersonAsked,
    StaleTap,
)
from dialogs.understand import LONGEST, plain
from locales.catalogue import CLIENT_LANGUAGES
from tests.dialogs.talking import (
    NINE,
    Amina,
    moves_of,
    talk_through,
    with_twenty_minutes,
    words_of_clients,
)

ALL_KINDS = """
    script: demo
    title: Demo
    parts:
      - part: start
        title: Start
        minutes: 1
        steps:
          - say: hello
            text: Hello.
          - choice: drink
            ask: Tea or milk?
            choices:
              - tea: Tea
                accepts: [cuppa]
              - milk: Milk
          - several: fruit
            ask: Which fruit?
            pages: true
            choices:
              - apple: Apple
              - pear: Pear
              - plum: Plum
              - fig: Fig
              - date: Date
              - kiwi: Kiwi
              - lemon: Lemon
              - melon: Melon
          - number: years
            ask: How many years?
            least: 0
            most: 99
          - number: weight
            ask: What does it weigh?
          - date: day
            ask: Which day?
            from_today: true
          - scale: sure
            ask: How sure?
            low: not sure
            high: sure
          - cards: feeling
            ask: Which card?
            choices:
              - sun: Sunny
                picture: ☀️
              - rain: Rainy
                picture: 🌧️
          - text: words
            ask: In your words?
            required: true
          - yes_no: again
            ask: Was it fine?
"""


def at(question: str, **changes: object) -> Amina:
    """The demo with one question of every kind, at one of them."""
    amina = talk_through(ALL_KINDS)
    amina.skips_to(question)
    return amina.turned(**changes)


def asked_first(amina: Amina) -> Amina:
    """On to the question about a good life, with the minutes answered."""
    amina.says("1", "Amina", "1", "1", "3")
    assert amina.at.step == "good_life"
    return amina


# ── taps: stale, repeated, of somebody else ──────────────────────────────────────────────────────


def test_a_tap_on_an_earlier_question_changes_nothing_and_shows_where_she_is() -> None:
    amina = at("drink")
    old = amina.tap("Tea")
    amina.says("Milk")
    before = amina.session

    amina.sends(old)

    assert amina.session == before
    assert amina.turn.events == (StaleTap(),)
    assert amina.hears("That button belongs to an earlier question")
    assert amina.hears("Which fruit?")


def test_the_same_tap_twice_counts_once() -> None:
    amina = at("drink")
    tap = amina.tap("Tea")
    amina.sends(tap)
    before = amina.session

    amina.sends(tap)

    assert amina.session == before
    assert amina.has_events(StaleTap)


@pytest.mark.parametrize("mode", ["menu", "language", "person", "delete"])
def test_the_same_tap_twice_in_an_aside_counts_once(mode: str) -> None:
    amina = at("drink")
    amina.sends(Command(mode))  # type: ignore[arg-type]
    tap = amina.tap("Go on")
    amina.sends(tap)
    before = amina.session

    amina.sends(tap)

    assert amina.session == before


def test_a_tap_with_a_token_that_was_never_given_changes_nothing() -> None:
    amina = at("drink")
    before = amina.session

    amina.sends(Tap("made-up", "1"))

    assert amina.session == before


@pytest.mark.parametrize("control", ["skip", "back", "menu", "pause", "leave", "delete", "language"])
def test_an_old_control_does_nothing_either(control: str) -> None:
    amina = at("fruit")
    before = amina.session

    amina.sends(Tap("t0", control))

    assert amina.session == before


@pytest.mark.parametrize(
    "value",
    ["", "0", "9", "-1", "١", "1.5", "keep", "go_on", "revise", "x" * 9999, "9" * 9999, "000000001999"],
)
@pytest.mark.parametrize("question", ["drink", "fruit", "words"])
def test_a_tap_that_means_nothing_here_is_answered_kindly(question: str, value: str) -> None:
    amina = at(question)
    token, answers = amina.session.token, amina.session.answers

    amina.sends(Tap(token, value))

    assert amina.session.answers == answers
    assert amina.at == Place(question)
    assert amina.buttons


def test_words_typed_on_an_old_page_are_not_an_answer_to_the_new_question() -> None:
    amina = at("words")
    before = amina.session

    amina.sends(Text("for the question before", token="t1"))

    assert amina.session == before
    assert amina.has_events(StaleTap)


def test_after_coming_back_the_go_on_button_is_old() -> None:
    amina = at("words")
    amina.does("pause")
    go_on = amina.tap("Go on")
    amina.sends(go_on)
    before = amina.session

    amina.sends(go_on)

    assert amina.session == before
    assert amina.has_events(StaleTap)


def test_the_question_on_her_screen_keeps_its_buttons_after_something_unclear() -> None:
    amina = at("drink")
    tap = amina.tap("Tea")
    amina.says("coffee")

    amina.sends(tap)

    assert amina.words("drink") == "Tea"


# ── skipping, and questions that need an answer ──────────────────────────────────────────────────


def test_skipping_is_an_answer_of_its_own() -> None:
    amina = at("drink")

    amina.taps("Skip")

    found = amina.answer("drink")
    assert found is not None
    assert (found.state, found.words, found.at) == ("declined", "", amina.now)
    assert amina.at == Place("fruit")


def test_a_question_not_yet_asked_has_no_answer() -> None:
    assert at("drink").answer("fruit") is None


def test_a_required_question_cannot_be_skipped() -> None:
    amina = at("words")

    amina.does("skip")

    assert amina.at == Place("words")
    assert amina.hears("I need an answer to this one")
    assert "Skip" not in amina.buttons


def test_an_answer_keeps_her_words_language_time_and_channel() -> None:
    amina = at("words", language="uk")

    amina.says("  Так, <b>добре</b> ")

    said = "  Так, <b>добре</b> "
    assert amina.answer("words") == Answer("answered", said, (said,), "uk", amina.now, "test")


# ── back ─────────────────────────────────────────────────────────────────────────────────────────


def test_back_shows_the_earlier_question_with_the_old_answer_as_one_tap() -> None:
    amina = at("words")
    amina.says("first words")

    amina.taps("Back")

    assert amina.at == Place("words")
    assert "Keep: first words" in amina.buttons


def test_keeping_the_old_answer_changes_nothing_about_it() -> None:
    amina = at("words")
    amina.says("first words")
    before = amina.session.answers
    amina.taps("Back")

    amina.taps("Keep: first words")

    assert amina.session.answers == before
    assert amina.at == Place("again")


def test_keeping_can_be_typed_too() -> None:
    amina = at("words")
    amina.says("first words")
    amina.does("back")

    amina.says("Keep: first words")

    assert amina.words("words") == "first words"
    assert amina.at == Place("again")


def test_a_choice_to_keep_is_written_in_the_language_of_now() -> None:
    amina = asked_first(talk_through())
    amina.does("language")
    amina.says("Nederlands")

    amina.does("back")

    assert any(label.endswith("Ongeveer 20 minuten") for label in amina.buttons)


def test_after_going_back_several_questions_an_answer_goes_on_to_the_first_open_one() -> None:
    amina = at("years")
    amina.does("back", "back")

    amina.taps("Milk")

    assert amina.words("drink") == "Milk"
    assert amina.at == Place("years")


def test_back_goes_over_every_question_up_to_the_first() -> None:
    amina = at(
        "again",
    )

    for _ in range(8):
        amina.does("back")

    assert amina.at == Place("drink")
    assert "Back" not in amina.buttons
    amina.does("back")
    assert amina.hears("This is the first question.")


def test_back_follows_the_way_her_answers_lead_now() -> None:
    amina = asked_first(talk_through())
    amina.says("A shop", "A teacher")
    amina.does("back", "back", "back")
    amina.taps("About 5 minutes")
    assert amina.at == Place("learn")

    amina.does("back")

    assert amina.at == Place("good_life")


def test_going_back_and_answering_otherwise_keeps_the_first_answer_in_the_history() -> None:
    amina = at("words")
    amina.says("first words")
    amina.does("back")

    amina.says("second words")

    told = [
        event.answer.words for event in amina.events if isinstance(event, Answered) and event.answer.words
    ]
    assert told == ["first words", "second words"]
    assert amina.words("words") == "second words"


# ── the review ───────────────────────────────────────────────────────────────────────────────────

STEP = ("Call the school", "When I have the date", "Monday at home")


def at_read_back(*lines: str) -> Amina:
    amina = talk_through(part="my_step")
    amina.says(*lines)
    assert amina.at == Place("your_words.my_step")
    return amina


def test_a_confidence_below_seven_asks_for_a_smaller_step() -> None:
    amina = talk_through(part="my_step")

    amina.says(*STEP, "4")

    assert amina.hears("What smaller step would be a 7 or more?")


def test_a_confidence_of_seven_does_not() -> None:
    amina = talk_through(part="my_step")

    amina.says(*STEP, "7")

    assert amina.hears("What could make it difficult?")


def test_a_change_at_the_review_asks_what_newly_depends_on_it() -> None:
    amina = at_read_back(*STEP, "8", "rain", "umbrella", "my sister")

    amina.taps("Change something", "How sure are you that you will do it?")
    amina.taps("4")

    assert amina.hears("What smaller step would be a 7 or more?")
    amina.says("Only look up the number")
    assert amina.hears("This is what you told me")
    assert amina.hears("Only look up the number")


def test_a_change_at_the_review_drops_what_no_longer_applies() -> None:
    amina = at_read_back(*STEP, "4", "Only look it up", "rain", "umbrella", "my sister")

    amina.taps("Change something", "How sure are you that you will do it?")
    amina.taps("8")

    assert amina.hears("This is what you told me")
    assert not amina.hears("Only look it up")


def test_a_skipped_question_can_be_answered_at_the_review() -> None:
    amina = at_review_with_a_skip()

    amina.taps("Change something", "Show more", "Who should know about your step? It can also be nobody.")
    amina.says("My sister")

    assert amina.hears("My sister")
    assert amina.at == Place("your_words.my_step")


def at_review_with_a_skip() -> Amina:
    amina = talk_through(part="my_step")
    amina.says(*STEP, "4", "Only look it up", "rain", "umbrella")
    amina.does("skip")
    return amina


def test_going_on_from_the_list_of_answers_changes_nothing() -> None:
    amina = at_review_with_a_skip()
    before = amina.session.answers

    amina.taps("Change something", "Go on")

    assert amina.session.answers == before
    assert amina.hears("This is what you told me")


def test_a_part_said_to_be_right_is_read_back_again_after_a_later_change() -> None:
    amina = at_review_with_a_skip()
    amina.taps("This is right")
    amina.does("back")

    amina.taps(
        "Change something", "What do you want to do next? It can be something very small. Use your own words."
    )
    amina.says("Write to the school")

    assert amina.at == Place("your_words.my_step")
    assert amina.hears("Write to the school")


def test_two_stories_can_be_told_apart_in_the_list_of_answers() -> None:
    amina = with_twenty_minutes("stories")
    amina.says("Bread", *["x"] * 6, "1", "yes", "Forms", *["x"] * 6, "1", "no")
    amina.skips_to("your_words.stories")

    assert amina.heard.count("Story 1") == amina.heard.count("Story 2") == 1
    amina.taps("Change something", "Show more")
    assert any(label.startswith("Story 2: Tell me about something") for label in amina.buttons)


def test_what_she_told_of_a_part_that_no_longer_belongs_is_neither_read_back_nor_shared() -> None:
    amina = talk_through(part="stories")
    amina.says("Bread", *["x"] * 3, "1")
    for _ in range(9):
        amina.does("back")
    assert amina.at.step == "minutes"
    amina.taps("About 5 minutes")

    for _ in range(20):
        assert not amina.at.step.endswith(".stories")
        if amina.session.mode == "ended":
            break
        amina.does("skip")

    assert amina.hears("You keep everything to yourself.")


@pytest.mark.parametrize(
    ("typed", "key"), [("ja", "yes"), ("nee", "no"), ("ja, dit delen", "yes"), ("2", "some")]
)
def test_a_plain_yes_or_no_decides_on_sharing_in_her_language(typed: str, key: str) -> None:
    amina = at_review_with_a_skip().turned(language="nl")
    amina.does("skip")

    amina.says(typed)

    assert amina.session.answers[Place("share.my_step")].value == (key,)


def test_a_share_taken_back_on_the_way_counts_no_more() -> None:
    amina = at_review_with_a_skip()
    amina.taps("This is right", "Only some of it")
    amina.says("1")
    amina.does("back", "back")
    amina.taps("No, keep it private")

    amina.says("no", "no")

    assert amina.hears("You keep everything to yourself.")
    assert not amina.has_events(HandedOver)


# ── pause, resume, leave ─────────────────────────────────────────────────────────────────────────


def test_a_pause_and_a_way_back_with_a_recap() -> None:
    amina = talk_through(part="my_step")
    amina.turned(answers={**amina.session.answers, Place("call_me"): Answer("answered", "Nour", ("Nour",))})
    amina.says("Call the school")
    amina.does("menu")
    amina.taps("Pause")
    assert amina.hears("We pause here. Your answers are kept.")
    assert amina.buttons == ["Go on"]

    amina.taps("Go on")

    assert amina.hears("Welcome back, Nour.")
    assert amina.hears("We talked about: What I hope for")
    assert amina.hears("Now we are at: My small step.")
    assert amina.hears("How will you know that your step is done?")
    assert amina.session.mode == "talking"


def test_the_recap_is_in_the_language_she_uses_now() -> None:
    amina = talk_through(part="my_step")
    amina.does("language")
    amina.says("Nederlands")
    amina.does("pause")

    amina.says("verder")

    assert amina.hears("Welkom terug")
    assert amina.hears("Mijn kleine stap")


@pytest.mark.parametrize("away", ["pause", "leave"])
@pytest.mark.parametrize(
    "said",
    [
        Text("hello?"),
        Text("/menu"),
        Command("menu"),
        Command("person"),
        Command("start"),
        Command("skip"),
        Tap("t1", "go_on"),
        Unreadable("photo"),
        Text("x" * 5000),
        Command("delete"),
    ],
)
def test_only_go_on_opens_it_again(away: str, said: Text) -> None:
    amina = at("words")
    amina.sends(Command(away))  # type: ignore[arg-type]
    answers = amina.session.answers

    amina.sends(said)

    assert amina.session.mode in ("paused", "left")
    assert amina.session.answers == answers
    assert amina.heard == ["Hello. Press “Go on” if you want to continue."]


@pytest.mark.parametrize("said", [Text("go on"), Text(" GO ON! "), Command("again")])
def test_going_on_can_be_typed(said: Text) -> None:
    amina = at("words")
    amina.does("pause")

    amina.sends(said)

    assert amina.session.mode == "talking"
    assert amina.hears("In your words?")


def test_leaving_fast_says_nothing_of_the_conversation_and_begins_a_new_visit() -> None:
    amina = at("words")
    visit = amina.session.visit

    amina.does("leave")

    assert amina.heard == ["Goodbye. Take care."]
    assert amina.buttons == ["Go on"]
    assert amina.session.visit == visit + 1


def test_what_she_ticked_is_still_there_after_a_pause_or_the_menu() -> None:
    amina = at("fruit")
    amina.taps("Apple")

    amina.does("menu")
    amina.taps("Go on")
    amina.does("pause")
    amina.taps("Go on")
    amina.taps("Done")

    assert amina.words("fruit") == "Apple"


def test_a_pause_after_the_end_leads_back_to_the_end() -> None:
    amina = at("again")
    amina.says("yes")
    assert amina.session.mode == "ended"
    amina.does("pause")

    amina.taps("Go on")

    assert amina.session.mode == "ended"
    assert amina.hears("You can come back whenever you want")


# ── languages ────────────────────────────────────────────────────────────────────────────────────


def test_another_language_from_the_menu() -> None:
    amina = at("words")

    amina.does("menu")
    amina.taps("Change language", "العربية")

    assert amina.session.language == "ar"
    assert amina.at == Place("words")


@pytest.mark.parametrize(
    ("typed", "code"), [("nederlands", "nl"), ("العربيه", "ar"), ("4", "fa"), ("УКРАЇНСЬКА", "uk")]
)
def test_another_language_by_its_name(typed: str, code: str) -> None:
    amina = at("words")
    amina.says("/language")

    amina.says(typed)

    assert amina.session.language == code
    assert amina.session.mode == "talking"


def test_stored_words_stay_as_they_were_said() -> None:
    amina = asked_first(talk_through())
    before = amina.answer("minutes")

    amina.does("language")
    amina.says("Українська")

    assert amina.answer("minutes") == before
    assert before is not None
    assert (before.words, before.language) == ("About 20 minutes", "en")


def test_the_labels_of_the_new_language_are_understood() -> None:
    amina = asked_first(talk_through())
    amina.does("back", "language")
    amina.says("Nederlands")

    amina.says("ongeveer 5 minuten")

    assert amina.words("minutes") == "Ongeveer 5 minuten"
    assert amina.session.answers[Place("minutes")].value == ("5",)


def test_choices_are_read_back_in_the_language_of_now_and_her_own_words_as_they_were() -> None:
    amina = asked_first(talk_through())
    amina.says("A shop")
    amina.does("skip", "skip", "skip", "skip")
    amina.says("My own wish")
    amina.does("language")
    amina.says("Nederlands")
    amina.skips_to("your_words.hopes")

    assert "» A shop" in amina.heard
    assert "» Mijn eigen wens" in amina.heard


def test_the_first_question_of_language_counts_from_that_moment() -> None:
    amina = talk_through()

    amina.says("العربية")

    assert amina.session.language == "ar"
    assert amina.hears("بأي اسم")


# ── a person, deleting, forgetting ───────────────────────────────────────────────────────────────


def test_asking_for_a_person_and_meaning_it() -> None:
    amina = at("words")
    amina.does("person")
    assert amina.hears("Shall I tell Joke Bakker")
    assert not amina.has_events(PersonAsked)

    amina.taps("Yes")

    assert amina.has_events(PersonAsked)
    assert amina.session.asked_for_help
    assert amina.hears("I told Joke Bakker")
    assert amina.at == Place("words")


def test_asking_for_a_person_and_changing_her_mind() -> None:
    amina = at("words")
    amina.says("talk to a person")

    amina.taps("No")

    assert not amina.session.asked_for_help
    assert not any(isinstance(e, PersonAsked) for e in amina.events)
    assert amina.hears("All right. I told nobody.")
    assert amina.at == Place("words")


def test_deleting_takes_two_steps() -> None:
    amina = at("words")

    amina.does("delete")

    assert not amina.has_events(Deleted)
    assert amina.hears("This cannot be undone.")
    amina.taps("Yes")
    assert amina.has_events(Deleted)
    assert amina.hears("Everything is deleted.")


def test_not_deleting_leads_back_to_the_question() -> None:
    amina = at("words")
    before = amina.session.answers
    amina.does("delete")

    amina.taps("No")

    assert amina.session.answers == before
    assert amina.hears("In your words?")


def test_who_cannot_write_in_private_is_forgotten() -> None:
    amina = talk_through()
    amina.says("1", "Amina")

    amina.taps("No")

    assert amina.has_events(Forgotten)
    assert amina.hears("I keep nothing of this")
    assert (amina.session.mode, amina.session.answers, amina.at) == ("new", {}, NOWHERE)


def test_who_is_forgotten_without_a_word_of_the_script_hears_goodbye() -> None:
    amina = talk_through("""\
        script: demo
        title: Demo
        parts:
          - part: start
            title: Start
            minutes: 1
            steps:
              - yes_no: consent
                ask: May I keep your answers?
                required: true
                yes: words
                no: forget
              - text: words
                ask: In your words?
        """)

    amina.taps("No")

    assert amina.has_events(Forgotten)
    assert amina.heard == ["Goodbye. Take care."]


def test_after_being_forgotten_the_same_tap_again_begins_nothing() -> None:
    amina = talk_through()
    amina.says("1", "Amina")
    no = amina.tap("No")
    amina.sends(no)
    before = amina.session

    amina.sends(no)

    assert amina.session == before
    assert amina.heard == ["Hello. Press “Go on” if you want to continue."]
    amina.taps("Go on")
    assert amina.hears("Which language would you like?")


def test_leaving_before_the_first_word_begins_nothing() -> None:
    amina = talk_through()
    amina = Amina(amina.moves, amina.turned(mode="new", at=NOWHERE, token="").session)

    amina.does("leave")

    assert amina.session.mode == "new"
    assert amina.heard == ["Goodbye. Take care."]


def test_consent_is_noted_with_the_version_of_its_text() -> None:
    amina = talk_through()
    amina.says("1", "Amina", "1")
    amina.taps("Tell me more first")
    assert not amina.has_events(Consented)

    amina.taps("Yes, that is all right")

    assert Consented("2026-12", "consent_short") in amina.turn.events


def test_without_consent_nothing_is_kept() -> None:
    amina = talk_through()
    amina.says("1", "Amina", "1")

    amina.taps("No")

    assert amina.has_events(Forgotten)
    assert not amina.session.answers


# ── typed answers ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "typed", ["1", "١", "۱", " 1. ", "1)", "1️⃣", "tea", "TEA", "Téa", "tea!", "Tea 🍵", "cuppa"]
)
def test_a_choice_by_number_or_label_however_it_is_typed(typed: str) -> None:
    amina = at("drink")

    amina.says(typed)

    assert amina.session.answers[Place("drink")].value == ("tea",)
    assert amina.words("drink") == "Tea"


@pytest.mark.parametrize("typed", ["3", "٣", "۳"])
def test_arabic_and_persian_digits(typed: str) -> None:
    amina = talk_through(language="ar")

    amina.says(typed)

    assert amina.words("language") == "العربية"


@pytest.mark.parametrize("typed", ["نعم", "نَعَم", "نعـــم", "نعم.", "١"])
def test_arabic_labels_with_and_without_vowel_signs(typed: str) -> None:
    amina = talk_through(language="ar")
    amina.says("3", "أمينة")

    amina.says(typed)

    assert amina.session.answers[Place("private_now")].value == ("yes",)


@pytest.mark.parametrize("typed", ["coffee", "0", "3", "1 2", "🍵", "", "  ", "tea or milk", "1" * 5000])
def test_what_is_no_choice_is_not_taken_for_one(typed: str) -> None:
    amina = at("drink")

    amina.says(typed)

    assert amina.answer("drink") is None
    assert amina.at == Place("drink")
    assert amina.has_events(NotUnderstood)
    assert amina.hears("Tea or milk?")


@pytest.mark.parametrize("language", CLIENT_LANGUAGES)
def test_no_choice_is_called_like_a_button_that_is_always_there(language: str) -> None:
    script = moves_of("reflection").script
    words = words_of_clients()
    always = (
        *(phrases.SKIP, phrases.BACK, phrases.MENU, phrases.PAUSE, phrases.LANGUAGE),
        *(phrases.PERSON, phrases.LEAVE, phrases.DELETE, phrases.DONE, phrases.NEXT_PAGE),
    )

    labels = {
        plain(words.look_up(language, step.context, choice.label))
        for step in script.steps
        for choice in step.choices
    }

    assert not labels & {plain(words.look_up(language, p.context, p.text)) for p in always}


@pytest.mark.parametrize("language", CLIENT_LANGUAGES)
def test_every_label_on_a_screen_can_be_typed_to_choose_it(language: str) -> None:
    for start in ("private_now", "consent", "minutes", "own_wish", "sure", "partners", "until"):
        amina = talk_through(language=language)
        while amina.at.step != start:
            kind = amina.moves.script.step(amina.at.step).kind
            answers = {"language": language, "offer": "/skip", "text": "words"}
            amina.says("3" if amina.at.step == "minutes" else answers.get(kind, "1"))
        step = amina.moves.script.step(start)
        for number, button in enumerate(b for b in amina.messages[-1].buttons if b.kind == "choice"):
            again = Amina(amina.moves, amina.session)
            again.says(button.label if start == "sure" else button.label.partition(". ")[2])
            given = [event.answer for event in again.events if isinstance(event, Answered)]
            keys = [choice.key for choice in step.choices] or [str(n) for n in range(11)]
            assert [answer.value for answer in given] == [(keys[number],)]


# ── odd input ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "typed",
    [
        "🙂",
        "a\x00b",
        "�",
        "<b>bold</b>",
        "\u202eevil",
        "=SUM(A1:A9)",
        "%(name)s {0} %s",
        "می\u200cروم",
        "x" * LONGEST,
        "two\n\nlines",
        "'; DROP TABLE answers;--",
    ],
    ids=range(11),
)
def test_her_words_are_kept_exactly_as_typed(typed: str) -> None:
    amina = at("words")

    amina.says(typed)

    assert amina.words("words") == typed
    assert amina.at == Place("again")


@pytest.mark.parametrize("typed", ["x" * (LONGEST + 1), "x" * 100_000])
def test_too_long_a_text_is_refused_kindly(typed: str) -> None:
    amina = at("words")

    amina.says(typed)

    assert amina.answer("words") is None
    assert amina.hears("I can keep up to 4,000 characters")
    assert NotUnderstood("too_long") in amina.turn.events


@pytest.mark.parametrize("typed", ["", " ", "\n\t "])
def test_a_blank_text_is_no_answer(typed: str) -> None:
    amina = at("words")

    amina.says(typed)

    assert amina.answer("words") is None
    assert amina.hears("Please write a few words")


@pytest.mark.parametrize("question", ["drink", "fruit", "years", "day", "sure", "feeling", "words", "again"])
def test_a_picture_or_sticker_is_answered_kindly_everywhere(question: str) -> None:
    amina = at(question)

    amina.sends(Unreadable("sticker"))

    assert amina.hears("I can only take text and voice messages here")
    assert amina.at == Place(question)


def test_nothing_she_typed_is_in_what_was_not_understood() -> None:
    amina = at("drink")

    amina.says("my secret")

    assert "my secret" not in repr(amina.turn.events)


def test_a_whole_story_instead_of_a_name_is_kept_but_not_said_every_time() -> None:
    amina = talk_through()
    amina.says("1", "word " * 700, "1")

    assert amina.words("call_me") == "word " * 700
    assert all(len(text) < 300 for text in amina.heard)


# ── two quick messages ───────────────────────────────────────────────────────────────────────────


def test_a_second_quick_message_is_added_to_the_answer_before() -> None:
    amina = talk_through(part="hopes")
    amina.turned(lag=0.4)
    amina.says("A small shop")

    amina.sends(Text("and a garden", sent_at=amina.now - timedelta(seconds=2)))

    assert amina.words("good_life") == "A small shop\nand a garden"
    assert amina.at == Place("dream")
    assert amina.answer("dream") is None
    assert amina.hears("I added this to your answer before")


def test_words_sent_before_a_question_do_not_answer_it_after_a_choice() -> None:
    amina = at("words")
    amina.turned(last=Place("feeling"), lag=0.4)

    amina.sends(Text("yes", sent_at=amina.now - timedelta(seconds=2)))

    assert amina.answer("words") is None
    assert amina.hears("before I asked the next question")


def test_words_sent_before_she_went_back_are_added_to_nothing() -> None:
    amina = talk_through(part="hopes")
    amina.turned(lag=0.4)
    amina.says("A small shop")
    amina.does("back")

    amina.sends(Text("and a garden", sent_at=amina.now - timedelta(seconds=2)))

    assert amina.words("good_life") == "A small shop"


@pytest.mark.parametrize("seconds", [0, 0.9, -5, 90_000])
def test_words_sent_within_a_second_or_later_answer_the_question(seconds: float) -> None:
    amina = at("words")
    amina.turned(lag=0.0)

    amina.sends(Text("mine", sent_at=amina.now - timedelta(seconds=seconds)))

    assert amina.words("words") == "mine"


@pytest.mark.parametrize("seconds", [-300, 300])
def test_a_clock_that_is_minutes_wrong_adds_no_answer_to_another(seconds: float) -> None:
    amina = talk_through(part="hopes")
    wrong = timedelta(seconds=seconds)

    for words in ("A small shop", "To sing", "My aunt"):
        amina.sends(Text(words, sent_at=amina.now + timedelta(seconds=30) - wrong))

    assert amina.words("good_life") == "A small shop"
    assert amina.words("dream") == "To sing"


def test_what_would_grow_too_long_is_not_added() -> None:
    amina = talk_through(part="hopes")
    amina.turned(lag=0.4)
    amina.says("x" * LONGEST)

    amina.sends(Text("and more", sent_at=NINE))

    assert amina.words("good_life") == "x" * LONGEST
    assert amina.hears("I can keep up to 4,000 characters")


# ── several answers, pages, scales, numbers, dates, cards ────────────────────────────────────────


def test_several_answers_by_ticking() -> None:
    amina = at("fruit")

    amina.taps("Pear", "Apple", "Fig", "Pear", "Done")

    assert amina.session.answers[Place("fruit")].value == ("apple", "fig")
    assert amina.words("fruit") == "Apple and Fig"


def test_ticks_are_shown() -> None:
    amina = at("fruit")

    amina.taps("Pear")

    assert [b.label for b in amina.messages[-1].buttons if b.ticked] == ["2. Pear"]
    assert amina.hears("You chose: Pear.")


def test_done_can_be_typed() -> None:
    amina = at("fruit")
    amina.taps("Pear")

    amina.says("done")

    assert amina.words("fruit") == "Pear"


def test_done_without_a_tick_asks_for_one() -> None:
    amina = at("fruit")

    amina.taps("Done")

    assert amina.answer("fruit") is None
    assert amina.hears("Please tap what fits")


@pytest.mark.parametrize(
    "typed", ["1 3", "1,3", "3, 1", "١ ٣", "۱،۳", "Apple, plum", "apple plum", "1+3", "plum; APPLE"]
)
def test_several_answers_typed_at_once(typed: str) -> None:
    amina = at("fruit")

    amina.says(typed)

    assert amina.session.answers[Place("fruit")].value == ("apple", "plum")


@pytest.mark.parametrize("typed", ["1 9", "apple and cheese", "0", "1.5"])
def test_several_answers_with_one_unknown_are_asked_again(typed: str) -> None:
    amina = at("fruit")

    amina.says(typed)

    assert amina.answer("fruit") is None


def test_a_form_sends_all_its_boxes_at_once() -> None:
    amina = at("fruit")

    amina.sends(Tap(amina.session.token, "=1,4"))

    assert amina.session.answers[Place("fruit")].value == ("apple", "fig")


def test_pages_show_six_choices_and_come_round_again() -> None:
    amina = at("fruit")
    first = amina.buttons[:PAGE]

    amina.taps("Show more")
    second = amina.buttons[:2]
    amina.says("show more")

    assert first == ["Apple", "Pear", "Plum", "Fig", "Date", "Kiwi"]
    assert second == ["Lemon", "Melon"]
    assert amina.buttons[:PAGE] == first


def test_ticks_stay_from_page_to_page() -> None:
    amina = at("fruit")

    amina.taps("Kiwi", "Show more", "Melon", "Done")

    assert amina.session.answers[Place("fruit")].value == ("kiwi", "melon")


@pytest.mark.parametrize(
    ("typed", "value"), [("7", "7"), ("١٠", "10"), ("۳", "3"), ("0", "0"), (" 7. ", "7")]
)
def test_a_scale_by_number(typed: str, value: str) -> None:
    amina = at("sure")

    amina.says(typed)

    assert amina.session.answers[Place("sure")].value == (value,)
    assert amina.words("sure") == typed


@pytest.mark.parametrize("typed", ["11", "-1", "7.5", "very", ""])
def test_what_is_not_on_the_scale_is_asked_again(typed: str) -> None:
    amina = at("sure")

    amina.says(typed)

    assert amina.answer("sure") is None
    assert amina.hears("from 0 to 10")


def test_a_scale_by_tapping() -> None:
    amina = at("sure")

    amina.taps("10")

    assert amina.session.answers[Place("sure")].value == ("10",)


@pytest.mark.parametrize(
    ("typed", "value"), [("12", "12"), ("١٢", "12"), ("2,5", "2.5"), ("٢٫٥", "2.5"), ("0", "0")]
)
def test_numbers(typed: str, value: str) -> None:
    amina = at("years")

    amina.says(typed)

    assert amina.session.answers[Place("years")].value == (value,)
    assert amina.words("years") == typed


def test_a_number_out_of_bounds_is_asked_again_with_the_bounds() -> None:
    amina = at("years")

    amina.says("100")

    assert amina.answer("years") is None
    assert amina.hears("from 0 to 99")


@pytest.mark.parametrize("typed", ["many", "1-2", "", "NaN", "inf", "1e9", "9" * 400])
def test_what_is_no_number_is_asked_again(typed: str) -> None:
    amina = at("weight")

    amina.says(typed)

    assert amina.answer("weight") is None
    assert amina.hears("What does it weigh?")


@pytest.mark.parametrize(
    "typed", ["31-12-2027", "31/12/2027", "31.12.2027", "2027-12-31", "٣١/١٢/٢٠٢٧", "31 12 2027"]
)
def test_dates(typed: str) -> None:
    amina = at("day")

    amina.says(typed)

    assert amina.session.answers[Place("day")].value == ("2027-12-31",)
    assert amina.words("day") == typed


@pytest.mark.parametrize("typed", ["31-02-2027", "tomorrow", "12-2027", "1-1-27", "0-0-0", "9" * 40, ""])
def test_what_is_no_date_is_asked_again(typed: str) -> None:
    amina = at("day")

    amina.says(typed)

    assert amina.answer("day") is None
    assert amina.hears("day, month, year")


@pytest.mark.parametrize(("typed", "is_taken"), [("21-11-2026", False), ("22-11-2026", True)])
def test_a_day_that_has_passed_is_not_taken_where_it_would_make_no_sense(typed: str, is_taken: bool) -> None:
    amina = at("day")

    amina.says(typed)

    assert (amina.answer("day") is not None) == is_taken
    assert amina.hears("That day has passed.") != is_taken


def test_cards_have_pictures() -> None:
    amina = at("feeling")
    assert [button.picture for button in amina.messages[-1].buttons][:2] == ["☀️", "🌧️"]

    amina.taps("Rainy")

    assert amina.session.answers[Place("feeling")].value == ("rain",)


# ── order ────────────────────────────────────────────────────────────────────────────────────────


def kinds_of_story(seed: int) -> list[str]:
    amina = talk_through(part="stories", seed=seed)
    amina.says("Bread")
    amina.skips_to("kinds")
    return amina.buttons[:PAGE]


def test_shuffled_choices_stand_in_one_order_for_one_woman() -> None:
    assert kinds_of_story(seed=7) == kinds_of_story(seed=7)


def test_shuffled_choices_stand_in_many_orders_for_many_women() -> None:
    assert len({tuple(kinds_of_story(seed)) for seed in range(6)}) > 3


def test_the_number_typed_is_the_one_she_sees() -> None:
    amina = talk_through(part="stories", seed=3)
    amina.says("Bread")
    amina.skips_to("kinds")
    third = amina.buttons[2]

    amina.says("3")

    assert amina.words("kinds") == third


# ── loops, parts, the end ────────────────────────────────────────────────────────────────────────


def test_up_to_three_stories_each_with_its_own_answers() -> None:
    amina = with_twenty_minutes("stories")

    for title in ("Bread", "Forms", "Care"):
        assert amina.at.step == "story"
        amina.says(title, *["x"] * 6, "1")
        if title != "Care":
            amina.says("yes")

    assert [amina.words("story", n) for n in (1, 2, 3)] == ["Bread", "Forms", "Care"]
    assert amina.at.step == "what_else"


def test_with_ten_minutes_one_story_is_enough() -> None:
    amina = talk_through(part="stories")

    amina.says("Bread", *["x"] * 3, "1")

    assert amina.part == "my_step"


def test_the_beginning_of_a_part_is_announced_with_its_place_and_length() -> None:
    amina = asked_first(talk_through())

    assert amina.hears("Part 2 of 5: What I hope for. About 3 minutes.")


def test_with_five_minutes_there_are_fewer_parts() -> None:
    amina = asked_first(talk_through())
    amina.does("back")

    amina.taps("About 5 minutes")

    assert not any(part in amina.heard for part in ("Story 1",))
    amina.does("skip", "skip")
    assert amina.hears("Part 3 of 4: My small step.")


def test_at_the_end_she_can_change_what_she_shares_and_the_old_decisions_are_history() -> None:
    amina = at_review_with_a_skip()
    amina.taps("This is right", "Yes, share this")
    amina.does("skip", "skip", "skip", "skip")
    assert amina.session.mode == "ended"
    assert amina.session.handed_over

    amina.taps("Change what I said or share")

    assert amina.at == Place("your_words.my_step")
    assert amina.hears("This is what you told me")
    assert amina.session.answers[Place("share.my_step")].state == "not_asked"
    amina.taps("This is right", "No, keep it private")
    amina.does("skip", "skip")
    assert amina.has_events(HandedOver)
    assert not amina.session.handed_over
    assert amina.hears("You keep everything to yourself.")


def test_what_is_not_understood_at_the_end_is_said_kindly() -> None:
    amina = at("again")
    amina.says("yes")
    before = amina.session

    amina.says("what now?")

    assert amina.session == before
    assert amina.hears("I did not understand that")


@pytest.mark.parametrize(
    "typed", ["/skip", "/back", "/pause", "/leave", "/menu", "/person", "/language", "/again", "/delete"]
)
def test_what_is_always_at_hand_can_be_typed(typed: str) -> None:
    amina = at("words")

    amina.says(typed)

    assert amina.answer("words") is None
    assert typed not in amina.heard


def test_the_menu_has_all_that_is_always_at_hand() -> None:
    amina = at("words")

    amina.taps("More")

    assert amina.buttons == [
        "I need help now",
        "Pause",
        "Talk to a person",
        "Change language",
        "Leave now",
        "Delete everything",
        "Go on",
    ]


def test_the_same_arguments_give_the_same_turn() -> None:
    one, two = at("fruit"), at("fruit")

    one.taps("Pear", "Done")
    two.taps("Pear", "Done")

    assert one.turn == two.turn
    assert one.session == two.session
