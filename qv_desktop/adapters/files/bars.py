"""A file's bars: its numbers checked, row by row, before any of them is believed."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from qv_desktop.adapters.files import actions
from qv_desktop.adapters.files.columns import BarColumns
from qv_desktop.adapters.files.frames import frame_of, starts, told_frame
from qv_desktop.adapters.files.layout import PRICES, Layout
from qv_desktop.adapters.files.numbers import decimal_mark, floats
from qv_desktop.adapters.files.rows import Rows, arranged
from qv_desktop.adapters.files.times import Times
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.imports import PLACES, Reading
from qv_desktop.domain.market import Action, Timeframe

type Floats = NDArray[np.float64]

ROUNDING = 1e-5  # of the price: how far an open or close may lie outside of high and low
NUMBERS = (*PRICES, "volume", "count", "vwap", "dividend", "split")


def bars(
    rows: Rows, columns: Layout, when: Times, reading: Reading
) -> tuple[Timeframe, BarColumns, list[Action], list[str]]:
    """Timeframe, bars as traded, actions, and in words how they were understood. Raises BadInput with the offending line."""
    sheet, told = rows.sheet, _own_words(rows, columns)
    mark = decimal_mark(sheet, [columns.roles[name] for name in PRICES])
    whole = {name: floats(sheet, columns.roles[name], mark) for name in NUMBERS if name in columns.roles}
    rows, said = _without_blanks(rows, whole)
    rows, newest_first = arranged(rows)
    frame, how = frame_of(rows, when.days, reading.frame or told)
    rows, how_starts = starts(rows, when.days, frame, reading)
    said = [how, *how_starts, *said, *(["the newest row comes first: turned round"] if newest_first else [])]
    values = {name: column[rows.row] for name, column in whole.items()}
    said += _checked(rows, values)
    rows, values, dropped = _once(rows, values)
    said += [f"{dropped} rows stand there twice with equal values: one of each is kept"] if dropped else []
    corporate = actions.found(rows, values if not frame.intraday else _without_actions(values), reading)
    return frame, _columns(rows, _traded(values, corporate.factor)), corporate.actions, [*said, *corporate.said]


def _own_words(rows: Rows, columns: Layout) -> Timeframe | None:
    """The timeframe that the file itself states. Raises BadInput for several, or for prices that say they are adjusted."""
    adjustments = _distinct(rows, columns, "adjustment")
    if adjustments - {"raw", ""}:
        raise BadInput(
            f"{rows.sheet.file.name} says that its prices are adjusted ({', '.join(adjustments)}); import prices as traded."
        )
    frames = _distinct(rows, columns, "frame")
    if len(frames) > 1:
        raise BadInput(
            f"{rows.sheet.file.name} holds bars of {' and '.join(sorted(frames)[:3])}; split it, one file for each."
        )
    return told_frame(frames.pop()) if frames else None


def _distinct(rows: Rows, columns: Layout, role: str) -> set[str]:
    import pyarrow.compute as pc

    if role not in columns.roles:
        return set()
    return {str(text).strip() for text in pc.unique(rows.sheet.columns[columns.roles[role]]).to_pylist()[:10]}


def _without_blanks(rows: Rows, whole: dict[str, Floats]) -> tuple[Rows, list[str]]:
    """Rows without any price are left out; a row with some of its numbers is refused."""
    blank = np.all([np.isnan(whole[name][rows.row]) for name in PRICES], axis=0)
    if blank.all():
        raise BadInput(f"{rows.sheet.file.name} has no row with prices; choose another file.")
    rows = rows.taken(~blank)
    for name in (*PRICES, "volume"):
        missing = np.flatnonzero(np.isnan(whole[name][rows.row]))
        if missing.size:
            raise rows.refused(int(missing[0]), f"has no {name}; fill it in or remove the line.")
    left_out = int(blank.sum())
    return rows, [f"{left_out} rows without any price are left out"] if left_out else []


def _checked(rows: Rows, values: dict[str, Floats]) -> list[str]:
    """Refuses what no market prints; widens high and low where rounding left open or close outside."""
    opened, high, low, close = (values[name] for name in PRICES)
    _refuse(
        rows,
        np.minimum.reduce((opened, high, low, close)) <= 0,
        "has a price that is not above 0; correct it or remove the line.",
    )
    _refuse(rows, values["volume"] < 0, "has a negative volume; correct it.")
    _refuse(rows, high < low, "has a high below its low; correct it.")
    slack = close * ROUNDING
    top, bottom = np.maximum(opened, close), np.minimum(opened, close)
    _refuse(
        rows,
        (top > high + slack) | (bottom < low - slack),
        "has an open or close outside of its high and low; correct it.",
    )
    widened = int(((top > high) | (bottom < low)).sum())
    values["high"], values["low"] = np.maximum(high, top), np.minimum(low, bottom)
    return [f"{widened} bars had open or close outside of high and low by rounding: widened"] if widened else []


def _refuse(rows: Rows, wrong: NDArray[np.bool_], why: str) -> None:
    if wrong.any():
        raise rows.refused(int(np.argmax(wrong)), why)


def _once(rows: Rows, values: dict[str, Floats]) -> tuple[Rows, dict[str, Floats], int]:
    """Each start once: equal rows are one, different ones a contradiction."""
    again = np.flatnonzero(rows.same & (np.diff(rows.at) == 0)) + 1
    if not again.size:
        return rows, values, 0
    equal = np.all([(column[again] == column[again - 1]) | (np.isnan(column[again]) & np.isnan(column[again - 1]))
                    for column in values.values()], axis=0)  # fmt: skip
    if not equal.all():
        place = int(again[np.argmin(equal)])
        raise rows.refused(place, "has the time of the row before it and other values; keep the one that is right"
                                  + ("." if len(rows.symbols) > 1 else ", or add a column symbol if they are of two."))  # fmt: skip
    kept = np.ones(len(rows.at), dtype=np.bool_)
    kept[again] = False
    return rows.taken(kept), {name: column[kept] for name, column in values.items()}, len(again)


def _without_actions(values: dict[str, Floats]) -> dict[str, Floats]:
    return {name: column for name, column in values.items() if name not in ("dividend", "split")}


def _traded(values: dict[str, Floats], factor: Floats) -> dict[str, Floats]:
    """Prices multiplied back and volumes divided where ``factor`` is not 1."""
    changed = factor != 1.0
    if changed.any():
        for name in (*PRICES, "vwap"):
            if name in values:
                values[name] = np.where(changed, np.round(values[name] * factor, PLACES), values[name])
        values["volume"] = np.where(changed, np.round(values["volume"] / factor, PLACES), values["volume"])
    return values


def _columns(rows: Rows, values: dict[str, Floats]) -> BarColumns:
    unknown: Any = np.full(len(rows.at), np.nan)
    count = np.nan_to_num(values.get("count", unknown), nan=0.0).clip(0, 2**31 - 1).astype(np.int64)
    five = (values["open"], values["high"], values["low"], values["close"], values["volume"])
    return BarColumns(rows.symbols, rows.code, rows.at, five, count, values.get("vwap", unknown))
