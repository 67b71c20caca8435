"""What a ticket is filled with: a person's usual size, type and life of an order in a symbol, or under a name."""

from dataclasses import dataclass, fields
from typing import Any

from qv_desktop.domain.sizing import Sizing


@dataclass(frozen=True, slots=True)
class TicketPreset:
    """Texts and words as they stand in the fields. Exits are kept as distances only: yesterday's prices mean nothing today."""

    quantity: str = "100"
    sizing: str = Sizing.SHARES.value
    kind: str = "Limit"
    life: str = "Day"
    extended: bool = False
    order_class: str = ""  # as chosen; empty when the exits make it
    take_profit: str = ""
    stop_loss: str = ""
    loss_limit: str = ""


STANDARD = TicketPreset()  # 100 shares, as in Trader Workstation


def read_preset(raw: object) -> TicketPreset | None:
    """The preset that a stored JSON value holds; None when it is none. Words that are unknown are passed over."""
    if not isinstance(raw, dict):
        return None
    kinds: dict[str, type[Any]] = {field.name: type(getattr(STANDARD, field.name)) for field in fields(TicketPreset)}
    good = {name: value for name, value in raw.items() if name in kinds and isinstance(value, kinds[name])}
    return TicketPreset(**good)
