"""Alpaca's answers about the account, spoiled field by field, all the way to what a person sees: dashes and UNKNOWN, never an error."""

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QEvent, Qt
from pytestqt.qtbot import QtBot

from qv_desktop.adapters.alpaca import account_messages, messages
from qv_desktop.adapters.alpaca.fields import Raw, Unreadable
from qv_desktop.domain.account_history import Activity, Curve, Period, Wanted
from qv_desktop.domain.accounts import Account
from qv_desktop.ui.models.table_model import CHIP, GROUND, RAW
from qv_desktop.ui.panels.account import AccountPanel
from qv_desktop.ui.panels.balances import ACTIVITIES, BALANCES, EQUITY, MARGIN, BalancesPanel
from qv_desktop.wiring.exporting import contents

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
AT = datetime(2026, 7, 7, 15, 30, tzinfo=UTC)
WIRE = Path(__file__).parents[2] / ".." / "shared" / "wire" / "alpaca"
ACCOUNT: dict[str, Any] = {
    "id": "904837e3", "account_number": "PA0123", "status": "ACTIVE", "currency": "USD", "equity": "103820.56",
    "last_equity": "104000", "cash": "-23140.2", "buying_power": "262113.632", "long_market_value": "126960.76",
    "short_market_value": "0", "initial_margin": "63480.38", "maintenance_margin": "38088.228", "multiplier": "4",
    "shorting_enabled": True, "trading_blocked": False, "transfers_blocked": False, "account_blocked": False,
    "trade_suspended_by_user": False, "created_at": "2019-06-12T22:47:07.99658Z", "regt_buying_power": "80680.36",
    "non_marginable_buying_power": "0", "options_buying_power": "0", "accrued_fees": "0", "pending_reg_taf_fees": "0.04",
    "pending_transfer_in": "0", "pending_transfer_out": "0", "intraday_adjustments": "0",
    "last_maintenance_margin": "38000", "sma": "0", "balance_asof": "2026-07-06",
}  # fmt: skip
CHOICES: dict[str, Any] = {
    "suspend_trade": False, "no_shorting": False, "fractional_trading": True, "max_margin_multiplier": "4",
    "trade_confirm_email": "all", "ptp_no_exception_entry": False, "max_options_trading_level": 2,
    "disable_overnight_trading": False,
}  # fmt: skip
FILL: dict[str, Any] = {
    "id": "20260707153000000::x", "activity_type": "FILL", "transaction_time": "2026-07-07T15:30:00Z", "type": "fill",
    "price": "10.5", "qty": "3", "side": "buy", "symbol": "AAPL", "order_id": "o", "order_status": "filled",
    "cum_qty": "3", "leaves_qty": "0",
}  # fmt: skip
DIVIDEND: dict[str, Any] = {
    "id": "20260707000000000::y", "activity_type": "DIV", "date": "2026-07-07", "net_amount": "1.02", "symbol": "T",
    "qty": "2", "per_share_amount": "0.51", "status": "executed", "description": "Cash DIV", "created_at": "2026-07-07T04:00:00Z",
}  # fmt: skip
HISTORY: dict[str, Any] = {
    "timestamp": [1775606400, 1775692800, 1775779200, 1775865600], "equity": [8425.21, 8639.77, 8766.1, 8835.31],
    "profit_loss": [12.17, 214.56, 126.33, 69.21], "profit_loss_pct": [0.0014, 0.0255, 0.0146, 0.0079],
    "base_value": 8413.04, "base_value_asof": "2026-04-06", "timeframe": "1D",
    "cashflow": {"CSD": [9.93, 10.13, 10.16, 0], "DIV": [0, 0, 0.63, 0]},
}  # fmt: skip
# what Go writes for “no time”, the last moment of the calendar, and times that no clock of a machine can hold
ODD_TIMES = ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z", "1500-01-01T00:00:00Z", "2500-01-01T00:00:00Z"]
ODD_STAMPS = [0, -62_135_596_800, 10_000_000_000, 99_999_999_999, -99_999_999_999, 253_402_300_799, 1e300, "NaN", True]
JUNK: list[Any] = [
    None, True, False, "", " ", "QUANTUM", "NaN", "-Infinity", "1e29", "-1e29", "1e-29", "9" * 40, 0, "0", -1, 10**25, 1e300, [], {},
    [None], {"a": 1}, "<b>bold</b>", "\x00", "\u202e", "😀" * 50, *ODD_TIMES,
]  # fmt: skip
JUNKED = st.sampled_from(JUNK)
OFTEN = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def recorded(name: str, *needed: str) -> list[dict[str, Any]]:
    """Recorded objects with these fields, where the recordings lie beside this checkout."""
    found: list[dict[str, Any]] = []
    for path in sorted(WIRE.glob(name)) if WIRE.is_dir() else ():
        content = json.loads(path.read_bytes())
        items = content if isinstance(content, list) else [content]
        found += [item for item in items if isinstance(item, dict) and set(needed) <= item.keys()]
    return found


ACCOUNTS = [ACCOUNT, *recorded("**/get*account*.json", "buying_power", "account_number")]
SETTINGS = [CHOICES, *recorded("**/*account_configurations*.json", "no_shorting")]
ACTIVITIES_TOLD = [FILL, DIVIDEND, *recorded("**/*.json", "activity_type", "id")]
HISTORIES = [HISTORY, *recorded("**/*.json", "timestamp", "equity", "profit_loss")]


@pytest.fixture
def panel(qtbot: QtBot) -> BalancesPanel:
    made = BalancesPanel()
    qtbot.addWidget(made)
    made.resize(1040, 300)
    made.show()
    return made


@pytest.fixture
def strip(qtbot: QtBot) -> AccountPanel:
    made = AccountPanel()
    qtbot.addWidget(made)
    made.resize(1500, 40)
    made.show()
    return made


def spoiled(raw: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """``raw`` with each of its fields gone, renamed, and of every odd value, one at a time."""
    for name in raw:
        without = {key: value for key, value in raw.items() if key != name}
        yield f"{name} gone", without
        yield f"{name} renamed", {**without, f"{name}_v2": raw[name]}
        for value in JUNK:
            yield f"{name} = {value!r:.40}", {**raw, name: value}


@st.composite
def mixed(draw: st.DrawFn, originals: list[dict[str, Any]]) -> dict[str, Any]:
    """One of these with up to six of its fields spoiled together."""
    after = copy.deepcopy(draw(st.sampled_from(originals)))
    for name in draw(st.lists(st.sampled_from(sorted(after)), min_size=1, max_size=6, unique=True)):
        match draw(st.sampled_from(["gone", "renamed", "odd", "odd", "odd"])):
            case "gone":
                del after[name]
            case "renamed":
                after[f"{name}_v2"] = after.pop(name)
            case _:
                after[name] = draw(JUNKED)
    return after


def read[Answer](how: Callable[[], Answer]) -> Answer | None:
    try:
        return how()
    except Unreadable:
        return None


def shows_account(panel: BalancesPanel, strip: AccountPanel, account: Account) -> None:
    """As the wiring does it when the broker answers, with everything that a person or a screen reader takes from it."""
    strip.show_account(account)
    panel.show_account(account)
    assert all(panel.figures.texts())
    assert panel.figures.accessibleDescription()
    assert panel.number.text().startswith("••••")
    panel.figures.used.repaint()


def shows_activities(panel: BalancesPanel, activities: list[Activity]) -> None:
    """Every cell in every role, sorted by every column, and as it is exported."""
    page = panel.activities
    activities = [
        replace(one, id=f"{one.id} {number}") for number, one in enumerate(activities)
    ]  # a table shows an id once
    page.show_activities(Wanted(), activities, more=False, unreadable=0)
    roles = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.ForegroundRole,
             Qt.ItemDataRole.AccessibleTextRole, CHIP, RAW, GROUND)  # fmt: skip
    assert page.model.rowCount() == len(activities)
    for column in range(page.model.columnCount()):
        page.model.sort(column)
        for row in range(page.model.rowCount()):
            for role in roles:
                page.model.data(page.model.index(row, column), role)
    contents(page.model)


def shows_curve(panel: BalancesPanel, curve: Curve) -> None:
    """Drawn, painted, and read out at each of its points."""
    panel.curve.show_curve(curve)
    assert panel.curve.text()
    if curve.last is not None:
        panel.curve.plot.grab()
        for place in range(len(curve.points)):
            panel.curve.plot._say(place)


def test_each_field_of_the_account_may_be_gone_renamed_or_of_any_kind(
    panel: BalancesPanel, strip: AccountPanel
) -> None:
    for what, raw in spoiled(ACCOUNT):
        account = read(lambda raw=raw: account_messages.account(raw, AT))  # type: ignore[misc]  # this very object
        assert account is not None or what.startswith("id "), what
        if account is not None:
            shows_account(panel, strip, account)


def test_each_setting_may_be_gone_renamed_or_of_any_kind(panel: BalancesPanel) -> None:
    for _, raw in spoiled(CHOICES):
        panel.show_configuration(account_messages.configuration(raw))
        assert all(panel.figures.texts())


def test_each_field_of_an_activity_may_be_gone_renamed_or_of_any_kind(panel: BalancesPanel) -> None:
    panel.show_page(ACTIVITIES)
    for original in (FILL, DIVIDEND):
        shows_activities(panel, [account_messages.activity(raw) for _, raw in spoiled(original)])


@pytest.mark.parametrize("stamp", ODD_STAMPS, ids=repr)
def test_a_point_whose_time_nobody_can_mean_is_left_out_and_said(panel: BalancesPanel, stamp: object) -> None:
    panel.show_page(EQUITY)
    times = [*HISTORY["timestamp"][:2], stamp, HISTORY["timestamp"][3]]
    curve = account_messages.curve({**HISTORY, "timestamp": times}, Period.MONTH)
    shows_curve(panel, curve)
    assert [point.equity for point in curve.points] == [
        account_messages.number({"": HISTORY["equity"][n]}, "") for n in (0, 1, 3)
    ]
    assert "1 of the values that Alpaca told could not be read" in panel.curve.complaint


@pytest.mark.parametrize("stamp", ODD_TIMES)
def test_a_time_that_nobody_can_mean_is_unknown(stamp: str) -> None:
    assert account_messages.activity({**FILL, "transaction_time": stamp}).at is None
    assert account_messages.account({**ACCOUNT, "created_at": stamp}, AT).created is None
    told = account_messages.activity({**FILL, "transaction_time": stamp, "created_at": "2026-07-07T15:30:00Z"})
    assert told.at == AT
    order = {"id": "b", "client_order_id": "c", "symbol": "AAPL", "side": "buy", "qty": "1", "type": "market", "status": "new",
             "filled_qty": "0", "time_in_force": "day", "asset_class": "us_equity", "submitted_at": stamp, "created_at": stamp}  # fmt: skip
    read(lambda: messages.order(order, "account"))


@given(mixed(ACCOUNTS), mixed(SETTINGS))
@OFTEN
def test_an_account_spoiled_in_many_places_is_still_shown(
    panel: BalancesPanel, strip: AccountPanel, raw: Raw, chosen: Raw
) -> None:
    account = read(lambda: account_messages.account(raw, AT))
    if account is not None:
        shows_account(panel, strip, account)
    panel.show_configuration(account_messages.configuration(chosen))
    for page in (BALANCES, MARGIN):
        panel.show_page(page)


@given(st.lists(mixed(ACTIVITIES_TOLD), min_size=1, max_size=8))
@OFTEN
def test_activities_spoiled_in_many_places_are_still_a_table(panel: BalancesPanel, raws: list[Raw]) -> None:
    panel.show_page(ACTIVITIES)
    shows_activities(
        panel, [found for raw in raws if (found := read(lambda raw=raw: account_messages.activity(raw))) is not None]
    )  # type: ignore[misc]  # this very row


@given(st.data())
@OFTEN
def test_an_equity_history_spoiled_in_many_places_is_still_a_curve(panel: BalancesPanel, data: st.DataObject) -> None:
    raw = copy.deepcopy(data.draw(st.sampled_from(HISTORIES)))
    for name in data.draw(
        st.lists(
            st.sampled_from(["timestamp", "equity", "base_value", "cashflow", "timeframe", "base_value_asof"]),
            max_size=6,
        )
    ):
        column = raw.get(name)
        if isinstance(column, list) and column and data.draw(st.booleans()):
            column[data.draw(st.integers(0, len(column) - 1))] = data.draw(st.sampled_from([*JUNK, *ODD_STAMPS]))
        else:
            raw[name] = data.draw(st.one_of(JUNKED, st.just([]), st.just([0] * 4), st.just([None] * 4)))
    curve = read(lambda: account_messages.curve(raw, Period.MONTH))
    if curve is not None:
        panel.show_page(EQUITY)
        shows_curve(panel, curve)


def test_a_theme_change_after_odd_figures_is_no_trouble(panel: BalancesPanel) -> None:
    panel.show_account(
        account_messages.account({"id": "x", "status": "🚀", "equity": "1e29", "maintenance_margin": "1e-29"}, AT)
    )
    panel.changeEvent(QEvent(QEvent.Type.StyleChange))
    assert any("UNKNOWN (🚀)" in text for text in panel.figures.texts())
