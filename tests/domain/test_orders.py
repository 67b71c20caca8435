"""An order's life: the table of moves, fills counted once, and news that comes late or twice."""

import random
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qv_desktop.domain.errors import IllegalMove
from qv_desktop.domain.orders import (
    CLOSED,
    MOVES,
    Order,
    OrderRequest,
    OrderStatus,
    Report,
    ReportKind,
    Side,
    applied,
    fill_of,
)

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
BROKER_KINDS = [
    ReportKind.ACKNOWLEDGED, ReportKind.ACCEPTED, ReportKind.FILL, ReportKind.CANCELED, ReportKind.EXPIRED,
    ReportKind.REPLACED, ReportKind.REJECTED, ReportKind.PAUSED, ReportKind.UNKNOWN, ReportKind.HELD, ReportKind.TRIGGERED,
    ReportKind.CANCEL_ASKED, ReportKind.CANCEL_REFUSED, ReportKind.REPLACE_ASKED, ReportKind.REPLACE_REFUSED,
]  # fmt: skip


def order(quantity: int = 100, status: OrderStatus = OrderStatus.INTENT) -> Order:
    request = OrderRequest("qv-1", "AAPL", Side.BUY, Decimal(quantity))
    return Order(request, "demo", "account", NOW, status)


def told(kind: ReportKind, **rest: object) -> Report:
    return Report("qv-1", kind, NOW, **rest)  # type: ignore[arg-type]


def fill(name: str, quantity: int, price: str = "10") -> Report:
    return told(ReportKind.FILL, execution_id=name, quantity=Decimal(quantity), price=Decimal(price))


def after(start: Order, *reports: Report) -> Order:
    for report in reports:
        start = applied(start, report)
    return start


def test_a_plain_life_ends_filled_at_the_average_price() -> None:
    filled = after(order(), told(ReportKind.SENT), told(ReportKind.ACKNOWLEDGED, broker_id="b1"), told(ReportKind.ACCEPTED),
                   fill("e1", 40, "10.00"), fill("e2", 60, "11.00"))  # fmt: skip
    assert filled.status is OrderStatus.FILLED
    assert filled.average == Decimal("10.60")
    assert filled.broker_id == "b1"
    assert filled.remaining == 0


def test_a_repeated_execution_changes_nothing() -> None:
    once = after(order(), told(ReportKind.SENT), fill("e1", 40))
    assert applied(once, fill("e1", 40)) == once


def test_a_fill_without_an_acknowledgement_counts() -> None:
    assert after(order(), told(ReportKind.SENT), fill("e1", 100)).status is OrderStatus.FILLED


def test_old_news_after_the_end_changes_no_state() -> None:
    done = after(order(), told(ReportKind.SENT), fill("e1", 100))
    for kind in (ReportKind.ACKNOWLEDGED, ReportKind.ACCEPTED, ReportKind.CANCEL_REFUSED, ReportKind.CANCELED):
        assert applied(done, told(kind)).status is OrderStatus.FILLED


def test_shares_that_trade_after_a_cancel_are_ours() -> None:
    cancelled = after(order(), told(ReportKind.SENT), told(ReportKind.ACCEPTED), told(ReportKind.CANCELED))
    late = applied(cancelled, fill("e1", 30))
    assert (late.filled, late.status) == (Decimal(30), OrderStatus.CANCELED)
    assert applied(late, fill("e2", 70)).status is OrderStatus.FILLED


def test_a_refused_cancel_returns_to_the_state_that_the_fills_give() -> None:
    partly = after(
        order(), told(ReportKind.SENT), told(ReportKind.ACCEPTED), fill("e1", 10), told(ReportKind.CANCEL_ASKED)
    )
    assert partly.status is OrderStatus.PENDING_CANCEL
    assert applied(partly, told(ReportKind.CANCEL_REFUSED)).status is OrderStatus.PARTIAL


def test_a_late_acceptance_does_not_undo_a_cancel_in_flight() -> None:
    asked = after(order(), told(ReportKind.SENT), told(ReportKind.CANCEL_ASKED))
    assert applied(asked, told(ReportKind.ACCEPTED)).status is OrderStatus.PENDING_CANCEL


def test_an_uncertain_outcome_is_neither_accepted_nor_rejected() -> None:
    doubtful = after(order(), told(ReportKind.SENT), told(ReportKind.UNCERTAIN))
    assert doubtful.status is OrderStatus.UNRESOLVED
    assert doubtful.open
    assert doubtful.remaining == 100


def test_a_refused_order_can_never_move_again() -> None:
    refused = applied(order(), told(ReportKind.REFUSED, reason="too large"))
    for kind in ReportKind:
        with pytest.raises(IllegalMove):
            applied(refused, told(kind, execution_id="e", quantity=Decimal(1), price=Decimal(1)))


def test_a_fill_without_its_numbers_is_a_bug() -> None:
    with pytest.raises(IllegalMove, match="execution id"):
        fill_of(order(), told(ReportKind.FILL))


def test_every_state_that_the_broker_can_see_takes_every_word_of_the_broker() -> None:
    seen = set(OrderStatus) - {OrderStatus.REFUSED}
    missing = [(state, kind) for state in seen for kind in BROKER_KINDS if (state, kind) not in MOVES]
    assert missing == []


@given(st.lists(st.tuples(st.integers(1, 40), st.integers(0, 5)), max_size=12), st.randoms())
def test_fills_in_any_order_and_repeated_give_the_same_position(rows: list[tuple[int, int]], dice: object) -> None:
    """Executions are a set: order and repetition must not matter to quantity, average or final state."""
    start = order(quantity=10_000, status=OrderStatus.WORKING)
    reports = [fill(f"e{i}", quantity, str(10 + price)) for i, (quantity, price) in enumerate(rows)]
    noisy = reports + reports[::2]
    dice.shuffle(noisy)  # type: ignore[attr-defined]
    plain, shuffled = after(start, *reports), after(start, *noisy)
    assert (plain.filled, plain.status) == (shuffled.filled, shuffled.status)
    assert plain.executions == shuffled.executions
    if plain.average is not None and shuffled.average is not None:
        assert abs(plain.average - shuffled.average) < Decimal("1e-20")


@given(st.lists(st.sampled_from(BROKER_KINDS), max_size=10))
def test_no_sequence_of_broker_words_reopens_what_filled(kinds: list[ReportKind]) -> None:
    moved = after(order(), told(ReportKind.SENT), fill("e1", 100))
    for i, kind in enumerate(kinds):
        extra = (
            {"execution_id": f"x{i}", "quantity": Decimal(0), "price": Decimal(1)} if kind is ReportKind.FILL else {}
        )
        moved = applied(moved, told(kind, **extra))
    assert moved.status in CLOSED


EDGES = [  # of terminal.md (c) 7 and its neighbours: what it was, what came, what it is
    (OrderStatus.SUBMITTED, ReportKind.FILL, OrderStatus.PARTIAL),  # no acknowledgement was seen
    (OrderStatus.PENDING_CANCEL, ReportKind.CANCEL_REFUSED, OrderStatus.WORKING),
    (OrderStatus.PENDING_CANCEL, ReportKind.FILL, OrderStatus.PENDING_CANCEL),
    (OrderStatus.PENDING_REPLACE, ReportKind.CANCEL_ASKED, OrderStatus.PENDING_CANCEL),
    (OrderStatus.PENDING_CANCEL, ReportKind.REPLACE_ASKED, OrderStatus.PENDING_CANCEL),
    (OrderStatus.PENDING_CANCEL, ReportKind.CANCEL_ASKED, OrderStatus.PENDING_CANCEL),
    (OrderStatus.PENDING_REPLACE, ReportKind.REPLACE_ASKED, OrderStatus.PENDING_REPLACE),
    (OrderStatus.PENDING_REPLACE, ReportKind.REPLACE_REFUSED, OrderStatus.WORKING),
    (OrderStatus.PENDING_CANCEL, ReportKind.HELD, OrderStatus.PENDING_CANCEL),
    (
        OrderStatus.PENDING_CANCEL,
        ReportKind.REPLACE_REFUSED,
        OrderStatus.PENDING_CANCEL,
    ),  # its cancel is still asked for
    (OrderStatus.PENDING_REPLACE, ReportKind.CANCEL_REFUSED, OrderStatus.PENDING_REPLACE),
    (OrderStatus.WORKING, ReportKind.REJECTED, OrderStatus.REJECTED),  # a broker may reject what it had accepted
    (OrderStatus.CANCELED, ReportKind.FILL, OrderStatus.CANCELED),
    (OrderStatus.INTENT, ReportKind.CANCEL_ASKED, OrderStatus.PENDING_CANCEL),  # recovered after a crash
    (OrderStatus.SUBMITTED, ReportKind.CANCEL_REFUSED, OrderStatus.SUBMITTED),  # asked for by another program
    (OrderStatus.HELD, ReportKind.CANCEL_REFUSED, OrderStatus.HELD),
    (OrderStatus.PAUSED, ReportKind.REPLACE_REFUSED, OrderStatus.PAUSED),
    (OrderStatus.WORKING, ReportKind.PAUSED, OrderStatus.PAUSED),
    (OrderStatus.PAUSED, ReportKind.ACCEPTED, OrderStatus.WORKING),
    (OrderStatus.WORKING, ReportKind.UNKNOWN, OrderStatus.UNKNOWN),
    (OrderStatus.WORKING, ReportKind.REPLACED, OrderStatus.REPLACED),
]


@pytest.mark.parametrize(("was", "kind", "becomes"), EDGES)
def test_the_edges_that_people_forget(was: OrderStatus, kind: ReportKind, becomes: OrderStatus) -> None:
    extra = {"execution_id": "e1", "quantity": Decimal(1), "price": Decimal(1)} if kind is ReportKind.FILL else {}
    known = replace(order(status=was), broker_id="b1")
    assert applied(known, told(kind, **extra)).status is becomes


def test_a_refusal_returns_to_where_it_stood_before() -> None:
    for before in (OrderStatus.HELD, OrderStatus.PAUSED, OrderStatus.SUBMITTED, OrderStatus.UNKNOWN):
        asked = applied(replace(order(status=before), broker_id="b1"), told(ReportKind.CANCEL_ASKED))
        assert applied(asked, told(ReportKind.CANCEL_REFUSED)).status is before
    accepted_meanwhile = after(order(), told(ReportKind.SENT), told(ReportKind.ACKNOWLEDGED, broker_id="b1"),
                               told(ReportKind.CANCEL_ASKED), told(ReportKind.ACCEPTED), told(ReportKind.CANCEL_REFUSED))  # fmt: skip
    assert accepted_meanwhile.status is OrderStatus.WORKING


def test_an_order_given_up_lives_by_the_brokers_word_and_by_no_other() -> None:
    gone = after(order(), told(ReportKind.SENT), told(ReportKind.UNCERTAIN), told(ReportKind.NOT_FOUND, reason="gone"))
    assert applied(gone, told(ReportKind.ACCEPTED)).status is OrderStatus.REJECTED  # nobody who knows the order said so
    back = applied(gone, told(ReportKind.ACCEPTED, broker_id="b1"))
    assert (back.status, back.reason) == (OrderStatus.WORKING, "")
    assert applied(gone, told(ReportKind.CANCELED, broker_id="b1")).status is OrderStatus.CANCELED
    rejected_there = after(order(), told(ReportKind.SENT), told(ReportKind.REJECTED, broker_id="b1"))
    assert applied(rejected_there, told(ReportKind.ACCEPTED, broker_id="b1")).status is OrderStatus.REJECTED


ENDS = (None, ReportKind.CANCELED, ReportKind.EXPIRED, ReportKind.REPLACED, ReportKind.REJECTED)


@given(st.lists(st.integers(1, 60), max_size=4), st.sampled_from(ENDS), st.randoms())
def test_the_reports_of_one_life_in_any_order_and_repeated_end_in_the_same_state(
    quantities: list[int], end: ReportKind | None, dice: random.Random
) -> None:
    """Promised for what a broker says of an order by itself: taken, working, executions, and at most one end."""
    life = [told(ReportKind.ACKNOWLEDGED, broker_id="b1"), told(ReportKind.ACCEPTED, broker_id="b1")]
    left = 100
    for number, quantity in enumerate(quantities):
        life.append(replace(fill(f"e{number}", min(quantity, left) or 1), broker_id="b1"))
        left -= min(quantity, left)
        if not left:
            break
    if end is not None and left:
        life.append(told(end, broker_id="b1"))
    start = after(order(), told(ReportKind.SENT))
    plain = after(start, *life)
    noisy = life + life[::2]
    dice.shuffle(noisy)
    shuffled = after(start, *noisy)
    assert (shuffled.status, shuffled.filled, shuffled.executions) == (plain.status, plain.filled, plain.executions)


@given(st.lists(st.sampled_from(BROKER_KINDS), max_size=12), st.lists(st.integers(1, 60), max_size=6), st.randoms())
def test_no_sequence_of_words_loses_an_execution(
    kinds: list[ReportKind], quantities: list[int], dice: random.Random
) -> None:
    fills = [replace(fill(f"e{number}", quantity), broker_id="b1") for number, quantity in enumerate(quantities)]
    words = [told(kind, broker_id="b1") for kind in kinds if kind is not ReportKind.FILL]
    mixed = fills + words + fills
    dice.shuffle(mixed)
    moved = after(order(), told(ReportKind.SENT), *mixed)
    assert moved.filled == sum(quantities)
    assert moved.executions == {report.execution_id for report in fills}
