"""Why a field or an entry of a ticket cannot be used with what else is chosen: the broker's rules of form, one sentence each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from qv_desktop.domain.orders import OrderClass, OrderType, TimeInForce
from qv_desktop.ui.models.order_kinds import KINDS, STAYING, TIMES, Kind

_ATTACHED = "Take profit and stop loss need Day or GTC."


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is chosen: type, class, life, whether exits hang on the order, and which lives the broker does not take now."""

    kind: Kind
    order_class: OrderClass = OrderClass.SIMPLE
    life: TimeInForce = TimeInForce.DAY
    attached: bool = False
    loss: bool = False  # whether a stop loss is typed
    closed: Mapping[TimeInForce, str] = field(default_factory=lambda: MappingProxyType({}))
    leaving: str = ""  # why there is nothing that an OCO could close

    @property
    def pair(self) -> bool:
        """Whether it is an OCO."""
        return self.order_class is OrderClass.OCO


def field_reasons(chosen: Chosen) -> dict[str, str]:
    """Field -> why it takes nothing now; empty when it does."""
    kind = chosen.kind
    exits = "" if kind.brackets else f"{kind.title} orders take no profit or loss orders."
    return {
        "limit": "The take profit is an OCO's limit." if chosen.pair else "" if kind.limit else f"{kind.title} orders have no limit price.",
        "stop": "" if kind.stop else f"{kind.title} orders have no stop price.",
        "take_profit": exits,
        "stop_loss": exits,
        "loss_limit": exits or ("" if chosen.loss else "Type the stop loss first; with a limit it becomes a stop-limit order."),
        "kind": "An OCO is a limit and a stop order; choose Simple for others." if chosen.pair else "",
        "tif": f"{kind.title} orders live until their auction." if kind.implies else "",
        "class": exits,
        "extended": _extended(chosen),
    }  # fmt: skip


def _extended(chosen: Chosen) -> str:
    if chosen.attached or chosen.order_class is not OrderClass.SIMPLE:
        return "Take profit and stop loss work in regular hours only."
    if chosen.kind.title == "Limit" and chosen.life in STAYING:
        return ""
    return "Extended hours take Limit orders with Day or GTC."


def life_reasons(chosen: Chosen) -> dict[str, str]:
    """Time in force -> why it cannot be chosen."""
    return {title: _life(chosen, life) for title, life in TIMES.items()}


def _life(chosen: Chosen, life: TimeInForce) -> str:
    if life in STAYING:
        return ""
    if chosen.kind.type not in (OrderType.MARKET, OrderType.LIMIT):
        return f"{chosen.kind.title} orders take Day or GTC."
    if chosen.attached or chosen.order_class is not OrderClass.SIMPLE:
        return _ATTACHED
    return chosen.closed.get(life, "")


def kind_reasons(chosen: Chosen) -> dict[str, str]:
    """Type -> why it cannot be chosen."""
    return {title: chosen.closed.get(kind.implies, "") if kind.implies else "" for title, kind in KINDS.items()}


def class_reasons(chosen: Chosen) -> dict[str, str]:
    """Class -> why it cannot be chosen."""
    exits = "" if chosen.kind.brackets else f"{chosen.kind.title} orders take no profit or loss orders."
    return {"OTO": exits, "Bracket": exits, "OCO exit": chosen.leaving}
