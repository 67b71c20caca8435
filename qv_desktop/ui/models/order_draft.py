"""From what was typed into a ticket to an order request, or to one sentence for each field that cannot be used."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Literal

from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.instruments import Instrument, on_tick, price_step
from qv_desktop.domain.orders import OrderClass, OrderRequest, OrderType, Side, TimeInForce

type Field = Literal["symbol", "quantity", "limit", "stop", "trail", "tif", "take_profit", "stop_loss"]

_STAYING = (TimeInForce.DAY, TimeInForce.GTC)
_FINEST = Decimal("0.000000001")  # fractional shares have nine decimals at most
_SUFFIXES = {"k": 1_000, "m": 1_000_000}


@dataclass(frozen=True, slots=True)
class Kind:
    """One entry of the type list: the order type, the prices it takes, and the time in force that it implies, if any."""

    title: str
    type: OrderType
    limit: bool = False
    stop: bool = False
    trail: Literal["", "$", "%"] = ""
    implies: TimeInForce | None = None

    @property
    def brackets(self) -> bool:
        """Whether a take profit and a stop loss may hang on it."""
        return not self.trail and self.implies is None


KINDS: dict[str, Kind] = {
    kind.title: kind
    for kind in (
        Kind("Market", OrderType.MARKET),
        Kind("Limit", OrderType.LIMIT, limit=True),
        Kind("Stop", OrderType.STOP, stop=True),
        Kind("Stop-limit", OrderType.STOP_LIMIT, limit=True, stop=True),
        Kind("Trailing $", OrderType.TRAILING_STOP, trail="$"),
        Kind("Trailing %", OrderType.TRAILING_STOP, trail="%"),
        Kind("MOO", OrderType.MARKET, implies=TimeInForce.OPG),
        Kind("LOO", OrderType.LIMIT, limit=True, implies=TimeInForce.OPG),
        Kind("MOC", OrderType.MARKET, implies=TimeInForce.CLS),
        Kind("LOC", OrderType.LIMIT, limit=True, implies=TimeInForce.CLS),
    )
}
TIMES: dict[str, TimeInForce] = {
    "Day": TimeInForce.DAY, "GTC": TimeInForce.GTC, "IOC": TimeInForce.IOC, "FOK": TimeInForce.FOK,
    "OPG": TimeInForce.OPG, "CLS": TimeInForce.CLS,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Typed:
    """The fields of a ticket as they stand; numbers are texts."""

    symbol: str
    side: Side
    quantity: str
    kind: Kind
    limit: str = ""
    stop: str = ""
    trail: str = ""
    time_in_force: TimeInForce = TimeInForce.DAY
    extended_hours: bool = False
    take_profit: str = ""
    stop_loss: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """What the fields say: a request (its client order id still empty) or the complaints that stand in its way."""

    request: OrderRequest | None
    complaints: dict[Field, str]


def number(text: str) -> Decimal:
    """The number that ``text`` such as ``1,234.5``, ``$12`` or ``2k`` names. Raises BadInput."""
    plain = text.strip().lower().replace(",", "").lstrip("$")
    scale = _SUFFIXES.get(plain[-1:], 1)
    try:
        value = Decimal(plain[:-1] if scale > 1 else plain) * scale
    except InvalidOperation:
        raise BadInput(f"“{text.strip()}” is no number; type digits such as 100 or 231.43.") from None
    if not value.is_finite() or abs(value) > Decimal("1e12"):
        raise BadInput(f"“{text.strip()}” is out of range; type a smaller number.")
    return value


def positive(text: str) -> Decimal:
    """The number above zero that ``text`` names. Raises BadInput."""
    value = number(text)
    if value <= 0:
        raise BadInput("Type a number above zero.")
    return value


def drafted(typed: Typed, instrument: Instrument | None, reference: Decimal | None) -> Draft:
    """The request that the fields make; ``reference`` is the price a bracket is checked against when there is no limit."""
    complaints: dict[Field, str] = {}
    values = _values(typed, instrument, complaints)
    quantity = values.get("quantity")
    complaints |= {f: s for f, s in _clashes(typed, values, reference) if f not in complaints}
    if complaints or quantity is None:
        return Draft(None, complaints)
    profit, loss = values.get("take_profit"), values.get("stop_loss")
    hangs = (profit is not None) + (loss is not None)
    request = OrderRequest(
        "", typed.symbol.strip().upper(), typed.side, quantity, typed.kind.type, values.get("limit"), values.get("stop"),
        values.get("trail") if typed.kind.trail == "$" else None, values.get("trail") if typed.kind.trail == "%" else None,
        typed.kind.implies or typed.time_in_force, typed.extended_hours,
        (OrderClass.SIMPLE, OrderClass.OTO, OrderClass.BRACKET)[hangs], profit, loss,
    )  # fmt: skip
    return Draft(request, {})


def _values(typed: Typed, instrument: Instrument | None, complaints: dict[Field, str]) -> dict[Field, Decimal]:
    """Every field in use as a number; what cannot be read goes into ``complaints``."""
    values: dict[Field, Decimal] = {}
    for name, text, wanted, title in _wanted(typed):
        if not text.strip():
            if wanted:
                complaints[name] = f"Type {title}."
            continue
        try:
            values[name] = _checked(name, positive(text), instrument)
        except BadInput as error:
            complaints[name] = str(error)
    return values


def _wanted(typed: Typed) -> Iterator[tuple[Field, str, bool, str]]:
    """The numeric fields in use: name, text, whether it must be filled, and its name in a sentence."""
    kind = typed.kind
    yield "quantity", typed.quantity, True, "how many shares to trade"
    if kind.limit:
        yield "limit", typed.limit, True, "a limit price"
    if kind.stop:
        yield "stop", typed.stop, True, "the price that triggers the stop"
    if kind.trail:
        yield "trail", typed.trail, True, f"how far the stop trails, in {kind.trail}"
    if kind.brackets:
        yield "take_profit", typed.take_profit, False, "a price"
        yield "stop_loss", typed.stop_loss, False, "a price"


def _checked(name: Field, value: Decimal, instrument: Instrument | None) -> Decimal:
    if name == "quantity":
        return _shares(value, instrument)
    if name != "trail" and instrument is not None and value % price_step(instrument, value):
        step, near = price_step(instrument, value), on_tick(instrument, value)
        raise BadInput(f"{value} is off the {step} price step; the nearest price is {near}.")
    return value


def _shares(value: Decimal, instrument: Instrument | None) -> Decimal:
    if value == value.to_integral_value():
        return value.quantize(Decimal(1))
    if instrument is not None and not instrument.fractionable:
        raise BadInput(f"{instrument.symbol} trades in whole shares only.")
    if value % _FINEST:
        raise BadInput("Type nine decimals at most.")
    return value


def _clashes(typed: Typed, values: dict[Field, Decimal], reference: Decimal | None) -> Iterator[tuple[Field, str]]:
    """What is readable and still makes no order together."""
    kind, time = typed.kind, typed.kind.implies or typed.time_in_force
    quantity = values.get("quantity")
    if not typed.symbol.strip():
        yield "symbol", "Type a symbol."
    if quantity is not None and quantity % 1 and time is not TimeInForce.DAY:
        yield "quantity", "Fractions of a share need Day."
    if kind.type not in (OrderType.MARKET, OrderType.LIMIT) and time not in _STAYING:
        yield "tif", f"{kind.title} orders take Day or GTC."
    if kind.trail == "%" and values.get("trail", 0) >= 100:
        yield "trail", "Type less than 100 %."
    yield from _bracket_clashes(typed, values, time, reference)


def _bracket_clashes(
    typed: Typed, values: dict[Field, Decimal], time: TimeInForce, reference: Decimal | None
) -> Iterator[tuple[Field, str]]:
    """Profit lies beyond the entry and loss before it; legs live Day or GTC in regular hours (Alpaca, bracket orders)."""
    profit, loss = values.get("take_profit"), values.get("stop_loss")
    base = values.get("limit") or values.get("stop") or reference
    above, below = ("above", "below") if typed.side is Side.BUY else ("below", "above")
    if profit is not None and base is not None and (profit - base) * typed.side.sign <= 0:
        yield "take_profit", f"Take profit must lie {above} {base}."
    if loss is not None and base is not None and (base - loss) * typed.side.sign <= 0:
        yield "stop_loss", f"Stop loss must lie {below} {base}."
    if (profit or loss) and time not in _STAYING:
        yield "tif", "Take profit and stop loss need Day or GTC."
    if (profit or loss) and typed.extended_hours:
        yield "tif", "Take profit and stop loss work in regular hours only."
