"""What working orders may add: reductions, legs that wait and twins that cancel each other add nothing."""

from decimal import Decimal

from qv_desktop.domain.exposure import added, committed, gross, reduces
from qv_desktop.domain.limits import Limits
from qv_desktop.domain.orders import Order, OrderClass, OrderStatus, OrderType, Side
from qv_desktop.domain.rules import judged
from qv_desktop.services.risk import measured
from tests.builders import a_limit, a_position, a_request, a_view, an_order

D = Decimal


def exits(
    order_class: OrderClass = OrderClass.BRACKET, stop_status: OrderStatus = OrderStatus.WORKING
) -> tuple[Order, Order]:
    """The profit and the stop of 100 shares, as the broker lists them."""
    profit = a_limit("110", 100, Side.SELL, id="tp", order_class=order_class)
    stop = a_request(100, Side.SELL, id="sl", type=OrderType.STOP, stop=D(90), order_class=order_class)
    return an_order(profit), an_order(stop, stop_status)


def test_the_exits_of_a_bracket_add_nothing_to_the_position_that_they_close() -> None:
    view = a_view(positions={"AAPL": a_position(100)}, open_orders=exits())
    assert (added(view), gross(view)) == (D(0), D(10_000))
    assert committed(view, "AAPL", Side.SELL) == 100
    assert committed(a_view(open_orders=exits()[::-1]), "AAPL", Side.SELL) == 100


def test_of_a_pair_without_a_position_one_leg_counts_and_a_held_leg_never() -> None:
    assert added(a_view(open_orders=exits(OrderClass.OCO))) == 11_000
    assert added(a_view(open_orders=exits(stop_status=OrderStatus.HELD))) == 11_000
    waiting = tuple(an_order(order.request, OrderStatus.HELD) for order in exits())
    parent = an_order(a_limit("99", 100, order_class=OrderClass.BRACKET, take_profit=D(110), stop_loss=D(90)))
    assert added(a_view(open_orders=(parent, *waiting))) == 9_900


def test_two_brackets_are_two_pairs_and_plain_orders_are_no_twins() -> None:
    assert committed(a_view(open_orders=(*exits(), *exits())), "AAPL", Side.SELL) == 200
    plain = exits(OrderClass.SIMPLE)
    assert committed(a_view(open_orders=plain), "AAPL", Side.SELL) == 200


def test_an_order_on_the_reducing_side_counts_beyond_what_is_held_only() -> None:
    selling = (an_order(a_limit("100", 60, Side.SELL, id="a")), an_order(a_limit("100", 70, Side.SELL, id="b")))
    view = a_view(positions={"AAPL": a_position(100)}, open_orders=selling)
    assert added(view) == 30 * 100
    assert not reduces(a_request(1, Side.SELL), view)


def test_the_gauge_of_working_orders_and_the_gate_count_alike() -> None:
    view = a_view(positions={"AAPL": a_position(100)}, open_orders=exits())
    gauge = next(g for g in measured(view, Limits()).gauges if g.title == "Working orders")
    assert gauge.value == "0.0%"
    check = next(c for c in judged(a_limit("100.00", 100), view, Limits()).checks if c.code == "GROSS")
    assert check.value == "20%"
