"""Runs beside each other in tables: every statistic with the best marked, what differs, and the trades that pairs share."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from qv_desktop.domain.backtest_statistics import group_of
from qv_desktop.domain.run_comparison import LETTERS, Difference, RunComparison, Shared, StatisticRow
from qv_desktop.domain.statistic_words import DEFINITIONS
from qv_desktop.ui import format
from qv_desktop.ui.models.run_tables import statistic
from qv_desktop.ui.models.table import Table
from qv_desktop.ui.models.table_model import Column, TableModel

BEST = "●"
NAME_WIDE, VALUE_WIDE = 148, 92  # px
FEW = 3  # runs up to which the difference from the first has a column of its own


@dataclass(frozen=True, slots=True)
class Compared:
    """A statistic with its place in the list."""

    place: int
    of: StatisticRow


def statistics_table(told: RunComparison) -> Table[Compared]:
    """Statistic, value in each run, and how far from the first one's."""
    columns: list[Column[Compared]] = [
        Column("Statistic", lambda r: r.of.name.partition(",")[0], key=lambda r: r.place, width=NAME_WIDE, color=lambda r: "TX1",
               tip=lambda r: f"{group_of(r.of.name)}. {DEFINITIONS.get(r.of.name, '')}", stretch=True),
    ]  # fmt: skip
    for at in range(len(told.runs)):
        columns.append(_value(at))
        if at and len(told.runs) <= FEW:
            columns.append(_difference(at))
    model: TableModel[Compared] = TableModel(columns, key=lambda row: row.place)
    model.replace([Compared(place, row) for place, row in enumerate(told.statistics)])
    return _named(Table(model, empty=""), "Statistics of the compared runs")


def table_wide(runs: int) -> int:
    """Px that the statistics of so many runs take."""
    return NAME_WIDE + VALUE_WIDE * (2 * runs - 1 if runs <= FEW else runs) + 12


def _value(at: int) -> Column[Compared]:
    def text(row: Compared) -> str:
        read = statistic(row.of.name, row.of.values[at]).text
        return f"{BEST} {read}" if at in row.of.best else read

    return Column(LETTERS[at], text, key=lambda row: _known(row.of.values[at]), right=True, width=VALUE_WIDE,
                  color=lambda row: "GOOD" if at in row.of.best else "TX0",
                  tip=lambda row: _from_first(row.of, at))  # fmt: skip


def _difference(at: int) -> Column[Compared]:
    return Column(f"{LETTERS[at]} − A", lambda row: difference(row.of, at), key=lambda row: _known(row.of.spread[at]), right=True,
                  width=VALUE_WIDE, color=lambda row: "TX1")  # fmt: skip


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value


def difference(row: StatisticRow, at: int) -> str:
    """How far a run's statistic is from the first one's, in its own unit and always with a sign."""
    gap = row.spread[at]
    if math.isnan(gap):
        return format.UNKNOWN
    if gap == 0:
        return "0"
    read = statistic(row.name, gap).text
    return read if read.startswith((format.MINUS, "+")) else f"+{read}"


def _from_first(row: StatisticRow, at: int) -> str:
    best = "the best of them" if at in row.best else ""
    gap = f"{difference(row, at)} from A" if at else ""
    return " · ".join(part for part in (best, gap) if part)


def differences_table(told: RunComparison) -> Table[Difference]:
    """What differs and its value in each run."""
    last = len(told.runs) - 1
    columns = [Column[Difference]("What differs", lambda r: r.what, width=120, color=lambda r: "TX1")]
    columns += [_of_run(at, stretch=at == last) for at in range(last + 1)]
    model: TableModel[Difference] = TableModel(columns, key=lambda row: row.what)
    model.replace(told.differences)
    empty = "Nothing differs: terms, code, data and versions are the same."
    return _named(Table(model, empty=empty), "What differs between the runs")


def _of_run(at: int, *, stretch: bool) -> Column[Difference]:
    def text(row: Difference) -> str:
        return row.values[at]

    return Column(LETTERS[at], text, width=130, bold=True, stretch=stretch, tip=text)


def shared_table(told: Sequence[Shared]) -> Table[Shared]:
    """For each pair of runs: trades in both and in one alone."""
    columns: tuple[Column[Shared], ...] = (
        Column("Trades of", lambda r: f"{LETTERS[r.one]} and {LETTERS[r.other]}", key=lambda r: (r.one, r.other), width=120,
               color=lambda r: "TX1"),
        Column("In both", lambda r: f"{r.both:,}", key=lambda r: r.both, right=True, width=80),
        Column("Only in the first", lambda r: f"{r.only_one:,}", key=lambda r: r.only_one, right=True, width=110),
        Column("Only in the second", lambda r: f"{r.only_other:,}", key=lambda r: r.only_other, right=True, width=120, stretch=True),
    )  # fmt: skip
    model: TableModel[Shared] = TableModel(columns, key=lambda row: (row.one, row.other))
    model.replace(told)
    return _named(Table(model, empty=""), "Trades that runs share")


def _named[R](table: Table[R], name: str) -> Table[R]:
    table.setAccessibleName(name)
    table.forbid_export("Press Ctrl+C: the table is copied as it stands")
    return table
