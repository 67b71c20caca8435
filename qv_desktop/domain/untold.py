"""Untold executions: a broker that says how much of an order traded, and not in which executions.

The shares are ours all the same. They are booked as one execution with a name that follows from what is known, so that the same
total never books twice, and that says which shares of its order it stands for: real executions of them, told later, are known.
"""

import uuid
from collections.abc import Mapping
from decimal import Decimal

from qv_desktop.domain.orders import UNTOLD, Fill, Order, Report, ReportKind, range_of

ZERO = Decimal(0)
NAMES = uuid.UUID("6f1d3a0e-5c52-4f2b-9d53-0b6a0d8a7c11")  # of this program's own names


def execution_id(account: str, order: str, before: Decimal, total: Decimal, price: Decimal) -> str:
    """The name of the shares of ``order`` above ``before`` up to ``total``: the same for the same account, order, total and price."""
    told = " ".join((account, order, *(f"{value.normalize():f}" for value in (total, price))))
    return f"{UNTOLD}{before.normalize():f}:{total.normalize():f}:{uuid.uuid5(NAMES, told)}"


def untold(ours: Order, theirs: Order) -> Report | None:
    """The execution of what the broker says has traded beyond what is booked here; None when there is nothing, or no price.

    Its price is the one that brings our average to the broker's: (their average x their shares - ours x ours) / the gap.
    """
    gap = theirs.filled - ours.filled
    if gap <= 0 or theirs.average is None:
        return None
    price = (theirs.average * theirs.filled - (ours.average or ZERO) * ours.filled) / gap
    if price <= 0:
        return None
    name = execution_id(ours.account, ours.id, ours.filled, theirs.filled, price)
    return Report(ours.id, ReportKind.FILL, theirs.changed or ours.submitted, theirs.broker_id, name, gap, price,
                  cumulative=theirs.filled)  # fmt: skip


def covered(ours: Mapping[str, Fill], theirs: Mapping[str, Fill]) -> tuple[dict[str, Fill], dict[str, Fill]]:
    """Both sides without untold executions and without what they stand for.

    One for which the broker tells executions of other shares than it stands for stays on both sides: that is a difference.
    """
    left, right = dict(ours), dict(theirs)
    for key, fill in ours.items():
        span = range_of(key)
        if span is None:
            continue
        told = [k for k, f in right.items() if f.client_order_id == fill.client_order_id and _within(f, span)]
        if not told or sum((right[k].quantity for k in told), ZERO) == fill.quantity:
            del left[key]
            for k in told:
                del right[k]
    return left, right


def _within(fill: Fill, span: tuple[Decimal, Decimal]) -> bool:
    return fill.cumulative is not None and span[0] < fill.cumulative <= span[1]
