"""Brackets, one-cancels-other, one-triggers-other, replacements and cancels."""

from decimal import Decimal

import pytest

from qv_desktop.simulator.alpaca_errors import BrokerError
from qv_desktop.simulator.orders import Order
from tests.simulator.small_market import Floor, at

BRACKET = {"order_class": "bracket", "take_profit": {"limit_price": 105}, "stop_loss": {"stop_price": 95}}


def _bracket(floor: Floor, **fields: object) -> tuple[Order, Order, Order]:
    entry = floor.order("buy", 100, **(BRACKET | fields))
    return entry, entry.legs[0], entry.legs[1]


def test_bracket_exits_wait_until_the_entry_has_filled_completely() -> None:
    floor = Floor()
    entry, profit, loss = _bracket(floor, type="limit", limit_price=99)
    assert (profit.status, loss.status) == ("held", "held")
    floor.fault("partial_fills")
    floor.market.trade(98.0)
    assert (entry.status, profit.status) == ("partially_filled", "held")
    floor.market.trade(97.0)
    assert (entry.status, profit.status, loss.status) == ("filled", "new", "held")
    assert floor.events(profit) == ["new"]


def test_a_filled_take_profit_cancels_the_stop_loss() -> None:
    floor = Floor()
    _, profit, loss = _bracket(floor)
    floor.market.trade(106.0)
    assert (profit.status, loss.status) == ("filled", "canceled")
    assert floor.exchange.account.quantity("ACME") == 0
    assert floor.events(loss) == ["canceled"]


def test_a_part_of_the_take_profit_shrinks_the_stop_loss() -> None:
    floor = Floor()
    _, profit, loss = _bracket(floor)
    floor.fault("partial_fills")
    floor.market.quoted(105.5, 105.6)
    assert profit.status == "partially_filled"
    assert loss.qty == 100 - profit.filled_qty
    floor.market.trade(94.0)
    assert (loss.status, profit.status) == ("filled", "canceled")
    assert floor.exchange.account.quantity("ACME") == 0


def test_a_triggered_stop_loss_cancels_the_take_profit_and_sells_at_the_market() -> None:
    floor = Floor()
    _, profit, loss = _bracket(floor)
    floor.market.trade(94.9)
    assert (profit.status, loss.status) == ("canceled", "filled")
    assert loss.filled_value / 100 == Decimal("94.89")
    assert floor.events(loss) == ["new", "fill"]


def test_cancelling_an_entry_cancels_its_exits_and_cancelling_an_exit_cancels_the_other() -> None:
    floor = Floor()
    entry, profit, loss = _bracket(floor, type="limit", limit_price=90, stop_loss={"stop_price": 85})
    floor.exchange.cancel(entry)
    floor.exchange.step()
    assert [order.status for order in (entry, profit, loss)] == ["canceled"] * 3
    _, profit, loss = _bracket(floor)
    floor.exchange.cancel(profit)
    floor.exchange.step()
    assert (profit.status, loss.status) == ("canceled", "canceled")


def test_day_exits_expire_together_at_the_close() -> None:
    floor = Floor(at(15, 59))
    _, profit, loss = _bracket(floor)
    floor.market.trade(100.0, at(16))
    assert (profit.status, loss.status) == ("expired", "expired")


def test_a_short_bracket_buys_back_lower_or_higher() -> None:
    floor = Floor()
    prices = {"take_profit": {"limit_price": 95}, "stop_loss": {"stop_price": 105, "limit_price": 106}}
    entry = floor.order("sell", 10, order_class="bracket", **prices)
    assert [leg.type for leg in entry.legs] == ["limit", "stop_limit"]
    floor.market.trade(94.0)
    assert floor.exchange.account.quantity("ACME") == 0
    assert floor.exchange.account.realised_today == (Decimal("99.99") - Decimal("94.01")) * 10


def test_one_cancels_other_has_the_take_profit_as_parent() -> None:
    floor = Floor()
    floor.order("buy", 10)
    profit = floor.order(
        "sell", 10, "limit", order_class="oco", take_profit={"limit_price": 105}, stop_loss={"stop_price": 95}
    )
    (loss,) = profit.legs
    assert (profit.type, profit.limit_price, profit.status, loss.status) == ("limit", Decimal(105), "new", "held")
    assert floor.exchange.held_shares("ACME") == 10
    floor.market.trade(94.0)
    assert (profit.status, loss.status) == ("canceled", "filled")


def test_one_triggers_other_releases_its_only_exit_when_the_entry_fills() -> None:
    floor = Floor()
    entry = floor.order("buy", 10, "limit", limit_price=99, order_class="oto", stop_loss={"stop_price": 95})
    (loss,) = entry.legs
    assert loss.status == "held"
    floor.market.trade(98.0)
    assert (entry.status, loss.status) == ("filled", "new")
    floor.market.trade(94.0)
    assert loss.status == "filled"


def test_a_replacement_is_a_new_order_and_the_old_one_reports_replaced() -> None:
    floor = Floor()
    old = floor.order("buy", 10, "limit", limit_price=90)
    new = floor.exchange.replace(old, {"limit_price": "91", "qty": "12"})
    assert (new.replaces, old.replaced_by, old.status, new.status) == (old.id, new.id, "pending_replace", "pending_new")
    floor.exchange.step()
    assert (old.status, new.status, new.limit_price, new.qty) == ("replaced", "new", Decimal(91), Decimal(12))
    assert [(u["event"], u["order"]["id"]) for u in floor.updates[-2:]] == [("replaced", old.id), ("new", new.id)]
    third = floor.exchange.replace(new, {"limit_price": "101"})
    floor.exchange.step()
    assert third.status == "filled"


def test_replacing_a_partly_filled_order_goes_on_with_the_rest() -> None:
    floor = Floor()
    floor.fault("partial_fills")
    old = floor.order("buy", 10, "limit", limit_price=101)
    floor.market.halted.add("ACME")
    new = floor.exchange.replace(old, {"limit_price": "102"})
    assert new.qty == 10 - old.filled_qty


def test_a_replaced_exit_takes_the_old_ones_place_in_its_group() -> None:
    floor = Floor()
    entry, profit, loss = _bracket(floor)
    higher = floor.exchange.replace(loss, {"stop_price": "97"})
    floor.exchange.step()
    assert entry.legs == [profit, higher]
    assert higher.status == "held"
    floor.market.trade(96.5)
    assert (higher.status, profit.status, loss.status) == ("filled", "canceled", "replaced")


def test_a_replaced_entry_keeps_its_exits() -> None:
    floor = Floor()
    entry, profit, _ = _bracket(floor, type="limit", limit_price=90, stop_loss={"stop_price": 85})
    new = floor.exchange.replace(entry, {"qty": "50"})
    floor.exchange.step()
    assert (profit.parent, profit.qty, profit.status) == (new, Decimal(50), "held")
    floor.market.trade(89.0)
    assert (new.status, profit.status) == ("filled", "new")


def test_an_order_on_its_way_or_closed_cannot_be_replaced_or_cancelled() -> None:
    floor = Floor()
    fresh = floor.exchange.submit({"symbol": "ACME", "side": "buy", "type": "market", "time_in_force": "day", "qty": 1})
    with pytest.raises(BrokerError, match="unable to replace order in current state"):
        floor.exchange.replace(fresh, {"qty": 2})
    floor.exchange.step()
    with pytest.raises(BrokerError, match='order is already in "filled" state') as refused:
        floor.exchange.cancel(fresh)
    assert (refused.value.status, refused.value.body["code"]) == (422, 42210000)


def test_a_rejected_cancel_leaves_the_order_working() -> None:
    floor = Floor()
    order = floor.order("buy", 10, "limit", limit_price=90)
    floor.fault("cancel_rejected")
    floor.exchange.cancel(order)
    floor.exchange.step()
    assert floor.events(order) == ["pending_new", "new", "pending_cancel", "order_cancel_rejected"]
    assert order.status == "new"


def test_a_rejected_replacement_leaves_the_old_order_working() -> None:
    floor = Floor()
    old = floor.order("buy", 10, "limit", limit_price=90)
    floor.fault("cancel_rejected")
    new = floor.exchange.replace(old, {"limit_price": 91})
    floor.exchange.step()
    assert (old.status, old.replaced_by, new.status) == ("new", None, "rejected")
    assert floor.events(old)[-1] == "order_replace_rejected"


def test_the_reject_fault_rejects_the_next_order_after_it_was_taken() -> None:
    floor = Floor()
    floor.fault("reject_next")
    entry, profit, loss = _bracket(floor)
    assert floor.events(entry) == ["pending_new", "rejected"]
    assert entry.failed_at is not None
    assert (profit.status, loss.status) == ("canceled", "canceled")
    assert floor.order("buy", 1).status == "filled"
