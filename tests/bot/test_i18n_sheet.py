"""A translation goes out as a sheet, is changed by somebody who knows Excel, and comes back."""

import zipfile
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Message
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from typer.testing import CliRunner

from bot import i18n, i18n_stale
from bot.cli import app
from bot.i18n_rows import Taken, plain
from bot.i18n_sheet import COLUMNS, UnusableSheet, export, take_in_sheet
from locales.catalogue import po_file

NAME = ("demo/name", "What is your name, %(name)s?")
TEA = ("demo/drink", "Tea")
MINUTES = ("note", "About %(minutes)s minute.")
LIKE_FORMULAS = ("=1+1", "+31 6", "-5", "@you", '=HYPERLINK("x")', "#N/A", "'quoted", "1/2", "TRUE", "007")


@dataclass(frozen=True, slots=True)
class Office:
    """A folder of catalogues, and a translator who gets sheets from it."""

    folder: Path

    def exported(self, language: str = "nl", domains: tuple[str, ...] = ("client",)) -> Path:
        file = self.folder / "sheet.xlsx"
        file.write_bytes(export(language, domains, self.folder))
        return file

    def fills(self, file: Path, text: str, **cells: object) -> None:
        """She writes into the row of that English: `translation=`, `back_translation=` and the like."""
        book = load_workbook(file)
        sheet = book.worksheets[0]
        row: Any = next(row for row in sheet.iter_rows(min_row=2) if row[at("English")].value == text)
        for heading, value in cells.items():
            row[at(heading.replace("_", "-"))].value = value
        book.save(file)

    def takes_in(self, file: Path, translator: str = "") -> Taken:
        return take_in_sheet(file, translator, self.folder)

    def message(self, entry: tuple[str, str], language: str = "nl") -> Message:
        found = i18n.read("client", language, self.folder).get(entry[1], entry[0])
        assert found is not None
        return found

    def content(self, language: str = "nl") -> bytes:
        return po_file("client", language, self.folder).read_bytes()


def at(heading: str) -> int:
    return list(COLUMNS).index(heading)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """Dutch: a question that was read, a choice that was not, a plural, and a text that is not translated."""
    made = i18n.empty("nl")
    made.last_translator = "Joke"
    made.add(NAME[1], "Hoe heet je, %(name)s?", context=NAME[0], auto_comments=["(question)", "Kind."])
    made.add(TEA[1], "Thee", context=TEA[0], flags={i18n.REVIEW}, user_comments=["Back-translation: Tea"])
    made.add(
        (MINUTES[1], "About %(minutes)s minutes."),
        ("Ongeveer een minuut.", "Ongeveer %(minutes)s minuten."),
        context=MINUTES[0],
        auto_comments=["plural by %(minutes)s."],
        flags={i18n.REVIEW},
    )
    made.add("New", "", context="demo/new", flags={i18n.REVIEW})
    i18n.write(made, "client", "nl", tmp_path)
    return Office(tmp_path)


# ── out ───────────────────────────────────────────────────────────────────────────────────────────


def rows(file: Path, sheet: str = "client") -> list[dict[str, Any]]:
    found = load_workbook(file)[sheet].iter_rows(min_row=2, values_only=True)
    return [dict(zip(COLUMNS, row, strict=True)) for row in found]


def test_a_sheet_shows_what_a_translator_needs(office: Office) -> None:
    found = rows(office.exported())

    assert [(row["context"], row["English"], row["translation"], row["reviewed"]) for row in found] == [
        ("demo/name", NAME[1], "Hoe heet je, %(name)s?", "yes"),
        ("demo/drink", "Tea", "Thee", "no"),
        ("note", MINUTES[1], "Ongeveer een minuut.", "no"),
        ("note", "About %(minutes)s minutes.", "Ongeveer %(minutes)s minuten.", "no"),
        ("demo/new", "New", None, "no"),
    ]
    assert found[0]["notes"] == "(question)\nKind."
    assert found[1]["back-translation"] == "Tea"
    assert [row["plural form"] for row in found[1:4]] == [None, "one (1)", "other (0, 2, 3, 4 …)"]


def test_its_header_stays_in_view_its_text_is_wrapped_and_its_keys_are_hidden(office: Office) -> None:
    sheet = load_workbook(office.exported())["client"]

    assert sheet.freeze_panes == "A2"
    assert all(cell.alignment.wrap_text for row in sheet.iter_rows() for cell in row)
    hidden = [
        sheet.cell(1, n).value for n in range(1, 10) if sheet.column_dimensions["ABCDEFGHI"[n - 1]].hidden
    ]
    assert hidden == ["key", "seen"]
    assert not sheet.sheet_view.rightToLeft


def test_a_sheet_of_a_language_written_from_the_right_is_turned_round(tmp_path: Path) -> None:
    file = tmp_path / "fa.xlsx"
    file.write_bytes(export("fa", ("client",)))

    sheet = load_workbook(file)["client"]

    assert sheet.sheet_view.rightToLeft
    assert [sheet.cell(2, at(each) + 1).alignment.readingOrder for each in ("English", "translation")] == [
        1,
        2,
    ]


def test_a_stale_translation_says_what_the_english_was(office: Office) -> None:
    wanted = i18n.template("client")
    for message in list(i18n.messages(wanted)):
        wanted.delete(message.id, message.context)
    wanted.add("Hot tea", context="demo/drink")
    i18n.write(
        i18n.updated(i18n.read("client", "nl", office.folder), wanted, "nl"), "client", "nl", office.folder
    )

    assert [(row["English"], row["translation"], row["notes"]) for row in rows(office.exported())] == [
        ("Hot tea", "Thee", "STALE. The English was: Tea")
    ]


@pytest.mark.parametrize("text", LIKE_FORMULAS)
def test_a_text_like_a_formula_stays_text_and_comes_back_unchanged(text: str, office: Office) -> None:
    catalogue = i18n.read("client", "nl", office.folder)
    catalogue.add(text, text, context="demo/odd", flags={i18n.REVIEW})
    i18n.write(catalogue, "client", "nl", office.folder)
    before = office.content()

    file = office.exported()

    with zipfile.ZipFile(file) as packed:
        assert b"<f>" not in packed.read("xl/worksheets/sheet1.xml")
    cell = load_workbook(file)["client"].cell(7, at("translation") + 1)
    assert (cell.value, cell.data_type, cell.number_format) == (text, "s", "@")
    assert (office.takes_in(file), office.content()) == (Taken(), before)


def test_there_is_no_sheet_where_there_is_no_catalogue(tmp_path: Path) -> None:
    with pytest.raises(UnusableSheet, match=r"no client.po in nl yet. Run `trede i18n update`"):
        export("nl", ("client",), tmp_path)


# ── nothing changed ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("domain", "language"), [place for place in i18n.catalogues() if place[1] != "en"])
def test_a_sheet_that_nobody_touched_changes_nothing(domain: str, language: str, tmp_path: Path) -> None:
    source = po_file(domain, language)
    if not source.exists():
        pytest.skip("`trede check` says that it is missing")
    target = po_file(domain, language, tmp_path)
    target.parent.mkdir(parents=True)
    target.write_bytes(source.read_bytes())
    file = tmp_path / "sheet.xlsx"
    file.write_bytes(export(language, (domain,), tmp_path))
    again = load_workbook(file)
    again.save(file)  # as a program for sheets does it

    assert take_in_sheet(file, "Somebody", tmp_path) == Taken()
    assert target.read_bytes() == source.read_bytes()


TEXTS = st.text(
    st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"), exclude_characters="\ufffe\uffff"), max_size=40
)


@settings(max_examples=60, deadline=None)
@given(text=TEXTS, back=TEXTS)
def test_any_words_survive_the_way_through_a_sheet(
    text: str, back: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    office = Office(tmp_path_factory.mktemp("office"))
    made = i18n.empty("fa")
    made.add("Tea", "", context="demo/drink", flags={i18n.REVIEW})
    i18n.write(made, "client", "fa", office.folder)
    file = office.exported("fa")
    book = load_workbook(file)
    for heading, words in (("translation", text), ("back-translation", back)):
        cell = book["client"].cell(2, at(heading) + 1)
        cell.value = words
        cell.data_type = "s"
    book.save(file)

    taken = office.takes_in(file)

    message = office.message(("demo/drink", "Tea"), "fa")
    lost = taken.lines  # a sign that a text must not hold, or a placeholder
    assert lost or message.string == plain(text)
    assert lost or i18n_stale.back_translation(message) == " ".join(back.split())
    assert office.takes_in(office.exported("fa")) == Taken()


# ── what a translator changed ─────────────────────────────────────────────────────────────────────


def test_a_new_translation_is_taken_in_and_needs_review(office: Office) -> None:
    file = office.exported()
    office.fills(file, "Tea", translation="Een kop thee")
    office.fills(file, "New", translation="Nieuw", back_translation="New one")

    taken = office.takes_in(file, "Fatma")

    assert (taken.translated, taken.reviewed, taken.lines) == (2, 0, ())
    assert office.message(TEA).string == "Een kop thee"
    assert i18n.REVIEW in office.message(TEA).flags
    assert office.message(("demo/new", "New")).user_comments == ["Back-translation: New one"]
    assert i18n.read("client", "nl", office.folder).last_translator == "Fatma"


def test_only_yes_under_reviewed_takes_the_mark_away(office: Office) -> None:
    file = office.exported()
    office.fills(file, "Tea", reviewed="Yes ")

    taken = office.takes_in(file)

    assert (taken.translated, taken.reviewed) == (0, 1)
    assert i18n.REVIEW not in office.message(TEA).flags


@pytest.mark.parametrize(("reviewed", "needs_review"), [("no", True), (None, True), ("yes", False)])
def test_a_changed_translation_needs_review_again_unless_she_says_yes(
    reviewed: str | None, needs_review: bool, office: Office
) -> None:
    file = office.exported()
    office.fills(file, NAME[1], translation="Wie ben je, %(name)s?", reviewed=reviewed)

    office.takes_in(file)

    assert (i18n.REVIEW in office.message(NAME).flags) is needs_review


def test_a_review_can_be_taken_back(office: Office) -> None:
    file = office.exported()
    office.fills(file, NAME[1], reviewed="no")

    office.takes_in(file)

    assert i18n.REVIEW in office.message(NAME).flags


def test_a_plural_is_reviewed_when_every_form_says_yes(office: Office) -> None:
    file = office.exported()
    office.fills(file, MINUTES[1], reviewed="yes")

    half = office.takes_in(file)

    assert half.lines == (
        "client, row 4: it is reviewed when all its plural forms say yes. Write yes beside each of them.",
    )
    assert i18n.REVIEW in office.message(MINUTES).flags

    office.fills(file, "About %(minutes)s minutes.", reviewed="yes")

    assert office.takes_in(file).reviewed == 1
    assert i18n.REVIEW not in office.message(MINUTES).flags


@pytest.mark.parametrize("cells", [{"translation": "Hete thee"}, {"reviewed": "yes"}])
def test_a_stale_translation_that_is_redone_or_confirmed_is_served_again(
    cells: dict[str, str], office: Office
) -> None:
    catalogue = i18n.read("client", "nl", office.folder)
    message = catalogue.get("Tea", "demo/drink")
    assert message is not None
    message.flags.add("fuzzy")
    message.user_comments.append("Was: Cold tea")
    i18n.write(catalogue, "client", "nl", office.folder)
    file = office.exported()
    office.fills(file, "Tea", **cells)

    office.takes_in(file)

    assert not office.message(TEA).fuzzy
    assert office.message(TEA).user_comments == ["Back-translation: Tea"]
    assert (i18n.REVIEW in office.message(TEA).flags) is ("reviewed" not in cells)


# ── what is refused: one line, and the rest is taken in ───────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "cells", "said"),
    [
        (NAME[1], {"translation": "Hoe heet je?"}, "row 2: The placeholder %(name)s is missing from"),
        (
            NAME[1],
            {"translation": "Hoe heet je, %(naam)s?"},
            "row 2: The placeholder %(naam)s should not be in",
        ),
        (
            NAME[1],
            {"translation": None},
            "row 2: the translation of 'What is your name, %(name)s?' is empty.",
        ),
        (NAME[1], {"translation": "%(name)s" + "x" * 400}, "row 2: The translation of"),
        ("Tea", {"translation": "a\u202eb"}, "row 3: The translation of 'Tea' holds an invisible sign"),
        ("Tea", {"translation": "=1+1"}, "row 3: a cell holds a formula, number or date."),
        ("Tea", {"translation": 5}, "row 3: a cell holds a formula, number or date."),
        ("Tea", {"reviewed": "maybe"}, "row 3: there must be yes or no under “reviewed”."),
        (
            "Tea",
            {"English": "Coffee", "translation": "Koffie"},
            "row 3: the English of 'Tea' was changed here.",
        ),
        ("New", {"reviewed": "yes"}, "row 6: the translation of 'New' is empty."),
        ("Tea", {"key": None, "translation": "X"}, "row 3: its hidden columns are gone"),
        ("Tea", {"key": "client nl 0000000000000000 0"}, "row 3: this text is no longer in Trede"),
        ("Tea", {"key": "client xx 0 0"}, "row 3: its hidden columns are gone"),
        (
            "About %(minutes)s minutes.",
            {"back_translation": "x"},
            "row 5: the back-translation belongs beside",
        ),
        ("About %(minutes)s minutes.", {"translation": "minuten"}, "row 5: The placeholder %(minutes)s"),
    ],
)
def test_a_row_that_cannot_be_used(text: str, cells: dict[str, object], said: str, office: Office) -> None:
    entry = next((each for each in (NAME, TEA, MINUTES) if each[1] == text), TEA)
    before = office.message(entry).string
    file = office.exported()
    office.fills(file, text, **cells)
    if text != "New":
        office.fills(file, "New", translation="Nieuw")

    taken = office.takes_in(file)

    assert [line.startswith(f"client, {said}") for line in taken.lines] == [True], taken.lines
    assert office.message(entry).string == before
    assert text == "New" or office.message(("demo/new", "New")).string == "Nieuw"


def test_an_english_that_changed_after_the_export_is_passed_by(office: Office) -> None:
    file = office.exported()
    office.fills(file, "Tea", translation="Kop thee")
    po = po_file("client", "nl", office.folder)
    po.write_bytes(office.content().replace(b'msgid "Tea"', b'msgid "Hot tea"'))
    before = office.content()

    taken = office.takes_in(file)

    told = "this text is no longer in Trede, or its English has changed. Export a new sheet for it."
    assert taken.lines == (f"client, row 3: {told}",)
    assert office.content() == before


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(office: Office) -> None:
    file, other = office.exported(), office.folder / "other.xlsx"
    other.write_bytes(file.read_bytes())
    office.fills(other, "Tea", translation="Thee van een ander")
    office.fills(other, "New", translation="Nieuw van een ander")
    office.takes_in(other)
    office.fills(file, "Tea", translation="Mijn thee")

    taken = office.takes_in(file)

    assert taken.lines == (
        "client, row 3: 'Tea' was changed in Trede too, after this sheet was made. Export a new sheet.",
    )
    assert office.message(TEA).string == "Thee van een ander"
    assert office.message(("demo/new", "New")).string == "Nieuw van een ander", "she left it as it was"


def test_a_row_that_is_in_the_sheet_twice_is_told(office: Office) -> None:
    file = office.exported()
    book = load_workbook(file)
    sheet = book["client"]
    sheet.append([cell.value for cell in sheet[3]])
    sheet.cell(3, at("translation") + 1).value = "Kop thee"
    sheet.cell(7, at("translation") + 1).value = "Glas thee"
    book.save(file)

    taken = office.takes_in(file)

    assert len(taken.lines) == 1
    assert taken.lines[0].startswith("client, row 7: this text is in the sheet twice")
    assert office.message(TEA).string == "Kop thee"


def test_rows_can_be_sorted_and_columns_moved(office: Office) -> None:
    file = office.exported()
    office.fills(file, "Tea", translation="Kop thee")
    old = list(load_workbook(file)["client"].iter_rows(values_only=True))
    book = Workbook()
    sheet = book.worksheets[0]
    for row in (old[0], *reversed(old[1:])):
        sheet.append([*reversed(row), "my remark"])
    book.save(file)

    taken = office.takes_in(file)

    assert (taken.translated, taken.lines) == (1, ())
    assert office.message(TEA).string == "Kop thee"


# ── what is no sheet of ours ──────────────────────────────────────────────────────────────────────


def bomb() -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b" " * 80_000_000)
    return out.getvalue()


def empty_zip() -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr("hello.txt", "hello")
    return out.getvalue()


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04", empty_zip(), bomb()], ids=range(5))
def test_another_file_is_refused_with_one_line(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "other.xlsx"
    file.write_bytes(content)

    with pytest.raises(UnusableSheet) as refused:
        take_in_sheet(file, "", tmp_path)

    assert str(refused.value).startswith(f"{file} is ")
    assert "\n" not in str(refused.value)


def test_a_sheet_without_its_columns_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "other.xlsx"
    book = Workbook()
    book.worksheets[0].append(["English", "translation"])
    book.save(file)

    with pytest.raises(
        UnusableSheet, match="lacks these columns: “reviewed”, “back-translation”, “key”, “seen”"
    ):
        take_in_sheet(file, "", tmp_path)


# ── the commands ──────────────────────────────────────────────────────────────────────────────────


def test_the_commands_write_a_sheet_and_take_it_in_again(tmp_path: Path) -> None:
    file = tmp_path / "ti.xlsx"

    out = CliRunner().invoke(app, ["i18n", "export", "--xlsx", "ti", "--out", str(file)])
    back = CliRunner().invoke(app, ["i18n", "import", "--xlsx", str(file)])

    assert (out.exit_code, out.output.replace("\n", "")) == (0, str(file))
    assert (back.exit_code, back.output) == (0, "Translations changed: 0. Newly reviewed: 0.\n")


def test_a_sheet_holds_the_words_of_staff_too_where_there_are_any(tmp_path: Path) -> None:
    file = tmp_path / "nl.xlsx"

    CliRunner().invoke(app, ["i18n", "export", "--xlsx", "nl", "--out", str(file)])
    both = load_workbook(file).sheetnames
    CliRunner().invoke(app, ["i18n", "export", "--xlsx", "nl", "--domain", "staff", "--out", str(file)])

    assert (both, load_workbook(file).sheetnames) == (["client", "staff"], ["staff"])


@pytest.mark.parametrize(
    "words",
    [
        ("export", "--xlsx", "en"),
        ("export", "--xlsx", "xx"),
        ("export", "--xlsx", "fa", "--domain", "staff"),
        ("export", "--xlsx", "fa", "--out", "/nowhere/at/all.xlsx"),
        ("import", "--xlsx", "/nowhere/at/all.xlsx"),
    ],
)
def test_what_cannot_be_done_ends_with_status_2(
    words: tuple[str, ...], capfd: pytest.CaptureFixture[str]
) -> None:
    done = CliRunner().invoke(app, ["i18n", *words])

    assert done.exit_code == 2
    assert done.output.startswith("trede: ")
    assert done.output.count("\n") == 1
