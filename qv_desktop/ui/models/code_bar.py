"""A strip that shows a one-time code, once: it can be copied, and is forgotten when it is closed or after ten minutes."""

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication, QKeyEvent
from PySide6.QtWidgets import QWidget

from qv_desktop.domain.people import Invitation
from qv_desktop.ui import theme
from qv_desktop.ui.models.layouts import across

LASTS = 600_000  # ms


class CodeBar(QWidget):
    """Hidden until there is a code."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(40)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        theme.wear(self, lambda: f"CodeBar {{ background: {theme.BG2}; border-top: 1px solid {theme.LINE}; }}")
        self.whose, self.code = theme.label("", "label"), theme.label("", "value")
        self.whose.setMinimumWidth(20)
        self.code.setFont(theme.mono())
        self.code.setAccessibleName("One-time code")
        self.code.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.copy, self.done = theme.button("Copy"), theme.button("Done")
        row = across(self.whose, self.code, None, self.copy, self.done)
        row.setContentsMargins(10, 4, 8, 4)
        self.setLayout(row)
        self._end = QTimer(self, interval=LASTS, singleShot=True)
        self._end.timeout.connect(self.forget)
        self.copy.clicked.connect(self._copy)
        self.done.clicked.connect(self.forget)
        self.hide()

    def show_code(self, invitation: Invitation) -> None:
        """Show it until it is closed."""
        self.whose.setText(f"Give {invitation.name} this code; it is shown only now:")
        self.whose.setToolTip(
            f"{invitation.name} chooses “I have a reset code” at the log-in, types it there, and chooses a password."
        )
        self.code.setText(invitation.code)
        self.copy.setText("Copy")
        self.show()
        self.copy.setFocus()
        self._end.start()

    def forget(self) -> None:
        """Close, and keep nothing of it."""
        self._end.stop()
        self.code.setText("")
        self.hide()

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.code.text())
        self.copy.setText("Copied")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.forget()
        else:
            super().keyPressEvent(event)
