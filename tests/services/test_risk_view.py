"""The sums that the gate keeps are those that adding up anew would give, whatever happened before."""

import asyncio
import random
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from qv_desktop.domain import exposure
from qv_desktop.domain.market import Batch, Snapshot, Trade, ns
from qv_desktop.domain.norms import Norms
from qv_desktop.domain.orders import Fill, OrderClass, OrderStatus, OrderType, Side
from qv_desktop.domain.risk import RiskView
from qv_desktop.domain.rules_size import reserved
from qv_desktop.services.order_book import OrderBook
from qv_desktop.services.risk_view import UNDER_WAY, price_test
from tests.benchmarks.risk import Market, desk
from tests.builders import NOW, a_request, an_order

SECTORS = {"S0000": "Energy", "S0001": "Energy", "S0002": "Health care"}


def happens(built: Market, dice: random.Random) -> None:
    """One of the things that move a book."""
    symbol, keys = dice.choice(built.symbols), list(built.book)
    key = dice.choice(keys) if keys else ""
    if dice.random() < 0.3:
        built.risk.views.keep_up()  # a frame is shown
    match dice.randrange(10):
        case 0 | 1:
            built.trade(dice.sample(built.symbols, 2))
        case 2 | 3:
            built.enter(symbol)
        case 4 if key:
            status = dice.choice(
                (OrderStatus.CANCELED, OrderStatus.HELD, OrderStatus.PENDING_CANCEL, OrderStatus.REFUSED)
            )
            built.book[key] = replace(built.book[key], status=status, changed=built.moment)
        case 5 if key:
            del built.book[key]
        case 6 if key:
            built.book[key] = replace(built.book[key], filled=Decimal(dice.randrange(10)), status=OrderStatus.PARTIAL)
        case 7:
            shares = Decimal(dice.choice((1, 5, 100)))
            side = dice.choice((Side.BUY, Side.SELL))
            built.positions.fill(Fill(f"x{dice.random()}", "qv", symbol, side, shares, Decimal(50), built.moment))
        case 8:
            built.book.update(
                {
                    key: replace(order, status=OrderStatus.FILLED)
                    for key, order in built.book.items()
                    if dice.random() < 0.5
                }
            )
            built.positions.correct(replace(built.positions[symbol], quantity=Decimal(dice.choice((0, 7, -7)))))
        case _:
            kind = dice.choice((OrderType.MARKET, OrderType.STOP))
            request = a_request(dice.randrange(1, 50), dice.choice((Side.BUY, Side.SELL)), symbol, f"m{dice.random()}", type=kind,
                                stop=Decimal(40) if kind is OrderType.STOP else None,
                                order_class=dice.choice((OrderClass.SIMPLE, OrderClass.OCO)))  # fmt: skip
            built.book.update({request.client_order_id: an_order(request, submitted=built.moment)})
    built.moment += timedelta(seconds=dice.choice((0, 0, 1, 20)))


def slow(view: RiskView, book: OrderBook, built: Market) -> RiskView:
    """The same view made by going through everything."""
    minute = built.moment - timedelta(minutes=1)
    sent = [o for o in book.values() if o.status is not OrderStatus.REFUSED]
    recent = [o for o in sent if o.submitted > minute]
    told = view.account.at - UNDER_WAY if view.account else built.moment
    return replace(
        view,
        positions=built.positions.held(),
        open_orders=tuple(order for order in book.values() if order.open),
        prices={symbol: Decimal(repr(price)) for symbol, price in built.market.prices().items()},
        recent=tuple(recent),
        unsettled=tuple(o for o in sent if o.submitted > told),
        by_symbol=None,
        of_source=None,
        lines=None,
    )


def the_same(fast: RiskView, anew: RiskView) -> None:
    assert dict(exposure.lines(fast)) == dict(exposure.lines(anew))
    assert exposure.gross(fast) == exposure.gross(anew)
    assert exposure.added(fast) == exposure.added(anew)
    assert reserved(fast) == reserved(anew)
    for side in Side:
        assert exposure.net(fast, side) == exposure.net(anew, side)
    for name in set(SECTORS.values()):
        assert exposure.in_sector(fast, name) == exposure.in_sector(anew, name)
    assert exposure.of_strategy(fast, "strategy:one") == exposure.of_strategy(anew, "strategy:one")
    assert set(fast.positions) == set(anew.positions)
    assert set(fast.open_orders) == set(anew.open_orders)
    assert set(fast.recent) == set(anew.recent)
    for symbol in anew.prices:
        assert set(fast.orders_of(symbol)) == set(anew.orders_of(symbol))
        assert fast.prices[symbol] == anew.prices[symbol]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32))
def test_kept_sums_equal_sums_added_up_anew_after_anything_that_may_happen(seed: int) -> None:
    built, dice = asyncio.run(desk(4, 6)), random.Random(seed)
    built.risk.views.sectors = SECTORS
    for _ in range(40):
        for _ in range(dice.randrange(4)):
            happens(built, dice)
        fast = built.risk._view(dice.choice(built.symbols), built.book, "strategy:one")
        the_same(fast, slow(fast, built.book, built))
        gone = set(dice.sample(sorted(built.book), min(2, len(built.book))))
        rest = OrderBook({key: order for key, order in built.book.items() if key not in gone})
        without = built.risk._view("S0000", built.book, "strategy:one", gone)
        the_same(without, slow(without, rest, built))


def test_another_book_has_sums_of_its_own_and_the_first_ones_come_back() -> None:
    built = asyncio.run(desk(3, 5))
    mine = exposure.gross(built.risk._view("S0000", built.book))
    none = exposure.added(built.risk._view("S0000", {}))
    assert none == 0
    built.trade(["S0001"])
    again = built.risk._view("S0000", built.book)
    assert exposure.gross(again) == exposure.gross(slow(again, built.book, built)) != mine


def test_an_intent_that_is_written_down_at_the_second_try_counts_once() -> None:
    book, order = OrderBook(), an_order()
    book[order.id] = order
    del book[order.id]
    book[order.id] = order
    assert book.since(NOW - timedelta(minutes=1)) == (order,)
    assert book.by_symbol == {"AAPL": (order,)}


def test_a_book_forgets_what_left_it_whichever_way() -> None:
    orders = [an_order(a_request(id=f"o{place}")) for place in range(4)]
    book = OrderBook({order.id: order for order in orders})
    assert book.pop("o0") is orders[0]
    assert book.pop("o0", None) is None
    assert book.popitem() == ("o3", orders[3])
    assert book.setdefault("o1", orders[0]) is orders[1]
    book |= {"o9": orders[0]}
    assert book.by_symbol["AAPL"] == (orders[1], orders[2], orders[0])
    book.clear()
    assert (book.by_symbol, book.since(NOW - timedelta(days=1)), dict(book)) == ({}, (), {})


def test_a_cancel_counts_once_from_when_it_was_asked_for() -> None:
    order = an_order()
    book = OrderBook({order.id: order})
    asked = replace(order, status=OrderStatus.PENDING_CANCEL, changed=NOW)
    book[order.id] = asked
    book[order.id] = replace(asked, filled=Decimal(1))
    assert book.cancels_since(NOW - timedelta(minutes=1)) == (NOW,)
    assert book.cancels_since(NOW) == ()


def test_the_price_test_binds_after_a_fall_of_ten_per_cent_today_or_on_the_session_before() -> None:
    fell, firm = (
        Snapshot("AAPL", previous_close=100.0, day_low=90.0),
        Snapshot("AAPL", previous_close=100.0, day_low=90.01),
    )
    assert price_test(fell, Norms()) is True
    assert price_test(firm, Norms()) is False
    assert price_test(firm, Norms(price_test=True)) is True
    assert price_test(Snapshot("AAPL", day_low=90.0), Norms(previous_close=100.0)) is True
    assert price_test(Snapshot("AAPL"), Norms()) is None


def test_a_price_that_moves_together_with_a_fill_elsewhere_is_not_overlooked() -> None:
    built = asyncio.run(desk(3, 0))
    built.risk._view("S0000", built.book)
    built.market.hear(Batch([Trade("S0001", ns(NOW) + 1, 777.0, 1, "9")]))
    built.positions.fill(Fill("x", "qv", "S0002", Side.BUY, Decimal(1), Decimal(50), NOW))
    view = built.risk._view("S0000", built.book)
    assert exposure.lines(view)["S0001"].held == Decimal(777) * built.positions["S0001"].quantity


def test_prices_of_a_symbol_that_was_just_left_are_taken_in_frame_after_frame() -> None:
    built = asyncio.run(desk(3, 0))
    order = an_order(a_request(10, Side.SELL, "S0001", "leaving"))
    built.book[order.id] = order
    built.risk._view("S0000", built.book)
    built.book[order.id] = replace(order, status=OrderStatus.FILLED)
    built.positions.correct(replace(built.positions["S0001"], quantity=Decimal(0)))
    for _ in range(3):
        built.trade(["S0001"])
        built.risk.views.keep_up()
    built.positions.correct(replace(built.positions["S0001"], quantity=Decimal(5)))
    built.trade(["S0001"])
    built.risk.views.keep_up()
    view = built.risk._view("S0000", built.book)
    the_same(view, slow(view, built.book, built))
    assert "S0001" in exposure.lines(view)


def test_orders_that_ended_without_a_fill_are_not_counted_again_at_each_click() -> None:
    built = asyncio.run(desk(2, 1))
    for place in range(50):
        order = an_order(a_request(id=f"ended-{place}"), submitted=built.moment, status=OrderStatus.CANCELED)
        built.book[order.id] = order
    filled = an_order(a_request(id="filled"), submitted=built.moment, status=OrderStatus.CANCELED)
    built.book["filled"] = replace(filled, filled=Decimal(3))
    assert [order.id for order in built.risk._view("S0000", built.book).unsettled] == ["filled"]
