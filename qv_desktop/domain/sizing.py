"""How many shares an order is for, when it is thought of in dollars, in equity, or in what may be lost."""

from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal, InvalidOperation
from enum import StrEnum

from qv_desktop.domain.errors import BadInput

ZERO = Decimal(0)
WHOLE = Decimal(1)
MOST_PERCENT = Decimal(1_000)
FINEST = Decimal("0.000000001")  # of a share, where fractions are taken


class Sizing(StrEnum):
    """What the number in a ticket's quantity field counts."""

    SHARES = "shares"
    NOTIONAL = "notional"  # dollars to be traded
    EQUITY = "equity"  # percent of equity (1 = 1 %)
    RISK = "risk"  # dollars that are lost when the stop fills at its price


@dataclass(frozen=True, slots=True)
class Basis:
    """What sizes are worked out from; None is unknown. ``price`` is what a share should cost, ``stop`` where a loss ends."""

    price: Decimal | None = None
    equity: Decimal | None = None
    stop: Decimal | None = None
    step: Decimal = WHOLE  # smallest part of a share


def shares_for(sizing: Sizing, amount: Decimal, basis: Basis) -> Decimal:
    """Shares for ``amount``, rounded down to ``basis.step``. Raises BadInput when something is unknown or it buys nothing."""
    if sizing is Sizing.SHARES:
        return amount
    price = basis.price
    if price is None or price <= 0:
        raise BadInput("There is no price to work shares out from; wait for a quote or type a limit.")
    found = _rounded(_dollars(sizing, amount, basis, price) / _each(sizing, basis, price), basis.step)
    if found <= 0:
        raise BadInput("That buys less than one share; type more.")
    return found


def _dollars(sizing: Sizing, amount: Decimal, basis: Basis, price: Decimal) -> Decimal:
    if sizing is not Sizing.EQUITY:
        return amount
    if amount > MOST_PERCENT:
        raise BadInput(f"Type at most {MOST_PERCENT:,} % of equity.")
    if basis.equity is None or basis.equity <= 0:
        raise BadInput("The account's equity is not known yet; size by shares or dollars.")
    return basis.equity * amount / 100


def _each(sizing: Sizing, basis: Basis, price: Decimal) -> Decimal:
    """Dollars that one share takes of the amount."""
    if sizing is not Sizing.RISK:
        return price
    if basis.stop is None:
        raise BadInput("Risk $ counts from the stop loss; type one, or size by shares.")
    if basis.stop == price:
        raise BadInput("The stop loss is at the price itself; move it away, or size by shares.")
    return abs(price - basis.stop)


def share_of(fraction: Decimal, whole: Decimal) -> Decimal:
    """``fraction`` (0.25 = a quarter) of ``whole`` shares; only all of them may leave a part of a share."""
    return whole if fraction >= 1 else _rounded(whole * fraction, WHOLE)


def affordable(dollars: Decimal, price: Decimal) -> Decimal:
    """Whole shares that ``dollars`` of buying power carry at ``price``; none where there is no price."""
    return max(_rounded(dollars / price, WHOLE), ZERO) if price > 0 else ZERO


def _rounded(shares: Decimal, step: Decimal) -> Decimal:
    try:
        return shares.quantize(step, ROUND_DOWN)
    except InvalidOperation:
        raise BadInput("That makes too many shares; type less.") from None
