"""Which bars and prices are looked at, and when that may change by itself: never under the eyes of someone who reads."""

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QPointF

from qv_desktop.ui.chart.gestures import Drag, dragged, scaled
from qv_desktop.ui.chart.look import Look
from qv_desktop.ui.chart.series import Series
from qv_desktop.ui.chart.session_shading import HEADER
from qv_desktop.ui.chart.stage import Panes
from qv_desktop.ui.chart.viewport import Scale, View, fitted, follows, moved, opened, resized

HEADROOM = 0.15  # of the range kept beyond the live price, so that a tick seldom rescales

type Extent = tuple[float, float] | None


class Camera:
    """Holds the view and the price scale of one series; ``auto`` is off once a person has scaled the prices by hand.

    ``beside`` tells what else must fit between two bars, such as the symbols compared with.
    """

    def __init__(
        self, series: Series, panes: Panes, look: Look, beside: Callable[[int, int], Extent] = lambda first, last: None
    ) -> None:
        self.series, self.panes, self._look, self._beside = series, panes, look, beside
        self.auto = True
        self.untouched = True  # nobody has looked around yet: the opening view may be chosen anew for another width
        self.view = opened(panes.width, len(series))
        self.scale = self._fitted()

    def _fitted(self) -> Scale:
        """Prices of the bars in view, above the volume and below the legend."""
        first, last = self.view.window(len(self.series))
        low, high = self.series.extent(first, last)
        if (beside := self._beside(first, last)) is not None:
            low, high = min(low, beside[0]), max(high, beside[1])
        if self.following:
            room = (high - low) * HEADROOM
            low, high = min(low, self.series.live.close - room), max(high, self.series.live.close + room)
        volume = self.panes.volume * 0.8 if self._look.volume else 4.0
        bottom = max(HEADER + 20.0, self.panes.floor - volume)
        return fitted(low, high, HEADER, bottom, log=self._look.log, inverted=self._look.inverted)

    @property
    def following(self) -> bool:
        """Whether the newest bar is in view."""
        return follows(self.view, len(self.series))

    def dress(self, look: Look) -> None:
        """Another kind of scale: prices are fitted to it anew."""
        self._look = look
        self.fit()

    def explore(self, view: View) -> None:
        """A person looks at other bars."""
        self.untouched = False
        self.look(view)

    def look(self, view: View) -> None:
        """Show other bars; prices follow unless scaled by hand."""
        self.view = view
        if self.auto:
            self.scale = self._fitted()

    def fit(self) -> None:
        """Prices fitted to the bars in view again."""
        self.auto = True
        self.scale = self._fitted()

    def resize(self, panes: Panes) -> None:
        """Another window size: bars keep their width, unless nobody has looked around yet."""
        self.panes = panes
        count = len(self.series)
        view = opened(panes.width, count) if self.untouched else resized(self.view, panes.width, count)
        fresh = self._fitted()
        self.scale = replace(self.scale, top=fresh.top, bottom=fresh.bottom)
        self.look(view)

    def drag(self, drag: Drag, to: QPointF) -> None:
        """Follow the mouse."""
        self.untouched = False
        if drag.zone == "prices":
            self.auto, self.scale = False, scaled(drag, to)
            return
        if not self.auto and drag.zone == "plot":
            self.scale = drag.scale.shifted(to.y() - drag.start.y())
        self.look(dragged(drag, to, len(self.series)))

    def resume(self, old: "Camera") -> None:
        """Stay where a person reads in the same symbol's older bars: at the newest bar, or at the same one however many came before it."""
        index = max(0, min(len(old.series) - 1, round(old.view.right)))
        newest = old.following  # then with the newest bar, as far from the edge as it was
        shift = len(self.series) - len(old.series) if newest else self._place(old, index) - index
        self.untouched, self.auto = False, old.auto
        self.scale = old.scale
        self.look(replace(old.view, width=self.panes.width, right=old.view.right + shift))

    def _place(self, old: "Camera", index: int) -> int:
        """Where a bar of the older series stands here."""
        return self.series.index_at(int(old.series.starts[index]))

    def bar_moved(self) -> bool:
        """The live bar moved: whether the prices had to be rescaled because it neared the edge."""
        if not self.auto or not self.following or self.scale.holds(self.series.live.close):
            return False
        self.scale = self._fitted()
        return True

    def bars_closed(self, count: int, followed: bool) -> None:
        """New bars began: move on with them only if the one before them was in view."""
        self.look(moved(self.view, float(count), len(self.series)) if followed else self.view)
