"""Catalogues: what becomes of a translation when the English changes, who wrote it, and how it stands."""

import gettext
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import read_mo
from typer.testing import CliRunner

from bot import i18n, i18n_stale
from bot.check import check_words, other_digits, wanted_in
from bot.cli import app
from bot.i18n_rows import rows_of
from bot.script_words import in_folder
from locales.catalogue import (
    READ_BY_STAFF,
    compile_po,
    digits,
    forms_of_one_number,
    numbers_of_forms,
    plural_forms,
    plural_names,
    po_file,
    read_catalogue,
)
from locales.messages import key, messages, texts
from locales.po import BrokenPo, keeps_placeholders
from locales.standing import standing

ZWNJ = "\u200c"
MSGFMT = shutil.which("msgfmt")

CHANGES = (
    ("reflection/call_me", "What may I call you? Any name is fine."),
    ("reflection/period", "Roughly is fine. You can also skip this."),
    ("reflection/consent", "No"),
    ("control", "Pause"),
    ("reminder", "Tomorrow"),
    ("help", "Do you need help now?"),
    ("help", "help, help me, emergency, I am in danger"),
    ("note", "You can choose %(most)s."),
)
"""A question, a hint, a choice, a button, a reminder, a phrase, match words, a plural."""


def found(catalogue: Catalog, context: str, text: str) -> Message:
    message = catalogue.get(text, context)
    assert message is not None, (context, text)
    return message


def dutch(*translated: tuple[str, str, str], note: str = "(question)", translator: str = "Joke") -> Catalog:
    """A small catalogue: context, English, Dutch."""
    made = i18n.empty("nl")
    made.last_translator = translator
    for context, text, words in translated:
        made.add(text, words, context=context, auto_comments=[note])
    return made


def template(*wanted: tuple[str, str], note: str = "(question)") -> Catalog:
    made = i18n.empty()
    for context, text in wanted:
        made.add(text, context=context, auto_comments=[note])
    return made


def served(catalogue: Catalog, folder: Path, context: str, text: str) -> str:
    """What a client reads."""
    i18n.write(catalogue, "client", "nl", folder)
    return read_catalogue("client", ("nl",), folder).look_up("nl", context, text)


# ── the English changes ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("context", "text"), CHANGES)
def test_a_changed_text_keeps_its_translation_as_a_stale_one(context: str, text: str) -> None:
    catalogue, wanted = i18n.read("client", "nl"), i18n.template("client")
    before, message = found(catalogue, context, text), found(wanted, context, text)
    wanted.delete(message.id, context)
    changed = [f"{each} And more." for each in texts(message)]
    wanted.add(
        tuple(changed) if message.pluralizable else changed[0],
        context=context,
        auto_comments=message.auto_comments,
    )

    i18n.updated(catalogue, wanted, "nl")

    now = found(catalogue, context, changed[0])
    assert now.string == before.string
    assert {"fuzzy", i18n.REVIEW} <= now.flags
    assert i18n_stale.was(now) == " | ".join(texts(message))
    assert i18n_stale.back_translation(now) == i18n_stale.back_translation(before)
    assert catalogue.get(text, context) is None


def test_a_stale_translation_is_not_served_by_anything(tmp_path: Path) -> None:
    old = dutch(("demo/name", "What is your name?", "Hoe heet je?"))

    stale = i18n.updated(old, template(("demo/name", "What shall I call you?")), "nl")

    assert served(stale, tmp_path, "demo/name", "What shall I call you?") == "What shall I call you?"
    file = po_file("client", "nl", tmp_path)
    assert b"Hoe heet je?" in file.read_bytes()
    assert b"Hoe heet je?" not in compile_po(file, "nl")
    shutil.copyfile(file, tmp_path / "nl.po")
    assert in_folder(tmp_path) == {"nl": {}}


def test_a_stale_translation_is_counted_and_told_with_its_line() -> None:
    entry = ("aside", "Goodbye. Take care.")
    catalogue, wanted = i18n.read("client", "nl"), i18n.template("client")
    message = found(catalogue, *entry)
    message.flags.add("fuzzy")
    message.user_comments.append("Was: Goodbye, and take care.")

    faults = [str(fault) for fault in check_words(catalogue, wanted_in("client"), "nl", "nl.po")]

    how = "Translate it anew, then remove the mark “fuzzy”."
    told = "The nl of 'Goodbye, and take care.' is stale: the English is another now."
    of_it = [said for said in faults if said.startswith(f"nl.po:{message.lineno}: ")]
    assert of_it == [f"nl.po:{message.lineno}: aside: {told} {how}"]
    assert standing(catalogue, "client", "nl").stale == 1
    assert standing(catalogue, "client", "nl").translated <= len(list(messages(wanted))) - 1


def test_where_two_texts_of_one_place_changed_nobody_guesses() -> None:
    old = dutch(("demo/ask", "One?", "Een?"), ("demo/ask", "Two?", "Twee?"))

    now = i18n.updated(old, template(("demo/ask", "Three?"), ("demo/ask", "Four?")), "nl")

    assert [(message.string, sorted(message.flags)) for message in messages(now)] == [
        (None, [i18n.REVIEW]),
        (None, [i18n.REVIEW]),
    ]


def test_a_question_does_not_get_the_words_of_a_choice() -> None:
    old = dutch(("demo/ask", "Tea", "Thee"), note="(choice)")

    now = i18n.updated(old, template(("demo/ask", "What do you drink?"), note="(question)"), "nl")

    assert found(now, "demo/ask", "What do you drink?").string is None


def test_a_text_that_changes_twice_says_what_it_was_translated_from() -> None:
    old = dutch(("demo/ask", "One?", "Een?"))

    twice = i18n.updated(
        i18n.updated(old, template(("demo/ask", "Two?")), "nl"), template(("demo/ask", "3?")), "nl"
    )

    assert i18n_stale.was(found(twice, "demo/ask", "3?")) == "One?"


def test_an_english_that_comes_back_has_its_translation_again(tmp_path: Path) -> None:
    old = dutch(("demo/ask", "One?", "Een?"))

    away = i18n.updated(old, template(("demo/ask", "Two?")), "nl")
    back = i18n.updated(away, template(("demo/ask", "One?")), "nl")

    assert found(back, "demo/ask", "One?").flags == {i18n.REVIEW}
    assert found(back, "demo/ask", "One?").user_comments == []
    assert served(back, tmp_path, "demo/ask", "One?") == "Een?"


def test_a_long_old_text_survives_being_broken_into_lines(tmp_path: Path) -> None:
    long = "This is a long text, " * 12 + "and here it ends."
    old = dutch(("demo/ask", long, "Lang."))
    back = "Long words come back. " * 10
    found(old, "demo/ask", long).user_comments = ["For Joke", f"Back-translation: {back}"]

    stale = i18n.updated(old, template(("demo/ask", "Short.")), "nl")
    i18n.write(stale, "client", "nl", tmp_path)
    message = found(i18n.read("client", "nl", tmp_path), "demo/ask", "Short.")

    assert i18n_stale.was(message) == long
    assert i18n_stale.back_translation(message) == back.strip()
    assert i18n_stale.other_comments(message) == ["For Joke"]


def test_words_compiled_from_another_file_are_not_served_however_old_that_is(tmp_path: Path) -> None:
    def served() -> str:
        return read_catalogue("client", ("nl",), tmp_path).look_up("nl", "control", "Pause")

    i18n.write(dutch(("control", "Pause", "Pauze")), "client", "nl", tmp_path)
    assert i18n.compile_all(tmp_path)
    assert served() == "Pauze"

    i18n.write(dutch(("control", "Pause", "Even stoppen")), "client", "nl", tmp_path)
    os.utime(po_file("client", "nl", tmp_path), (1, 1))  # unpacked from an archive, for instance

    assert served() == "Even stoppen"


def test_updating_twice_is_as_good_as_once(tmp_path: Path) -> None:
    old = dutch(("demo/ask", "One?", "Een?"), ("demo/say", "Hello", "Hallo"))
    wanted = template(("demo/ask", "Two?"), ("demo/say", "Hello"), ("demo/new", "New"))

    once = i18n.written(i18n.updated(old, wanted, "nl"))
    i18n.write(i18n.updated(old, wanted, "nl"), "client", "nl", tmp_path)
    twice = i18n.written(i18n.updated(i18n.read("client", "nl", tmp_path), wanted, "nl"))

    assert once == twice


@pytest.mark.parametrize("context", ["control", "demo/name", "", "reflection/nowhere"])
def test_a_translation_of_what_nobody_says_any_more_is_told(context: str) -> None:
    catalogue = i18n.read("client", "nl")
    catalogue.add("Tea", "Thee", context=context, lineno=7)

    faults = [str(fault) for fault in check_words(catalogue, wanted_in("client"), "nl", "nl.po")]

    told = "'Tea' is in no script and no code any more. Run `trede i18n update`."
    assert f"nl.po:7: {context or '(whole file)'}: {told}" in faults


@pytest.mark.parametrize("many", [None, "You can choose as many as %(most)s."])
def test_a_plural_that_is_gone_or_another_is_told(many: str | None) -> None:
    text = "You can choose %(most)s."
    catalogue = i18n.read("client", "nl")
    before = found(catalogue, "note", text)
    catalogue.delete(text, "note")
    forms_now = before.string if many else "Kies er %(most)s."
    catalogue.add((text, many) if many else text, forms_now, context="note", lineno=7)

    faults = [str(fault) for fault in check_words(catalogue, wanted_in("client"), "nl", "nl.po")]

    assert (
        f"nl.po:7: note: '{text}' has lost its plural, or that has changed. Run `trede i18n update`."
        in faults
    )


# ── the header ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("translator", ["", "nobody yet", "FULL NAME <EMAIL@ADDRESS>"])
def test_a_catalogue_says_who_wrote_it(translator: str) -> None:
    catalogue = i18n.read("client", "nl")
    catalogue.last_translator = translator

    faults = [fault.message for fault in check_words(catalogue, wanted_in("client"), "nl", "nl.po")]

    assert (
        "The header does not say who wrote this. Write there: Last-Translator: your name or team." in faults
    )


def test_a_catalogue_that_nobody_began_need_not_say_who_wrote_it() -> None:
    faults = check_words(i18n.empty("nl"), wanted_in("client"), "nl", "nl.po")

    assert not [fault for fault in faults if "who wrote" in fault.message]


def test_other_plural_forms_in_the_header_are_a_fault_where_nothing_has_a_plural() -> None:
    catalogue = i18n.read("staff", "nl")
    catalogue.mime_headers = [("Plural-Forms", "nplurals=3; plural=n;")]

    faults = [fault.message for fault in check_words(catalogue, wanted_in("staff"), "nl", "nl.po")]

    assert f"The Plural-Forms of the header are not those of nl. Write: {plural_forms('nl')}" in faults


def test_and_are_refused_where_something_has(tmp_path: Path) -> None:
    file = po_file("client", "nl", tmp_path)
    file.parent.mkdir(parents=True)
    wrong = po_file("client", "nl").read_text().replace(plural_forms("nl"), "nplurals=2; plural=(n > 1);")
    file.write_text(wrong)

    with pytest.raises(BrokenPo, match="Write in the header: Plural-Forms: nplurals=2"):
        i18n.read("client", "nl", tmp_path)


# ── plurals ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("language", "own"),
    [("fa", "۰۱۲۳۴۵۶۷۸۹"), ("ckb", "٠١٢٣٤٥٦٧٨٩"), ("bn", "০১২৩৪৫৬৭৮৯"), ("ar", ""), ("nl", "")],
)
def test_numbers_are_written_as_the_language_writes_them(language: str, own: str) -> None:
    assert "".join(digits(language).values()) == own


@pytest.mark.parametrize(
    ("language", "words", "wrong"),
    [
        ("fa", "برای 3 ماه", "3"),
        ("fa", "برای ٣ ماه", "٣"),
        ("fa", "برای ۳ ماه", ""),
        ("nl", "Voor ۳ maanden", "۳"),
        ("nl", "Voor 3 maanden", ""),
        ("fa", "تصویرها: OpenMoji, CC BY-SA 4.0", ""),
    ],
)
def test_other_digits_in_a_translation_are_told(language: str, words: str, wrong: str) -> None:
    assert other_digits(Message("For 3 months", words), language) == wrong


def test_a_digit_of_another_language_is_a_fault_with_what_to_write() -> None:
    made = dutch(("reflection/until", "For 3 months", "Voor ۳ maanden"))

    faults = [str(fault) for fault in check_words(made, wanted_in("client"), "nl", "nl.po")]

    assert any("'۳' is no digit of nl. Write numbers with 0123456789." in fault for fault in faults)


@pytest.mark.parametrize("language", READ_BY_STAFF)
def test_the_names_of_plural_forms_are_in_the_order_of_gettext(language: str) -> None:
    number, _, rule = plural_forms(language).partition("; plural=")

    index = gettext.c2py(rule.rstrip(";"))

    assert number == f"nplurals={len(plural_names(language))}"
    for form, numbers in enumerate(numbers_of_forms(language)):
        assert {index(n) for n in numbers} <= {form}


def test_only_a_form_that_stands_for_one_number_can_go_without_it() -> None:
    english = ("About %(minutes)s minute.", "About %(minutes)s minutes.")
    note = "plural by %(minutes)s."
    in_dutch = Message(english, ("Eén minuut.", "%(minutes)s minuten."), auto_comments=[note])
    in_ukrainian = Message(english, ("хвилина", *["%(minutes)s хвилин"] * 3), auto_comments=[note])

    assert keeps_placeholders(in_dutch, forms_of_one_number("nl"))
    assert not keeps_placeholders(in_ukrainian, forms_of_one_number("uk")), "“one” is 21 too"


@pytest.mark.parametrize("wrong", ["%(title)s", "%(title)s %(minutes)s %(naam)s"])
def test_a_plural_form_that_lost_a_placeholder_is_told_and_not_served(wrong: str, tmp_path: Path) -> None:
    text = "%(title)s (about %(minutes)s minute)"
    catalogue = i18n.read("client", "nl")
    message = found(catalogue, "note", text)
    first = message.string[0] if isinstance(message.string, list | tuple) else message.string
    message.string = (str(first), wrong)

    faults = [str(each) for each in check_words(catalogue, wanted_in("client"), "nl", "nl.po")]
    i18n.write(catalogue, "client", "nl", tmp_path)
    spoken = read_catalogue("client", ("nl",), tmp_path)

    assert any(
        said.startswith(f"nl.po:{message.lineno}: note: msgstr[1]: The placeholder") for said in faults
    )
    assert spoken.look_up_plural("nl", "note", text, str(message.id[1]), 5) == message.id[1]


# ── nothing is lost on the way ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("language", ["fa", "ckb"])
def test_every_tool_keeps_the_zero_width_non_joiner(language: str, tmp_path: Path) -> None:
    catalogue = i18n.read("client", language)
    words = {key(message): message.string for message in messages(catalogue) if ZWNJ in str(message.string)}
    if language == "ckb" and not words:
        message = found(catalogue, "control", "Pause")
        message.string = f"وه{ZWNJ}ستان"
        words = {key(message): message.string}
    assert words

    i18n.write(i18n.updated(catalogue, i18n.template("client"), language), "client", language, tmp_path)
    again = i18n.read("client", language, tmp_path)
    spoken = read_catalogue("client", (language,), tmp_path)
    in_sheet = {row.translation for row in rows_of(again, "client", language)}

    for (context, text), said in words.items():
        assert found(again, context, text).string == said
        if isinstance(said, str):
            assert spoken.look_up(language, context, text) == said
            assert said in in_sheet


@pytest.mark.parametrize(("domain", "language"), list(i18n.catalogues()))
def test_a_catalogue_that_is_read_and_written_stays_the_same(
    domain: str, language: str, tmp_path: Path
) -> None:
    i18n.write(i18n.read(domain, language), domain, language, tmp_path)

    again = i18n.written(i18n.read(domain, language, tmp_path))

    assert again == po_file(domain, language, tmp_path).read_bytes()


@pytest.mark.skipif(MSGFMT is None, reason="gettext is not installed")
@pytest.mark.parametrize(("domain", "language"), list(i18n.catalogues()))
def test_msgfmt_finds_nothing_wrong(domain: str, language: str, tmp_path: Path) -> None:
    file = po_file(domain, language)
    if not file.exists():
        pytest.skip("`trede check` says that it is missing")

    done = subprocess.run(
        [str(MSGFMT), "-c", "-o", str(tmp_path / "made.mo"), str(file)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    with (tmp_path / "made.mo").open("rb") as made:
        theirs = {key(message) for message in messages(read_mo(made))}
    assert len(theirs) >= sum(
        i18n.is_translated(m) and not m.fuzzy for m in messages(i18n.read(domain, language))
    )


# ── how they stand ────────────────────────────────────────────────────────────────────────────────


def test_status_tells_of_every_catalogue_who_wrote_it_and_who_read_it() -> None:
    done = CliRunner().invoke(app, ["i18n", "status", "--json"])

    rows = json.loads(done.output)
    assert [(row["domain"], row["language"]) for row in rows] == list(i18n.catalogues())
    assert set(rows[0]) == {
        *("domain", "language", "messages", "translated", "stale"),
        *("reviewed", "needs_native_review", "translator"),
    }
    for row in rows:
        assert row["reviewed"] + row["needs_native_review"] == row["translated"] <= row["messages"]
    assert next(row for row in rows if row["language"] == "ti")["translator"]


def test_a_catalogue_without_a_file_stands_at_nothing(tmp_path: Path) -> None:
    found_there = i18n.status(tmp_path)

    assert {each.translated for each in found_there} == {0}
    assert all(each.messages > 0 for each in found_there)


def test_a_damaged_catalogue_stops_a_command_with_its_line(tmp_path: Path) -> None:
    file = po_file("client", "nl", tmp_path)
    file.parent.mkdir(parents=True)
    file.write_bytes(po_file("client", "nl").read_bytes().replace(b'msgid "Pause"', b'msgid "Pause'))
    line = file.read_bytes().split(b"\n").index(b'msgid "Pause') + 1

    with pytest.raises(BrokenPo) as refused:
        i18n.status(tmp_path)

    assert str(refused.value).startswith(f"{file}:{line}: This line is not part of a .po file")
