"""Notices: told once, counted when they repeat, and waiting until somebody acknowledges them."""

import asyncio
import json
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from qv_desktop.domain.alerts import Notice
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.errors import BrokerDown, Denied, Garbled
from qv_desktop.domain.events import (
    Event,
    FeedChanged,
    Filled,
    HealthMeasured,
    Noticed,
    OrderChanged,
    TradingStateChanged,
)
from qv_desktop.domain.market import FeedState
from qv_desktop.domain.orders import Fill, Order, OrderStatus, Report, ReportKind, Side, applied
from qv_desktop.domain.risk import TradingState
from qv_desktop.services.acknowledging import Acknowledging
from qv_desktop.services.login import Login
from qv_desktop.services.notices import MOST, Notices
from tests.builders import NOW, a_limit, a_session, an_order
from tests.fakes import Trail, Users

HEALTH = HealthMeasured(0, 0, None, None, 20.0, 0, "Postgres local")


@dataclass
class Desk:
    """Notices with a clock that the test moves."""

    moment: datetime = NOW
    events: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.notices = Notices(self.events.append, lambda: self.moment)

    def after(self, seconds: float) -> "Desk":
        self.moment += timedelta(seconds=seconds)
        return self

    def fresh(self) -> list[str]:
        """Titles of what was told aloud."""
        return [e.notice.title for e in self.events if isinstance(e, Noticed) and e.fresh]

    @property
    def last(self) -> Notice:
        return self.notices.told[-1]

    def fill(self, order: Order, name: str, quantity: int, price: str) -> Order:
        """An execution, told as the order book tells it."""
        report = Report(order.id, ReportKind.FILL, self.moment, "b1", name, Decimal(quantity), Decimal(price))
        moved = applied(order, report)
        self.notices.order_changed(OrderChanged(moved))
        request = order.request
        self.notices.filled(
            Filled(Fill(name, order.id, request.symbol, request.side, Decimal(quantity), Decimal(price), self.moment))
        )
        return moved

    def changes(self, *orders: Order) -> None:
        for order in orders:
            self.notices.order_changed(OrderChanged(order))


def test_partial_fills_are_one_notice_that_counts_up() -> None:
    desk = Desk()
    order = desk.fill(an_order(a_limit("231.50", 500)), "x1", 100, "231.40")
    assert desk.last.title == "Bought 100 of 500 AAPL, avg 231.40"
    order = desk.after(3).fill(order, "x2", 200, "231.43")
    assert desk.last.title == "Bought 300 of 500 AAPL, avg 231.42"
    assert (desk.last.text, desk.last.count) == ("2 fills; the last was 200 at 231.43", 2)
    desk.after(20).fill(order, "x3", 200, "231.42")
    assert desk.last.title == "Bought 500 AAPL, avg 231.42"
    assert len(desk.notices.told) == 1
    assert desk.fresh() == [
        "Bought 100 of 500 AAPL, avg 231.40",
        "Bought 500 AAPL, avg 231.42",
    ]  # the first, and the whole
    assert (desk.last.panel, desk.last.about, desk.last.kind) == ("orders", "qv-1", "fill")


def test_fills_far_apart_and_of_other_orders_are_notices_of_their_own() -> None:
    desk = Desk()
    order = desk.fill(an_order(a_limit("10", 500, Side.SELL)), "x1", 100, "0.1234")
    desk.after(31).fill(order, "x2", 100, "0.1234")
    desk.fill(an_order(a_limit("10", 5, id="qv-2")), "x3", 5, "10")
    assert [n.title for n in desk.notices.told] == ["Sold 100 of 500 AAPL, avg 0.1234", "Sold 200 of 500 AAPL, avg 0.1234",
                                                    "Bought 5 AAPL, avg 10.00"]  # fmt: skip


def test_what_repeats_within_ten_seconds_is_counted_silently_and_told_again_after_that() -> None:
    desk = Desk()
    for seconds in (0, 3, 3, 9):
        desk.after(seconds).notices.tell("warning", "Polygon is mute", "no word", "mute")
    assert (len(desk.notices.told), desk.last.count, desk.last.first) == (1, 4, NOW)
    assert desk.fresh() == ["Polygon is mute"] * 2
    desk.notices.acknowledge([desk.last.id], "anna")
    desk.after(20).notices.tell("warning", "Polygon is mute", "no word", "mute")
    assert [n.count for n in desk.notices.told] == [4, 1]  # somebody saw the first ones


def test_warnings_and_critical_ones_wait_until_acknowledged_and_others_do_not() -> None:
    desk = Desk()
    for urgency in ("info", "good", "warning", "critical"):
        desk.notices.tell(urgency, urgency, "x")
    assert desk.notices.unacknowledged() == {"warning": 1, "critical": 1}
    seen = desk.notices.acknowledge(desk.notices.waiting(), "anna")
    assert [(n.title, n.acknowledged_by, n.acknowledged_at) for n in seen] == [
        ("warning", "anna", NOW),
        ("critical", "anna", NOW),
    ]
    assert not desk.notices.waiting()
    assert desk.notices.acknowledge([n.id for n in seen], "ben") == []


def test_acknowledging_a_critical_one_is_recorded_with_who_did_it() -> None:
    desk, rows = Desk(), list[Draft]()
    login = Login(Users(), Trail(), lambda: NOW, "host")
    login.session = a_session(name="anna")

    async def note(draft: Draft) -> None:
        rows.append(draft)

    desk.notices.tell("warning", "small", "x")
    desk.notices.tell("critical", "Database is down", "x", kind="database")
    assert asyncio.run(Acknowledging(desk.notices, login, note).acknowledge_all()) == 2
    assert [(row.action, row.actor.name, row.reason) for row in rows] == [
        ("notice.acknowledge", "anna", "Database is down: x")
    ]


def test_an_order_unresolved_and_what_became_of_it() -> None:
    desk, order = Desk(), an_order(a_limit("90"), OrderStatus.SUBMITTED)
    desk.changes(order, replace(order, status=OrderStatus.UNRESOLVED), replace(order, status=OrderStatus.WORKING))
    assert [(n.urgency, n.title) for n in desk.notices.told] == [
        ("critical", "Unresolved: BUY 100 AAPL"),
        ("info", "Resolved: BUY 100 AAPL"),
    ]


def test_an_order_that_was_given_up_and_arrives_late_is_critical() -> None:
    desk, order = Desk(), an_order(a_limit("90"), OrderStatus.REJECTED, reason="it never reached the broker")
    desk.changes(order, replace(order, status=OrderStatus.WORKING))
    assert (desk.last.urgency, desk.last.title) == ("critical", "Arrived late: BUY 100 AAPL")


@pytest.mark.parametrize(
    ("asked", "title"),
    [
        (OrderStatus.PENDING_CANCEL, "Cancel refused: BUY 100 AAPL"),
        (OrderStatus.PENDING_REPLACE, "Change refused: BUY 100 AAPL"),
    ],
)
def test_a_refused_cancel_or_change_is_told_and_a_fill_meanwhile_is_not_taken_for_one(
    asked: OrderStatus, title: str
) -> None:
    desk, order = Desk(), an_order(a_limit("90"), asked)
    desk.changes(order, replace(order, status=OrderStatus.PARTIAL, filled=Decimal(5), reason="old words"))
    assert desk.notices.told == []
    desk.changes(order, replace(order, status=OrderStatus.WORKING, reason="order is already in pending state"))
    assert (desk.last.title, desk.last.text, desk.last.kind) == (title, "order is already in pending state", "cancel")


def test_what_ended_in_an_earlier_sitting_is_not_told_again_by_a_start_but_what_ended_meanwhile_is() -> None:
    desk = Desk()
    for status in (OrderStatus.REFUSED, OrderStatus.REJECTED, OrderStatus.UNRESOLVED):
        order = an_order(a_limit("100", id=f"qv-{status}"), status, reason="why")
        desk.notices.order_changed(OrderChanged(order, found=True))
    assert [title.partition(":")[0] for title in desk.fresh()] == ["Unresolved"]
    desk.changes(an_order(a_limit("100", id="qv-other"), OrderStatus.REJECTED, reason="why"))
    assert desk.fresh()[-1].startswith("Rejected by the broker")


def test_refusals_and_rejections_say_whose_they_are() -> None:
    desk = Desk()
    desk.changes(an_order(a_limit("90"), OrderStatus.REFUSED, reason="too large"))
    desk.changes(an_order(a_limit("90", id="qv-2"), OrderStatus.REJECTED, reason="no", broker_id="b"))
    assert [n.title for n in desk.notices.told] == ["Refused: BUY 100 AAPL", "Rejected by the broker: BUY 100 AAPL"]


def test_a_feed_lost_and_found() -> None:
    desk = Desk()
    states: list[FeedState] = ["connecting", "live", "backing off", "connecting", "live", "quiet"]
    for state in states:
        desk.notices.feed_changed(FeedChanged("Polygon", state, f"Polygon: {state}.", NOW))
    assert [(n.urgency, n.title) for n in desk.notices.told] == [
        ("warning", "Polygon is backing off"),
        ("good", "Polygon is back"),
    ]


def test_a_feed_whose_keys_are_refused_is_told_and_one_that_we_stop_is_not() -> None:
    desk = Desk()
    desk.notices.feed_changed(FeedChanged("Alpaca orders", "off", "Alpaca refused the API keys", NOW))
    assert desk.last.urgency in ("warning", "critical")
    desk.notices.feed_changed(FeedChanged("Alpaca orders", "live", "live", NOW))
    assert desk.last.title == "Alpaca orders is back"
    desk.notices.feed_changed(FeedChanged("Polygon", "off", "Polygon: stopped.", NOW))
    assert desk.last.title == "Alpaca orders is back"


def test_a_repeat_that_is_graver_is_told_anew_and_one_that_is_milder_stays_grave() -> None:
    desk = Desk()
    for urgency in ("warning", "critical", "warning"):
        desk.notices.tell(urgency, "Clock skew", f"{urgency} now", "clock skew")  # type: ignore[arg-type]
    assert (desk.last.urgency, desk.last.count, len(desk.notices.told)) == ("critical", 3, 1)
    assert desk.fresh() == ["Clock skew", "Clock skew"]


def test_a_long_string_of_fills_is_told_again_and_what_closes_in_part_says_what_was_filled() -> None:
    desk = Desk()
    order = an_order(a_limit("100.00", 1_000), OrderStatus.WORKING, broker_id="b1")
    for number in range(8):
        order = desk.after(25).fill(order, f"e{number}", 100, "100")
    assert len(desk.fresh()) >= 3
    desk.changes(applied(order, Report(order.id, ReportKind.CANCELED, desk.moment)))
    assert "800" in desk.last.title + desk.last.text


def test_what_waits_and_is_critical_is_pushed_out_by_nothing_milder() -> None:
    desk = Desk()
    desk.notices.tell("critical", "Kill switch", "no proof yet", "kill")
    for number in range(600):
        desk.notices.tell("warning", f"Warning {number}", "", f"w{number}")
    assert "kill" in [notice.key for notice in desk.notices.told]


def test_broker_and_database_down_and_back_are_told_once_each() -> None:
    desk = Desk()
    silent, down = replace(HEALTH, broker_ms=None), replace(HEALTH, database="Postgres local · down")
    for pulse in (*[silent] * 10, HEALTH, *[silent] * 4, HEALTH, *[silent] * 8, HEALTH, down, down, HEALTH):
        desk.after(1).notices.health(pulse)
    assert [n.title for n in desk.notices.told] == [
        "Broker is down",
        "Broker is back",
        "Database is down",
        "Database is back",
    ]


def test_a_halt_is_critical_and_what_stood_since_yesterday_is_not_told() -> None:
    desk = Desk()
    desk.notices.trading_state(TradingStateChanged(TradingState.HALTED, "system", "as stored"))
    desk.notices.trading_state(TradingStateChanged(TradingState.HALTED, "anna", "news"))
    assert [(n.urgency, n.title, n.text) for n in desk.notices.told] == [
        ("critical", "Trading is HALTED", "news (anna)")
    ]


def test_what_is_told_survives_a_restart_and_who_acknowledged_it_too() -> None:
    first, second = Desk(), Desk()
    first.notices.tell("critical", "Breaks", "two", "breaks", kind="reconciliation")
    first.notices.tell("warning", "Seen", "x")
    first.notices.acknowledge([first.last.id], "anna")
    second.notices.tell("info", "Signed in", "x")
    second.notices.restore(first.notices.saved())
    assert [n.title for n in second.notices.told] == ["Breaks", "Seen", "Signed in"]
    assert second.notices.told[:2] == first.notices.told
    assert second.fresh() == ["Signed in"]
    second.after(60).notices.tell("critical", "Breaks", "three", "breaks", kind="reconciliation")
    assert (second.last.text, second.last.count) == ("three", 2)


@pytest.mark.parametrize(
    "damage", ["", "{", "[1]", '[{"at": null}]', '[{"at": "x", "first": null, "acknowledged_at": null}]']
)
def test_a_damaged_record_is_as_if_there_were_none(damage: str) -> None:
    desk = Desk()
    desk.notices.restore(damage)
    assert desk.notices.told == []


def test_what_waits_is_kept_longest() -> None:
    desk = Desk()
    desk.notices.tell("critical", "waits", "x")
    for number in range(MOST + 5):
        desk.notices.tell("info", f"n{number}", "x")
    assert len(desk.notices.told) == MOST
    assert desk.notices.told[0].title == "waits"


@pytest.mark.parametrize(("trouble", "title", "says"), [
    (BrokerDown("Alpaca cannot be reached."), "Broker is down", "does not answer"),
    (Denied("Alpaca no longer accepts this account's permission; connect it again."), "Broker refuses the account", "connect it again"),
    (Garbled("Alpaca's answer could not be read."), "Broker cannot be understood", "could not be read"),
])  # fmt: skip
def test_a_broker_that_answers_and_brings_no_balances_is_not_called_silent(
    trouble: BrokerDown, title: str, says: str
) -> None:
    desk, ill = Desk(), replace(HEALTH, broker_ms=None, broker_trouble=trouble)
    for pulse in (HEALTH, *[ill] * 30, HEALTH):
        desk.after(1).notices.health(pulse)
    assert [n.title for n in desk.notices.told] == [title, "Broker is back"]
    first = desk.notices.told[0]
    assert (first.urgency, first.count, says in first.text) == ("critical", 1, True)


def test_what_ails_the_broker_may_change_and_is_told_again() -> None:
    desk = Desk()
    silent, refused = (
        replace(HEALTH, broker_ms=None, broker_trouble=why) for why in (BrokerDown("no answer"), Denied("no key"))
    )
    for pulse in (HEALTH, *[silent] * 20, *[refused] * 3):
        desk.after(1).notices.health(pulse)
    assert desk.fresh() == ["Broker is down", "Broker refuses the account"]
    assert (len(desk.notices.told), desk.last.text) == (1, "no key")


def test_to_have_no_account_yet_is_no_alarm() -> None:
    desk = Desk()
    for _ in range(60):
        desk.after(1).notices.health(
            replace(HEALTH, broker_ms=None, broker_trouble=Denied("No account is connected; add one."))
        )
    assert [(n.urgency, n.text) for n in desk.notices.told] == [("warning", "No account is connected; add one.")]


def test_a_feed_that_is_lost_again_right_after_it_came_back_is_told_once_it_stays_lost() -> None:
    desk = Desk()
    states: list[FeedState] = ["live", "backing off", "live", "backing off"]
    for state in states:
        desk.after(1).notices.feed_changed(FeedChanged("Polygon", state, f"Polygon: {state}.", NOW))
    assert desk.fresh()[-1] == "Polygon is back"  # too soon after the first loss
    for _ in range(30):
        desk.after(1).notices.feed_changed(FeedChanged("Polygon", "backing off", "Polygon: still away.", NOW))
        desk.notices.health(HEALTH)
    assert desk.fresh() == ["Polygon is backing off", "Polygon is back", "Polygon is backing off"]


def test_a_feed_that_flaps_and_is_well_in_the_end_is_not_told_to_be_lost_afterwards() -> None:
    desk = Desk()
    states: list[FeedState] = ["live", "backing off", "live", "backing off", "live"]
    for state in states:
        desk.after(1).notices.feed_changed(FeedChanged("Polygon", state, f"Polygon: {state}.", NOW))
    for _ in range(30):
        desk.after(1).notices.health(HEALTH)
    assert desk.fresh().count("Polygon is backing off") == 1


def test_a_broker_that_is_lost_again_within_seconds_is_told_even_when_somebody_acknowledged_the_first_loss() -> None:
    desk, silent = Desk(), replace(HEALTH, broker_ms=None)
    for pulse in (HEALTH, *[silent] * 5):
        desk.after(1).notices.health(pulse)
    desk.notices.acknowledge(desk.notices.waiting(), "anna")
    for pulse in (HEALTH, *[silent] * 60):
        desk.after(1).notices.health(pulse)
    assert desk.fresh() == ["Broker is down", "Broker is back", "Broker is down"]
    assert [n.title for n in desk.notices.told if n.waits] == ["Broker is down"]


def test_one_entry_that_cannot_be_read_costs_none_of_the_others() -> None:
    first, second = Desk(), Desk()
    first.notices.tell("critical", "Breaks", "two", "breaks")
    kept = json.loads(first.notices.saved())
    newer = {**kept[0], "id": "n2", "key": "k2", "added_by_a_newer_version": 1}
    odd = [{**kept[0], "urgency": "purple", "id": "n3"}, {**kept[0], "at": "soon", "id": "n4"}, {"title": "?"}, 7, None]
    second.notices.restore(json.dumps([*odd, *kept, newer]))
    assert [(n.title, n.key, n.waits) for n in second.notices.told] == [
        ("Breaks", "breaks", True),
        ("Breaks", "k2", True),
    ]
