"""The red frame of LIVE: round the window, and round every panel and dialog of it that stands in a window of its own."""

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QWidget
from PySide6QtAds import CDockManager

from qv_desktop.domain.accounts import Environment

EDGE = 6  # px, as in the style sheet


class LiveFrame(QObject):
    """Frames ``shell`` and what ``manager`` lets float."""

    def __init__(self, shell: QWidget, manager: CDockManager) -> None:
        super().__init__(shell)
        self._shell, self._manager = shell, manager
        self._edge = 0
        manager.floatingWidgetCreated.connect(self._frame)

    def show(self, environment: Environment) -> None:
        """Draw the frame for LIVE, none for all else."""
        self._edge = EDGE if environment == "LIVE" else 0
        self._shell.setContentsMargins(self._edge, self._edge, self._edge, self._edge)
        for framed in (self._shell, self._shell.window()):  # the latter for the dialogs that open over it
            framed.setProperty("env", environment)
            _polished(framed)
        self._manager.setFloatingContainersTitle("LIVE · QuantVision" if self._edge else "QuantVision")
        for floating in self._manager.floatingWidgets():
            self._frame(floating)

    def _frame(self, floating: QWidget) -> None:
        floating.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        layout = floating.layout()
        if layout is not None:
            layout.setContentsMargins(self._edge, self._edge, self._edge, self._edge)
        _polished(floating)


def _polished(widget: QWidget) -> None:
    """Have the style sheet's rules looked at anew."""
    widget.style().unpolish(widget)
    widget.style().polish(widget)
