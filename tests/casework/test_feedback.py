"""What she says the questions got wrong is taken out of the conversation, and is not in her summary."""

from dataclasses import asdict

from casework.feedback import Feedback, feedback_in
from casework.sharing import summarise
from tests.dialogs.talking import Amina, talk_through


def at_the_question() -> Amina:
    amina = talk_through()
    amina.skips_to("good_life")
    amina.says("A small shop")
    amina.skips_to("assumed")
    return amina


def test_what_was_wrong_is_told_in_her_words_without_her_name() -> None:
    amina = at_the_question()
    amina.says("yes")
    amina.says("You took me for a mother")

    script = amina.moves.script
    assert feedback_in(amina.moves, amina.turn) == Feedback(
        "reflection", script.version, "en", "You took me for a mother"
    )


def test_a_yes_without_words_counts_too() -> None:
    amina = at_the_question()
    amina.says("yes")
    amina.does("skip")

    told = feedback_in(amina.moves, amina.turn)
    assert told is not None
    assert (told.words, told.is_taken_back) == ("", False)


def test_a_no_takes_back_what_she_said_before() -> None:
    amina = at_the_question()
    amina.says("no")

    told = feedback_in(amina.moves, amina.turn)
    assert told is not None
    assert told.is_taken_back


def test_other_turns_tell_nothing() -> None:
    amina = talk_through(part="hopes")
    amina.says("A small shop")

    assert feedback_in(amina.moves, amina.turn) is None


def test_none_of_it_is_in_the_case() -> None:
    amina = talk_through()
    amina.skips_to("good_life")
    amina.says("A small shop")
    amina.skips_to("your_words.hopes")
    amina.says("1", "yes")
    amina.skips_to("assumed")
    amina.says("yes", "You took me for a mother")

    summary = summarise(amina.moves, amina.session, "s1", amina.now, None)

    assert summary is not None
    assert "mother" not in repr(asdict(summary))
    assert not any(answer.question.startswith("assumed") for answer in summary.answers)
