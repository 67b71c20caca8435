"""What stands beside the bars of a chart: studies over the prices and below them, and symbols compared with."""

from collections.abc import Sequence

import numpy as np

from qv_desktop.ui.chart.comparison import Comparison, levelled
from qv_desktop.ui.chart.series import Series
from qv_desktop.ui.chart.stage import Lower, Panes
from qv_desktop.ui.chart.study import Study
from qv_desktop.ui.chart.study_source import StudySource
from qv_desktop.ui.chart.viewport import Scale, fitted

ROOM = 6  # px above and below a study's values


class Scenery:
    """Keeps studies and comparisons in step with a series."""

    def __init__(self, studies: Sequence[Study]) -> None:
        self.studies = list(studies)
        self.comparisons: list[Comparison] = []
        self._series: Series | None = None

    @property
    def overlays(self) -> tuple[Study, ...]:
        """The studies over the prices that are switched on."""
        return tuple(study for study in self.studies if study.kind.overlay and not study.hidden)

    @property
    def lower(self) -> tuple[Study, ...]:
        """The studies with a pane of their own that are switched on."""
        return tuple(study for study in self.studies if not study.kind.overlay and not study.hidden)

    def rebuild(self, series: Series) -> None:
        """Other bars: everything anew."""
        self._series = series
        source = StudySource(series)
        for study in self.studies:
            study.rebuild(source)
        for comparison in self.comparisons:
            comparison.lay(series)

    def extend(self, series: Series) -> None:
        """A bar has closed."""
        source = StudySource(series)
        for study in self.studies:
            study.extend(source)
        for comparison in self.comparisons:
            comparison.lay(series)

    def compare(self, comparison: Comparison) -> None:
        """Lay another symbol over, in place of what it showed before."""
        others = [one for one in self.comparisons if one.symbol != comparison.symbol]
        self.comparisons = [*others, comparison]
        if self._series is not None:
            comparison.lay(self._series)

    def base(self, series: Series, first: int) -> float | None:
        """The price that counts as 0 %: the close of bar ``first``."""
        return series.bar(first).close if 0 <= first < len(series) else None

    def beside(self, first: int, last: int) -> tuple[float, float] | None:
        """How low and high the symbols compared with reach over bars ``first:last``, as prices of the chart's own."""
        if self._series is None or not self.comparisons or (base := self.base(self._series, first)) is None:
            return None
        found = [levelled(one, first, base)[first:last] for one in self.comparisons]
        known = np.concatenate([values[np.isfinite(values)] for values in found])
        return (float(known.min()), float(known.max())) if len(known) else None

    def lower_panes(self, panes: Panes, series: Series, first: int, last: int) -> tuple[Lower, ...]:
        """The studies below the prices, each with its scale over bars ``first:last``."""
        return tuple(Lower(top, bottom, study, self._scale(study, top, bottom, series, first, last))
                     for study, (top, bottom) in zip(self.lower, panes.lower, strict=False))  # fmt: skip

    def _scale(self, study: Study, top: int, bottom: int, series: Series, first: int, last: int) -> Scale:
        head, foot = top + ROOM + 12.0, max(bottom - ROOM, top + ROOM + 13.0)
        if study.kind.span is not None:
            return Scale(top + ROOM, foot, *study.kind.span)
        found = study.extent(first, last)
        live = [value for value in study.live(StudySource(series), series.live) if value == value]
        if last >= len(series) and live:
            found = (min(found[0], *live), max(found[1], *live)) if found else (min(live), max(live))
        return fitted(*(found or (0.0, 1.0)), head, foot)

    def left(self, lower: Lower, series: Series) -> bool:
        """Whether the study's live value has left its pane."""
        values = lower.study.live(StudySource(series), series.live)
        return any(value == value and not lower.scale.low <= value <= lower.scale.high for value in values)
