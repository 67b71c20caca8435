"""Alpaca's recorded answers become our values; unknown words never raise, missing identities always do."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qv_desktop.adapters.alpaca import account_messages, messages
from qv_desktop.adapters.alpaca.fields import Unreadable, moment, nanoseconds, number
from qv_desktop.domain.orders import OrderClass, OrderStatus, OrderType, ReportKind, Side, TimeInForce
from tests.builders import NOW

AT = datetime(2026, 1, 5, 15, 30, tzinfo=UTC)


def recorded(wire: Path, name: str) -> object:
    return json.loads((wire / "alpaca" / name).read_bytes())


def equity_orders(wire: Path) -> list[dict]:
    contents = [json.loads(path.read_bytes()) for path in sorted((wire / "alpaca").rglob("*.json"))]
    items = [item for content in contents for item in (content if isinstance(content, list) else [content])]
    return [item for item in items if isinstance(item, dict) and {"client_order_id", "status", "side"} <= item.keys()]


def test_the_recorded_account_keeps_its_money_exact(wire: Path) -> None:
    raw = recorded(wire, "alpaca-py_tests/account_routes/get_account.json")
    account = account_messages.account(raw, AT)
    assert (account.id, account.status, account.at) == (raw["id"], "ACTIVE", AT)
    assert account.equity == Decimal("103820.56")
    assert account.cash == Decimal("-23140.2")
    assert account.trading_blocked is False
    assert account.masked == "••••BCD"


def test_an_account_without_figures_leaves_them_unknown() -> None:
    account = account_messages.account(
        {"id": "a", "equity": "NaN", "cash": None, "buying_power": [], "multiplier": True}, AT
    )
    assert (account.equity, account.cash, account.buying_power, account.multiplier) == (None, None, None, None)


def test_recorded_positions_are_signed(wire: Path) -> None:
    raw = recorded(wire, "alpaca-py_tests/position_routes/get_all_positions.json")[0]
    assert messages.position(raw).quantity == 5
    assert messages.position({**raw, "side": "short"}).quantity == -5
    assert messages.position({**raw, "side": "short", "qty": "-5"}).quantity == -5
    assert messages.position(raw).average == Decimal("100.0")


def test_every_recorded_order_of_a_share_is_read(wire: Path) -> None:
    found = [raw for raw in equity_orders(wire) if messages.is_equity_order(raw) and raw["side"]]
    assert len(found) >= 10
    for raw in found:
        order = messages.order(raw, "account")
        assert order.broker_id == raw["id"]
        assert order.id == raw["client_order_id"]
        assert order.status is not OrderStatus.UNKNOWN


def test_a_recorded_limit_order_keeps_its_terms(wire: Path) -> None:
    order = messages.order(recorded(wire, "openapi_trading/post_v2_orders_200_Equity.json"), "account")
    request = order.request
    assert (request.symbol, request.side, request.type) == ("AAPL", Side.BUY, OrderType.LIMIT)
    assert (request.quantity, request.limit, request.time_in_force) == (2, 150, TimeInForce.GTC)
    assert (order.status, order.filled, order.average) == (OrderStatus.SUBMITTED, 0, None)
    assert order.submitted == datetime(2023, 12, 12, 22, 31, 24, 577215, tzinfo=UTC)


def test_unknown_words_never_raise() -> None:
    raw = {"id": "b", "client_order_id": "c", "symbol": "AAPL", "side": "buy", "status": "quantum", "type": "iceberg",
           "time_in_force": "gtd", "order_class": "ladder", "asset_class": "ipo", "qty": 3, "filled_qty": "0",
           "legs": "none", "created_at": "2026-01-05T15:30:00Z"}  # fmt: skip
    order = messages.order(raw, "account")
    assert order.status is OrderStatus.UNKNOWN
    assert order.open
    assert order.request.type is OrderType.UNKNOWN
    assert order.request.note == "Alpaca's order type iceberg, time in force gtd, order class ladder"
    assert (order.request.time_in_force, order.request.order_class) == (TimeInForce.DAY, OrderClass.SIMPLE)
    assert messages.standing(raw, AT).kind is ReportKind.UNKNOWN


@pytest.mark.parametrize("missing", ["id", "client_order_id", "symbol", "side", "qty", "created_at"])
def test_an_order_without_identity_is_unreadable(missing: str) -> None:
    raw = {"id": "b", "client_order_id": "c", "symbol": "AAPL", "side": "buy", "status": "new", "qty": "1",
           "created_at": "2026-01-05T15:30:00Z"}  # fmt: skip
    with pytest.raises(Unreadable):
        messages.order({key: value for key, value in raw.items() if key != missing}, "account")


def test_a_bracket_shows_its_legs_prices() -> None:
    legs = [{"side": "sell", "type": "limit", "limit_price": "12"}, {"side": "sell", "type": "stop", "stop_price": "8"}]
    raw = {
        "id": "b",
        "client_order_id": "c",
        "symbol": "A",
        "side": "buy",
        "order_class": "bracket",
        "qty": "1",
        "legs": legs,
    }
    request = messages.request(raw)
    assert (request.order_class, request.take_profit, request.stop_loss) == (OrderClass.BRACKET, 12, 8)


def test_the_recorded_fill_update_is_one_execution(wire: Path) -> None:
    raw = recorded(wire, "docs_examples/api_references_trading_api_streaming/09_trade_updates_fill.json")
    report = messages.report(raw["data"], AT)
    assert report.kind is ReportKind.FILL
    assert report.execution_id == "2f63ea93-423d-4169-b3f6-3fdafc10c418"
    assert (report.quantity, report.price) == (Decimal("1790.86"), Decimal("105.8988475"))
    assert report.at == datetime(2022, 4, 19, 17, 45, 5, 24916, tzinfo=UTC)
    assert report.client_order_id == "4642fd68-d59a-47d7-a9ac-e22f536828d1"


def test_the_recorded_new_update_is_accepted(wire: Path) -> None:
    report = messages.report(recorded(wire, "openapi_broker_events_orders/get_v2_events_trades_200_new.json"), AT)
    assert (report.kind, report.price) == (ReportKind.ACCEPTED, None)


@pytest.mark.parametrize(
    ("event", "status", "kind"),
    [("pending_new", "pending_new", ReportKind.ACKNOWLEDGED), ("canceled", "canceled", ReportKind.CANCELED),
     ("expired", "expired", ReportKind.EXPIRED), ("rejected", "rejected", ReportKind.REJECTED),
     ("replaced", "replaced", ReportKind.REPLACED), ("pending_cancel", "pending_cancel", ReportKind.CANCEL_ASKED),
     ("order_cancel_rejected", "new", ReportKind.CANCEL_REFUSED), ("order_replace_rejected", "new", ReportKind.REPLACE_REFUSED),
     ("done_for_day", "done_for_day", ReportKind.PAUSED), ("restated", "new", ReportKind.ACCEPTED),
     ("something_new", "held", ReportKind.HELD), ("something_new", "filled", ReportKind.ACCEPTED),
     ("something_new", "also_new", ReportKind.UNKNOWN)],
)  # fmt: skip
def test_events_and_unknown_events_are_understood(event: str, status: str, kind: ReportKind) -> None:
    order = {"id": "b", "client_order_id": "c", "status": status, "replaced_by": "d"}
    report = messages.report({"event": event, "order": order}, AT)
    assert (report.kind, report.at, report.broker_id, report.replaced_by) == (kind, AT, "b", "d")


@pytest.mark.parametrize("event", ["trade_bust", "trade_correct"])
def test_an_execution_that_is_taken_back_is_left_to_the_broker_s_own_lists(event: str) -> None:
    order = {"id": "b", "client_order_id": "c", "status": "filled", "filled_qty": "0"}
    with pytest.raises(Unreadable, match="took an execution back"):
        messages.report({"event": event, "order": order, "qty": "-5", "price": "1.5", "execution_id": "e"}, AT)


def test_a_fill_without_price_is_unreadable_and_one_without_id_gets_a_lasting_one() -> None:
    order = {"id": "b", "client_order_id": "c", "filled_qty": "5"}
    with pytest.raises(Unreadable):
        messages.report({"event": "fill", "order": order, "qty": "5"}, AT)
    data = {"event": "fill", "order": order, "qty": "5", "price": "1.5"}
    first, again = messages.report(data, AT), messages.report(data, AT)
    assert first.execution_id == again.execution_id != ""


def test_recorded_activities_are_fills_by_execution_id(wire: Path) -> None:
    name = "alpaca-py_tests/account_activities_routes/get_activities_for_account_max_items_and_single_request_date.json"
    raw = recorded(wire, name)[0]
    fill = messages.fill(raw, "client")
    assert fill.execution_id == "047e252a-a8a3-4e35-84e2-29814cbf5057"
    assert (fill.client_order_id, fill.symbol, fill.side) == ("client", "AMZN", Side.BUY)
    assert fill.broker_id == raw["order_id"] != ""
    assert (fill.quantity, fill.price) == (Decimal("1.792161878"), Decimal("2907.15"))
    assert fill.at == datetime(2022, 3, 4, 18, 54, 20, 903569, tzinfo=UTC)


def test_a_recorded_asset_is_an_instrument(wire: Path) -> None:
    found = messages.instrument(recorded(wire, "alpaca-py_tests/asset_routes/get_asset.json"))
    assert found.symbol
    assert found.tradable


@pytest.mark.parametrize(
    ("day", "close", "utc_open", "utc_close"),
    [("2026-03-06", "16:00", 14, 21), ("2026-03-09", "16:00", 13, 20), ("2025-11-28", "13:00", 14, 18)],
)
def test_calendar_days_follow_new_york_through_daylight_saving_and_early_closes(
    day: str, close: str, utc_open: int, utc_close: int
) -> None:
    found = messages.session(
        {"date": day, "open": "09:30", "close": close, "session_open": "0400", "session_close": "2000"}
    )
    assert found.day == date.fromisoformat(day)
    assert (found.open.hour, found.open.minute, found.close.hour) == (utc_open, 30, utc_close)
    assert found.pre_open < found.open < found.close < found.post_close


def test_a_calendar_day_that_is_none_is_unreadable() -> None:
    with pytest.raises(Unreadable):
        messages.session({"date": "2026-02-30", "open": "09:30", "close": "16:00"})


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [("2021-02-22T15:51:45.335689322Z", 1614009105335689322), ("2021-02-22T15:51:44.208Z", 1614009104208000000),
     ("2021-02-22T19:15:00Z", 1614021300000000000), ("2021-02-22T10:51:45.5-05:00", 1614009105500000000)],
)  # fmt: skip
def test_stamps_keep_their_nanoseconds(stamp: str, expected: int) -> None:
    assert nanoseconds(stamp) == expected


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3))  # fmt: skip
FIELDS = ["event", "order", "id", "client_order_id", "symbol", "side", "status", "type", "qty", "price", "legs", "timestamp",
          "order_class", "time_in_force", "filled_qty", "limit_price", "submitted_at", "execution_id", "date", "open"]  # fmt: skip


@given(st.dictionaries(st.sampled_from(FIELDS), JSON))
def test_nonsense_is_read_or_unreadable_and_nothing_else(raw: dict) -> None:
    for read in (lambda: messages.order(raw, "a"), lambda: messages.report(raw, AT), lambda: messages.fill(raw, "c"),
                 lambda: messages.position(raw), lambda: messages.session(raw), lambda: account_messages.account(raw, AT),
                 lambda: messages.report({"event": "fill", "order": raw}, AT)):  # fmt: skip
        try:
            read()
        except Unreadable:
            continue


def test_numbers_and_moments_tolerate_anything() -> None:
    assert number({"a": "1e3"}, "a") == 1000
    assert [number({"a": value}, "a") for value in ("", "x", "Infinity", [], {}, True)] == [None] * 6
    assert moment({"a": "soon", "b": "2026-01-05T10:30:00-05:00"}, "a", "b") == AT


def test_a_trailing_stop_has_its_trail_and_no_stop_that_would_be_old_in_a_moment(wire: Path) -> None:
    raw = json.loads((wire / "alpaca/openapi_trading/post_v2_orders_200_Equity.json").read_text(encoding="utf-8"))
    trailing = raw | {
        "type": "trailing_stop",
        "order_type": "trailing_stop",
        "stop_price": "97.5",
        "trail_price": "2.5",
        "limit_price": None,
    }
    found = messages.order(trailing, "account").request
    assert (found.stop, found.trail_price) == (None, Decimal("2.5"))


def test_an_exit_that_took_the_place_of_a_held_one_is_new_and_held() -> None:
    order = {"id": "b1", "client_order_id": "c1", "status": "held"}
    assert messages.report({"event": "new", "order": order}, NOW).kind is ReportKind.HELD


@pytest.mark.parametrize(("event", "size"), [("partial_fill", None), ("fill", Decimal("2.5"))])
def test_the_last_execution_tells_how_large_an_order_by_dollars_was(event: str, size: Decimal | None) -> None:
    order = {
        "id": "b1",
        "client_order_id": "c1",
        "status": "filled",
        "qty": None,
        "notional": "500",
        "filled_qty": "2.5",
    }
    data = {"event": event, "execution_id": "e1", "price": "200", "qty": "2.5", "order": order}
    assert messages.report(data, NOW).size == size


def test_characters_that_no_database_keeps_are_replaced() -> None:
    assert (
        messages.report(
            {"event": "rejected", "reason": "a\0b\ud800", "order": {"id": "b1", "client_order_id": "c1"}}, NOW
        ).reason
        == "a\N{REPLACEMENT CHARACTER}b?"
    )
