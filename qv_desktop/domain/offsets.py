"""Prices that are typed as a distance: ``2%``, ``2R`` or ``+1.50`` from where an order is expected to trade."""

from dataclasses import dataclass
from decimal import Decimal

from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.typed_numbers import read

MOST = Decimal(10_000)  # percent or R; what is beyond is a slip of the hand


@dataclass(frozen=True, slots=True)
class Offset:
    """A distance: ``unit`` is ``%`` of the price, ``R`` (times the risk to the stop loss) or ``$``; ``signed`` when a sign was typed."""

    amount: Decimal
    unit: str
    signed: bool


def offset(text: str) -> Offset | None:
    """The distance that ``text`` names, or None when it is an ordinary price (or nothing). Raises BadInput."""
    plain = text.strip().replace("−", "-")
    unit = plain[-1:].upper() if plain[-1:] in "%rR" and plain else "$"
    signed = plain[:1] in ("+", "-") and bool(plain)
    if unit == "$" and not signed:
        return None
    amount = read((plain if unit == "$" else plain[:-1]).replace("$", "", 1).strip(), text)
    if amount is None:
        raise BadInput(f"“{text.strip()}” is no distance; type it like 2%, 2R or +1.50.")
    if abs(amount) > MOST:
        raise BadInput(f"“{text.strip()}” is out of range; type a smaller distance.")
    return Offset(amount, unit, signed)


def placed(distance: Offset, base: Decimal | None, way: int, risk: Decimal | None) -> Decimal:
    """The price at ``distance`` from ``base``. Without a sign it lies on the side ``way`` (+1 above, −1 below); a sign is taken
    literally. ``risk`` is dollars a share to the stop loss, for R. Raises BadInput when what it counts from is unknown."""
    if base is None:
        raise BadInput("There is no price to count from; wait for a quote or type a limit.")
    if distance.unit == "R" and risk is None:
        raise BadInput("R counts in risks to the stop loss; type the stop loss as a price, in % or in $.")
    dollars = {"%": base * distance.amount / 100, "R": distance.amount * (risk or Decimal(0))}.get(
        distance.unit, distance.amount
    )
    price = base + (dollars if distance.signed else abs(dollars) * way)
    if price <= 0:
        raise BadInput("That is below zero; type a smaller distance.")
    return price
