"""One panel in all the room: everything else gives way and comes back as it was."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QByteArray
from PySide6.QtWidgets import QSplitter
from shiboken6 import isValid


class Maximised:
    """What gave way to ``name``, and how it lay. Made, it has happened; ``undo`` brings it back.

    Docks are closed and opened again, for restoring a whole state takes ten times as long.
    """

    def __init__(self, manager: Any, docks: Mapping[str, Any], name: str, state: QByteArray) -> None:
        self.state = state  # of the arrangement behind it, which is what is kept meanwhile
        self._docks = docks
        self._tops = [area.currentDockWidget() for area in manager.openedDockAreas()]
        self._sizes = [(splitter, splitter.sizes()) for splitter in manager.findChildren(QSplitter)]
        self._closed = [other for other, dock in docks.items() if other != name and _gives_way(dock)]
        for other in self._closed:
            docks[other].toggleView(False)

    def undo(self) -> None:
        """Everything as it was, but for what is gone for good."""
        for name in self._closed:
            if name in self._docks:
                self._docks[name].toggleView(True)
        for dock in self._tops:
            if isValid(dock) and not dock.isClosed():
                dock.setAsCurrentTab()
        for splitter, sizes in self._sizes:
            if isValid(splitter) and splitter.count() == len(sizes):
                splitter.setSizes(sizes)


def _gives_way(dock: Any) -> bool:
    return not dock.isClosed() and not dock.isInFloatingContainer()
