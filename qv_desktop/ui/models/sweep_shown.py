"""A sweep's rows made ready to be shown: ranked, as arrays, with their neighbourhoods. It takes a moment, and may be done on a thread."""

from collections.abc import Sequence
from dataclasses import dataclass

from qv_desktop.analytics.blocks import Floats
from qv_desktop.analytics.sweep_table import SweepTable, neighbourhood, table_of
from qv_desktop.domain.sweeps import SweepRow, SweepSpec
from qv_desktop.ui.models.sweep_columns import Line, ranked
from qv_desktop.ui.models.sweep_words import combination, figure, summary


@dataclass(frozen=True, slots=True)
class SweepShown:
    """``lines`` and ``table`` are of the same rows in the same order; ``best`` is the place of the best one, or -1."""

    spec: SweepSpec
    lines: tuple[Line, ...]
    table: SweepTable
    around: Floats
    best: int

    def told(self, place: int) -> str:
        """All about one combination, in two lines."""
        line = self.lines[place]
        around = f" · neighbours {figure(self.spec.objective, line.around)}" if line.rank else ""
        return f"{combination(self.spec.names, line.row.values)}\n{summary(line.row)}{around}"


def prepared(spec: SweepSpec, rows: Sequence[SweepRow]) -> SweepShown:
    """``rows`` of a sweep as far as there are any."""
    table = table_of(spec.names, rows)
    around = neighbourhood(table, spec.objective)
    lines = ranked(rows, spec.objective, around.tolist())
    best = next((at for at, line in enumerate(lines) if line.rank == 1), -1)
    return SweepShown(spec, tuple(lines), table, around, best)


def stability(shown: SweepShown, place: int) -> str:
    """How a combination stands among its neighbours, in words; empty where it has none or no score."""
    line = shown.lines[place]
    score, around = float(shown.table.figures[shown.spec.objective][place]), line.around
    if not line.rank or around != around or score != score:
        return ""
    told = f"neighbours {figure(shown.spec.objective, around)} on the mean"
    if score <= 0 or shown.spec.objective == "max_drawdown":
        return told
    kept = around / score
    kind = "a plateau" if kept >= 0.8 else "a slope" if kept >= 0.5 else "a lonely peak"
    return f"{told} ({kept:.0%}: {kind})".replace("-", "−")
