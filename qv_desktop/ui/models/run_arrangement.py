"""Where the pages of the backtest panel stand: side by side where there is room, behind tabs where there is not."""

from collections.abc import Sequence
from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLayout, QSplitter, QTabWidget, QVBoxLayout, QWidget

from qv_desktop.ui import theme

type Mode = Literal["narrow", "medium", "low", "tall"]

WIDE, WIDER, TALL = 620, 960, 460  # px: room for two columns, for three, and for tables under the curves
FORM_WIDE, STATISTICS_WIDE = 324, 226  # px


def mode_for(width: int, height: int) -> Mode:
    """How the pages are arranged in a panel of this size."""
    if width < WIDE:
        return "narrow"
    if width < WIDER:
        return "medium"
    return "tall" if height >= TALL else "low"


class Arrangement:
    """The form at the left, the statistics at the right and the curves over the tables, each as far as there is room for it.

    ``rest`` are the further pages in order. ``corner`` stands beside the tabs.
    """

    def __init__(self, panel: QWidget, form: QWidget, equity: QWidget, statistics: QWidget,
                 rest: Sequence[tuple[QWidget, str]], corner: QWidget) -> None:  # fmt: skip
        self._panel, self._form, self._equity, self._statistics = panel, form, equity, statistics
        self._rest, self._titles = [page for page, _ in rest], dict(rest)
        self._titles |= {form: "Run", equity: "Equity", statistics: "Statistics"}
        self._hidden: set[QWidget] = set()
        self._chosen, self._moving = equity, False  # what somebody looked at last, beside the form
        self.mode: Mode | None = None
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.tabBar().setFont(theme.body())
        self.tabs.setCornerWidget(corner, Qt.Corner.TopRightCorner)
        self.tabs.currentChanged.connect(self._note_chosen)
        self._split: QSplitter | None = None
        self._box = QVBoxLayout(panel)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(0)
        # the pages' own least sizes would keep a panel from shrinking into its next arrangement
        self._box.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)

    def below(self, bar: QWidget) -> None:
        """A strip under everything."""
        self._box.addWidget(bar)

    def fit(self, width: int, height: int) -> bool:
        """Put the pages where this size has room for them; whether that was new."""
        mode = mode_for(width, height)
        if mode == self.mode:
            return False
        self.mode, self._moving = mode, True
        self.tabs.clear()
        sides = {"narrow": [], "medium": [self._form]}.get(mode, [self._form, self._statistics])
        paged = [page for page in (self._form, self._equity, self._statistics) if page not in sides]
        if mode == "tall":
            paged.remove(self._equity)
        for page in [*paged, *self._rest]:
            self.tabs.addTab(page, self._titles[page])
        self._stand(sides, height if mode == "tall" else 0)
        self._retitle()
        if self.tabs.indexOf(self._chosen) >= 0:  # the curves stand over the tabs where there is room for them
            self.tabs.setCurrentWidget(self._chosen)
        self._moving = False
        return True

    def _note_chosen(self, place: int) -> None:
        page = self.tabs.widget(place)
        if page is not None and not self._moving:
            self._chosen = page

    def _stand(self, sides: Sequence[QWidget], tall: int) -> None:
        """The split: sides and the middle, which is the tabs, under the curves when there is ``tall`` room (px)."""
        split = _splitter(Qt.Orientation.Horizontal)
        middle: QWidget = self.tabs
        if tall:
            stack = _splitter(Qt.Orientation.Vertical)
            stack.addWidget(self._equity)
            stack.addWidget(self.tabs)
            self._equity.show()
            stack.setSizes([tall * 3 // 5, tall * 2 // 5])
            middle = stack
        for widget in [*sides[:1], middle, *sides[1:]]:
            split.addWidget(widget)
            widget.show()
        self.tabs.show()
        self._box.insertWidget(0, split, 1)
        if self._split is not None:
            self._split.hide()
            self._split.deleteLater()
        self._split = split
        place = split.indexOf(middle)
        for at in range(split.count()):
            split.setStretchFactor(at, 1 if at == place else 0)
        split.setSizes([10_000] if not sides else [FORM_WIDE, 10_000, STATISTICS_WIDE][: split.count()])

    def title(self, page: QWidget, words: str) -> None:
        """What a page's tab says."""
        self._titles[page] = words
        self._retitle()

    def offer(self, page: QWidget, wanted: bool) -> None:
        """Whether a page's tab is there."""
        (self._hidden.discard if wanted else self._hidden.add)(page)
        self._retitle()

    def _retitle(self) -> None:
        for page, title in self._titles.items():
            at = self.tabs.indexOf(page)
            if at >= 0:
                self.tabs.setTabText(at, title)
                self.tabs.setTabVisible(at, page not in self._hidden)

    def bring(self, page: QWidget, *, roomy: bool = False) -> None:
        """Show a page, where it stands behind a tab; a ``roomy`` one gets most of the height from the curves above."""
        self._chosen = page
        if self.tabs.indexOf(page) < 0:
            return
        self.tabs.setCurrentWidget(page)
        stack = self.tabs.parentWidget()
        if (
            roomy
            and self.mode == "tall"
            and isinstance(stack, QSplitter)
            and stack.orientation() == Qt.Orientation.Vertical
        ):
            stack.setSizes([stack.height() * 3 // 10, stack.height() * 7 // 10])


def _splitter(way: Qt.Orientation) -> QSplitter:
    split = QSplitter(way)
    split.setHandleWidth(1)
    split.setChildrenCollapsible(False)
    return split
