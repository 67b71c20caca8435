"""A strip that says that somebody else saved meanwhile, and what can be done about it; nothing is lost whichever is chosen."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from qv_desktop.ui import theme
from qv_desktop.ui.models.layouts import across, note, paint_note


class SupersededBar(QWidget):
    """Emits what the person chose; hidden until there is something to choose."""

    compare_asked = Signal()
    save_asked = Signal()  # on top of the newest version
    take_asked = Signal()  # the newest version, and give up what was typed

    def __init__(self) -> None:
        super().__init__()
        self.sentence = note()
        paint_note(self.sentence, "WARN")
        self.sentence.show()
        self.compare, self.save, self.take = (
            theme.button("Compare"),
            theme.button("Save on top"),
            theme.button("Take theirs"),
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 4, 8, 4)
        column.setSpacing(4)
        column.addWidget(self.sentence)
        column.addLayout(across(None, self.compare, self.take, self.save))
        self.compare.clicked.connect(self.compare_asked)
        self.save.clicked.connect(self.save_asked)
        self.take.clicked.connect(self.take_asked)
        self.hide()

    def tell(self, sentence: str) -> None:
        """Say who saved what."""
        self.sentence.setText(sentence)
        self.show()
