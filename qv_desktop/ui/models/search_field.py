"""The top bar's field that looks like one to type in and opens the palette."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton

from qv_desktop.ui import theme

WIDE, NARROW = 290, 118  # px
WHOLE, SHORT = "Symbol, command or order…", "Search"


class SearchField(QPushButton):
    """Pressed, it asks for the palette; it names its key."""

    def __init__(self) -> None:
        super().__init__(WHOLE)
        self.setObjectName("search")
        self.setFont(theme.body())
        self.setFixedSize(QSize(WIDE, 28))
        self.setCursor(Qt.CursorShape.IBeamCursor)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName("Search symbols and commands")
        key = QLabel("Ctrl K", self)
        key.setObjectName("key")
        key.setFont(theme.tiny())
        key.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        key.setFixedHeight(16)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 8, 0)
        row.addStretch(1)
        row.addWidget(key, 0, Qt.AlignmentFlag.AlignVCenter)

    def narrow(self, narrow: bool) -> None:
        """Leave room for what matters more."""
        self.setFixedWidth(NARROW if narrow else WIDE)
        self.setText(SHORT if narrow else WHOLE)
