"""Report files: nothing a spreadsheet would run, nothing outside the folder, whole or absent."""

import asyncio
import csv
import io
import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qv_desktop.adapters.reports import csv as csv_report
from qv_desktop.adapters.reports import html
from qv_desktop.adapters.reports import json as json_report
from qv_desktop.adapters.reports.files import written
from qv_desktop.adapters.reports.reconciliation import ReconciliationReports
from qv_desktop.domain.breaks import met
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.reconciliation import Break, Reconciliation, Tolerances, Uncompared
from qv_desktop.domain.reports import FORMS, Span, of_run, of_span
from qv_desktop.domain.spreadsheets import DANGEROUS
from tests.builders import NOW


def a_run(*breaks: Break) -> Reconciliation:
    return Reconciliation(
        "a1b2c3d4e5", NOW, "••••123", "demo", "asked for", NOW, NOW, Tolerances(), 7, breaks, "f" * 64
    )


def a_break(key: str = "NVDA", internal: str = "250") -> Break:
    return Break(
        "positions", key, "quantity", "high", internal, "262", "+12", Decimal("1694.04"), "book BUY 12 @ 141.17"
    )


@given(st.text(st.characters(blacklist_categories=["Cs"]), max_size=40))
def test_no_cell_of_any_text_starts_as_a_formula_and_all_texts_survive(text: str) -> None:
    rows = list(csv.reader(io.StringIO(csv_report.reconciliation(a_run(a_break(text))), newline="")))
    cell = rows[1][csv_report.HEAD.index("key")]
    assert not cell.startswith(DANGEROUS)
    assert cell.replace("'", "") == text.replace("'", "")  # nothing but apostrophes is put in


def test_numbers_stay_numbers_in_csv() -> None:
    rows = list(csv.reader(io.StringIO(csv_report.reconciliation(a_run(a_break())))))
    assert rows[1][csv_report.HEAD.index("at_risk")] == "1694.04"


def test_every_csv_row_names_its_run() -> None:
    head, *rows = csv.reader(io.StringIO(csv_report.reconciliation(a_run(a_break(), a_break("AAPL")))))
    assert [len(row) for row in rows] == [len(head)] * 2
    assert [row[:4] for row in rows] == [["a1b2c3d4e5", NOW.isoformat(), "••••123", "breaks"]] * 2


def test_a_csv_without_breaks_says_that_all_matched() -> None:
    head, *rows = csv.reader(io.StringIO(csv_report.reconciliation(a_run())))
    assert len(rows) == 1
    assert len(rows[0]) == len(head)
    assert rows[0][3:5] == ["passed", "all matched"]


def test_no_report_speaks_of_a_tolerance_of_cash_that_nothing_is_compared_with() -> None:
    assert "$0.01 in cash" in html.reconciliation(a_run())


def test_json_keeps_every_field_and_amounts_as_texts() -> None:
    document = json.loads(json_report.reconciliation(a_run(a_break())))
    assert (document["verdict"], document["at_risk"], document["matched"]) == ("breaks", "1694.04", 7)
    assert document["breaks"][0]["proposal"] == "book BUY 12 @ 141.17"


def test_html_escapes_and_loads_nothing() -> None:
    page = html.reconciliation(a_run(a_break("<script>alert(1)</script>")))
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "http" not in page
    assert "Everything matches." in html.reconciliation(a_run())


def test_a_file_of_each_form_is_written(tmp_path: Path) -> None:
    paths = ReconciliationReports().written(a_run(), tmp_path / "exports")
    assert [path.name for path in paths] == [
        f"reconciliation-20261120-153000-a1b2c3d4.{e}" for e in ("csv", "json", "html", "xlsx")
    ]
    assert [path.name for path in (tmp_path / "exports").iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize(
    "name",
    [
        "../outside.csv",
        "/etc/outside.csv",
        "a/../../outside.csv",
        "sub/inside.csv",
        "..",
        ".",
        "",
        "..\\outside.csv",
        "C:outside.csv",
        "C:\\outside.csv",
        "\\\\server\\share\\x.csv",
        "report.csv:stream",
        "CON",
        "nul.csv",
        "com1.pdf",
        "LPT9.tar.gz",
        "aux .csv",
        "a\0b.csv",
        "report.csv.",
        "report.csv ",
        "a\nb.csv",
        "what?.csv",
        "a*.csv",
        "\u202egpj.csv",
    ],
)
def test_nothing_is_written_outside_the_folder(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "exports"
    with pytest.raises(BadInput):
        written(folder, name, "x")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    folder, target = tmp_path / "exports", tmp_path / "target"
    folder.mkdir()
    target.write_text("before")
    (folder / "report.csv").symlink_to(target)
    with pytest.raises(BadInput):
        written(folder, "report.csv", "after")
    assert target.read_text() == "before"


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "exports").write_text("a file where the folder should be")
    with pytest.raises(BadInput, match="choose another folder"):
        written(tmp_path / "exports", "report.csv", "x")


def test_a_name_that_is_longer_than_the_disk_takes_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="choose another"):
        written(tmp_path, "x" * 300 + ".csv", "x")
    assert list(tmp_path.iterdir()) == []


ITEM = met([], a_run(a_break("=cmd|' /C calc'!A0", "-1")), "@account")[0].after
SPAN = Span(NOW, NOW, "••••123", "ann", NOW, (), (replace(ITEM, owner="+ann", reason="=1+1", decided_by="-bob"),), ())


def test_a_report_over_time_is_neutral_whole_and_the_same_in_every_format(tmp_path: Path) -> None:
    paths = asyncio.run(
        ReconciliationReports(lambda document: document.hash.encode()).write_span(SPAN, tmp_path, FORMS)
    )
    files = {path.suffix: path for path in paths}
    assert set(files) == {".csv", ".json", ".html", ".pdf", ".xlsx"}
    with files[".csv"].open(encoding="utf-8", newline="") as lines:
        head, row = csv.reader(lines)
    assert len(head) == len(row)
    assert [cell for cell in row if cell.startswith(DANGEROUS)] == []
    hash_ = of_span(SPAN).hash
    assert json.loads(files[".json"].read_text())["report_hash"] == hash_
    assert hash_ in files[".html"].read_text()
    assert files[".pdf"].read_bytes() == hash_.encode()


def test_the_reports_of_a_run_are_found_and_no_others(tmp_path: Path) -> None:
    reports = ReconciliationReports(lambda document: b"%PDF-")
    paths = asyncio.run(reports.write(a_run(), tmp_path, ("pdf", "csv")))
    asyncio.run(reports.write(replace(a_run(), id="b" * 32), tmp_path, ("csv",)))
    assert set(asyncio.run(reports.of("a1b2c3d4e5", tmp_path))) == set(paths)
    assert asyncio.run(reports.of("*", tmp_path)) == ()
    assert asyncio.run(reports.of("a1b2c3d4e5", tmp_path / "nowhere")) == ()


def test_without_a_printer_a_pdf_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="choose HTML"):
        ReconciliationReports().written(a_run(), tmp_path, FORMS)
    assert list(tmp_path.iterdir()) == []


def test_what_was_not_compared_is_told_in_every_form_and_never_matches() -> None:
    run = replace(a_run(), uncompared=(Uncompared("cash", "USD", "its activities are not all told"),))
    page, lines = html.reconciliation(run), list(csv.reader(io.StringIO(csv_report.reconciliation(run), newline="")))
    assert "Everything that was compared matches; 1 was not." in page
    assert "its activities are not all told" in page
    assert lines[-1][csv_report.HEAD.index("class")] == "not compared"
    told = of_run(run)
    assert told.verdict == "Everything that was compared matches; 1 was not."
    assert told.sections[-1].rows == (("cash", "USD", "its activities are not all told"),)
