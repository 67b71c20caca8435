"""The columns of a scanner's matches."""

from dataclasses import dataclass
from datetime import datetime

from qv_desktop.domain.scans import Match
from qv_desktop.ui import format as fmt
from qv_desktop.ui.models.flashes import Flashes
from qv_desktop.ui.models.snapshot_words import signed
from qv_desktop.ui.models.table_model import Column


@dataclass(frozen=True, slots=True)
class Found:
    """A match, since when it has been one, and its place in the ranking."""

    match: Match
    since: datetime
    rank: int

    def value(self, field: str) -> float | None:
        """A figure by the name of its field, None while unknown."""
        return self.match.values.get(field)

    @property
    def why(self) -> str:
        """The reasons in one line."""
        return "; ".join(self.match.reasons)


def columns(flashes: Flashes) -> list[Column[Found]]:
    """Symbol and figures, then why and since when."""
    return [
        Column("Symbol", lambda f: f.match.symbol, width=62, bold=True, ground=lambda f: flashes.of(f.match.symbol),
               tip=lambda f: "\n".join(f.match.reasons)),
        Column("Price", lambda f: fmt.price(f.value("price"), 4 if (f.value("price") or 1) < 1 else 2),
               key=lambda f: f.value("price"), right=True, width=64),
        _percent("Chg %", "change%"),
        _percent("Gap %", "gap%"),
        Column("RVol", lambda f: _plain(f.value("rvol"), 1), key=lambda f: f.value("rvol"), right=True, width=46),
        Column("Volume", lambda f: fmt.volume(f.value("volume")), key=lambda f: f.value("volume"), right=True, width=62),
        _figure("Range %", "range%", 2, 62),
        _figure("Spread bps", "spread", 1, 80),
        Column("Why", lambda f: f.why, width=170, stretch=True, color=lambda f: "TX1", tip=lambda f: "\n".join(f.match.reasons)),
        Column("Entered", lambda f: fmt.clock(f.since), key=lambda f: f.since, width=66, color=lambda f: "TX2", right=True),
        _figure("ATR %", "atr%", 2, 56, shown=False),
        _figure("From high %", "from high%", 2, 82, shown=False),
        _figure("From low %", "from low%", 2, 82, shown=False),
        Column("Dollar volume", lambda f: fmt.volume(f.value("dollar volume")), key=lambda f: f.value("dollar volume"), right=True,
               width=96, shown=False),
        _figure("Quote age", "age", 1, 74, shown=False),
    ]  # fmt: skip


def _percent(title: str, field: str) -> Column[Found]:
    return Column(title, lambda f: signed(f.value(field)), key=lambda f: f.value(field), right=True, width=56,
                  color=lambda f: fmt.trend(f.value(field)))  # fmt: skip


def _figure(title: str, field: str, decimals: int, width: int, *, shown: bool = True) -> Column[Found]:
    return Column(title, lambda f: _plain(f.value(field), decimals), key=lambda f: f.value(field), right=True, width=width,
                  color=lambda f: "TX1", shown=shown)  # fmt: skip


def _plain(value: float | None, decimals: int) -> str:
    return fmt.price(value, decimals)
