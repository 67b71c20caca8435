"""The account panel: figures, standing, the equity curve and activities, as a person sees them."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import get_type_hints

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from qv_desktop.domain.account_history import Activity, Curve, Kind, Period, Point, Wanted
from qv_desktop.domain.account_standing import Configuration
from qv_desktop.domain.accounts import Account
from qv_desktop.ui.chart.portfolio import heights, lone
from qv_desktop.ui.models.account_lines import groups, sentences
from qv_desktop.ui.models.activity_page import ALL_TOLD
from qv_desktop.ui.models.figure_columns import shared
from qv_desktop.ui.panels.balances import ACTIVITIES, BALANCES, EQUITY, WAITING, BalancesPanel
from qv_desktop.wiring.exporting import contents
from tests.builders import NOW, an_account

WELL = {"trading_blocked": False, "transfers_blocked": False, "account_blocked": False, "suspended": False}


@pytest.fixture
def panel(qtbot: QtBot) -> BalancesPanel:
    made = BalancesPanel()
    qtbot.addWidget(made)
    made.resize(1040, 280)
    made.show()
    return made


def shown(panel: BalancesPanel) -> list[str]:
    return panel.figures.texts()


def a_curve(
    *equities: float | None, period: Period = Period.MONTH, flows: dict[int, float] | None = None, base: int = 100
) -> Curve:
    told = {place: (("CSD", Decimal(str(value))),) for place, value in (flows or {}).items()}
    points = tuple(Point(NOW - timedelta(days=len(equities) - place), None if value is None else Decimal(str(value)),
                         Decimal(str((flows or {}).get(place, 0)))) for place, value in enumerate(equities))  # fmt: skip
    return Curve(period, points, Decimal(base), None, "1D", told)


# ---- balances


def test_before_the_broker_has_told_everything_is_a_dash(panel: BalancesPanel) -> None:
    assert panel.told.text() == WAITING
    assert all(text.endswith("—") for text in shown(panel))


def test_unknown_figures_stay_dashes_beside_known_ones_and_zero_is_zero(panel: BalancesPanel) -> None:
    panel.show_account(
        Account("a", "PA000123", "ACTIVE", NOW, equity=Decimal(1000), cash=Decimal(0), pending_out=Decimal(5))
    )
    found = shown(panel)
    assert {
        "Equity $1,000.00",
        "Cash $0.00",
        "Buying power —",
        "Margin in use —",
        "SMA —",
        "Transfers in · out — · $5.00",
    } <= set(found)
    assert "Transfers in · out —" not in found
    assert panel.number.text() == "••••123 · USD"


def test_figures_are_exact_and_signed(panel: BalancesPanel) -> None:
    panel.show_account(an_account("103820.56", last_equity=Decimal("104000"), cash=Decimal("-23140.2"),
                                  maintenance_margin=Decimal("38088.228"), multiplier=Decimal(4),
                                  regt_buying_power=Decimal("80680.36"), **WELL))  # fmt: skip
    assert {"Equity $103,820.56", "Day P&L −$179.44", "Cash −$23,140.20", "Maintenance excess $65,732.33", "Multiplier 4×",
            "Margin in use 36.7%", "Overnight (Reg T) $80,680.36"} <= set(shown(panel))  # fmt: skip
    assert panel.figures.used.accessibleDescription() == "36.7%"


@pytest.mark.parametrize(("maintenance", "color"), [("100", "TX0"), ("750", "WARN"), ("950", "BAD")])
def test_margin_that_is_nearly_used_up_warns(maintenance: str, color: str) -> None:
    account = an_account("1000", maintenance_margin=Decimal(maintenance))
    line = next(line for _, lines in groups(account, None) for line in lines if line.title == "Margin in use")
    assert line.color == color


def test_nothing_stands_over_the_pages_of_an_account_that_is_well(panel: BalancesPanel) -> None:
    panel.show_account(an_account(**WELL))
    assert panel.standing == ""


def test_what_is_not_normal_stands_over_every_page_with_what_it_means(panel: BalancesPanel) -> None:
    panel.show_account(replace(an_account(**{**WELL, "trading_blocked": True, "suspended": True}), status="QUANTUM"))
    assert panel.standing.splitlines() == [
        "Trading: Blocked. The broker takes no orders; ask the broker.",
        "Suspended by you: Yes. Your own setting at the broker stops new orders; turn “suspend trade” off there.",
        "Status: UNKNOWN (QUANTUM). This version does not know the word; look at the broker's site before you rely on it.",
    ]
    assert {"Trading ▲ Blocked", "Status ▲ UNKNOWN (QUANTUM)", "Transfers Open"} <= set(shown(panel))
    panel.show_page(ACTIVITIES)
    assert panel._standing.isVisible()


def test_old_figures_say_that_they_are_stale(panel: BalancesPanel) -> None:
    panel.show_account(an_account(**WELL))
    panel.show_age(2.13)
    assert panel.told.text() == "told 2.1s ago"
    panel.show_age(25)
    assert panel.told.text() == "stale, told 25s ago"


def test_settings_appear_once_they_are_told(panel: BalancesPanel) -> None:
    panel.show_configuration(Configuration(suspended=True, margin_multiplier="4"))
    assert {"Suspend trade ▲ On", "Highest multiplier 4×", "Long only —"} <= set(shown(panel))


@pytest.mark.parametrize("width", [240, 360, 520, 760, 1040, 1280])
def test_every_line_has_room_whatever_the_width(panel: BalancesPanel, width: int) -> None:
    panel.show_account(an_account(**WELL))
    panel.resize(width, 280)
    ledgers = list(panel.figures._ledgers.values())
    assert all(ledger.height() >= ledger.sizeHint().height() for ledger in ledgers)
    boxes = [ledger.geometry() for ledger in ledgers]
    assert not any(one.intersects(other) for place, one in enumerate(boxes) for other in boxes[place + 1 :])
    assert all(panel.figures.rect().contains(box) for box in boxes)


@given(st.lists(st.integers(1, 300), min_size=1, max_size=7), st.integers(1, 7))
def test_columns_share_the_groups_in_order_as_low_as_can_be(heights_: list[int], many: int) -> None:
    many = min(many, len(heights_))
    counts = shared(heights_, many)
    assert (sum(counts), len(counts)) == (len(heights_), many)
    parts, rest = [], list(heights_)
    for count in counts:
        parts.append(sum(rest[:count]))
        rest = rest[count:]
    assert max(parts) <= max(*heights_, sum(heights_) - (many - 1) * min(heights_))


AMOUNTS = st.none() | st.decimals(-(10**25), 10**25, allow_nan=False, allow_infinity=False)


FIGURES = [name for name, kind in get_type_hints(Account).items() if kind == Decimal | None]
FLAGS = st.dictionaries(
    st.sampled_from(["trading_blocked", "suspended", "shorting_enabled"]), st.none() | st.booleans()
)


@given(st.dictionaries(st.sampled_from(FIGURES), AMOUNTS), st.text(max_size=8), FLAGS)
def test_whatever_is_unknown_every_line_can_be_read_and_none_makes_up_a_zero(
    amounts: dict, status: str, flags: dict
) -> None:
    account = Account("a", "", status, NOW, **amounts, **flags)
    told = {line.title: line.value for _, lines in groups(account, None) for line in lines}
    assert told["Equity"] == ("—" if account.equity is None else told["Equity"])
    for title, value in (("Cash", account.cash), ("SMA", account.sma), ("Multiplier", account.multiplier)):
        assert (told[title] == "—") == (value is None)
    sentences(account)


# ---- the equity curve


def test_the_curve_says_what_the_period_earned_without_what_was_moved(panel: BalancesPanel) -> None:
    panel.show_page(EQUITY)
    panel.curve.show_curve(a_curve(101, 160, flows={1: 50}))
    assert (panel.curve.equity.text(), panel.curve.profit.text()) == ("$160.00", "+$10.00  +6.67%")
    assert panel.curve.flows.text() == "+$50.00 moved in or out"


def test_a_hole_is_a_hole_in_the_line_and_no_zero(panel: BalancesPanel) -> None:
    panel.show_page(EQUITY)
    panel.curve.show_curve(a_curve(101, None, 103, None, 104, 105))
    _, y = panel.curve.plot._line.getData()
    assert np.isnan(y).tolist() == [False, True, False, True, False, False]
    assert np.nanmin(y) == 101
    low, high = panel.curve.plot._plot.viewRange()[1]
    assert (95 < low < 101) & (105 < high < 110)  # zero is nowhere near
    assert panel.curve.plot._lone.getData()[0].tolist() == [0, 2]


@given(st.lists(st.none() | st.integers(1, 9), max_size=12))
def test_a_point_between_holes_is_drawn_as_a_point(values: list[int | None]) -> None:
    curve = a_curve(*values)
    found = heights(curve)
    expected = [place for place, value in enumerate(values) if value is not None
                and (place == 0 or values[place - 1] is None) and (place == len(values) - 1 or values[place + 1] is None)]  # fmt: skip
    assert lone(found).tolist() == expected


def test_the_pointer_reads_time_value_change_and_what_was_moved(panel: BalancesPanel) -> None:
    panel.show_page(EQUITY)
    panel.curve.show_curve(a_curve(101, 160, None, flows={1: 50}))
    plot = panel.curve.plot
    seen = []
    for index in range(3):
        plot._read(plot._plot.vb.mapViewToScene(QPointF(index, 120)))
        seen.append((plot.words, plot._rules[0].isVisible(), plot._rules[1].isVisible()))
    assert "Wed 18 Nov 2026" in seen[1][0]
    assert all(word in seen[1][0] for word in ("$160.00", "+$60.00", "Deposit +$50.00"))
    assert [rules for _, *rules in seen] == [[True, True], [True, True], [True, False]]
    assert "<b>—</b>" in seen[2][0]
    plot.leaveEvent(QEvent(QEvent.Type.Leave))
    assert [rule.isVisible() for rule in plot._rules] == [False, False]
    assert "$160.00" not in plot.words
    assert "baseline $100.00" in plot.words


def test_the_baseline_is_drawn_and_flows_are_marked_by_direction(panel: BalancesPanel) -> None:
    panel.show_page(EQUITY)
    panel.curve.show_curve(a_curve(101, 160, 120, flows={1: 50, 2: -30}))
    plot = panel.curve.plot
    assert (plot._base.value(), plot._base.isVisible()) == (100, True)
    assert [(marks.getData()[0].tolist(), marks.getData()[1].tolist()) for marks in plot._flows.values()] == [
        ([1], [160]),
        ([2], [120]),
    ]


def test_a_failure_keeps_the_curve_and_calls_it_stale(panel: BalancesPanel) -> None:
    panel.show_page(EQUITY)
    panel.curve.show_curve(a_curve(101, 110))
    panel.curve.show_failure("Alpaca cannot be reached; check the network.")
    assert panel.curve.complaint == "Stale: Alpaca cannot be reached; check the network."
    assert panel.curve.plot.isVisible()
    assert panel.curve.equity.text() == "$110.00"
    panel.curve.show_curve(a_curve(101, 111))
    assert panel.curve.complaint == ""


def test_a_failure_before_the_first_curve_is_all_there_is(panel: BalancesPanel) -> None:
    panel.show_page(EQUITY)
    panel.curve.show_failure("Alpaca cannot be reached; check the network.")
    assert panel.curve.text() == "Alpaca cannot be reached; check the network."


def test_another_period_asks_and_never_shows_the_old_curve_under_its_name(panel: BalancesPanel, qtbot: QtBot) -> None:
    panel.show_page(EQUITY)
    panel.curve.show_curve(a_curve(101, 110))
    with qtbot.waitSignal(panel.period_chosen) as asked:
        QTest.mouseClick(panel.curve.periods.segment("1W"), Qt.MouseButton.LeftButton)
    assert asked.args == [Period.WEEK]
    assert (panel.curve.equity.text(), panel.curve.plot.isVisible()) == ("—", False)
    panel.curve.show_curve(a_curve(101, 111))  # the month's, too late
    assert panel.curve.equity.text() == "—"
    panel.curve.show_curve(a_curve(7, 8, period=Period.WEEK, base=7))
    assert panel.curve.profit.text() == "+$1.00  +14.29%"


def test_a_curve_that_comes_while_nobody_looks_is_drawn_when_somebody_does(panel: BalancesPanel) -> None:
    panel.curve.show_curve(a_curve(101, 110))
    assert panel.curve._plot is None
    panel.show_page(EQUITY)
    assert panel.curve.plot._line.getData()[1].tolist() == [101, 110]


def test_a_period_without_figures_says_so(panel: BalancesPanel) -> None:
    panel.show_page(EQUITY)
    panel.curve.show_curve(a_curve(None, None))
    assert (panel.curve._empty.isVisible(), panel.curve.profit.text()) == (True, "—")


# ---- activities

FILL = Activity(
    "3::f", "FILL", NOW, None, "AAPL", "buy", Decimal(100), Decimal("231.42"), Decimal("-23142.00"), "", "filled", True
)
DIVIDEND = Activity("2::d", "DIV", None, date(2026, 11, 18), "MSFT", "", Decimal(50), Decimal("0.83"), Decimal("41.50"))
ODD = Activity("1::o", "VOF", datetime(2026, 11, 1, 3, tzinfo=UTC))


def cells(panel: BalancesPanel, key: str) -> dict[str, str]:
    row = panel.activities.model.get(key)
    assert row is not None
    return {column.title: column.text(row) for column in panel.activities.model.columns}


def test_activities_stand_as_they_came_with_their_type_in_words(panel: BalancesPanel) -> None:
    panel.activities.show_activities(Wanted(), [FILL, DIVIDEND, ODD], True, 0)
    assert [row.id for row in panel.activities.model.rows()] == ["3::f", "2::d", "1::o"]
    fill, dividend, odd = (cells(panel, key) for key in ("3::f", "2::d", "1::o"))
    assert [fill[name] for name in ("Date ET", "Time ET", "Type", "Side", "Qty", "Price", "Net amount")] == [
        "2026-11-20", "10:30:00", "Fill", "BUY", "100", "231.42", "−$23,142.00"]  # fmt: skip
    assert [dividend[name] for name in ("Date ET", "Time ET", "Type", "Net amount")] == [
        "2026-11-18",
        "—",
        "Dividend",
        "+$41.50",
    ]
    assert [odd[name] for name in ("Date ET", "Type", "Symbol", "Qty", "Net amount")] == [
        "2026-10-31",
        "UNKNOWN (VOF)",
        "—",
        "—",
        "—",
    ]


def test_what_is_exported_is_exact_and_unknown_is_empty(panel: BalancesPanel) -> None:
    panel.activities.show_activities(Wanted(), [FILL, ODD], False, 0)
    head, (fill, odd) = contents(panel.activities.model)
    told, strange = dict(zip(head, fill, strict=True)), dict(zip(head, odd, strict=True))
    assert (told["Price"], told["Net amount"], told["Date ET"]) == (
        Decimal("231.42"),
        Decimal("-23142.00"),
        date(2026, 11, 20),
    )
    assert (strange["Qty"], strange["Net amount"], strange["Symbol"], strange["Code"]) == (None, None, "", "VOF")
    assert not any(isinstance(value, float) for value in (*fill, *odd))


def test_a_kind_and_days_are_asked_for_once_and_days_that_are_none_are_complained_about(panel: BalancesPanel) -> None:
    page, asked = panel.activities, list[Wanted]()
    page.asked.connect(asked.append)
    page.show_activities(Wanted(), [FILL], True, 0)
    page.kinds.setCurrentText(Kind.DIVIDEND)
    page.kinds.activated.emit(2)
    assert page.model.rowCount() == 0
    page.first.setText("2026-11-31")
    page.first.editingFinished.emit()
    assert page.first.toolTip() == "Type a day as year-month-day, such as 2026-05-31."
    page.first.setText("2026-11-30")
    page.last.setText("2026-11-01")
    page.first.editingFinished.emit()
    assert page.last.toolTip() == "The last day lies before the first one."
    page.first.setText("2026-10-01")
    for _ in range(2):
        page.first.editingFinished.emit()
    QTest.mouseClick(page.clear, Qt.MouseButton.LeftButton)
    assert asked == [
        Wanted(Kind.DIVIDEND),
        Wanted(Kind.DIVIDEND, date(2026, 10, 1), date(2026, 11, 1)),
        Wanted(Kind.DIVIDEND),
    ]


def test_an_answer_to_the_choice_before_is_not_shown(panel: BalancesPanel) -> None:
    panel.activities.kinds.setCurrentText(Kind.FEE)
    panel.activities.show_activities(Wanted(), [FILL], True, 0)
    assert panel.activities.model.rowCount() == 0


def test_older_ones_are_asked_for_while_there_are_any(panel: BalancesPanel, qtbot: QtBot) -> None:
    page = panel.activities
    panel.show_page(ACTIVITIES)
    page.show_activities(Wanted(), [FILL], True, 0)
    with qtbot.waitSignal(panel.older_asked):
        QTest.mouseClick(page.older, Qt.MouseButton.LeftButton)
    assert (page.older.isEnabled(), page.older.text()) == (False, "Loading…")
    page.show_failure("Alpaca cannot be reached.")
    assert (page.older.isEnabled(), page.complaint, page.model.rowCount()) == (
        True,
        "Stale: Alpaca cannot be reached.",
        1,
    )
    page.show_activities(Wanted(), [FILL, DIVIDEND], False, 0)
    assert (page.older.isEnabled(), page.older.toolTip(), page.count.text(), page.complaint) == (
        False,
        ALL_TOLD,
        "2 loaded",
        "",
    )


def test_rows_that_could_not_be_read_are_counted_in_view(panel: BalancesPanel) -> None:
    panel.activities.show_activities(Wanted(), [FILL], False, 2)
    assert panel.activities.complaint == "2 rows of the broker's answer could not be read and are missing here."


def test_who_may_not_export_reads_why(panel: BalancesPanel) -> None:
    panel.forbid({"export": "Your role, Viewer, lacks “trading: export”; ask an Admin."})
    assert not panel.activities.export.isEnabled()
    assert "Viewer" in panel.activities.export.toolTip()


def test_pages_say_when_they_are_seen(panel: BalancesPanel, qtbot: QtBot) -> None:
    with qtbot.waitSignal(panel.page_seen) as seen:
        QTest.mouseClick(panel.pages.segment(EQUITY), Qt.MouseButton.LeftButton)
    assert seen.args == [EQUITY]
    panel.hide()
    with qtbot.waitSignal(panel.page_seen):
        panel.show()
    assert panel.page != BALANCES


def test_a_figure_that_a_rule_needs_and_that_is_not_told_is_said_over_every_page(panel: BalancesPanel) -> None:
    panel.show_account(an_account(last_equity=None, **WELL))
    assert panel.standing.startswith(
        "Daily loss: NOT CHECKED. The broker does not tell the equity or that of the last close"
    )
