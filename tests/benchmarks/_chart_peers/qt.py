"""What the peers' charts share: a window of the agreed size in whichever Qt they use, and a count of its paintings."""

import gc
from collections.abc import Sequence
from typing import Any

from pyqtgraph.Qt import QtCore, QtWidgets

from tests.benchmarks._chart_measures import HEIGHT, WIDTH


class Paints(QtCore.QObject):  # type: ignore[misc]
    """Counts how often a widget is painted."""

    def __init__(self, widget: Any) -> None:
        super().__init__(widget)
        self.seen = 0
        widget.installEventFilter(self)

    def eventFilter(self, watched: Any, event: Any) -> bool:
        self.seen += event.type() == QtCore.QEvent.Type.Paint
        return False


class Watched:
    """What is counted of a chart that only its process' memory tells the size of."""

    def __init__(self, widget: Any) -> None:
        self._paints = Paints(widget)

    def paints(self) -> int:
        """How often the widget was painted."""
        return self._paints.seen

    def arrays(self) -> None:
        """Not known from outside."""


class Window:
    """The application and its one window of charts."""

    def __init__(self) -> None:
        self.app = QtWidgets.QApplication.instance() or QtWidgets.QApplication([])
        self.widget = QtWidgets.QWidget()

    def fill(self, rows: Sequence[Sequence[Any]]) -> None:
        """Show the charts' widgets, each chart a column of them, two charts side by side."""
        self.widget = QtWidgets.QWidget()
        grid = QtWidgets.QGridLayout(self.widget)
        grid.setContentsMargins(0, 0, 0, 0)
        for i, column in enumerate(rows):
            box = QtWidgets.QVBoxLayout()
            for widget in column:
                box.addWidget(widget)
            grid.addLayout(box, i // 2, i % 2)
        self.widget.resize(WIDTH, HEIGHT)
        self.widget.show()
        self.app.processEvents()

    def process(self) -> None:
        """Qt's events."""
        self.app.processEvents()

    def close(self) -> None:
        """Give the window up, and all that was in it."""
        self.widget.close()
        self.widget.deleteLater()
        self.widget = QtWidgets.QWidget()
        self.process()
        self.app.sendPostedEvents(None, QtCore.QEvent.Type.DeferredDelete.value)
        gc.collect()
