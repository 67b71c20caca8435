"""What the desk's rules look at: each measure over the state that events and services bring."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import cast

import pytest

from qv_desktop.domain.accounts import Account
from qv_desktop.domain.alert_rules import Reading
from qv_desktop.domain.audit import Verification
from qv_desktop.domain.errors import BrokerDown, Denied
from qv_desktop.domain.events import (
    FeedChanged,
    Filled,
    HealthMeasured,
    OrderChanged,
    Reconciled,
    RiskMeasured,
    TradingOverridden,
)
from qv_desktop.domain.limits import Limits
from qv_desktop.domain.loss_ladder import Losses
from qv_desktop.domain.market import FeedState, Quote
from qv_desktop.domain.orders import Fill, OrderStatus, OrderType, Side
from qv_desktop.domain.positions import Position
from qv_desktop.domain.reconciliation import Break, Override, Reconciliation, Tolerances
from qv_desktop.domain.risk import Measures, TradingState
from qv_desktop.domain.risk_measures import Exposure, Method, Profit, RiskPicture, SlowMeasures, ValueAtRisk
from qv_desktop.services.alert_measures import Around, DeskMeasures, slippage_bps
from qv_desktop.services.settling import NEVER_ARRIVED
from tests.builders import NOW, a_position, a_quote, a_request, an_account, an_order

ZERO = Decimal(0)


@dataclass
class Desk:
    """Measures over what the test sets."""

    source: str = "Polygon"
    stale: list[str] = field(default_factory=list)
    prices: dict[str, float] = field(default_factory=lambda: {"AAPL": 100.0, "KO": 50.0})
    held: dict[str, Position] = field(default_factory=dict)
    losses: Losses = field(default_factory=Losses)
    limits_of: dict[str, Limits] = field(default_factory=dict)
    account: Account | None = field(default_factory=lambda: an_account("100000"))
    limits: Limits = field(default_factory=Limits)
    sectors: dict[str, str] = field(default_factory=dict)
    skew: float | None = None
    audit: Verification | None = None
    seconds: float = 0.0

    def __post_init__(self) -> None:
        quotes: dict[str, Quote] = {"AAPL": a_quote(99.99, 100.01)}
        around = Around(
            lambda: self.source, lambda: self.stale, quotes.get, lambda: self.prices, lambda: self.held, lambda: self.account,
            lambda: self.losses, lambda: self.limits, lambda one: self.limits_of.get(one, self.limits),
            lambda one: self.sectors.get(one, ""), lambda: self.skew, lambda: self.audit,
        )  # fmt: skip
        self.measures = DeskMeasures(around, lambda: self.seconds)

    def of(self, rule: str) -> dict[str, float | None] | None:
        found = self.measures.readings()[rule]
        return None if found is None else {reading.subject: reading.value for reading in found}

    def feed(self, *states: str, feed: str = "Polygon") -> None:
        for state in states:
            self.measures.feed_changed(FeedChanged(feed, cast(FeedState, state), f"{feed}: {state}.", NOW))

    def order(self, key: str, status: OrderStatus, reason: str = "") -> None:
        self.measures.order_changed(OrderChanged(an_order(a_request(id=key), status, reason=reason)))

    def pulse(
        self, broker_ms: float | None = 5.0, database: str = "Postgres local", trouble: BrokerDown | None = None
    ) -> None:
        self.measures.health(HealthMeasured(0, 0, None, None, broker_ms, 0, database, broker_trouble=trouble))


def test_an_outage_keeps_its_first_reason_until_the_feed_is_well() -> None:
    desk = Desk()
    desk.feed("live", "mute", "backing off", "connecting", "authenticating")
    assert (desk.of("feed_mute"), desk.of("feed_lost"), desk.of("feed_evicted")) == ({"Polygon": 1.0}, {}, {})
    desk.feed("live", "backing off", "evicted", "connecting")
    assert (desk.of("feed_mute"), desk.of("feed_lost"), desk.of("feed_evicted")) == ({}, {}, {"Polygon": 1.0})
    desk.feed("backfilling")
    desk.feed("off", feed="Alpaca orders")
    assert (desk.of("feed_evicted"), desk.of("feed_lost")) == ({}, {"Alpaca orders": 1.0})


def test_a_feed_that_we_hung_up_is_not_lost() -> None:
    desk = Desk()
    desk.measures.feed_changed(FeedChanged("Polygon", "off", "Polygon: stopped.", NOW))
    assert desk.of("feed_lost") == {}


def test_silent_symbols_count_only_while_their_feed_says_that_it_lives() -> None:
    desk = Desk(stale=["KO", "AAPL"])
    assert desk.of("feed_stale") == {"Polygon": 2.0}
    desk.feed("mute")
    assert desk.of("feed_stale") is None
    desk.feed("live")
    desk.source = ""
    assert desk.of("feed_stale") is None


def test_an_order_is_unresolved_until_its_fate_is_known() -> None:
    desk = Desk()
    desk.order("a", OrderStatus.UNRESOLVED)
    desk.seconds = 4
    desk.order("a", OrderStatus.UNRESOLVED)
    assert desk.of("order_unresolved") == {"a": 4.0}
    assert desk.measures.at_once()["order_unresolved"] == desk.measures.readings()["order_unresolved"]
    desk.order("a", OrderStatus.WORKING)
    assert desk.of("order_unresolved") == {}


def test_orders_of_an_earlier_sitting_are_no_rejects_of_these_five_minutes() -> None:
    desk = Desk()
    for key in "abc":  # as the start tells of them, who finds them in the journal
        desk.order(key, OrderStatus.REJECTED, "no")
    desk.order("d", OrderStatus.WORKING)
    assert desk.of("reject_rate") == {"": 0.0}
    for key in "efgh":
        desk.order(key, OrderStatus.SUBMITTED)
    desk.order("e", OrderStatus.REJECTED, "no")
    assert desk.of("reject_rate") == {"": 25.0}


def test_the_share_of_rejects_is_of_five_minutes_and_says_nothing_of_two_orders() -> None:
    desk = Desk()
    for key in "ab":
        desk.order(key, OrderStatus.INTENT)
        desk.order(key, OrderStatus.REJECTED)
    assert desk.of("reject_rate") == {"": 0.0}
    desk.order("c", OrderStatus.SUBMITTED)
    desk.order("c", OrderStatus.WORKING)
    desk.order("d", OrderStatus.SUBMITTED)
    desk.order("d", OrderStatus.REJECTED, NEVER_ARRIVED)  # that was no word of the broker's
    assert desk.of("reject_rate") == {"": 50.0}
    desk.seconds = 301
    assert desk.of("reject_rate") == {"": 0.0}


@pytest.mark.parametrize(
    ("side", "price", "bps"), [(Side.BUY, "100.25", 25), (Side.SELL, "99.75", 25), (Side.BUY, "99.9", -10)]
)
def test_slippage_is_what_a_fill_cost_beyond_the_mid(side: Side, price: str, bps: float) -> None:
    fill = Fill("e1", "a", "AAPL", side, Decimal(10), Decimal(price), NOW)
    assert slippage_bps(fill, 100.0) == pytest.approx(bps)


def test_slippage_is_weighed_by_shares_over_five_minutes_from_the_mid_at_sending() -> None:
    desk = Desk()
    desk.order("a", OrderStatus.INTENT)
    for key, price, quantity in (("e1", "100.40", 30), ("e2", "100.00", 10)):
        desk.measures.filled(Filled(Fill(key, "a", "AAPL", Side.BUY, Decimal(quantity), Decimal(price), NOW)))
    desk.measures.filled(Filled(Fill("e3", "unknown", "AAPL", Side.BUY, Decimal(10), Decimal(500), NOW)))
    assert desk.of("slippage") == {"AAPL": pytest.approx(30.0)}
    desk.seconds = 301
    assert desk.of("slippage") == {}


def test_what_the_market_did_until_a_stop_was_reached_is_no_slippage_and_of_a_trail_nothing_is_known() -> None:
    desk = Desk()  # the mid is at 100
    stop = a_request(id="a", side=Side.SELL, type=OrderType.STOP, stop=Decimal(95))
    trail = a_request(id="b", side=Side.SELL, type=OrderType.TRAILING_STOP, trail_price=Decimal(2))
    for request in (stop, trail):
        desk.measures.order_changed(OrderChanged(an_order(request, OrderStatus.WORKING)))
        desk.measures.filled(
            Filled(
                Fill(
                    request.client_order_id,
                    request.client_order_id,
                    "AAPL",
                    Side.SELL,
                    Decimal(10),
                    Decimal("94.905"),
                    NOW,
                )
            )
        )
    assert desk.of("slippage") == {"AAPL": pytest.approx(10.0)}
    split = replace(stop, stop=Decimal("47.5"), client_order_id="c")
    desk.measures.order_changed(OrderChanged(an_order(replace(split, stop=Decimal(95)), OrderStatus.WORKING)))
    desk.measures.order_changed(OrderChanged(an_order(split, OrderStatus.WORKING)))
    desk.seconds = 301
    desk.measures.filled(Filled(Fill("c", "c", "AAPL", Side.SELL, Decimal(10), Decimal("47.5"), NOW)))
    assert desk.of("slippage") == {"AAPL": pytest.approx(0.0)}


def test_exposure_that_cannot_be_told_is_told_to_be_unknown() -> None:
    desk = Desk(held={"AAPL": a_position(500), "KO": a_position(-400, symbol="KO")})
    assert desk.of("exposure_unknown") == {"": 0.0}
    del desk.prices["KO"]
    (reading,) = desk.measures.readings()["exposure_unknown"] or ()
    assert (reading.value, reading.words) == (1.0, "There is no price of KO.")
    desk.account = None
    (reading,) = desk.measures.readings()["exposure_unknown"] or ()
    assert (reading.value, reading.words) == (
        1.0,
        "The equity is not known: 2 positions cannot be laid against limits.",
    )
    desk.held = {}
    assert desk.of("exposure_unknown") == {"": 0.0}


def test_names_gross_net_and_sectors_are_shares_of_their_limits() -> None:
    desk = Desk(held={"AAPL": a_position(500), "KO": a_position(-400, symbol="KO")}, sectors={"AAPL": "Technology"},
                limits=Limits(position_fraction=Decimal("0.5"), gross_fraction=Decimal(1), net_fraction=Decimal("0.6"),
                              sector_fraction=Decimal("0.5")))  # fmt: skip
    assert desk.of("position_limit") == {"AAPL": pytest.approx(100), "KO": pytest.approx(40)}
    assert desk.of("exposure_limit") == {
        "gross": pytest.approx(70),
        "net": pytest.approx(50),
        "Technology": pytest.approx(100),
    }
    del desk.prices["KO"]  # a name without a price hides no other
    assert (desk.of("position_limit"), desk.of("exposure_limit")) == ({"AAPL": pytest.approx(100), "KO": None}, None)


def test_a_limit_of_a_symbol_of_its_own_counts_for_it() -> None:
    desk = Desk(held={"AAPL": a_position(100), "KO": a_position(100, symbol="KO")},
                limits_of={"AAPL": Limits(position_fraction=Decimal("0.1"))})  # fmt: skip
    assert desk.of("position_limit") == {"AAPL": pytest.approx(100), "KO": pytest.approx(20)}


@pytest.mark.parametrize("equity", ["0", "-500"])
def test_a_requirement_without_any_equity_is_beyond_every_margin(equity: str) -> None:
    desk = Desk(account=replace(an_account(equity), maintenance_margin=Decimal(1_000)))
    assert (desk.of("margin") or {})[""] == 1_000
    desk.account = replace(an_account(equity), maintenance_margin=Decimal(0))
    assert desk.of("margin") == {"": 0.0}
    desk.account = replace(an_account(equity), maintenance_margin=None)
    assert desk.of("margin") is None


def test_loss_margin_and_drawdown_are_those_that_the_gate_goes_by() -> None:
    desk = Desk(account=replace(an_account("99000"), maintenance_margin=Decimal(49_500)),
                losses=Losses(Decimal(-1_000), Decimal("0.10")),
                limits=Limits(daily_loss=Decimal(2_000), drawdown_fraction=Decimal("0.10")))  # fmt: skip
    assert desk.of("loss_limit") == {"": pytest.approx(50)}
    assert desk.of("margin") == {"": pytest.approx(50)}
    assert desk.of("drawdown_limit") == {"": pytest.approx(100)}
    desk.losses, desk.account = Losses(Decimal(500), None), replace(an_account("120000"), maintenance_margin=None)
    assert (desk.of("loss_limit"), desk.of("margin"), desk.of("drawdown_limit")) == ({"": 0.0}, None, None)
    desk.losses, desk.account = Losses(), None
    assert {
        desk.of(rule) is None for rule in ("loss_limit", "margin", "drawdown_limit", "position_limit", "exposure_limit")
    } == {True}


def a_picture(*vars_: ValueAtRisk) -> RiskPicture:
    book = Exposure("book", ZERO, ZERO, 0.0)
    return RiskPicture(
        NOW, Decimal(100_000), (), Profit(), book, (), None, None, None, (), SlowMeasures(NOW, None, None, vars_)
    )


def test_the_gravest_one_day_value_at_risk_counts() -> None:
    desk, measures = Desk(), Measures(NOW, TradingState.ACTIVE, (), ZERO, ZERO, ())
    assert desk.of("value_at_risk") is None
    found = [ValueAtRisk(method, confidence, days, var, var, 250) for method, confidence, days, var in (
        (Method.HISTORICAL, 0.99, 1, 4_000.0), (Method.PARAMETRIC, 0.99, 1, 4_500.0), (Method.MONTE_CARLO, 0.99, 10, 20_000.0),
        (Method.HISTORICAL, 0.95, 1, 9_000.0))]  # fmt: skip
    desk.measures.risk(RiskMeasured(measures, a_picture(*found)))
    desk.measures.risk(RiskMeasured(measures))
    assert desk.of("value_at_risk") == {"": pytest.approx(4.5)}


def a_run(*breaks: Break) -> Reconciliation:
    return Reconciliation("r", NOW, "••1", "system", "test", NOW, NOW, Tolerances(), 3, breaks, "h")


def test_breaks_count_until_a_person_opens_trading_over_them() -> None:
    desk = Desk()
    assert desk.of("reconciliation_break") is None
    one = Break("positions", "KO", "quantity", "high", "1", "2", "+1", ZERO, "")
    desk.measures.reconciled(Reconciled(a_run(one, replace(one, key="AAPL"))))
    assert desk.of("reconciliation_break") == {"": 2.0}
    desk.measures.overridden(TradingOverridden(Override("maria", "known", NOW, "r", frozenset({one.seen_as}))))
    assert desk.of("reconciliation_break") == {"": 1.0}
    desk.measures.reconciled(Reconciled(a_run(replace(one, kind="timing", key="KO"))))  # the broker's own lag
    assert desk.of("reconciliation_break") == {"": 0.0}
    desk.measures.reconciled(Reconciled(a_run()))
    desk.measures.reconciled(Reconciled(a_run(one)))  # it came back: nobody has seen this one
    assert desk.of("reconciliation_break") == {"": 1.0}


def test_broker_database_clock_audit_and_disk() -> None:
    desk = Desk()
    rules = ("database_down", "database_lag", "clock_skew", "audit_broken", "disk_low")
    assert [desk.of(rule) for rule in rules] == [None] * 5
    for _ in range(20):
        desk.pulse(None)
    assert desk.of("broker_silent") == {"": 5.0}  # its first answer may take longer
    desk.pulse(3.0)
    assert desk.of("broker_silent") == {"": 0.0}
    for _ in range(6):
        desk.pulse(None, "Postgres local · down")
    desk.measures.probed.ping_ms, desk.measures.probed.free, desk.skew = 80.0, 3 * 2**30, 0.4
    desk.audit = Verification(5, 5, "h", 3, "the hash differs")
    assert (desk.of("broker_silent"), desk.of("database_down"), desk.of("database_lag")) == ({"": 6.0}, {"": 1.0}, None)
    desk.pulse()
    found: Mapping[str, object] = {rule: desk.of(rule) for rule in rules}
    assert found == {"database_down": {"": 0.0}, "database_lag": {"": 80.0}, "clock_skew": {"": 0.4}, "audit_broken": {"": 1.0},
                     "disk_low": {"": 3.0}}  # fmt: skip
    assert desk.measures.readings()["audit_broken"] == [Reading("", 1.0, "Row 3: the hash differs.")]


def test_keys_that_are_refused_alarm_in_their_own_words_and_an_account_that_was_never_there_does_not() -> None:
    desk, refused = Desk(), Denied("Connect it again under Connections.")
    for _ in range(60):
        desk.pulse(None, trouble=refused)
    assert desk.of("broker_silent") == {"": 0.0}
    desk.pulse()
    for _ in range(7):
        desk.pulse(None, trouble=refused)
    readings = desk.measures.readings()["broker_silent"]
    assert [(one.value, one.words) for one in readings or []] == [(7.0, "Connect it again under Connections.")]
