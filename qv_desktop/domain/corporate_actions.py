"""Corporate actions in a reconciliation: what accounts for shares that came or went, or cost another price, without an order."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_DOWN, Decimal

from qv_desktop.domain.market import Action
from qv_desktop.domain.orders import Order
from qv_desktop.domain.positions import Position

ZERO = Decimal(0)
# the broker's codes of what moves shares or their cost, and what they are called in an entry
MOVES = {"SPLIT": "Split", "SPIN": "Spin-off", "MA": "Merger", "NC": "Name change", "REORG": "Reorganisation",
         "JNLS": "Journal of shares", "ACATS": "Transfer of shares", "FOPT": "Free-of-payment transfer"}  # fmt: skip
COSTS = {"SPIN": "Spin-off", "DIVROC": "Return of capital", **MOVES}  # what may change an average price alone
CENT = Decimal("0.01")
CLOSE = Decimal("0.0001")  # of the average price: what rounding may do to it


@dataclass(frozen=True, slots=True)
class Booked:
    """Something that the broker booked to a position, ``quantity`` signed shares where it tells them."""

    symbol: str
    code: str
    day: date | None
    quantity: Decimal | None = None


def explained(ours: Position, theirs: Position, booked: Iterable[Booked], actions: Sequence[Action]) -> str:
    """What leads from our position to the broker's, whole; empty when nothing does.

    Shares that the broker booked must add up to the difference. An announced split must give the broker's shares, a fraction of
    one paid out in cash, at the same cost.
    """
    gap, told = theirs.quantity - ours.quantity, [one for one in booked if one.code in COSTS]
    if not gap:
        return _names(told)
    moved = [one for one in told if one.quantity is not None and one.code in MOVES]
    if moved and sum((one.quantity or ZERO for one in moved), ZERO) == gap:
        return _names(moved)
    return next((_split(action) for action in actions if action.kind == "split" and _leads(action, ours, theirs)), "")


def _names(told: Sequence[Booked]) -> str:
    return " and ".join(sorted({COSTS[one.code] + (f" of {one.day}" if one.day else "") for one in told}))


def _leads(action: Action, ours: Position, theirs: Position) -> bool:
    ratio = Decimal(str(action.amount))
    whole = (ours.quantity * ratio).to_integral_value(ROUND_DOWN)
    if not ours.quantity or theirs.quantity not in (ours.quantity * ratio, whole):
        return False
    average = ours.average / ratio
    return abs(theirs.average - average) <= max(average * CLOSE, Decimal("0.01"))


def reordered(ours: Order, theirs: Order, actions: Sequence[Action]) -> str:
    """The announced split that leads from our terms of a resting order to the broker's; empty when none does.

    The size may be the broker's already, for it alone is taken over whenever the broker is asked.
    """
    return next((_split(one) for one in actions if one.kind == "split" and _follows(one, ours, theirs)), "")


def _follows(action: Action, ours: Order, theirs: Order) -> bool:
    ratio, left = Decimal(str(action.amount)), ours.remaining
    sizes = (
        ours.request.quantity,
        ours.filled + left * ratio,
        ours.filled + (left * ratio).to_integral_value(ROUND_DOWN),
    )
    prices = ((ours.request.limit, theirs.request.limit), (ours.request.stop, theirs.request.stop))
    told = [(here, there) for here, there in prices if here is not None and there is not None]
    return (
        bool(told)
        and theirs.request.quantity in sizes
        and all(abs(there - here / ratio) <= CENT for here, there in told)
    )


def _split(action: Action) -> str:
    new = Decimal(str(action.amount))
    words = f"{new.normalize():f}:1" if new >= 1 else f"1:{(1 / new).normalize():.6g}"
    return f"Split {words} of {action.day}"
