"""Recorded one-minute bars from a CSV, gzipped CSV or Parquet file, as day paths that fold back to exactly those bars."""

import csv
import gzip
import io
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path

import numpy as np

from qv_desktop.simulator import sessions
from qv_desktop.simulator.listings import Stock, stranger
from qv_desktop.simulator.paths import DayPath, Floats, Ints
from qv_desktop.simulator.ticks import MINUTE, Session

COLUMNS = ("open", "high", "low", "close", "volume")
TIME_COLUMNS = ("date", "timestamp", "datetime", "time")
SHARES_A_TRADE = 3_000
FEWEST_TRADES, MOST_TRADES = 6, 120  # in one bar


class ReplayError(ValueError):
    """A file that cannot be replayed; the message is one sentence for people."""


@dataclass(frozen=True, slots=True)
class Row:
    """One bar of the file: the minute's start in New York, prices in dollars, whole shares."""

    at: datetime
    open: float
    high: float
    low: float
    close: float
    volume: int


@dataclass(frozen=True, slots=True)
class Replay:
    """The recorded sessions of one symbol, oldest first."""

    symbol: str
    days: dict[date, list[Row]]

    def path(self, stock: Stock, day: date, seed: int) -> DayPath:
        """The recorded minutes of a day; minutes without a row have no trades."""
        return _path(stock, sessions.known(day), self.days[day], seed)

    def stock(self, known: dict[str, Stock]) -> Stock:
        """The replayed security, by what is known of it."""
        first = next(iter(self.days.values()))[0]
        return known.get(self.symbol) or stranger(self.symbol, first.open)


def read(file: Path, symbol: str | None = None) -> Replay:
    """Read a file of one-minute bars; raises ReplayError with one sentence that names the line and the problem."""
    if not file.is_file():
        raise ReplayError(f"There is no file {file}; give --replay the path of a CSV or Parquet file.")
    rows = list(_rows(file))
    if not rows:
        raise ReplayError(f"{file.name} has no bars; give a file with one-minute bars below its heading.")
    _check_minutes(file, rows)
    days: dict[date, list[Row]] = {}
    for row in rows:
        days.setdefault(row.at.date(), []).append(row)
    for day in days:
        _check_day(file, day)
    return Replay(symbol or _symbol(file), days)


def _symbol(file: Path) -> str:
    found = re.match(r"[A-Za-z]+(?:\.[A-Z](?=_))?", file.name)
    if found is None:
        raise ReplayError(f"The name {file.name} does not start with a symbol; add --symbol SYM.")
    return found[0].upper()


def _check_minutes(file: Path, rows: list[Row]) -> None:
    """Refuse daily or hourly files, rows out of order and rows that are not on whole minutes."""
    steps = [int((after.at - before.at).total_seconds()) for before, after in pairwise(rows)]
    for line, step in enumerate(steps, start=3):
        if step <= 0:
            raise ReplayError(
                f"{file.name} line {line}: {rows[line - 2].at:%Y-%m-%d %H:%M} does not come after the bar "
                "before it; sort the file by time without repeats."
            )
    usual = sorted(steps)[len(steps) // 2] if steps else 60
    if usual != 60:
        kind = "daily" if usual >= 86_400 else f"{usual}-second"
        raise ReplayError(f"{file.name} holds {kind} bars; replay needs one-minute bars.")


def _check_day(file: Path, day: date) -> None:
    if sessions.session(day) is None:
        raise ReplayError(f"{file.name} has bars on {day}, when the exchange was closed; remove that day.")


def _rows(file: Path) -> Iterator[Row]:
    if file.name.lower().endswith((".parquet", ".pq")):
        return _parquet_rows(file)
    return _csv_rows(file)


def _csv_rows(file: Path) -> Iterator[Row]:
    try:
        text = _text(file)
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise ReplayError(f"{file.name} cannot be read as a UTF-8 CSV file ({error}); check the file.") from None
    table = csv.reader(io.StringIO(text))
    places = _places(file, next(table, []))
    for line, cells in enumerate(table, start=2):
        if cells:
            yield _row(file, line, [cells[place] if place < len(cells) else "" for place in places])


def _text(file: Path) -> str:
    if file.name.lower().endswith(".gz"):
        with gzip.open(file, "rt", encoding="utf-8-sig", newline="") as stream:
            return stream.read()
    return file.read_text(encoding="utf-8-sig")


def _parquet_rows(file: Path) -> Iterator[Row]:
    import pyarrow  # here, because it is heavy and only Parquet needs it
    import pyarrow.parquet

    try:
        table = pyarrow.parquet.read_table(file)
    except (OSError, pyarrow.ArrowException) as error:
        raise ReplayError(f"{file.name} cannot be read as Parquet ({error}); check the file.") from None
    places = _places(file, table.column_names)
    columns = [table.column(place).to_pylist() for place in places]
    for line, cells in enumerate(zip(*columns, strict=True), start=2):
        yield _row(file, line, cells)


def _places(file: Path, heading: Iterable[str]) -> list[int]:
    """Where the time column and the five value columns stand."""
    names = [name.strip().lower() for name in heading]
    time_column = next((name for name in TIME_COLUMNS if name in names), None)
    missing = [name for name in COLUMNS if name not in names]
    if time_column is None:
        missing = ["date"] + missing
    if missing or time_column is None:
        raise ReplayError(
            f"{file.name} line 1: no column {', '.join(missing)}; "
            "the heading must name date, open, high, low, close and volume."
        )
    return [names.index(name) for name in (time_column, *COLUMNS)]


def _row(file: Path, line: int, cells: Iterable[object]) -> Row:
    time_cell, *values = cells
    at = _time(file, line, time_cell)
    names = dict(zip(COLUMNS, values, strict=True))
    o, h, low, c = (_number(file, line, name, names[name]) for name in COLUMNS[:4])
    volume = _number(file, line, "volume", names["volume"])
    if low <= 0:
        raise ReplayError(f"{file.name} line {line}: low {low} is not a price; prices must be above zero.")
    if not low <= min(o, c) <= max(o, c) <= h:
        raise ReplayError(f"{file.name} line {line}: open {o} and close {c} must lie between low {low} and high {h}.")
    if volume < 0 or volume != int(volume):
        raise ReplayError(f"{file.name} line {line}: volume {volume} must be a whole number of shares, zero or more.")
    return Row(at, o, h, low, c, int(volume))


def _number(file: Path, line: int, name: str, cell: object) -> float:
    try:
        value = float(str(cell))
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ReplayError(f"{file.name} line {line}: {name} {str(cell)!r} is not a number; correct or remove the line.")
    return value


def _time(file: Path, line: int, cell: object) -> datetime:
    at = cell if isinstance(cell, datetime) else _parsed_time(str(cell).strip())
    if at is None:
        raise ReplayError(f"{file.name} line {line}: {str(cell)!r} is not a date and time like 2020-12-15 09:30.")
    return at.replace(tzinfo=sessions.NEW_YORK) if at.tzinfo is None else at.astimezone(sessions.NEW_YORK)


def _parsed_time(text: str) -> datetime | None:
    for form in ("", "%m/%d/%Y %H:%M", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y"):
        try:
            # The zone is settled by the caller: naive times are New York time.
            return datetime.strptime(text, form) if form else datetime.fromisoformat(text)  # noqa: DTZ007
        except ValueError:
            continue
    return None


def _path(stock: Stock, session: Session, rows: list[Row], seed: int) -> DayPath:
    size = (session.post_close - session.pre_open) // MINUTE
    prices, volume, count = np.full((4, size), np.nan), np.zeros(size, np.int64), np.zeros(size, np.int64)
    for row in rows:
        minute = (sessions.ns(row.at.date(), row.at.time()) - session.pre_open) // MINUTE
        if 0 <= minute < size:
            prices[:, minute] = row.open, row.high, row.low, row.close
            volume[minute] = row.volume
            count[minute] = min(MOST_TRADES, FEWEST_TRADES + row.volume // SHARES_A_TRADE)
    o, h, low, c = prices[0], prices[1], prices[2], prices[3]
    regular = _regular(session, count)
    return DayPath(stock, session, o, h, low, c, _level(c, rows[0].open), volume, count, regular, seed)


def _regular(session: Session, count: Ints) -> slice:
    """Regular minutes, and the one after them when it is recorded: it is the closing print."""
    opened, closed = ((at - session.pre_open) // MINUTE for at in (session.open, session.close))
    return slice(opened, closed + 1 if count[closed] else closed)


def _level(close: Floats, first: float) -> Floats:
    """The last traded price at each minute's end."""
    level, here = close.copy(), first
    for minute, price in enumerate(close.tolist()):
        here = here if math.isnan(price) else price
        level[minute] = here
    return level
