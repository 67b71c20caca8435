"""The pill that says where orders go: which environment, which account; a click offers the other accounts."""

from collections.abc import Sequence

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu, QPushButton

from qv_desktop.domain.accounts import Environment
from qv_desktop.ui import theme

WIDEST = 300  # px; a longer name is cut in the middle and stands whole in the tooltip
PADDING = 22  # px, left and right together, as in the style sheet


class EnvironmentPill(QPushButton):
    """Says ``account_chosen`` (an id) and ``connections_asked``; the account in use cannot be chosen again."""

    account_chosen = Signal(str)
    connections_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("environment")
        self.setFixedHeight(20)
        self.setFont(theme.small_bold())
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.menu_ = QMenu(self)
        self.clicked.connect(self.open_menu)
        self._words = ""
        self.show_accounts((), "")

    def show_environment(self, environment: Environment, detail: str = "") -> None:
        """Say the environment, and ``detail`` behind it: the account, or what the market is."""
        self._words = f"{environment} · {detail}" if detail else environment
        metrics = self.fontMetrics()
        self.setText(metrics.elidedText(self._words, Qt.TextElideMode.ElideMiddle, WIDEST - PADDING).replace("&", "&&"))
        self.setAccessibleName(f"Environment {environment} {detail}".strip())
        self.setToolTip(f"{self._words}\nClick to switch the account.")
        self.setProperty("env", environment)
        self.style().unpolish(self)
        self.style().polish(self)
        self.updateGeometry()

    def show_accounts(self, accounts: Sequence[tuple[str, str]], active: str) -> None:
        """Offer ``accounts``, each an id and the words for it."""
        self.menu_.clear()
        group = QActionGroup(self.menu_)
        for id_, words in accounts:
            action = self.menu_.addAction(words.replace("&", "&&"))
            action.setCheckable(True)
            action.setChecked(id_ == active)
            action.setEnabled(id_ != active)
            group.addAction(action)
            action.triggered.connect(lambda _=False, chosen=id_: self.account_chosen.emit(chosen))
        if accounts:
            self.menu_.addSeparator()
        self.menu_.addAction("Connections…").triggered.connect(self.connections_asked)

    def open_menu(self) -> None:
        """Show what can be chosen, under the pill."""
        self.menu_.popup(self.mapToGlobal(QPoint(0, self.height() + 2)))

    def sizeHint(self) -> QSize:
        return QSize(min(WIDEST, self.fontMetrics().horizontalAdvance(self.text()) + PADDING), 20)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()
