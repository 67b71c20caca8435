"""A curtain before the whole program: one window stays, every other one is out of view, also those that would open meanwhile."""

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import isValid

SETTLES = (
    50,
    300,
)  # ms after the window is back: floating panels follow it late, and what they then hide is shown once more
BEFORE = "before_the_curtain"  # a widget's property: it may be seen all the same
_PASSING = (Qt.WindowType.Popup, Qt.WindowType.ToolTip)  # menus and hints: closed, and not brought back


class Curtain(QObject):
    """Drawn for ``but``, the one window that stays; lifted, what was in view or wanted to be is in view again."""

    def __init__(self) -> None:
        super().__init__()
        self._but: QWidget | None = None
        self._hidden: list[QWidget] = []  # in the order in which they come back
        self._coming: list[QWidget] = []  # those of the last lift that may not be there yet

    @property
    def drawn(self) -> bool:
        """Whether it is drawn."""
        return self._but is not None

    def draw(self, first: QWidget, but: QWidget) -> None:
        """Hide everything; ``first`` comes back first, even if something else hid it."""
        self._but, self._hidden = but, [first, *(window for window in self._coming if isValid(window))]
        self._coming = []
        while (popup := QApplication.activePopupWidget()) is not None and popup.close():
            pass
        QApplication.instance().installEventFilter(self)  # type: ignore[union-attr]  # there is one
        for window in [window for window in QApplication.topLevelWidgets() if window.isVisible()]:
            self._hide(window)

    def lift(self) -> None:
        """Show again what was hidden, as far as it still is there."""
        self._end()
        (first, *self._coming), self._hidden = self._hidden, []
        first.show()
        first.activateWindow()
        for wait in SETTLES:
            QTimer.singleShot(wait, self, self._bring_back)

    def drop(self) -> None:
        """Watch no more, and show nothing."""
        self._end()
        self._hidden = []

    def _end(self) -> None:
        self._but = None
        QApplication.instance().removeEventFilter(self)  # type: ignore[union-attr]

    def _bring_back(self) -> None:
        for window in self._coming:
            if isValid(window) and not window.isVisible():
                window.show()
                window.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and self._foreign(watched):
            QTimer.singleShot(0, watched, lambda: self._hide(watched))  # Qt is in the midst of showing it
        return False

    def _foreign(self, window: QWidget) -> bool:
        but = self._but
        if but is None or not window.isWindow() or window.property(BEFORE):
            return False
        return window is not but and not but.isAncestorOf(window)

    def _hide(self, window: QWidget) -> None:
        if self._but is None or not self._foreign(window):
            return
        if window.windowType() in _PASSING:
            window.close()
            return
        if window not in self._hidden:
            self._hidden.append(window)
        window.hide()
