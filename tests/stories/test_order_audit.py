"""The audit of orders sees each single thing that the books may tell otherwise than the broker."""

from dataclasses import replace
from decimal import Decimal

import pytest

from qv_desktop.domain.orders import Order, OrderStatus
from tests.builders import a_limit, an_order
from tests.stories.order_audit import Findings, _fates

THEIRS = {"id": "b1", "client_order_id": "qv-1", "status": "replaced", "qty": "100", "limit_price": "100", "replaced_by": "b2",
          "filled_qty": "40", "filled_avg_price": "99.5"}  # fmt: skip
OURS = an_order(a_limit("100.00"), OrderStatus.REPLACED, broker_id="b1", replaced_by="b2", filled=Decimal(40),
                average=Decimal("99.5"))  # fmt: skip


def found(mine: Order) -> Findings:
    findings = Findings()
    _fates([THEIRS], {"qv-1": mine}, {"qv-1"}, findings)
    return findings


def test_what_is_the_same_is_no_finding() -> None:
    assert found(OURS).clean


@pytest.mark.parametrize(
    "wrong",
    [
        {"status": OrderStatus.CANCELED},
        {"request": a_limit("100.00", 101)},
        {"request": a_limit("100.01")},
        {"replaced_by": "b3"},
        {"broker_id": "b9"},
        {"average": Decimal("99.4")},
    ],
    ids=["end", "size", "limit", "follower", "id", "average"],
)
def test_each_thing_that_is_told_otherwise_is_found(wrong: dict[str, object]) -> None:
    assert found(replace(OURS, **wrong)).otherwise  # type: ignore[arg-type]
