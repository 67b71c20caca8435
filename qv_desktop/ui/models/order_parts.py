"""A quarter, half or all of what can be traded: of the position when it is closed, of the buying power otherwise."""

from decimal import Decimal

from qv_desktop.domain.accounts import Account
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.orders import Side
from qv_desktop.domain.sizing import affordable, share_of

SHORT_CUSHION = Decimal("1.03")  # Alpaca values a short at 3 % over the ask


def part_of(
    share: Decimal, side: Side, held: Decimal, account: Account | None, price: Decimal | None, ask: Decimal | None
) -> Decimal:
    """Shares for ``share`` (0.25 = a quarter) on ``side`` with ``held`` signed shares. Raises BadInput when nothing can be told."""
    if held * side.sign < 0:
        return _some(share_of(share, abs(held)), "That part of the position is less than one share; type the quantity.")
    power = account.buying_power if account else None
    if power is None:
        raise BadInput("The buying power is not known yet; type the quantity.")
    if price is None:
        raise BadInput("There is no price to count from; wait for a quote or type a limit.")
    if side is Side.SELL and ask is not None:
        price = max(price, ask * SHORT_CUSHION)
    return _some(affordable(power * share, price), "That part of the buying power is less than one share.")


def _some(shares: Decimal, otherwise: str) -> Decimal:
    if shares <= 0:
        raise BadInput(otherwise)
    return shares
