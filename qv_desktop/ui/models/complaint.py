"""A sentence under fields that says what is wrong, with the nearest value that would be taken as a button beside it."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from qv_desktop.ui import theme


class Complaint(QWidget):
    """Hidden while there is nothing wrong. Emits ``taken`` when its button is pressed."""

    taken = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.sentence = theme.label("", "hint")
        theme.wear(self.sentence, lambda: f"color: {theme.BAD};")
        self.sentence.setWordWrap(True)
        self.offer = theme.button("")
        self.offer.setFont(theme.small_bold())
        self.offer.setFixedHeight(18)
        theme.wear(self.offer, lambda: f"padding: 0 6px; color: {theme.ACCENT}; border-color: {theme.ACCENT};")
        self.offer.clicked.connect(lambda _=False: self.taken.emit())
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self.sentence, 1)
        row.addWidget(self.offer, 0, Qt.AlignmentFlag.AlignTop)
        self.hide()

    def show_text(self, text: str, nearest: str) -> None:
        """What is wrong, empty for nothing, and what would be taken, empty where nothing is known to be."""
        self.sentence.setText(text)
        self.offer.setText(f"→ {nearest}")
        self.offer.setAccessibleName(f"Take {nearest} instead")
        self.offer.setVisible(bool(nearest))
        self.setVisible(bool(text))

    def text(self) -> str:
        """The sentence."""
        return self.sentence.text()
