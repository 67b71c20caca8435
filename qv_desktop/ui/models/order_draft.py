"""From what was typed into a ticket to an order request, or to one sentence for each field that cannot be used."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, Decimal
from types import MappingProxyType
from typing import Literal

from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.instruments import Instrument, on_tick, price_step
from qv_desktop.domain.offsets import offset, placed
from qv_desktop.domain.orders import TICKET, OrderClass, OrderRequest, OrderType, Side, TimeInForce
from qv_desktop.domain.sizing import FINEST, WHOLE, Basis, Sizing, shares_for
from qv_desktop.domain.typed_numbers import read
from qv_desktop.ui.models.order_clashes import clashes
from qv_desktop.ui.models.order_kinds import MEASURES, Kind

type Field = Literal[
    "symbol", "quantity", "limit", "stop", "trail", "tif", "take_profit", "stop_loss", "loss_limit", "class"
]

EXITS: tuple[Field, ...] = (
    "stop_loss",
    "take_profit",
    "loss_limit",
)  # in the order in which they count from each other
_SUFFIXES = {"k": 1_000, "m": 1_000_000}
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Typed:
    """The fields of a ticket as they stand; numbers are texts. ``order_class`` None is whatever the exits make of it."""

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
    loss_limit: str = ""
    order_class: OrderClass | None = None
    sizing: Sizing = Sizing.SHARES
    source: str = TICKET
    note: str = ""

    @property
    def life(self) -> TimeInForce:
        """The time in force that counts."""
        return self.kind.implies or self.time_in_force

    @property
    def out(self) -> int:
        """+1 when the take profit lies above the price, −1 when below: an OCO leaves what an entry would enter."""
        return -self.side.sign if self.order_class is OrderClass.OCO else self.side.sign


@dataclass(frozen=True, slots=True)
class Facts:
    """What a draft is made beside: the market's price for this side, equity, signed shares held, and lives not taken now.

    ``touch`` is what a stop on this side is triggered by, from a quote that is fresh; None where none is.
    """

    price: Decimal | None = None
    equity: Decimal | None = None
    held: Decimal = Decimal(0)
    closed: Mapping[TimeInForce, str] = MappingProxyType({})  # time in force -> why not now
    touch: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """What the fields say: a request (its client order id still empty) or the complaints that stand in its way.

    ``values`` are the numbers as understood: shares for the quantity, prices for exits that were typed as distances.
    """

    request: OrderRequest | None
    complaints: dict[Field, str]
    values: dict[Field, Decimal] = field(default_factory=dict)
    nearest: dict[Field, Decimal] = field(default_factory=dict)  # what a field that complains would take


class NotAllowed(BadInput):
    """A number that is not taken, beside the nearest one that is."""

    def __init__(self, sentence: str, nearest: Decimal) -> None:
        super().__init__(sentence)
        self.nearest = nearest


class _Complaints(dict[Field, str]):
    """Sentences by field; ``nearest`` holds the values that would be taken."""

    def __init__(self) -> None:
        super().__init__()
        self.nearest: dict[Field, Decimal] = {}

    def take(self, name: Field, error: BadInput) -> None:
        """Note what is wrong with a field."""
        self[name] = str(error)
        if isinstance(error, NotAllowed) and error.nearest > 0:
            self.nearest[name] = error.nearest


def number(text: str) -> Decimal:
    """The number that ``text`` such as ``1,234.5``, ``$12`` or ``2k`` names. Raises BadInput."""
    plain = text.strip().lower().replace("$", "", 1)
    scale = _SUFFIXES.get(plain[-1:], 1)
    value = read(plain[:-1] if scale > 1 else plain, text)
    if value is None:
        raise BadInput(f"“{text.strip()}” is no number; type digits such as 100 or 231.43.")
    if abs(value * scale) > Decimal("1e12"):
        raise BadInput(f"“{text.strip()}” is out of range; type a smaller number.")
    return value * scale


def positive(text: str) -> Decimal:
    """The number above zero that ``text`` names. Raises BadInput."""
    value = number(text)
    if value <= 0:
        raise BadInput("Type a number above zero.")
    return value


def drafted(typed: Typed, instrument: Instrument | None, facts: Facts) -> Draft:
    """The request that the fields make beside ``facts``."""
    complaints = _Complaints()
    values = _prices(typed, instrument, complaints)
    _add_exits(typed, instrument, facts, values, complaints)
    _add_shares(typed, instrument, facts, values, complaints)
    complaints |= {f: s for f, s in clashes(typed, values, facts) if f not in complaints}
    quantity = values.get("quantity")
    if complaints or quantity is None:
        return Draft(None, complaints, values, complaints.nearest)
    return Draft(_request(typed, quantity, values), {}, values)


def _request(typed: Typed, quantity: Decimal, values: dict[Field, Decimal]) -> OrderRequest:
    profit, loss = values.get("take_profit"), values.get("stop_loss")
    pair, trail = typed.order_class is OrderClass.OCO, values.get("trail")
    return OrderRequest(
        "", typed.symbol.strip().upper(), typed.side, quantity, typed.kind.type,
        limit=profit if pair else values.get("limit"), stop=values.get("stop"),
        trail_price=trail if typed.kind.trail == "$" else None, trail_percent=trail if typed.kind.trail == "%" else None,
        time_in_force=typed.life, extended_hours=typed.extended_hours, order_class=_class(typed, values),
        take_profit=None if pair else profit, stop_loss=loss, stop_loss_limit=values.get("loss_limit"),
        source=typed.source, note=typed.note.strip(),
    )  # fmt: skip


def _class(typed: Typed, values: dict[Field, Decimal]) -> OrderClass:
    hangs = ("take_profit" in values) + ("stop_loss" in values)
    return typed.order_class or (OrderClass.SIMPLE, OrderClass.OTO, OrderClass.BRACKET)[hangs]


# ---- prices


def _prices(typed: Typed, instrument: Instrument | None, complaints: _Complaints) -> dict[Field, Decimal]:
    """The order's own prices as numbers; what cannot be read goes into ``complaints``."""
    values: dict[Field, Decimal] = {}
    for name, text, title in _wanted(typed):
        if not text.strip():
            complaints[name] = f"Type {title}."
            continue
        try:
            value = positive(text)
            values[name] = value if name == "trail" else _on_step(value, instrument)
        except BadInput as error:
            complaints.take(name, error)
    return values


def _wanted(typed: Typed) -> Iterator[tuple[Field, str, str]]:
    """The prices that the type takes: name, text, and its name in a sentence."""
    kind = typed.kind
    if kind.limit and typed.order_class is not OrderClass.OCO:
        yield "limit", typed.limit, "a limit price"
    if kind.stop:
        yield "stop", typed.stop, "the price that triggers the stop"
    if kind.trail:
        yield "trail", typed.trail, f"how far the stop trails, in {kind.trail}"


def _on_step(value: Decimal, instrument: Instrument | None) -> Decimal:
    if instrument is not None and value % price_step(instrument, value):
        step = price_step(instrument, value)
        near = max(on_tick(instrument, value), step)
        raise NotAllowed(f"{value} is off the {step} price step; the nearest price is {near}.", near)
    return value


def base_price(values: Mapping[Field, Decimal], facts: Facts) -> Decimal | None:
    """Where the order is expected to trade: its limit, else its stop, else the market."""
    return values.get("limit") or values.get("stop") or facts.price


def _add_exits(
    typed: Typed, instrument: Instrument | None, facts: Facts, values: dict[Field, Decimal], complaints: _Complaints
) -> None:  # fmt: skip
    """The exits' prices, typed as such or as distances; a type that takes none complains of each that is typed."""
    texts: dict[Field, str] = {
        "stop_loss": typed.stop_loss,
        "take_profit": typed.take_profit,
        "loss_limit": typed.loss_limit,
    }
    for name in EXITS:
        if not texts[name].strip():
            continue
        if not typed.kind.brackets:
            complaints[name] = f"{typed.kind.title} orders take no profit or loss orders; empty this field."
            continue
        try:
            values[name] = _exit(name, texts[name], typed, instrument, base_price(values, facts), values)
        except BadInput as error:
            complaints.take(name, error)


def _exit(
    name: Field, text: str, typed: Typed, instrument: Instrument | None, base: Decimal | None, values: dict[Field, Decimal]
) -> Decimal:  # fmt: skip
    distance, loss = offset(text), values.get("stop_loss")
    if distance is None:
        return _on_step(positive(text), instrument)
    if distance.unit == "R" and name != "take_profit":
        raise BadInput("R counts from the stop loss, so it is for the take profit; type a price, % or $ here.")
    if name == "loss_limit":
        base = loss  # a stop's limit lies beyond the stop
    risk = None if base is None or loss is None else abs(base - loss)
    price = placed(distance, base, typed.out if name == "take_profit" else -typed.out, risk)
    legal = on_tick(instrument, price) if instrument is not None else price.quantize(_CENT)
    if legal <= 0:
        raise BadInput("That is below zero; type a smaller distance.")
    return legal


# ---- shares


def _add_shares(
    typed: Typed, instrument: Instrument | None, facts: Facts, values: dict[Field, Decimal], complaints: _Complaints
) -> None:  # fmt: skip
    if not typed.quantity.strip():
        complaints["quantity"] = f"Type {MEASURES[typed.sizing].wanted}."
        return
    try:
        amount = positive(typed.quantity)
        values["quantity"] = _shares(
            shares_for(typed.sizing, amount, _basis(typed, instrument, facts, values)), instrument
        )
    except BadInput as error:
        complaints.take("quantity", error)


def _basis(typed: Typed, instrument: Instrument | None, facts: Facts, values: dict[Field, Decimal]) -> Basis:
    """A stop order that closes what is held ends its loss, from the market's price to the stop; one that opens ends none."""
    price, stop = base_price(values, facts), values.get("stop_loss")
    if typed.sizing is Sizing.RISK and not typed.kind.brackets:
        price, stop = facts.price, _own_stop(typed, facts, values)
    elif typed.order_class is OrderClass.OCO:
        price = facts.price
    return Basis(price, facts.equity, stop, FINEST if _splits(typed, instrument, facts) else WHOLE)


def _own_stop(typed: Typed, facts: Facts, values: dict[Field, Decimal]) -> Decimal | None:
    """Where an order without exits ends the loss of what is held. Raises BadInput when it ends none."""
    title = typed.kind.title
    if not typed.kind.stop:
        raise BadInput(f"Risk $ counts from the stop loss; {title} orders take none. Size by shares.")
    if facts.held * typed.side.sign >= 0:
        raise BadInput("Risk $ counts from the stop loss; a stop order that opens has none. Size by shares.")
    if "stop" not in values:
        raise BadInput("Risk $ counts to the stop here; type its price.")
    return values["stop"]


def _splits(typed: Typed, instrument: Instrument | None, facts: Facts) -> bool:
    """Whether shares may come out in parts: simple market orders for the day, and never short."""
    simple = typed.order_class in (None, OrderClass.SIMPLE) and not (typed.take_profit or typed.stop_loss).strip()
    owned = typed.side is Side.BUY or facts.held > 0
    market = typed.kind.type is OrderType.MARKET and typed.life is TimeInForce.DAY
    return simple and owned and market and instrument is not None and instrument.fractionable


def _shares(value: Decimal, instrument: Instrument | None) -> Decimal:
    if value == value.to_integral_value():
        return value.quantize(Decimal(1))
    if instrument is not None and not instrument.fractionable:
        raise NotAllowed(f"{instrument.symbol} trades in whole shares only.", value.to_integral_value(ROUND_DOWN))
    if value % FINEST:
        raise BadInput("Type nine decimals at most.")
    return value.normalize()
