"""Writes a catalogue as an .xlsx sheet for translators, and takes one in again. The home of openpyxl."""

import zipfile
from collections.abc import Iterable, Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from bot import i18n
from bot.i18n_rows import KEY_PARTS, NO, YES, Filled, Row, Taken, rows_of, take_in, together
from locales.catalogue import HERE, SOURCE, direction

COLUMNS: Mapping[str, tuple[str, int]] = {
    "context": ("context", 22),
    "notes": ("notes", 34),
    "English": ("english", 48),
    "plural form": ("plural", 16),
    "translation": ("translation", 48),
    "reviewed": ("reviewed", 10),
    "back-translation": ("back", 40),
    "key": ("key", 10),
    "seen": ("seen", 10),
}
"""Heading → what of a row stands under it, and how wide that is."""

HIDDEN = ("key", "seen")
THEIRS = ("translation", "reviewed", "back-translation")
"""What a translator writes."""

TEXT = "@"
"""The number format that keeps whatever is typed as text, so that nothing becomes a formula or a date."""

LEFT_TO_RIGHT, RIGHT_TO_LEFT = 1, 2

MAX_BYTES = 64 * 1024 * 1024
"""Of all that is packed in an .xlsx file, which is a zip file."""

MAX_ROWS = 20_000


class UnusableSheet(Exception):
    """A sheet cannot be made or read. Says what to do."""


def export(language: str, domains: Iterable[str], folder: Path = HERE) -> bytes:
    """The words of those domains as an .xlsx file, one sheet each. Raises UnusableSheet or BrokenPo."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for domain in domains:
        rows = rows_of(i18n.read(domain, language, folder), domain, language)
        if not rows:
            raise UnusableSheet(f"There is no {domain}.po in {language} yet. Run `trede i18n update` first.")
        _fill(book.create_sheet(domain), rows, language)
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def take_in_sheet(file: Path, translator: str = "", folder: Path = HERE) -> Taken:
    """Put a sheet's changes into the catalogues. `translator`, if given, is named in those that changed.

    Raises UnusableSheet, or BrokenPo; then nothing was changed.
    """
    rows, lines = _sorted_out(read_sheet(file))
    read = {place: i18n.read(*place, folder) for place in rows}
    done: list[Taken] = []
    for (domain, language), catalogue in read.items():
        taken = take_in(catalogue, rows[domain, language], domain, language)
        if taken.changed:
            catalogue.last_translator = translator or catalogue.last_translator
            i18n.write(catalogue, domain, language, folder)
        done.append(taken)
    return together([*done, Taken(lines=tuple(lines))])


def _sorted_out(filled: Iterable[Filled]) -> tuple[dict[tuple[str, str], list[Filled]], list[str]]:
    """Rows by domain and language; and a line for each that is none of ours."""
    known = {place for place in i18n.catalogues() if place[1] != SOURCE}
    rows: dict[tuple[str, str], list[Filled]] = {}
    lines: list[str] = []
    for row in filled:
        parts = row.key.split()
        if len(parts) == KEY_PARTS and (parts[0], parts[1]) in known:
            rows.setdefault((parts[0], parts[1]), []).append(row)
        elif row.key or row.translation:
            words = "its hidden columns are gone, so nobody knows which text it is. Export a new sheet."
            lines.append(f"{row.place}: {words}")
    return rows, lines


# ── out ───────────────────────────────────────────────────────────────────────────────────────────


def _fill(sheet: Worksheet, rows: Iterable[Row], language: str) -> None:
    turned = direction(language) == "rtl"
    sheet.sheet_view.rightToLeft = turned
    sheet.freeze_panes = "A2"
    for column, (heading, (_, width)) in enumerate(COLUMNS.items(), start=1):
        _head(sheet.cell(1, column), heading)
        letter = get_column_letter(column)
        sheet.column_dimensions[letter].width = width
        sheet.column_dimensions[letter].hidden = heading in HIDDEN
    last = 1
    for last, row in enumerate(rows, start=2):
        for column, (heading, (name, _)) in enumerate(COLUMNS.items(), start=1):
            is_theirs = heading == "translation"
            order = RIGHT_TO_LEFT if turned and is_theirs else LEFT_TO_RIGHT
            _write(sheet.cell(last, column), getattr(row, name), order)
    choice = DataValidation(type="list", formula1=f'"{YES},{NO}"', allow_blank=True)
    sheet.add_data_validation(choice)
    letter = get_column_letter(list(COLUMNS).index("reviewed") + 1)
    choice.add(f"{letter}2:{letter}{last}")
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(COLUMNS))}{last}"


def _head(cell: Any, heading: str) -> None:
    _write(cell, heading, LEFT_TO_RIGHT)
    cell.font = Font(bold=True)
    cell.fill = PatternFill("solid", fgColor="FFF2CC" if heading in THEIRS else "E7E6E6")


def _write(cell: Any, text: str, order: int) -> None:
    cell.value = text
    cell.data_type = "s"  # also where the text begins like a formula or an error
    cell.number_format = TEXT
    cell.alignment = Alignment(wrap_text=True, vertical="top", readingOrder=order)


# ── in ────────────────────────────────────────────────────────────────────────────────────────────


def read_sheet(file: Path) -> list[Filled]:
    """The rows of all sheets of a file. Raises UnusableSheet."""
    try:
        content = file.read_bytes()
    except OSError as error:
        why = (error.strerror or "unknown reason").lower()
        raise UnusableSheet(f"Cannot read {file}: {why}. Check the name.") from None
    other = UnusableSheet(f"{file} is not an .xlsx file. Save the sheet as .xlsx, and give its name.")
    try:
        with zipfile.ZipFile(BytesIO(content)) as packed:
            if sum(each.file_size for each in packed.infolist()) > MAX_BYTES:
                raise UnusableSheet(f"{file} is far larger than a sheet of Trede. Export a new one.")
        book = load_workbook(BytesIO(content), read_only=True)
        return [row for sheet in book.worksheets for row in _filled(sheet, file)]
    except UnusableSheet:
        raise
    except Exception:  # openpyxl lets out whatever its parsers of XML, numbers and dates raise
        raise other from None


def _filled(sheet: Any, file: Path) -> Iterator[Filled]:
    rows = sheet.iter_rows()
    names = [_text(cell) for cell in next(rows, ())]
    at = {heading: names.index(heading) for heading in COLUMNS if heading in names}
    needed = ("English", *THEIRS, *HIDDEN)
    if set(needed) - at.keys():
        missing = ", ".join(f"“{heading}”" for heading in needed if heading not in at)
        words = f"The sheet “{sheet.title}” of {file} lacks these columns: {missing}."
        raise UnusableSheet(f"{words} Export a new sheet, and keep them.")
    for number, cells in enumerate(rows, start=2):
        if number > MAX_ROWS:
            raise UnusableSheet(f"{file} has over {MAX_ROWS} rows. Export a new sheet.")
        read = [_text(cell) for cell in cells]
        english, translation, reviewed, back, key, seen = (
            read[at[heading]] if at[heading] < len(read) else "" for heading in needed
        )
        yield Filled(
            f"{sheet.title}, row {number}", english, translation, reviewed, back, key or "", seen or ""
        )


def _text(cell: Any) -> str | None:
    """What stands in a cell; None if that is not text."""
    if cell.value is None:
        return ""
    return cell.value if isinstance(cell.value, str) and cell.data_type == "s" else None
