"""Recorded answers with fields gone, null, of another type or renamed: what is lost is unknown, never zero, and nothing else is lost."""

import copy
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qv_desktop.adapters.alpaca import account_messages, messages
from qv_desktop.adapters.alpaca.fields import Raw, Unreadable, every, number
from qv_desktop.adapters.alpaca.reading import each, most, whole
from qv_desktop.domain.account_history import Period
from qv_desktop.domain.errors import BrokerDown, Incomplete
from qv_desktop.domain.orders import OrderStatus

AT = datetime(2026, 7, 7, 15, 30, tzinfo=UTC)
WIRE = Path(__file__).parents[3] / ".." / "shared" / "wire" / "alpaca"
REMOVED = {  # by Alpaca, on 6 July 2026
    "pattern_day_trader": True, "daytrade_count": 4, "last_daytrade_count": 3, "daytrading_buying_power": "999999",
    "last_daytrading_buying_power": "999999",
}  # fmt: skip
MONEY = {  # field of ours -> Alpaca's
    "equity": "equity", "last_equity": "last_equity", "cash": "cash", "buying_power": "buying_power", "long_value": "long_market_value",
    "short_value": "short_market_value", "initial_margin": "initial_margin", "maintenance_margin": "maintenance_margin",
    "multiplier": "multiplier", "regt_buying_power": "regt_buying_power", "accrued_fees": "accrued_fees", "sma": "sma",
    "non_marginable_buying_power": "non_marginable_buying_power", "options_buying_power": "options_buying_power",
    "last_maintenance_margin": "last_maintenance_margin", "pending_in": "pending_transfer_in", "pending_fees": "pending_reg_taf_fees",
}  # fmt: skip
FLAGS = {"trading_blocked": "trading_blocked", "transfers_blocked": "transfers_blocked", "account_blocked": "account_blocked",
         "suspended": "trade_suspended_by_user", "shorting_enabled": "shorting_enabled"}  # fmt: skip

pytestmark = pytest.mark.skipif(not WIRE.is_dir(), reason="the recorded payloads are not beside this checkout")


def recorded(pattern: str, *needed: str) -> list[dict]:
    """Every recorded object under ``pattern`` that has all of these fields."""
    found: list[dict] = []
    for path in sorted(WIRE.glob(pattern)) if WIRE.is_dir() else ():
        content = json.loads(path.read_bytes())
        items = content if isinstance(content, list) else [content]
        found += [item for item in items if isinstance(item, dict) and set(needed) <= item.keys()]
    return found


ACCOUNTS = recorded("**/get*account*.json", "buying_power", "account_number")
POSITIONS = recorded("**/*.json", "avg_entry_price", "qty")
ORDERS = [
    raw
    for raw in recorded("**/*.json", "client_order_id", "status", "side")
    if messages.is_equity_order(raw) and raw["side"]
]
ASSETS = recorded("**/*.json", "tradable", "symbol", "exchange")
ACTIVITIES = recorded("**/*.json", "activity_type", "id")
HISTORIES = recorded("**/*.json", "timestamp", "equity", "profit_loss")
UPDATES = [raw for raw in recorded("**/*.json", "event", "order") if isinstance(raw["order"], dict)] + [
    raw["data"]
    for raw in recorded("**/*trade_updates*.json", "data")
    if isinstance(raw["data"], dict) and "order" in raw["data"]
]
SETTINGS = recorded("**/*account_configurations*.json", "no_shorting")

JUNK = st.one_of(st.none(), st.booleans(), st.just(""), st.just("QUANTUM"), st.just("NaN"), st.just("1e999999"), st.just([]), st.just({}),
                 st.just([None]), st.just({"a": 1}), st.text(max_size=6), st.floats(), st.just("0001-01-01T00:00:00+05:00"))  # fmt: skip


@st.composite
def spoiled(draw: st.DrawFn, originals: list[dict]) -> tuple[dict, dict]:
    """A recorded object, and the same after up to five of its fields (those of an order within it too) were spoiled."""
    before = draw(st.sampled_from(originals or [{"id": "x"}]))
    after = copy.deepcopy(before)
    for _ in range(draw(st.integers(1, 5))):
        inner = after.get("order") if isinstance(after.get("order"), dict) and draw(st.booleans()) else after
        names = sorted(inner)
        if not names:
            break
        name = draw(st.sampled_from(names))
        match draw(st.sampled_from(["delete", "null", "retype", "rename"])):
            case "delete":
                del inner[name]
            case "null":
                inner[name] = None
            case "retype":
                inner[name] = draw(JUNK)
            case "rename":
                inner[f"{name}_v2"] = inner.pop(name)
    return before, after


def is_number(value: object) -> bool:
    """Whether a figure of an account can be meant: said in other words than the program's own."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return False
    return bool(
        re.fullmatch(r"[+-]?(\d{1,25}(\.\d{0,25})?|\.\d{1,25})(e[+-]?\d{1,2})?", str(value).strip(), re.IGNORECASE)
    )


def tried[Answer](read: Callable[[], Answer]) -> Answer | None:
    try:
        return read()
    except Unreadable:
        return None


def test_there_is_something_to_spoil() -> None:
    found = (ACCOUNTS, POSITIONS, ORDERS, ASSETS, ACTIVITIES, HISTORIES, UPDATES, SETTINGS)
    assert [len(kind) > 1 for kind in found] == [True] * len(found)


@given(spoiled(ACCOUNTS))
@settings(max_examples=400)
def test_a_spoiled_account_keeps_every_other_figure_and_makes_none_up(pair: tuple[dict, dict]) -> None:
    before, after = pair
    account = tried(lambda: account_messages.account(after, AT))
    if account is None:
        assert not isinstance(after.get("id"), str | int | float) or after["id"] in ("", True, False)
        return
    for ours, theirs in MONEY.items():
        value = getattr(account, ours)
        if not is_number(after.get(theirs)):
            assert value is None
        elif after[theirs] == before.get(theirs):
            assert value == Decimal(str(before[theirs]))
    for ours, theirs in FLAGS.items():
        value = after.get(theirs)
        assert getattr(account, ours) is (value if isinstance(value, bool) else None)


@pytest.mark.parametrize("raw", ACCOUNTS, ids=lambda raw: raw["id"])
def test_the_day_trading_fields_make_no_difference_when_they_are_there_and_when_they_are_gone(raw: dict) -> None:
    without = {key: value for key, value in raw.items() if key not in REMOVED}
    assert account_messages.account(without, AT) == account_messages.account(without | REMOVED, AT)
    for settings_ in SETTINGS:
        bare = {key: value for key, value in settings_.items() if key not in ("dtbp_check", "pdt_check")}
        with_them = {**bare, "dtbp_check": "entry", "pdt_check": "entry"}
        assert account_messages.configuration(bare) == account_messages.configuration(with_them)


def test_nothing_in_the_program_reads_a_field_of_the_day_trading_rule() -> None:
    package = Path(messages.__file__).parents[2]
    told = {
        path.name: path.read_text(encoding="utf-8") for path in package.rglob("*.py") if "simulator" not in path.parts
    }
    words = [*REMOVED, "pdt_check", "dtbp_check"]
    assert [(name, word) for name, source in told.items() for word in words if f'"{word}"' in source] == []


@given(spoiled(POSITIONS))
@settings(max_examples=400)
def test_a_spoiled_position_is_whole_or_unreadable_and_never_flat_or_free(pair: tuple[dict, dict]) -> None:
    before, after = pair
    position = tried(lambda: messages.position(after))
    if position is None:
        return
    assert position.quantity != 0
    assert is_number(after.get("qty"))
    if after.get("qty") == before["qty"] and after.get("side") == before["side"]:
        assert position.quantity == Decimal(before["qty"])
    if not is_number(after.get("avg_entry_price")):  # reckoned from what all of them cost, exactly as told
        cost = number(after, "cost_basis")  # none when it is garbage, such as a figure of forty digits
        if cost is None:
            cost = Decimal(str(after["market_value"])) - Decimal(str(after["unrealized_pl"]))
        assert position.average == abs(cost) / abs(position.quantity)


@given(spoiled(ORDERS))
@settings(max_examples=400)
def test_a_spoiled_order_never_has_shares_filled_or_asked_for_that_were_not_told(pair: tuple[dict, dict]) -> None:
    _, after = pair
    order = tried(lambda: messages.order(after, "account"))
    if order is None:
        return
    if is_number(after.get("filled_qty")):
        assert order.filled == Decimal(str(after["filled_qty"]))
    else:
        assert after.get("filled_qty") is None
        assert (order.filled, after["status"]) in [
            (0, word) for word in ("accepted", "pending_new", "new", "held", "rejected")
        ]
    assert is_number(after.get("qty")) or is_number(after.get("notional"))
    if str(after.get("status")) not in messages.STATUSES:
        assert order.status is OrderStatus.UNKNOWN
        assert order.open


@given(spoiled(UPDATES))
@settings(max_examples=300)
def test_a_spoiled_trade_update_books_only_what_it_tells(pair: tuple[dict, dict]) -> None:
    _, after = pair
    report = tried(lambda: messages.report(after, AT))
    if report is not None and report.quantity is not None:
        assert report.quantity == Decimal(str(after["qty"]))


@given(spoiled(ASSETS), spoiled(ACTIVITIES), spoiled(SETTINGS))
@settings(max_examples=300)
def test_shares_activities_and_settings_are_read_or_unreadable_and_nothing_else(
    shares: tuple[dict, dict], activities: tuple[dict, dict], choices: tuple[dict, dict]
) -> None:
    (_, asset), (before, entry), (_, settings_) = shares, activities, choices
    share = tried(lambda: messages.instrument(asset))
    if share is not None:
        assert share.tradable is (asset.get("tradable") is True)
    account_messages.configuration(settings_)
    activity = tried(lambda: account_messages.activity(entry))
    assert (activity is None) == (not entry)
    if activity is not None and not is_number(entry.get("net_amount")):
        assert activity.net is None or activity.reckoned
    if activity is not None and entry.get("net_amount") == before.get("net_amount") is not None:
        assert activity.net == Decimal(before["net_amount"])


@given(st.sampled_from(HISTORIES or [{}]), st.data())
@settings(max_examples=300)
def test_a_spoiled_equity_history_has_holes_where_values_are_lost(before: dict, data: st.DataObject) -> None:
    after = copy.deepcopy(before)
    lost: set[int] = set()
    for _ in range(data.draw(st.integers(1, 4))):
        column = data.draw(st.sampled_from(["equity", "timestamp", "base_value", "cashflow", "timeframe", "whole"]))
        if column in ("equity", "timestamp") and isinstance(after.get(column), list) and after[column]:
            place = data.draw(st.integers(0, len(after[column]) - 1))
            after[column][place] = data.draw(JUNK)
            lost |= {place}
        elif column == "whole":
            after.pop(data.draw(st.sampled_from(sorted(after))), None) if after else None
        else:
            after[column] = data.draw(JUNK)
    curve = tried(lambda: account_messages.curve(after, Period.WEEK))
    if curve is None:
        assert not isinstance(after.get("timestamp"), list)
        return
    told = (
        [Decimal(str(value)) for value in after.get("equity") or [] if is_number(value)]
        if isinstance(after.get("equity"), list)
        else []
    )
    assert [point.equity for point in curve.points if point.equity is not None and point.equity not in told] == []
    assert all(first.at < second.at for first, second in zip(curve.points, curve.points[1:], strict=False))


# ---- whole lists


def rows_of(*positions: dict | str | None) -> list[Raw]:
    return every(list(positions))


@pytest.mark.parametrize("bad", [None, "AAPL", {}, {"symbol": "MSFT", "qty": None, "side": "long"},
                                 {"symbol": "MSFT", "qty": "0", "side": "long"},
                                 {"symbol": "MSFT", "qty": "5", "side": "sideways", "avg_entry_price": "1"}])  # fmt: skip
def test_one_unreadable_position_makes_the_answer_incomplete_and_keeps_the_rest(bad: object) -> None:
    good, told = {"symbol": "AAPL", "qty": "-5", "side": "short", "avg_entry_price": "10"}, list[str]()
    rows = each(rows_of(good, bad), messages.position, key=lambda found: found.symbol)  # type: ignore[arg-type]
    with pytest.raises(Incomplete, match=r"1 of 2 positions that Alpaca told could not be read") as raised:
        whole(rows, "positions", told.append)
    assert isinstance(raised.value, BrokerDown)
    assert [(found.symbol, found.quantity) for found in raised.value.readable] == [("AAPL", -5)]  # type: ignore[attr-defined]
    assert told == [str(raised.value)]


def test_two_positions_of_one_symbol_contradict_each_other() -> None:
    one = {"symbol": "AAPL", "qty": "5", "side": "long", "avg_entry_price": "10"}
    rows = each(rows_of(one, {**one, "qty": "7"}), messages.position, key=lambda found: found.symbol)
    with pytest.raises(Incomplete, match="more than once"):
        whole(rows, "positions", lambda _: None)


def test_a_list_of_shares_does_without_the_ones_that_cannot_be_read_and_says_so() -> None:
    told = list[str]()
    rows = each(rows_of({"symbol": "AAPL", "tradable": True}, {"name": "nameless"}, None), messages.instrument)
    assert [share.symbol for share in most(rows, "shares", told.append)] == ["AAPL"]
    assert told == [
        "2 of 3 shares that Alpaca told could not be read and are missing here (a row without a name: Alpaca's answer has no symbol.)"
    ]
    with pytest.raises(Incomplete, match="Nothing of Alpaca's answer"):
        most(each(rows_of(None), messages.instrument), "shares", told.append)


@pytest.mark.parametrize(("raw", "average"), [
    ({"avg_entry_price": "12.5"}, "12.5"), ({"cost_basis": "-50"}, "10"), ({"market_value": "-60", "unrealized_pl": "-10"}, "10"),
])  # fmt: skip
def test_what_was_paid_is_told_or_reckoned(raw: dict, average: str) -> None:
    position = messages.position({"symbol": "AAPL", "qty": "-5", "side": "short", **raw})
    assert (position.quantity, position.average) == (-5, Decimal(average))


def test_a_share_is_easy_to_borrow_by_the_new_word_as_by_the_old_flag() -> None:
    told = [{"easy_to_borrow": True}, {"borrow_status": "easy_to_borrow"}, {"borrow_status": "hard_to_borrow"}, {}]
    assert [messages.instrument({"symbol": "A", **raw}).easy_to_borrow for raw in told] == [True, True, False, False]


def test_the_price_step_is_the_listings_where_it_is_one_that_shares_have() -> None:
    told = [{"price_increment": step} for step in ("0.005", 0.005, "0.01", "0.0001", "nonsense", None)] + [{}]
    half, cent = Decimal("0.005"), Decimal("0.01")
    assert [messages.instrument({"symbol": "A", **raw}).tick for raw in told] == [
        half,
        half,
        cent,
        cent,
        cent,
        cent,
        cent,
    ]
