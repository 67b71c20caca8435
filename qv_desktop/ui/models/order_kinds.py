"""The words of a ticket's lists, and what each stands for."""

from dataclasses import dataclass
from typing import Literal

from qv_desktop.domain.orders import OrderClass, OrderType, TimeInForce
from qv_desktop.domain.sizing import Sizing


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
        """Whether a take profit and a stop loss may hang on it (Alpaca: on market and limit entries)."""
        return self.type in (OrderType.MARKET, OrderType.LIMIT) and self.implies is None


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
STAYING = (TimeInForce.DAY, TimeInForce.GTC)
CLASSES: dict[str, OrderClass] = {
    "Simple": OrderClass.SIMPLE, "OTO": OrderClass.OTO, "Bracket": OrderClass.BRACKET, "OCO exit": OrderClass.OCO,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Measure:
    """One way to say how much: its word, what the quantity field is then called, its step, and what is missing while empty."""

    title: str
    field: str
    step: int
    wanted: str


MEASURES: dict[Sizing, Measure] = {
    Sizing.SHARES: Measure("Shares", "Quantity, shares", 1, "how many shares to trade"),
    Sizing.NOTIONAL: Measure("$", "Quantity, dollars", 100, "how many dollars to trade"),
    Sizing.EQUITY: Measure("% equity", "Quantity, percent of equity", 1, "how many percent of equity to trade"),
    Sizing.RISK: Measure("Risk $", "Quantity, dollars at risk", 10, "how many dollars the stop may lose"),
}
SIZINGS: dict[str, Sizing] = {measure.title: sizing for sizing, measure in MEASURES.items()}


def title_of[Value](words: dict[str, Value], value: Value) -> str:
    """The word that stands for ``value``."""
    return next(title for title, one in words.items() if one == value)
