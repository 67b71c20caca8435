"""A report as a workbook: numbers are numbers, times are times in UTC, and no text of it is a formula or a link.

The first sheet is the report's header, and every section is a sheet of its own. Texts that a spreadsheet would run once they are
saved as CSV, or typed again, are neutralised as in the CSV reports. A number with more digits than a spreadsheet keeps (15) is
written as a text: wrong is worse than unsummed.
"""

import io
import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from qv_desktop.domain.report_values import Value
from qv_desktop.domain.reports import FIGURES, Document, Section
from qv_desktop.domain.spreadsheets import neutral

LONGEST = 32_000  # units of UTF-16, which is what Excel counts by; a cell takes 32,767
NARROW, BROAD = 9, 60  # characters that a column is wide
TIME, DAY = 'yyyy-mm-dd hh:mm:ss.000" UTC"', "yyyy-mm-dd"
HEADER = "Report"  # the first sheet
_DOLLARS = frozenset({"At risk", "Most at risk"})
_NO_NAME = re.compile(r"[\[\]:*?/\\\x00-\x1f]")


def document(told: Document) -> bytes:
    """The whole workbook."""
    import xlsxwriter  # not before a workbook is wanted: the window's start does without

    out = io.BytesIO()
    # texts stay texts, whatever they look like; and nothing is laid down in a temporary folder on the way
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(out, options) as book:
        book.set_properties({"title": told.title, "subject": told.subtitle, "author": "QuantVision Desktop"})
        paint = _Paint(book, told)
        paint.header(told)
        for section in told.sections:
            paint.section(section)
    return out.getvalue()


class _Paint:
    """Writes sheets of one workbook; formats are made once."""

    def __init__(self, book: Any, told: Document) -> None:
        self._book, self._formats = book, dict[tuple[str, bool], Any]()
        self._names = {HEADER.casefold()}
        self._foot = f"&LReport {told.hash}&RPage &P of &N"

    def header(self, told: Document) -> None:
        """What the report is, what it came to, and all that it was made of."""
        sheet = self._sheet(HEADER)
        sheet.set_column(0, 0, 26)
        sheet.set_column(1, 1, 90)
        self._text(sheet, 0, 0, told.title, bold=True)
        self._text(sheet, 0, 1, told.subtitle)
        self._text(sheet, 1, 0, "Verdict")
        self._text(sheet, 1, 1, told.verdict, bold=True)
        exact = dict(told.exact)
        facts: list[tuple[str, Value]] = [(name, exact.get(name, text)) for name, text in told.facts]
        for row, (name, value) in enumerate((*facts, ("Report hash", told.hash)), 3):
            self._text(sheet, row, 0, name)
            self._cell(sheet, row, 1, value, left=True)

    def section(self, section: Section) -> None:
        """A table under its column names, which stay in view; or why there is none."""
        sheet = self._sheet(section.title)
        rows = section.typed
        for column, name in enumerate(section.columns):
            timed = any(isinstance(row[column], datetime) for row in rows)  # those are written in UTC
            self._text(sheet, 0, column, name.removesuffix(" ET") if timed else name, bold=True, right=name in FIGURES)
        if not rows:
            self._text(sheet, 1, 0, section.note)
        for number, row in enumerate(rows, 1):
            for column, (name, value) in enumerate(zip(section.columns, row, strict=True)):
                self._cell(sheet, number, column, value, dollars=name in _DOLLARS or name.endswith(", $"))
        for column, width in enumerate(_widths(section)):
            sheet.set_column(column, column, width)
        sheet.freeze_panes(1, 0)
        sheet.repeat_rows(0)
        if rows:
            sheet.autofilter(0, 0, len(rows), len(section.columns) - 1)

    def _sheet(self, title: str) -> Any:
        sheet = self._book.add_worksheet(HEADER if title == HEADER else self._name(title))
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.set_footer(self._foot)
        return sheet

    def _name(self, title: str) -> str:
        """The title as a sheet may be called: 31 characters, none of some, and every one once."""
        plain = " ".join(_NO_NAME.sub(" ", title.partition(" · ")[0]).split()).strip(" '") or "Section"
        name, again = _cut(plain, 31).rstrip(" '"), 1
        while name.casefold() in self._names or name.casefold() == "history":
            again += 1
            name = f"{_cut(plain, 31 - len(f' {again}'))} {again}"
        self._names.add(name.casefold())
        return name

    def _cell(
        self, sheet: Any, row: int, column: int, value: Value, *, dollars: bool = False, left: bool = False
    ) -> None:
        if isinstance(value, datetime):
            sheet.write_datetime(row, column, value.astimezone(UTC).replace(tzinfo=None), self._format(TIME, left=left))
        elif isinstance(value, date):
            sheet.write_datetime(row, column, value, self._format(DAY, left=left))
        elif isinstance(value, (int, Decimal)) and exact(value):
            sheet.write_number(row, column, float(value), self._format(_digits(value, dollars=dollars), left=left))
        elif value is None:
            self._text(sheet, row, column, "—")
        else:
            self._text(sheet, row, column, f"{value:f}" if isinstance(value, Decimal) else str(value))

    def _text(self, sheet: Any, row: int, column: int, text: str, *, bold: bool = False, right: bool = False) -> None:
        said = neutral(text.encode("utf-8", "replace").decode("utf-8"))
        if len(_cut(said, LONGEST)) < len(said):
            said = f"{_cut(said, LONGEST)} … (cut: {len(text):,} characters)"
        sheet.write_string(row, column, said, self._format("@", bold=bold, right=right))

    def _format(self, digits: str, *, bold: bool = False, left: bool = False, right: bool = False) -> Any:
        key = (f"{digits} {left} {right}", bold)
        if key not in self._formats:
            side = {"align": "left"} if left else {"align": "right"} if right else {}
            self._formats[key] = self._book.add_format({"num_format": digits, "bold": bold, "valign": "top", **side})
        return self._formats[key]


def _cut(text: str, most: int) -> str:
    """The beginning of ``text`` that takes at most ``most`` units of UTF-16, of which no character is cut in two."""
    return text.encode("utf-16-le")[: 2 * most].decode("utf-16-le", "ignore")


def exact(value: int | Decimal) -> bool:
    """Whether a spreadsheet, which keeps numbers as float64 and shows 15 digits, would give the number back as it is."""
    return (
        value.is_finite() and Decimal(f"{float(value):.15g}") == value
        if isinstance(value, Decimal)
        else abs(value) < 10**15
    )


def _digits(value: int | Decimal, *, dollars: bool) -> str:
    """A number's format: thousands apart, as many places as it came with, cents for dollars."""
    places = 2 if dollars else 0
    if isinstance(value, Decimal):
        exponent = value.normalize().as_tuple().exponent
        places = max(places, -exponent if isinstance(exponent, int) else 0)
    plain = "#,##0" + ("." + "0" * places if places else "")
    return f'"$"{plain};-"$"{plain}' if dollars else plain


def _widths(section: Section) -> Iterable[int]:
    sample = (section.columns, *section.rows[:500])
    for column in range(len(section.columns)):
        longest = max(max((len(line) for line in row[column].splitlines()), default=0) for row in sample)
        yield min(max(NARROW, longest + 3), BROAD)
