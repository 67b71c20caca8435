"""The columns of price alerts."""

from dataclasses import dataclass
from datetime import datetime

from qv_desktop.domain.price_alerts import PriceAlert, written
from qv_desktop.ui import format as fmt
from qv_desktop.ui.models.table_model import Column

CONDITIONS = {"up": "▲ above", "down": "▼ below", "either": "crosses"}
_TIPS = {"up": "Tells when the price comes up to it", "down": "Tells when the price comes down to it",
         "either": "Tells when the price reaches it from either side"}  # fmt: skip
_HUES = {"up": "UP", "down": "DOWN", "either": "TX1"}


@dataclass(frozen=True, slots=True)
class Watched:
    """An alert beside the last price of its symbol, None while unknown or once it has fired."""

    alert: PriceAlert
    last: float | None

    @property
    def distance(self) -> float | None:
        """How far the last price has to go, as a fraction of it; None while unknown."""
        return self.alert.price / self.last - 1 if self.last else None

    @property
    def waits(self) -> bool:
        """Whether it can still fire."""
        return self.alert.state == "armed"


def columns() -> list[Column[Watched]]:
    """What is waited for, how far away it is, and what became of it."""
    return [
        Column("Symbol", lambda w: w.alert.symbol, width=62, bold=True, color=lambda w: _ink(w, None)),
        Column("Condition", lambda w: CONDITIONS[w.alert.direction], width=72, color=lambda w: _ink(w, _HUES[w.alert.direction]),
               tip=lambda w: _TIPS[w.alert.direction]),
        Column("Price", lambda w: written(w.alert.price), key=lambda w: w.alert.price, right=True, width=70, bold=True,
               color=lambda w: _ink(w, None)),
        Column("Last", lambda w: fmt.UNKNOWN if w.last is None else written(w.last), key=lambda w: w.last, right=True, width=66,
               color=lambda w: _ink(w, "TX1")),
        Column("Distance %", lambda w: fmt.percent(w.distance), key=lambda w: w.distance, raw=_percents, right=True, width=78,
               color=lambda w: _ink(w, "TX1")),
        Column("Note", lambda w: w.alert.note, width=120, stretch=True, color=lambda w: _ink(w, "TX1"), tip=lambda w: w.alert.note),
        Column("Repeats", lambda w: "yes" if w.alert.repeats else "no", width=62, color=lambda w: "TX1" if w.alert.repeats else "TX2",
               tip=lambda w: "Fires at each crossing, once a minute at most" if w.alert.repeats else "Fires once"),
        Column("State", lambda w: w.alert.state, chip=lambda w: "working" if w.waits else "filled", width=62),
        Column("Created ET", lambda w: _when(w.alert.created), key=lambda w: w.alert.created, right=True, width=100, color=lambda w: "TX2",
               tip=lambda w: fmt.day(w.alert.created)),
        Column("Fired ET", lambda w: _when(w.alert.fired_at), key=lambda w: w.alert.fired_at, right=True, width=100, color=lambda w: "TX1",
               tip=lambda w: fmt.day(w.alert.fired_at) if w.alert.fired_at else ""),
    ]  # fmt: skip


def _ink(watched: Watched, token: str | None) -> str | None:
    return token if watched.waits else "TX2"


def _percents(watched: Watched) -> float | None:
    return None if watched.distance is None else watched.distance * 100


def _when(moment: datetime | None) -> str:
    """Month, day and time; the year is in the tip."""
    return fmt.UNKNOWN if moment is None else f"{fmt.day(moment)[5:]} {fmt.clock(moment)}"
