"""The account strip and the status bar: what tells a person how things stand."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from qv_desktop.domain.access import Role, User
from qv_desktop.domain.accounts import Account
from qv_desktop.domain.audit import GENESIS, SYSTEM, Draft, sealed
from qv_desktop.domain.events import FeedChanged, HealthMeasured
from qv_desktop.domain.reconciliation import Reconciliation, Tolerances
from qv_desktop.domain.risk import Measures, TradingState
from qv_desktop.ui.panels.account import AccountPanel
from qv_desktop.ui.panels.health import HealthPanel

NOW = datetime(2026, 11, 20, 15, 42, 17, tzinfo=UTC)
ACCOUNT = Account("1", "PA3X7Q2", "ACTIVE", NOW, equity=Decimal("104381.22"), last_equity=Decimal("103097.15"),
                  buying_power=Decimal("162940.18"), maintenance_margin=Decimal("46270.82"), cash=Decimal("12110.10"))  # fmt: skip
HEALTH = HealthMeasured(12_418, 3.14, 4.0, 12.0, 41.2, 7, "Postgres local")


def strip(qtbot: QtBot, width: int = 1200) -> AccountPanel:
    panel = AccountPanel()
    qtbot.addWidget(panel)
    panel.resize(width, 44)
    panel.show()
    panel.show_account(ACCOUNT)
    panel.show_measures(Measures(NOW, TradingState.ACTIVE, (), Decimal(32358), Decimal(77242), (), ACCOUNT.equity))
    panel.show_now(NOW)
    panel.show_user(User("1", "demo <b>", Role.TRADER))
    return panel


def test_the_strip_shows_what_the_account_is_worth_and_what_today_earned(qtbot: QtBot) -> None:
    panel = strip(qtbot)
    texts = [
        f.text
        for f in (
            panel.equity,
            panel.profit,
            panel.cash,
            panel.power,
            panel.excess,
            panel.headroom,
            panel.exposure,
            panel.state,
            panel.time,
            panel.user,
        )
    ]
    assert texts == [
        "$104,381.22",
        "+1,284.07 +1.25%",
        "$12,110.10",
        "$162,940.18",
        "$58,110.40",
        "$162,940.18",
        "74% / 31%",
        "● ACTIVE",
        "10:42:17",
        "demo <b>",
    ]


def test_what_the_broker_does_not_report_is_unknown_and_not_zero(qtbot: QtBot) -> None:
    panel = strip(qtbot)
    panel.show_account(replace(ACCOUNT, buying_power=None, last_equity=None))
    assert (panel.power.text, panel.profit.text) == ("—", "—")


def test_the_state_and_the_money_stay_when_room_is_short(qtbot: QtBot) -> None:
    panel = strip(qtbot, 480)
    seen = {
        name
        for name in ("equity", "profit", "power", "headroom", "exposure", "state", "time")
        if getattr(panel, name).isVisible()
    }
    assert seen == {"equity", "profit", "state", "time"}


def bar(qtbot: QtBot) -> HealthPanel:
    panel = HealthPanel()
    qtbot.addWidget(panel)
    panel.show()
    return panel


def test_each_feed_shows_its_state_and_age(qtbot: QtBot) -> None:
    panel = bar(qtbot)
    panel.show_feed(FeedChanged("Polygon", "live", "subscribed to 21 symbols", NOW))
    panel.show_feed_age("Polygon", 0.21)
    panel.show_feed_age("Nobody", 3)
    assert (panel.feed_text("Polygon"), panel.feed_text("Nobody")) == ("Polygon live · 0.2s", "")
    panel.show_feed(FeedChanged("Polygon", "evicted", "another program uses this key", NOW))
    assert panel.feed_text("Polygon") == "Polygon evicted"


def test_health_reads_in_plain_words(qtbot: QtBot) -> None:
    panel = bar(qtbot)
    panel.show_health(HEALTH)
    assert [light.text for light in (panel.broker, panel.database, panel.rate, panel.lag)] == [
        "Broker · 41 ms", "Postgres local · queue 7", "12,418 msg/s", "loop lag p99 3.1 ms"]  # fmt: skip
    panel.show_health(replace(HEALTH, broker_ms=None, handler_failures=2))
    assert (panel.broker.text, panel.lag.text) == ("Broker · no answer", "loop lag p99 3.1 ms · 2 handler errors")


def test_silence_of_the_broker_and_failing_writes_are_red(qtbot: QtBot) -> None:
    panel = bar(qtbot)
    panel.show_health(replace(HEALTH, broker_ms=None))
    assert (panel.broker.text, panel.broker.color) == ("Broker · no answer yet", "WARN")
    panel.show_health(HEALTH)
    assert (panel.broker.color, panel.database.color) == ("GOOD", "GOOD")
    panel.show_health(replace(HEALTH, broker_ms=None, database="Postgres local · down"))
    assert (panel.broker.color, panel.database.color) == ("BAD", "BAD")
    assert panel.database.text == "Postgres local · down · queue 7"


def test_whose_prices_are_on_the_screen_is_the_first_thing_said(qtbot: QtBot) -> None:
    panel = bar(qtbot)
    panel.show_source("Polygon")
    assert (panel.source.text, panel.source.color) == ("Prices: Polygon", "GOOD")
    panel.show_source("Alpaca", "Polygon has been silent for 12 s", fallback=True)
    assert (panel.source.text, panel.source.color) == ("Prices: Alpaca (fallback)", "WARN")
    assert panel.source.toolTip() == "Polygon has been silent for 12 s"
    panel.show_source("", "no stream is live")
    assert (panel.source.text, panel.source.color) == ("No prices", "BAD")


def test_gaps_requests_and_delays_show_while_there_are_some_and_open_the_data_panel(qtbot: QtBot) -> None:
    panel = bar(qtbot)
    panel.resize(1600, 24)
    panel.show_health(replace(HEALTH, gaps=2, delay_p50=1.2, delay_p99=31.5, spooled=1200))
    panel.show_requests(1)
    assert [light.text for light in (panel.gaps, panel.requests, panel.delay, panel.database)] == [
        "2 gaps", "1 request", "receive p99 31.5 ms", "Postgres local · queue 7 · 1,200 on disk"]  # fmt: skip
    assert (panel.delay.color, panel.database.color) == ("WARN", "WARN")
    with qtbot.waitSignal(panel.data_asked):
        qtbot.mouseClick(panel.gaps, Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(panel.data_asked):
        qtbot.keyClick(panel.requests, Qt.Key.Key_Return)
    panel.show_health(HEALTH)
    panel.show_requests(0)
    assert not panel.gaps.isVisible()
    assert not panel.requests.isVisible()


def test_a_narrow_status_bar_keeps_what_matters_most(qtbot: QtBot) -> None:
    panel = bar(qtbot)
    panel.show_source("Polygon")
    panel.show_health(HEALTH)
    panel.show_reconciliation(Reconciliation("r", NOW, "", "demo", "", NOW, NOW, Tolerances(), 412, (), "h"))
    lights = (panel.source, panel.broker, panel.reconciled)
    panel.resize(1600, 24)
    assert [light.isVisible() for light in lights] == [True, True, True]
    panel.resize(260, 24)
    assert [light.isVisible() for light in lights] == [True, True, False]
    assert panel.minimumSizeHint().width() < 260 or panel.minimumWidth() == 40


def test_balances_that_the_broker_told_long_ago_fade_with_their_age(qtbot: QtBot) -> None:
    panel = strip(qtbot)
    money = (panel.equity, panel.profit, panel.power, panel.headroom)
    panel.show_age(3.0)
    assert not any(figure.faded for figure in money)
    panel.show_age(42.0)
    assert all(figure.faded for figure in money)
    assert panel.equity.title == "EQUITY · 42S OLD"
    assert panel.equity.text == "$104,381.22"
    panel.show_age(0.1)
    assert (panel.equity.title, panel.equity.faded) == ("EQUITY", False)


def test_the_last_reconciliation_and_the_audit_head_are_named(qtbot: QtBot) -> None:
    panel = bar(qtbot)
    panel.show_reconciliation(Reconciliation("r", NOW, "••••7Q2", "demo", "", NOW, NOW, Tolerances(), 412, (), "h"))
    panel.show_audit(sealed("main", 18_204, NOW, Draft(SYSTEM, "order.submit", "order", "1"), "0.1.0", GENESIS))
    assert (panel.reconciled.text, panel.audit.text) == ("Reconciled 10:42:17 · 0 breaks", "Audit #18,204")
    panel.show_verified(18_204, False, NOW)
    assert panel.audit.text == "Audit #18,204 · BROKEN at 10:42:17"


def test_the_audit_head_tells_how_old_its_checkpoint_is_and_turns_amber_when_none_can_be_signed(qtbot: QtBot) -> None:
    panel = bar(qtbot)
    panel.show_checkpoint(None, 0)
    assert not panel.audit.text  # no row was recorded yet
    panel.show_audit(sealed("main", 18_204, NOW, Draft(SYSTEM, "order.submit", "order", "1"), "0.1.0", GENESIS))
    panel.show_checkpoint(125.0, 12)
    assert panel.audit.toolTip().endswith("\nSigned checkpoint 2m ago, 12 rows since")
    assert panel.audit.color == ""
    panel.show_checkpoint(None, 1, "There is no keyring.")
    assert "There is no keyring.\nNo signed checkpoint yet" in panel.audit.toolTip()
    assert (panel.audit.text, panel.audit.color) == ("Audit #18,204", "WARN")
    panel.show_verified(18_204, False, NOW)
    assert panel.audit.color == "BAD"


def test_the_walls_around_strategies_are_told_and_their_lack_is_a_warning(qtbot: QtBot) -> None:
    panel = HealthPanel()
    qtbot.addWidget(panel)
    panel.resize(1200, 24)
    panel.show()
    panel.show_isolation("Strategies run with: limits, no network", whole=True)
    assert (panel.walls.text, panel.walls.color) == ("Strategies isolated", "")
    panel.show_isolation("Strategies run with: limits; this system has not: no network", whole=False)
    assert (panel.walls.text, panel.walls.color) == ("Strategies not isolated", "WARN")
    assert "has not: no network" in panel.walls.toolTip()
