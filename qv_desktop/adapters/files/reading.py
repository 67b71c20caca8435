"""``ports.files.Reader`` for CSV and Parquet: what a file holds, or the line because of which it cannot be told."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qv_desktop.adapters.files.bars import bars
from qv_desktop.adapters.files.content import digest
from qv_desktop.adapters.files.layout import PRICES, Layout, layout
from qv_desktop.adapters.files.rows import Rows, symbols
from qv_desktop.adapters.files.sheet import Sheet, opened
from qv_desktop.adapters.files.times import times
from qv_desktop.adapters.files.trades import trades
from qv_desktop.domain.history import Span
from qv_desktop.domain.imports import Imported, Reading
from qv_desktop.domain.market import Action, Bar, Timeframe, Trade, utc


class MarketFiles:
    """Reads on a thread of its own."""

    async def read(self, file: Path, reading: Reading) -> Imported:
        """What the file holds. Raises BadInput with the offending line when it cannot be read in exactly one way."""
        return await asyncio.to_thread(understood, file, reading)


def understood(file: Path, reading: Reading) -> Imported:
    """What the file holds; blocking. Raises BadInput with the offending line when it cannot be read in exactly one way."""
    sheet = opened(file)
    columns = layout(file.name, sheet.names)
    names, codes, whose = symbols(sheet, columns, reading.symbol)
    when = times(sheet, columns, reading)
    every = Rows(sheet, names, np.arange(sheet.rows), codes, when.values)
    rows = every.taken(codes >= 0)
    said = [f"{sheet.form}, {sheet.rows:,} rows", whose, *when.said]
    frame: Timeframe | None = None
    held: Sequence[Bar] = ()
    ticks: Sequence[Trade] = ()
    actions: list[Action] = []
    if columns.kind == "trades":
        printed, more = trades(rows, columns, when)
        ticks, span = printed, _span(printed.at)
    else:
        frame, made, actions, more = bars(rows, columns, when, reading)
        held, span = made, _span(made.start)
    said = [*said, _between(span, frame), *more, *_columns(sheet, columns)]
    return Imported(names[0] if len(names) == 1 else "", frame, held, ticks, tuple(actions), tuple(said), file.name, digest(file), span,
                    reading.prices)  # fmt: skip


def _span(at: NDArray[np.int64]) -> Span:
    return Span(int(at.min()), int(at.max()))


def _between(span: Span, frame: Timeframe | None) -> str:
    form = "%Y-%m-%d" if frame and not frame.intraday else "%Y-%m-%d %H:%M:%S UTC"
    return f"from {utc(span.start):{form}} to {utc(span.end):{form}}"


def _columns(sheet: Sheet, columns: Layout) -> list[str]:
    """Which columns were taken for what, and which were left aside."""
    roles, names = columns.roles, sheet.names
    wanted = (
        (*PRICES, "volume", "vwap", "count")
        if columns.kind == "bars"
        else ("price", "size", "id", "exchange", "tape", "conditions")
    )
    said = ["columns: " + ", ".join(role if names[roles[role]].lower() == role else f"{role} from “{names[roles[role]]}”"
                                    for role in wanted if role in roles)]  # fmt: skip
    if "adjusted" in roles:
        said.append(
            f"adjusted prices (“{names[roles['adjusted']]}”) are known for what they are and not kept: bars are kept as traded"
        )
    aside = [*columns.ignored, *(["the column without a name"] if columns.index is not None else [])]
    return [*said, f"left aside: {', '.join(aside)}"] if aside else said
