"""Dividends and splits that stand in columns of a file of daily bars, and prices that were adjusted for them."""

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from qv_desktop.adapters.files.frames import DAY, new_york
from qv_desktop.adapters.files.rows import Rows
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.imports import PLACES, Reading, already_adjusted
from qv_desktop.domain.market import Action

type Floats = NDArray[np.float64]

ORIGIN = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class Found:
    """Actions, what each row's prices are to be multiplied by to be as traded, and in words what was done."""

    actions: list[Action]
    factor: Floats
    said: list[str]


def found(rows: Rows, values: dict[str, Floats], reading: Reading) -> Found:
    """What the columns ``dividend`` (dollars a share) and ``split`` (new shares for one) say of their days.

    The convention is zipline's csvdir: the amount stands on the first day without it. Sources that adjusted the prices before a
    split and kept its row are undone. Raises BadInput where that cannot be told.
    """
    factor = np.ones(len(rows.at))
    splits, said = _marked(rows, values.get("split"), 1.0), list[str]()
    verdicts = {place: _verdict(rows, values, place, ratio, reading) for place, ratio in splits}
    if len({verdict for verdict in verdicts.values() if verdict is not None}) > 1:
        wrong = next(place for place, verdict in verdicts.items() if verdict)
        raise rows.refused(wrong, "has a split that the prices before it were adjusted for, though not for the file's other splits; "
                                  "say --prices traded or --prices adjusted.")  # fmt: skip
    for place, ratio in splits:
        if verdicts[place]:
            first = max(start for start in rows.firsts() if start <= place)
            factor[first:place] *= ratio
            said.append(
                f"prices before the split {ratio:g}:1 of {_day(rows, place)} were divided by it; kept as traded"
            )
    dividends = _marked(rows, values.get("dividend"), 0.0)
    actions = [Action(_symbol(rows, place), _day(rows, place), "split", ratio) for place, ratio in splits]
    actions += [Action(_symbol(rows, place), _day(rows, place), "dividend", round(amount * float(factor[place]), PLACES))
                for place, amount in dividends]  # fmt: skip
    if {"split", "dividend"} & values.keys():
        said.insert(
            0,
            f"{_number(len(splits), 'split')} and {_number(len(dividends), 'dividend')} (dollars a share, on the ex-day)",
        )
    return Found(sorted(actions, key=lambda one: (one.symbol, one.day)), factor, said)


def _marked(rows: Rows, column: Floats | None, usual: float) -> list[tuple[int, float]]:
    """Places and amounts other than nothing."""
    if column is None:
        return []
    amounts = np.nan_to_num(column, nan=usual)
    negative = np.flatnonzero(amounts < 0)
    if negative.size:
        raise rows.refused(int(negative[0]), "has a negative dividend or split; correct it.")
    return [(int(place), float(amounts[place])) for place in np.flatnonzero((amounts != 0) & (amounts != usual))]


def _verdict(rows: Rows, values: dict[str, Floats], place: int, ratio: float, reading: Reading) -> bool | None:
    """Whether the prices before a split are adjusted; None when nothing is before it."""
    if place in rows.firsts():
        return None
    if reading.prices:
        return reading.prices == "adjusted"
    known = already_adjusted(float(values["close"][place - 1]), float(values["open"][place]), ratio)
    if known is None:
        raise unclear(rows.refused(place, f"has a split of {ratio:g}:1"))
    return known


def unclear(error: BadInput) -> BadInput:
    """The error that asks for a word on the prices."""
    return BadInput(f"{error} and the prices do not show whether those before it are adjusted for it; "
                    "say --prices traded or --prices adjusted.")  # fmt: skip


def _symbol(rows: Rows, place: int) -> str:
    return rows.symbols[int(rows.code[place])]


def _day(rows: Rows, place: int) -> date:
    return date.fromordinal(ORIGIN + int(new_york(rows.at[place : place + 1])[0]) // DAY)


def _number(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
