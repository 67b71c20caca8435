"""The first and last rows of a file that is to be imported, and the facts of it in one line."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from qv_desktop.domain.imports import Imported
from qv_desktop.domain.market import Bar, Trade, utc
from qv_desktop.ui import format as fmt
from qv_desktop.ui.models.table_model import Column

SHOWN = 5  # rows at either end

type Rows = Sequence[Bar] | Sequence[Trade]


@dataclass(frozen=True, slots=True)
class Sample:
    """A bar or trade and its number in the file's order, from 1."""

    number: int
    what: Bar | Trade

    @property
    def at(self) -> int:
        """Its time in ns."""
        return _at(self.what)

    @property
    def close(self) -> float:
        """The bar's close, or the trade's price."""
        return self.what.close if isinstance(self.what, Bar) else self.what.price

    @property
    def size(self) -> float:
        """Shares."""
        return self.what.volume if isinstance(self.what, Bar) else self.what.size


def samples(rows: Rows) -> list[Sample]:
    """The first and last few of ``rows``."""
    count = len(rows)
    places = list(range(min(SHOWN, count))) + list(range(max(SHOWN, count - SHOWN), count))
    return [Sample(place + 1, rows[place]) for place in places]


def facts(imported: Imported, rows: Rows) -> str:
    """Symbol, kind, count and time span."""
    kind = f"{imported.frame} bars" if imported.frame else "ticks"
    parts = [imported.symbol or "several symbols", kind, f"{len(rows):,} rows"]
    if rows:
        parts.append(f"{_time(_at(rows[0]))} to {_time(_at(rows[-1]))} ET")
    if imported.actions:
        parts.append(f"{len(imported.actions)} splits and dividends")
    return " · ".join(parts)


def _at(row: Bar | Trade) -> int:
    return row.start if isinstance(row, Bar) else row.at


def _time(at: int) -> str:
    return f"{fmt.day(utc(at))} {fmt.clock(utc(at))}"


def _of_bar(title: str, of: Callable[[Bar], float]) -> Column[Sample]:
    """A price that only bars have."""

    def value(sample: Sample) -> float | None:
        return of(sample.what) if isinstance(sample.what, Bar) else None

    return Column(title, lambda s: fmt.price(value(s), 4), key=value, right=True, width=76)


COLUMNS: list[Column[Sample]] = [
    Column("#", lambda s: f"{s.number:,}", key=lambda s: s.number, right=True, width=64, color=lambda s: "TX2"),
    Column("Symbol", lambda s: s.what.symbol, width=66, bold=True),
    Column("Time ET", lambda s: _time(s.at), key=lambda s: s.at, width=158, tip=lambda s: utc(s.at).isoformat()),
    _of_bar("Open", lambda bar: bar.open),
    _of_bar("High", lambda bar: bar.high),
    _of_bar("Low", lambda bar: bar.low),
    Column("Close", lambda s: fmt.price(s.close, 4), key=lambda s: s.close, right=True, width=76),
    Column("Volume", lambda s: fmt.quantity(s.size), key=lambda s: s.size, right=True, width=92, stretch=True),
]
