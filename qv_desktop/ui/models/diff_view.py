"""Two sources compared: side by side where there is room and it is wanted, else one under the other; only read."""

from collections.abc import Sequence

from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QWidget

from qv_desktop.domain.strategy_diff import DiffRow, unified
from qv_desktop.ui import theme
from qv_desktop.ui.models.code_view import CodeView

ROOM = 560  # px from which two columns can be read
NONE = "The two are the same."


class DiffView(QStackedWidget):
    """``want_columns`` says which of the two ways a person prefers; a narrow one shows one column whatever they prefer."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: tuple[DiffRow, ...] = ()
        self._columns = True
        self.left, self.right, self.one = CodeView(), CodeView(), CodeView()
        for view, name in ((self.left, "Earlier"), (self.right, "Later"), (self.one, "Differences")):
            view.setAccessibleName(name)
        pair = QWidget()
        row = QHBoxLayout(pair)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(1)
        row.addWidget(self.left)
        row.addWidget(self.right)
        self.addWidget(pair)
        self.addWidget(self.one)
        self._together(self.left, self.right)
        self._together(self.right, self.left)

    def want_columns(self, wanted: bool) -> None:
        """Side by side, or one under the other."""
        self._columns = wanted
        self.fit()

    def fit(self) -> None:
        """Choose the page by the room that there is."""
        self.setCurrentIndex(0 if self._columns and self.width() >= ROOM else 1)

    def show_rows(self, rows: Sequence[DiffRow]) -> None:
        """Show what differs; the first change is brought into view."""
        self._rows = tuple(rows)
        theme.follow(self, self._show)

    def _show(self) -> None:
        rows = self._rows
        removed, added, gap = theme.CHIPS["rejected"][0], theme.CHIPS["working"][0], theme.BG2
        if not any(row.change in ("added", "removed", "changed") for row in rows):
            for view in (self.left, self.right, self.one):
                view.show_lines([NONE], [""], {})
            return
        grounds = {"removed": (removed, ""), "added": ("", added), "changed": (removed, added), "gap": (gap, gap)}
        for side, view in enumerate((self.left, self.right)):
            colored = {n: grounds[row.change][side] for n, row in enumerate(rows) if row.change in grounds}
            number = [_number(row.left if side == 0 else row.right) for row in rows]
            text = [_gap(row) or (row.left_text if side == 0 else row.right_text) for row in rows]
            view.show_lines(text, number, {n: ground for n, ground in colored.items() if ground})
        self._show_one(removed, added, gap)
        self.fit()

    def _show_one(self, removed: str, added: str, gap: str) -> None:
        lines = unified(self._rows)
        sign = {"removed": "− ", "added": "+ ", "same": "  ", "gap": ""}
        ground = {"removed": removed, "added": added, "gap": gap}
        text = [sign[line.change] + (f"⋯ {line.count} lines" if line.change == "gap" else line.text) for line in lines]
        numbers = [_number(line.right if line.right is not None else line.left) for line in lines]
        self.one.show_lines(text, numbers, {n: ground[x.change] for n, x in enumerate(lines) if x.change in ground})

    def _together(self, moved: CodeView, other: CodeView) -> None:
        for bar, follows in ((moved.verticalScrollBar(), other.verticalScrollBar()),
                             (moved.horizontalScrollBar(), other.horizontalScrollBar())):  # fmt: skip
            bar.valueChanged.connect(follows.setValue)

    def resizeEvent(self, event: object) -> None:
        super().resizeEvent(event)  # type: ignore[arg-type]
        self.fit()


def _number(line: int | None) -> str:
    return "" if line is None else str(line)


def _gap(row: DiffRow) -> str:
    return f"⋯ {row.count} lines" if row.change == "gap" else ""
