"""Reconciliation: the union of keys, every class of break, and silence where all agree."""

from datetime import timedelta
from decimal import Decimal

import pytest

from qv_desktop.domain.orders import Fill, Order, OrderStatus, Side
from qv_desktop.domain.positions import Position
from qv_desktop.domain.reconciliation import Books, Tolerances, differences, fingerprint
from tests.builders import NOW, a_limit, a_position, an_order


def books(
    *, positions: list[Position] | None = None, orders: list[Order] | None = None, fills: list[Fill] | None = None
) -> Books:
    return Books(
        NOW,
        {p.symbol: p for p in positions or []},
        {o.id: o for o in orders or []},
        {f.execution_id: f for f in fills or []},
    )


def a_fill(name: str = "e1", quantity: int = 10, price: str = "100") -> Fill:
    return Fill(name, "qv-1", "AAPL", Side.BUY, Decimal(quantity), Decimal(price), NOW - timedelta(minutes=1))


def kinds(local: Books, broker: Books) -> list[tuple[str, str]]:
    return [(b.section, b.kind) for b in differences(local, broker, Tolerances())[0]]


def test_equal_books_have_no_breaks_and_count_what_matched() -> None:
    side = books(positions=[a_position(10)], orders=[an_order(a_limit("99.00"))], fills=[a_fill()])
    assert differences(side, side, Tolerances()) == ((), 3)


@pytest.mark.parametrize(
    ("local", "broker", "expected"),
    [
        (books(), books(positions=[a_position(10)]), ("positions", "missing here")),
        (books(positions=[a_position(10)]), books(), ("positions", "missing there")),
        (books(positions=[a_position(10)]), books(positions=[a_position(12)]), ("positions", "quantity")),
        (books(positions=[a_position(10)]), books(positions=[a_position(-10)]), ("positions", "side")),
        (books(positions=[a_position(10, "100")]), books(positions=[a_position(10, "101")]), ("positions", "price")),
        (books(), books(orders=[an_order(a_limit("99.00"))]), ("open orders", "external")),
        (books(orders=[an_order(a_limit("99.00"))]), books(), ("open orders", "missing there")),
        (
            books(orders=[an_order(a_limit("99.00"))]),
            books(orders=[an_order(a_limit("99.00"), OrderStatus.PARTIAL, filled=Decimal(5), average=Decimal(99))]),
            ("open orders", "quantity"),
        ),
        (books(), books(fills=[a_fill()]), ("fills", "missing here")),
        (books(fills=[a_fill()]), books(), ("fills", "missing there")),
        (books(fills=[a_fill(quantity=9)]), books(fills=[a_fill()]), ("fills", "quantity")),
        (books(fills=[a_fill(price="100.50")]), books(fills=[a_fill()]), ("fills", "price")),
    ],
)
def test_each_difference_has_its_class(local: Books, broker: Books, expected: tuple[str, str]) -> None:
    assert kinds(local, broker) == [expected]


def test_a_position_that_vanished_at_the_broker_is_found() -> None:
    local = books(positions=[a_position(10), a_position(5, symbol="MSFT")])
    breaks, matched = differences(local, books(positions=[a_position(10)]), Tolerances())
    assert [(b.key, b.difference) for b in breaks] == [("MSFT", "-5")]
    assert matched == 1


def test_flat_here_and_absent_there_is_no_break() -> None:
    assert kinds(books(positions=[a_position(0)]), books()) == []


def test_zero_is_told_apart_from_no_activity() -> None:
    absent = differences(books(), books(positions=[a_position(3)]), Tolerances())[0][0]
    flat = differences(books(positions=[a_position(0)]), books(positions=[a_position(3)]), Tolerances())[0][0]
    assert (absent.internal, flat.internal) == ("—", "0")


def test_the_difference_is_the_entry_to_book() -> None:
    found = differences(
        books(positions=[a_position(250, "141.17")]), books(positions=[a_position(262, "141.17")]), Tolerances()
    )[0][0]
    assert (found.difference, found.proposal) == ("+12", "book BUY 12 @ 141.17")
    assert found.at_risk == Decimal("1694.04")


def test_the_fingerprint_names_the_exact_input() -> None:
    one, other = books(positions=[a_position(10)]), books(positions=[a_position(11)])
    assert fingerprint(one, one) == fingerprint(one, one)
    assert fingerprint(one, one) != fingerprint(one, other)
