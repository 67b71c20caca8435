"""Rows stand still while somebody points at them: what is under the pointer when it is pressed is there when it is released."""

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QAbstractItemView, QLabel
from shiboken6 import isValid

from qv_desktop.ui import theme
from qv_desktop.ui.models.live_rows import FREE, POINTED, PRESSED, LiveRows

WAITS = "order held while you point"
_MARGIN = 6  # px


class Holding[R](QObject):
    """Watches a view's pointer for its rows, and says in a corner when their order waits."""

    def __init__(self, view: QAbstractItemView, rows: LiveRows[R]) -> None:
        super().__init__(view)
        self._view, self._rows = view, rows
        self.hint = QLabel(WAITS, view.viewport())
        self.hint.setFont(theme.small())
        self.hint.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        theme.wear(
            self.hint, lambda: f"background: {theme.BG3}; color: {theme.TX1}; border-radius: 3px; padding: 2px 6px;"
        )
        self.hint.hide()
        view.viewport().installEventFilter(self)
        rows.order_waits.connect(self._show_waiting)

    def released(self) -> None:
        """The button is up again; for those who keep the event to themselves."""
        self._rows.hold(POINTED if self._view.viewport().underMouse() else FREE)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if not isValid(self._rows):  # the rows may be gone before their view is, when the program ends
            return False
        if kind in (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick):
            self._rows.hold(PRESSED)
        elif kind == QEvent.Type.MouseButtonRelease:
            # after the view has dealt with it, for it looks for the row under the pointer then
            QTimer.singleShot(0, self, self.released)
        elif kind == QEvent.Type.MouseMove and isinstance(event, QMouseEvent):
            self._rows.hold(PRESSED if event.buttons() else POINTED)
        elif kind == QEvent.Type.Enter:
            self._rows.hold(POINTED)
        elif kind in (QEvent.Type.Leave, QEvent.Type.Hide):
            self._rows.hold(FREE)
        elif kind == QEvent.Type.Resize:
            self._place()
        return False

    def _show_waiting(self, waits: bool) -> None:
        self.hint.setVisible(waits)
        self._place()

    def _place(self) -> None:
        self.hint.adjustSize()
        room = self._view.viewport().size()
        self.hint.move(room.width() - self.hint.width() - _MARGIN, room.height() - self.hint.height() - _MARGIN)
