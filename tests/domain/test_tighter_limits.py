"""A tighter limit never lets more pass, whatever is ordered and whatever the book holds; and each limit does refuse something."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qv_desktop.domain.limits import NAMES, TIGHTER_WHEN_MORE, Limits
from qv_desktop.domain.orders import OrderRequest, OrderStatus, OrderType, Side
from qv_desktop.domain.risk import RiskView
from qv_desktop.domain.rules import judged
from tests.builders import NOW, a_position, a_quote, a_request, a_view, an_account, an_order

D = Decimal
SYMBOLS = ("AAPL", "MSFT", "XOM")
HERE = [  # limits whose rules look at nothing but the view
    "order_value", "order_quantity", "position_fraction", "gross_fraction", "daily_loss", "collar", "quote_age", "orders_per_minute",
    "duplicate_seconds", "order_volume_fraction", "orders_per_second", "cancels_per_minute", "net_fraction", "sector_fraction",
    "strategy_fraction", "opens", "closes",
]  # fmt: skip
WHOLE = {name for name in NAMES if isinstance(getattr(Limits(), name), int)}


def a_value(name: str) -> st.SearchStrategy[Decimal | int]:
    """Loose and tight values of a limit, and those at which the books below stand."""
    usual = getattr(Limits(), name)
    if name in WHOLE:
        return st.integers(0, max(2 * usual, 1_440))
    near = st.decimals(0, 3, allow_nan=False, places=3).map(lambda part: part * usual)
    return near | st.sampled_from([D(0), usual])


prices = st.decimals("0.01", 300, allow_nan=False, places=2)
shares = st.integers(-2_000, 2_000)
sides = st.sampled_from(Side)


@st.composite
def requests(draw: st.DrawFn) -> OrderRequest:
    """Orders of the usual kinds, some of them twice."""
    kind = draw(st.sampled_from((OrderType.MARKET, OrderType.LIMIT, OrderType.STOP)))
    return a_request(
        draw(st.integers(0, 3_000)), draw(sides), draw(st.sampled_from(SYMBOLS)), type=kind,
        limit=draw(prices) if kind is OrderType.LIMIT else None, stop=draw(prices) if kind is OrderType.STOP else None,
        source=draw(st.sampled_from(("Ticket", "strategy:one"))),
    )  # fmt: skip


@st.composite
def views(draw: st.DrawFn) -> RiskView:
    """Books and markets of every kind, at every hour."""
    orders = tuple(
        an_order(replace(request, client_order_id=f"o{place}"), status, submitted=NOW - timedelta(seconds=age))
        for place, (request, status, age) in enumerate(
            draw(st.lists(st.tuples(requests(), st.sampled_from((OrderStatus.WORKING, OrderStatus.HELD, OrderStatus.UNRESOLVED)),
                                    st.sampled_from((0.5, 5.0, 59.0))), max_size=5))
        )
    )  # fmt: skip
    equity = draw(st.sampled_from(("0", "50000", "100000", "1000000")))
    at = NOW + timedelta(minutes=draw(st.integers(0, 1_440)))
    return a_view(
        now=at, open_orders=orders, recent=orders, unsettled=draw(st.sampled_from(((), orders))),
        positions={symbol: a_position(draw(shares), "100", symbol) for symbol in SYMBOLS},
        prices={symbol: draw(prices) for symbol in SYMBOLS}, quote=a_quote(*sorted((float(draw(prices)), float(draw(prices))))),
        quote_age=draw(st.sampled_from((None, 0.1, 2.0, 5.0))), account=an_account(equity, last_equity=D(draw(st.integers(0, 10**6)))),
        average_volume=draw(st.sampled_from((None, 0.0, 1_000.0, 1e6))), cancels=(NOW,) * draw(st.integers(0, 300)),
        sectors=draw(st.sampled_from(({}, {"AAPL": "Technology", "MSFT": "Technology", "XOM": "Energy"}))),
        strategy_held=draw(st.sampled_from((None, {"AAPL": D(10), "XOM": D(-500)}))), price_test=draw(st.booleans()),
    )  # fmt: skip


def refused(request: OrderRequest, view: RiskView, limits: Limits) -> set[str]:
    codes = {check.code for check in judged(request, view, limits).refusals}
    return {
        "COLLAR" if code in ("QUOTE_AGE", "NO_QUOTE") else code for code in codes
    }  # one rule, which stops at the first


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=30, deadline=None)
@given(st.data())
def test_a_tighter_limit_never_admits_more(name: str, data: st.DataObject) -> None:
    one, two = data.draw(a_value(name)), data.draw(a_value(name))
    tight, loose = (max(one, two), min(one, two)) if name in TIGHTER_WHEN_MORE else (min(one, two), max(one, two))
    others = Limits(
        **{other: data.draw(a_value(other)) for other in data.draw(st.sets(st.sampled_from(NAMES), max_size=4))}
    )
    request, view = data.draw(requests()), data.draw(views())
    assert refused(request, view, replace(others, **{name: loose})) <= refused(
        request, view, replace(others, **{name: tight})
    )


FULL = a_view(
    now=NOW, quote_age=0.2, average_volume=1e6, cancels=(NOW,), strategy_held={"AAPL": D(10)}, sectors={"AAPL": "Technology"},
    recent=(an_order(replace(a_request(5), client_order_id="before")),), account=an_account("99000", last_equity=D(100_000)),
)  # fmt: skip


@pytest.mark.parametrize("name", HERE)
def test_every_limit_refuses_something_when_it_is_as_tight_as_can_be(name: str) -> None:
    request = a_request(5, type=OrderType.LIMIT, limit=D("100.02"))
    view = replace(FULL, recent=(an_order(replace(request, client_order_id="before")),), now=NOW + timedelta(seconds=2))
    assert refused(request, view, Limits()) == set()
    tightest = {"opens": 1_440, "duplicate_seconds": D(86_400)}.get(name, 0)
    assert len(refused(request, view, replace(Limits(), **{name: tightest}))) == 1


def test_the_limits_that_are_not_judged_here_are_known_by_name() -> None:
    assert set(NAMES) - set(HERE) == {
        "reducing_fraction", "drawdown_fraction", "consecutive_losses", "cooldown_seconds", "trades_per_day", "day_trades",
    }  # fmt: skip
