"""The day's risk report: permitted, recorded first, of today's rows only, and the same figures whatever it is written as."""

import asyncio
import csv
import json
import math
import re
import shutil
import subprocess
from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import openpyxl
import pytest
from PySide6.QtWidgets import QApplication

from qv_desktop.adapters.reports.risk import HEAD, RiskDayReports
from qv_desktop.domain.access import Role
from qv_desktop.domain.alerts import Notice
from qv_desktop.domain.audit import SYSTEM, Draft
from qv_desktop.domain.day_trades import DayTrade
from qv_desktop.domain.errors import BadInput, DatabaseDown, NotPermitted
from qv_desktop.domain.events import RiskMeasured
from qv_desktop.domain.limits import NAMES, Limits
from qv_desktop.domain.margin import MarginStanding
from qv_desktop.domain.reports import Values
from qv_desktop.domain.risk_measures import Missing
from qv_desktop.domain.risk_report import RiskReport, of_day
from qv_desktop.domain.risk_report_alerts import past_told
from qv_desktop.domain.risk_report_margin import day_trades_told, margin_told
from qv_desktop.domain.risk_report_trail import changed
from qv_desktop.domain.rules import judged
from qv_desktop.domain.spreadsheets import DANGEROUS
from qv_desktop.services.login import Login
from qv_desktop.services.order_records import intended
from qv_desktop.services.risk_reports import RiskReports, Told
from qv_desktop.ui.paper import pages, pdf
from tests.builders import NOW, a_request, a_session, a_view
from tests.fakes import Trail, Users
from tests.ui.risk_pictures import a_picture, an_empty_picture, some_measures

ALERT = Notice(NOW, "warning", "Feed stale", "=cmd|' /C calc'!A0", "stale", "feed")
YESTERDAY = replace(ALERT, at=NOW - timedelta(days=1), title="Of yesterday")


def a_trail() -> Trail:
    """A halt, a resumption, a limit that was changed, and an order that two rules refused."""
    trail, actor = Trail(), Login(Users(a_session(Role.ADMIN).user, a_session()), Trail(), lambda: NOW, "host").actor
    verdict = judged(a_request(200_000), a_view(), Limits())
    assert not verdict.passed
    reason = " ".join(check.message for check in verdict.refusals)
    rows = (
        Draft(actor, "risk.halted", "account", "account", reason="=1+1 odd fills"),
        Draft(actor, "order.submit", "order", "qv-1", "refused", reason, after=intended(a_request(200_000), verdict)),
        Draft(actor, "order.submit", "order", "qv-2", "ok"),
        Draft(actor, "risk.limits", "account", "account", before='{"collar": "0.1"}', after='{"collar": "0.05"}'),
        Draft(actor, "risk.active", "account", "account", reason="looked into"),
        Draft(
            SYSTEM, "risk.loss_reached", "account", "account", reason="The day's loss of $2,100 has reached the limit."
        ),
    )
    for row in rows:
        asyncio.run(trail.append(row))
    return trail


async def past(start: datetime, end: datetime) -> list[Values]:
    line: Values = (NOW, "raised", "critical", "Loss near its limit", "85 %", "system")
    return [line] if start <= NOW < end else []


def service(
    tmp_path: Path,
    trail: Trail,
    writer: object = None,
    role: Role = Role.ADMIN,
    measured: bool = True,
    market: datetime = NOW,
) -> RiskReports:
    session = a_session(role)
    login = Login(Users(session.user, session), Trail(), lambda: NOW, "host")
    login.session = session
    told = Told(
        lambda: "••••123",
        Limits,
        lambda: [YESTERDAY, ALERT],
        "PAPER",
        "0.1.0",
        margin=lambda: (("Regime", "INTRADAY_MARGIN"),),
        past=past,
    )
    made = RiskReports(told, writer or RiskDayReports(pdf), login, trail, lambda: market, lambda: NOW, tmp_path)  # type: ignore[arg-type]
    if measured:
        made.hear(RiskMeasured(some_measures(), a_picture()))
    return made


def a_report(tmp_path: Path, trail: Trail | None = None, **rest: object) -> RiskReport:
    made = asyncio.run(service(tmp_path, trail or a_trail())._gathered("ann"))
    return replace(made, **rest)  # type: ignore[arg-type]


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_the_report_is_recorded_before_it_is_written(tmp_path: Path) -> None:
    trail = a_trail()
    files = asyncio.run(service(tmp_path, trail).write(["csv", "html"]))
    assert [file.suffix for file in files] == [".csv", ".html"]
    row = trail.rows[-1].draft
    assert (row.action, row.object_type, row.object_id, row.outcome) == ("export.report", "risk", "2026-11-20", "ok")
    assert json.loads(row.after) == {"formats": ["csv", "html"], "names": 12}


def test_what_cannot_be_recorded_is_not_written(tmp_path: Path) -> None:
    trail = Trail(down=True)
    with pytest.raises(DatabaseDown):
        asyncio.run(service(tmp_path, trail).write(["csv"]))
    assert list(tmp_path.iterdir()) == []


def test_a_disk_without_room_leaves_a_row_that_says_so(tmp_path: Path) -> None:
    class Full:
        async def write(self, told: RiskReport, folder: Path, forms: Collection[str]) -> tuple[Path, ...]:
            raise BadInput("No room; free some space.")

    trail = Trail()
    with pytest.raises(BadInput):
        asyncio.run(service(tmp_path, trail, Full()).write(["csv"]))
    assert [(row.draft.outcome, row.draft.reason) for row in trail.rows] == [
        ("ok", ""),
        ("failed", "No room; free some space."),
    ]


@pytest.mark.parametrize("role", [Role.TRADER, Role.ANALYST, Role.VIEWER])
def test_a_role_without_the_right_gets_no_report(tmp_path: Path, role: Role) -> None:
    trail = Trail()
    with pytest.raises(NotPermitted):
        asyncio.run(service(tmp_path, trail, role=role).write(["csv"]))
    assert trail.rows == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("forms", [["docx"], []])
def test_a_form_that_is_none_is_said_so(tmp_path: Path, forms: list[str]) -> None:
    with pytest.raises(BadInput, match="csv, pdf"):
        asyncio.run(service(tmp_path, Trail()).write(forms))


def test_it_holds_every_section_of_the_day(tmp_path: Path) -> None:
    document = of_day(a_report(tmp_path))
    found = {section.title.partition(" · ")[0]: section for section in document.sections}
    assert list(found) == [
        "State history", "Limits and usage", "Limits in force", "Changes of limits", "Breaches", "Refusals by rule", "Refused orders",
        "Exposure by name",
        "Exposure by sector", "Value at risk and expected shortfall", "VaR against what days brought", "Stress", "Margin", "Day trades",
        "Largest losers", "Largest winners", "P&L by strategy", "Alerts", "History of alerts",
    ]  # fmt: skip
    assert [row[1:] for row in found["State history"].rows] == [
        ("HALTED", "nobody", "=1+1 odd fills"),
        ("ACTIVE", "nobody", "looked into"),
    ]
    assert len(found["Limits in force"].rows) == len(NAMES)
    assert found["Changes of limits"].rows[0][4] == "collar 0.1 → 0.05"
    assert [row[1:] for row in found["Breaches"].rows] == [
        ("loss reached", "account account", "system", "The day's loss of $2,100 has reached the limit.")
    ]
    assert {row[0] for row in found["Refusals by rule"].rows} >= {"ORDER_VALUE"}
    assert [row[2:5] for row in found["Refused orders"].rows] == [("AAPL", "buy", "200000")]
    assert [row[2] for row in found["Alerts"].rows] == ["Feed stale"]
    assert len(found["Exposure by name"].rows) == 12
    assert [row[2] for row in found["Largest losers"].rows] == sorted(
        (row[2] for row in found["Largest losers"].rows), key=lambda v: float(v.replace(",", ""))
    )


def test_its_head_says_whose_it_is_and_what_it_was_made_of(tmp_path: Path) -> None:
    trail = a_trail()
    facts = dict(of_day(a_report(tmp_path, trail)).facts)
    assert facts["Account"] == "••••123"
    assert facts["Program"] == "QuantVision Desktop 0.1.0"
    assert facts["Newest row"] == f"#6 {trail.rows[-1].hash}"
    assert facts["Day P&L"] == "+$1,284.07"
    assert re.fullmatch(r"[0-9a-f]{64}", facts["Input hash"])
    other = dict(of_day(a_report(tmp_path, trail, limits=replace(Limits(), daily_loss=Decimal(1)))).facts)
    assert other["Input hash"] != facts["Input hash"]


def test_what_was_sold_today_is_no_exposure_and_a_var_of_a_part_says_of_how_much(tmp_path: Path) -> None:
    """As on the dashboard: positions that are flat by now count as no name, and their profit stands under P&L."""
    picture = a_picture(3)
    assert picture.slow is not None
    sold = replace(picture.positions[0], symbol="SOLD", quantity=Decimal(0), value=Decimal(0), today=Decimal("12.50"))
    told = a_report(
        tmp_path,
        picture=replace(picture, positions=(*picture.positions, sold), slow=replace(picture.slow, covered=2 / 3)),
    )
    document = of_day(told)
    names = next(one for one in document.sections if one.title.startswith("Exposure by name"))
    assert names.title == "Exposure by name · 3"
    assert "SOLD" not in {row[0] for row in names.rows}
    winners = next(one for one in document.sections if one.title == "Largest winners")
    assert "SOLD" in {row[0] for row in winners.rows}
    assert dict(document.facts)["VaR is of"] == "67% of the gross"
    flat = of_day(replace(told, picture=replace(picture, positions=(sold,))))
    assert (
        next(one for one in flat.sections if one.title.startswith("Exposure by name")).note == "No positions are held."
    )
    assert next(one for one in flat.sections if one.title.startswith("Exposure by name")).rows == ()


def test_what_a_strategy_has_open_since_days_is_not_called_todays(tmp_path: Path) -> None:
    """It is counted from what was paid, and so is the sum of both."""
    document = of_day(a_report(tmp_path))
    earned = next(one for one in document.sections if one.title == "P&L by strategy")
    assert earned.columns == ("Strategy", "Total, $", "Realised, $", "Open, $", "Positions")
    assert earned.rows[0] == ("sma_cross v3", "-352.30", "-310.20", "-42.10", "3")


def test_what_rounds_to_nothing_has_no_sign(tmp_path: Path) -> None:
    """A book that is hedged to nothing loses ±1e-14 dollars; “-0.00” of loss would be read as a gain."""
    picture = a_picture(3)
    assert picture.slow is not None
    odd = tuple(replace(one, var=-1e-14, shortfall=-0.0) for one in picture.slow.vars)
    document = of_day(a_report(tmp_path, picture=replace(picture, slow=replace(picture.slow, vars=odd))))
    vars_ = next(one for one in document.sections if one.title.startswith("Value at risk"))
    assert {cell for row in vars_.rows for cell in row[3:5]} == {"0.00"}


def test_its_verdict_names_what_is_at_its_limit(tmp_path: Path) -> None:
    document = of_day(a_report(tmp_path))
    assert document.verdict == "Trading is ACTIVE; at or over its limit: Orders per minute; 1 order refused."
    assert not document.good
    calm = replace(some_measures(), gauges=some_measures().gauges[:2])
    assert of_day(a_report(tmp_path, Trail(), measures=calm)).good


def test_the_csv_says_every_value_of_every_section(tmp_path: Path) -> None:
    report = a_report(tmp_path)
    (file,) = RiskDayReports().written(report, tmp_path, ["csv"])
    lines = rows_of(file)
    assert tuple(lines[0]) == HEAD
    kept = {(line["section"], line["row"], line["field"]): line["value"] for line in lines}
    for section in of_day(report).sections:
        for number, row in enumerate(section.typed, 1):
            for column, value in zip(section.columns, row, strict=True):
                told = kept[section.title.partition(" · ")[0], str(number), column]
                if isinstance(value, Decimal):
                    assert Decimal(told) == value
                elif value is None:
                    assert told == ""
                elif isinstance(value, int):
                    assert int(told) == value
    assert kept["Report", "1", "Report hash"] == of_day(report).hash
    assert {line["account"] for line in lines} == {"••••123"}


def test_no_text_of_the_csv_runs_as_a_formula(tmp_path: Path) -> None:
    (file,) = RiskDayReports().written(a_report(tmp_path), tmp_path, ["csv"])
    texts = [value for line in rows_of(file) for value in line.values()]
    assert any("odd fills" in text for text in texts)
    assert any("calc" in text for text in texts)
    numbers = re.compile(r"-?[0-9]+(\.[0-9]+)?")
    assert [text for text in texts if text.startswith(DANGEROUS) and not numbers.fullmatch(text)] == []


def test_the_workbook_and_the_page_hold_the_same_hash(tmp_path: Path, qapp: QApplication) -> None:
    report = a_report(tmp_path)
    book, page = RiskDayReports().written(report, tmp_path, ["xlsx", "html"])
    hash_ = of_day(report).hash
    assert hash_ in page.read_text("utf-8")
    cells = [
        cell for sheet in openpyxl.load_workbook(book) for row in sheet.iter_rows(values_only=True) for cell in row
    ]
    assert hash_ in cells
    assert any(isinstance(cell, (int, float)) and round(float(cell), 2) == 31_000.0 for cell in cells)


def test_the_pdf_can_be_read_back(tmp_path: Path, qapp: QApplication) -> None:
    report = a_report(tmp_path)
    (file,) = asyncio.run(RiskDayReports(pdf).write(report, tmp_path, ["pdf"]))
    document = of_day(report)
    assert file.read_bytes().startswith(b"%PDF-")
    assert len(re.findall(rb"/Type\s*/Page\b", file.read_bytes())) == len(pages(document))
    if reader := shutil.which("pdftotext"):  # where there is a reader of its own, it is asked too
        told = subprocess.run([reader, "-layout", file, "-"], capture_output=True, text=True, check=True).stdout
        for words in (
            "Risk of the day",
            document.hash,
            "Exposure by sector",
            "Kupiec",
            "Black Monday, 1987",
            "odd fills",
            "••••123",
        ):
            assert words in told, words


def test_without_a_printer_a_pdf_is_said_to_be_impossible(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="csv"):
        RiskDayReports().written(a_report(tmp_path), tmp_path, ["pdf"])


def test_a_day_without_anything_is_a_report_that_says_so(tmp_path: Path, qapp: QApplication) -> None:
    report = replace(a_report(tmp_path, Trail()), measures=None, picture=None, alerts=(), margin=())
    told = [section.note for section in of_day(report).sections if not section.rows]
    assert "No order was refused on this day." in told
    assert "The margin is not known yet." in told
    assert of_day(report).verdict.startswith("Trading is unknown")
    empty = replace(report, picture=an_empty_picture())
    assert ("Value at risk", "not enough history: 41 of 250 days") in of_day(empty).sections[-1].rows
    assert RiskDayReports(pdf).written(empty, tmp_path, ["pdf", "csv", "xlsx", "html"])


def test_what_the_person_may_not_read_is_said_not_left_empty(tmp_path: Path) -> None:
    class Closed(Trail):
        async def found(self, query: object, limit: int = 500) -> list[object]:  # type: ignore[override]
            raise NotPermitted("Your login may not read the audit trail.")

    report = a_report(tmp_path, Closed())
    document = of_day(report)
    assert report.rows is None
    assert "refusals are not told" in document.verdict
    assert "may not read the audit trail" in document.sections[0].note


def test_figures_that_are_no_numbers_are_unknown_in_every_form(tmp_path: Path, qapp: QApplication) -> None:
    picture = a_picture()
    assert picture.slow is not None
    odd = replace(
        picture.slow,
        vars=(replace(picture.slow.vars[0], var=math.nan, shortfall=math.inf),),
        missing=(Missing("VaR", "odd"),),
    )
    report = a_report(tmp_path, picture=replace(picture, slow=odd))
    section = next(one for one in of_day(report).sections if one.title.startswith("Value at risk"))
    assert section.rows[0][3:5] == ("—", "—")
    assert section.values[0][3:5] == (None, None)
    assert len(RiskDayReports(pdf).written(report, tmp_path, ["pdf", "csv", "xlsx", "html"])) == 4


def test_more_rows_than_a_page_are_all_read(tmp_path: Path) -> None:
    trail, refused = Trail(), a_trail().rows[1].draft
    for at in range(1_203):
        asyncio.run(trail.append(replace(refused, object_id=f"qv-{at}")))
    report = a_report(tmp_path, trail)
    assert report.rows is not None
    assert len(report.rows) == 1_203
    assert not report.cut


def test_what_was_changed_is_told_by_field_and_nothing_of_what_cannot_be_read() -> None:
    assert changed('{"a": 1, "b": 2}', '{"a": 1, "b": 3}') == "b 2 → 3"
    assert changed("", "no JSON") == ""
    assert changed("[]", "[1]") == ""


def test_margin_and_day_trades_are_told_with_their_numbers() -> None:
    standing = MarginStanding(
        NOW, date(2026, 11, 20), level=Decimal("-12.5"), requirement=Decimal(500), day_trades=2, trades=9
    )
    said = dict(margin_told(standing))
    assert said["Regime"] == "INTRADAY_MARGIN, refuses"
    assert (said["Margin level"], said["Headroom"]) == ("-$12.50", "—")
    trade = DayTrade("AAPL", date(2026, 11, 20), NOW, NOW + timedelta(minutes=5), "qv-7", Decimal(100))
    counted, one = day_trades_told(standing, [trade])
    assert counted == ("Within five business days", "2, of 9 orders that traded")
    assert one == ("2026-11-20 AAPL", "100 shares, 10:30:00 to 10:35:00 ET, Ticket, order qv-7")
    assert margin_told(None) == day_trades_told(None, [trade]) == ()


def test_rows_are_of_the_walls_day_also_where_the_market_replays_another(tmp_path: Path) -> None:
    """A replay of 2020 is traded today: whoever halts it does so today."""
    market = datetime(2020, 12, 15, 15, 30, tzinfo=UTC)
    report = asyncio.run(service(tmp_path, a_trail(), market=market)._gathered("ann"))
    assert report.day == date(2020, 12, 15)
    assert report.recorded == date(2026, 11, 20)
    assert report.rows is not None
    assert len(report.rows) == 5
    assert dict(of_day(report).facts)["Day"] == "2020-12-15; rows of 2026-11-20"


def test_the_alerts_history_reads_oldest_first() -> None:
    alert = SimpleNamespace(title="Loss near its limit", severity="critical", words="85 % of $2,000")
    lines = [
        SimpleNamespace(
            done=SimpleNamespace(at=NOW + timedelta(seconds=at), actor=actor, what=what, words=words), alert=alert
        )
        for at, actor, what, words in ((9, "ann", "acknowledged", "seen"), (0, "system", "raised", ""))
    ]
    assert past_told(lines) == (
        (NOW, "raised", "critical", "Loss near its limit", "85 % of $2,000", "system"),
        (NOW + timedelta(seconds=9), "acknowledged", "critical", "Loss near its limit", "seen", "ann"),
    )


def test_an_alerts_history_that_may_not_be_read_is_said(tmp_path: Path) -> None:
    async def closed(start: datetime, end: datetime) -> list[Values]:
        raise NotPermitted("Your role lacks it.")

    made = service(tmp_path, a_trail())
    made._told = replace(made._told, past=closed)
    report = asyncio.run(made._gathered("ann"))
    assert report.past is None
    assert "alerts' history" in next(one.note for one in of_day(report).sections if one.title.startswith("History"))
