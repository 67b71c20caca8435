"""Stopping a deployment: what it holds is left as it is, or closed, and the person sees which orders that means."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from qv_desktop.ui import theme
from qv_desktop.ui.models.layouts import tint

WIDTH = 460  # px


class StopDialog(QDialog):
    """Says ``given(bool)``: whether what is held is closed; somebody else does it, and closes the dialog or says why not."""

    given = Signal(bool)

    def __init__(self, name: str, preview: str, no_flat: str = "", parent: QWidget | None = None) -> None:
        """``preview`` says what closing would do, ``no_flat`` why that cannot be asked for."""
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(f"Stop {name}")
        self.setObjectName("stop-dialog")
        self.setFixedWidth(WIDTH)
        self.leave, self.flat = theme.button("Stop, leave positions"), theme.button("Stop and flatten", "danger")
        self.back = theme.button("Cancel", "ghost")
        self._message = theme.label("", "label")
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 14)
        column.setSpacing(8)
        words = theme.label("It makes no orders from then on, and those of it that are open are cancelled. "
                            "Leave: its positions stay, and are yours to look after.",
                            "value")  # fmt: skip
        self.preview = theme.label(f"Flatten: {preview[:1].lower()}{preview[1:]}", "value")
        tint(self._message, "BAD")
        self._message.hide()
        column.addWidget(theme.label(f"Stop {name}?", "title"))
        for line in (words, self.preview):
            line.setFont(theme.body())
        for line in (words, self.preview, self._message):
            line.setWordWrap(True)
            column.addWidget(line)
        row = QHBoxLayout()
        row.addStretch(1)
        for button in (self.back, self.leave, self.flat):
            button.setAutoDefault(False)
            row.addWidget(button)
        column.addLayout(row)
        self.flat.setEnabled(not no_flat)
        self.flat.setToolTip(no_flat)
        self.leave.clicked.connect(lambda: self._give(False))
        self.flat.clicked.connect(lambda: self._give(True))
        self.back.clicked.connect(self.reject)

    def _give(self, flat: bool) -> None:
        for button in (self.leave, self.flat):
            button.setEnabled(False)
        self.given.emit(flat)

    def show_message(self, text: str) -> None:
        """Say why it was not done whole."""
        for button in (self.leave, self.flat):
            button.setEnabled(True)
        self._message.setText(text)
        self._message.setVisible(bool(text))
        self.adjustSize()

    def message(self) -> str:
        """The sentence that is shown."""
        return self._message.text()
