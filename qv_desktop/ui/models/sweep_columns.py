"""Columns of a sweep's combinations, whose first ones are its parameters, and of the sweeps that are kept."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from qv_desktop.domain.sweeps import SweepResult, SweepRow
from qv_desktop.domain.validation import Level
from qv_desktop.ui import format
from qv_desktop.ui.models.column import Column
from qv_desktop.ui.models.sweep_words import figure
from qv_desktop.ui.models.table_model import TableModel

MOST_AXES = 8  # parameters with a column of their own
CHIPS: dict[Level, str] = {"good": "working", "doubtful": "held", "bad": "rejected", "unknown": "filled"}
LEVELS: dict[Level, str] = {"good": "no sign", "doubtful": "doubtful", "bad": "overfitted", "unknown": "unknown"}


@dataclass(frozen=True, slots=True)
class Line:
    """A combination with its place in the sweep, its rank by the objective (1 is best) and the mean objective of its neighbours."""

    place: int
    rank: int
    row: SweepRow
    around: float


@dataclass(frozen=True, slots=True)
class KeptSweep:
    """A kept sweep and what its test for overfitting told, if there was one."""

    result: SweepResult
    level: Level | None = None
    sentence: str = ""


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value


def _parameter(at: int) -> Column[Line]:
    def value(line: Line) -> float | None:
        return line.row.values[at] if at < len(line.row.values) else None

    return Column(f"Parameter {at + 1}", lambda line: "" if value(line) is None else f"{value(line):g}", key=value, right=True,
                  width=70, shown=at < 2, bold=True)  # fmt: skip


def _figure(name: str, title: str, width: int, shown: bool = True, colored: bool = False) -> Column[Line]:
    def value(line: Line) -> float:
        return math.nan if line.row.error else float(getattr(line.row, name))

    color: Callable[[Line], str | None] | None = (lambda line: format.trend(_known(value(line)))) if colored else None
    return Column(title, lambda line: figure(name, value(line)), key=lambda line: _known(value(line)), right=True, width=width,
                  shown=shown, color=color)  # fmt: skip


COLUMNS: tuple[Column[Line], ...] = (
    Column("Rank", lambda line: f"{line.rank:,}" if line.rank else format.UNKNOWN, key=lambda line: line.rank or None, right=True,
           width=52, color=lambda line: "TX2"),
    *(_parameter(at) for at in range(MOST_AXES)),
    _figure("sharpe", "Sharpe", 62),
    _figure("total_return", "Return", 76, colored=True),
    _figure("max_drawdown", "Max DD", 70, colored=True),
    _figure("trades", "Trades", 58),
    Column("Around", lambda line: format.UNKNOWN if math.isnan(line.around) else f"{line.around:.2f}".replace("-", format.MINUS),
           key=lambda line: _known(line.around), right=True, width=66, color=lambda line: "TX1",
           tip=lambda line: "The mean objective of the neighbouring combinations: a robust one stands among others like it."),
    _figure("profit_factor", "Profit factor", 84),
    _figure("calmar", "Calmar", 62, shown=False),
    _figure("volatility", "Volatility", 74, shown=False),
    _figure("exposure", "Exposure", 72, shown=False),
    Column("Error", lambda line: line.row.error, color=lambda line: "BAD", width=160, stretch=True, shown=False,
           tip=lambda line: line.row.error),
)  # fmt: skip

KEPT_COLUMNS: tuple[Column[KeptSweep], ...] = (
    Column("Started", lambda s: f"{format.day(s.result.started)} {format.clock(s.result.started)[:5]}", key=lambda s: s.result.started,
           width=128, whole=True),
    Column("Strategy", lambda s: f"{s.result.spec.base.strategy} v{s.result.spec.base.version}", bold=True, width=116),
    Column("Symbol", lambda s: s.result.spec.base.symbol, bold=True, width=62),
    Column("Overfitting", lambda s: LEVELS[s.level] if s.level else "not tested", chip=lambda s: CHIPS[s.level] if s.level else None,
           width=92, tip=lambda s: s.sentence, color=lambda s: "TX2"),
    Column("TF", lambda s: s.result.spec.base.timeframe, width=40),
    Column("Parameters", lambda s: ", ".join(s.result.spec.names), width=130, color=lambda s: "TX1", stretch=True),
    Column("Objective", lambda s: s.result.spec.objective.replace("_", " "), width=84, color=lambda s: "TX1"),
    Column("Seconds", lambda s: f"{s.result.seconds:,.1f}", key=lambda s: s.result.seconds, right=True, width=64, shown=False),
    Column("User", lambda s: s.result.user, width=70, color=lambda s: "TX1"),
    Column("Data", lambda s: s.result.data_hash[:8], mono=True, width=80, color=lambda s: "TX1", tip=lambda s: s.result.data_hash,
           shown=False),
)  # fmt: skip


class LinesModel(TableModel[Line]):
    """The combinations; its parameters' columns take the names of the sweep's."""

    def __init__(self) -> None:
        super().__init__(COLUMNS, key=lambda line: line.place)

    def name_parameters(self, names: Sequence[str]) -> None:
        """Call the parameters' columns so; the others keep a number."""
        called = [*names[:MOST_AXES], *(f"Parameter {at + 1}" for at in range(len(names), MOST_AXES))]
        middle = (
            replace(column, title=title) for column, title in zip(COLUMNS[1 : 1 + MOST_AXES], called, strict=True)
        )
        self.columns = (COLUMNS[0], *middle, *COLUMNS[1 + MOST_AXES :])


def ranked(rows: Sequence[SweepRow], objective: str, around: Sequence[float]) -> list[Line]:
    """Every row with its rank; those without a score have none."""
    scores = [math.nan if row.error else float(getattr(row, objective)) for row in rows]
    order = sorted((at for at, score in enumerate(scores) if not math.isnan(score)), key=lambda at: -scores[at])
    ranks = {at: rank for rank, at in enumerate(order, 1)}
    return [Line(at, ranks.get(at, 0), row, around[at]) for at, row in enumerate(rows)]
