"""The account: its figures and how it stands, how its equity went, and everything that happened in it."""

from collections.abc import Mapping

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QStackedWidget, QWidget

from qv_desktop.domain.account_standing import Configuration
from qv_desktop.domain.accounts import Account, margin_used
from qv_desktop.ui import format, theme
from qv_desktop.ui.chart.portfolio_page import PortfolioPage
from qv_desktop.ui.models.account_lines import COLORS, described, groups, sentences
from qv_desktop.ui.models.activity_page import ActivityPage
from qv_desktop.ui.models.figure_columns import FigureColumns
from qv_desktop.ui.models.layouts import Bar, divider, note, paint_note, stacked, tint
from qv_desktop.ui.models.ledger import scrolled
from qv_desktop.ui.models.margin_card import MarginCard

STALE = 10.0  # seconds; the broker is asked every three
WAITING = "The broker has not told the account yet"
BALANCES, MARGIN, EQUITY, ACTIVITIES = "Balances", "Margin", "Equity", "Activities"
PAGES = (BALANCES, MARGIN, EQUITY, ACTIVITIES)


class BalancesPanel(QWidget):
    """Four pages. Emits ``page_seen(name)`` when one comes into view, and what a person asks for on them."""

    name = "balances"
    title = "Account"

    page_seen = Signal(str)
    period_chosen = Signal(object)  # Period
    activities_asked = Signal(object)  # Wanted
    older_asked = Signal()
    export_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._account: Account | None = None
        self._configuration: Configuration | None = None
        self.pages = theme.Segmented(PAGES)
        self.pages.setFixedWidth(330)
        self.number, self.told = theme.label("", "hint"), theme.label(WAITING, "hint")
        self.figures = FigureColumns(barred="Margin")
        self.margin = MarginCard()
        self.curve, self.activities = PortfolioPage(), ActivityPage()
        self._standing = note()
        self._stack = QStackedWidget()
        for page in (scrolled(self.figures), scrolled(self.margin), self.curve, self.activities):
            self._stack.addWidget(page)
        stacked(self, Bar(self.pages, None, self.number, self.told, yielding=(self.number, self.told)), self._standing,
                divider(), self._stack).setStretch(3, 1)  # fmt: skip
        self._connect()
        self._show_figures()

    def _connect(self) -> None:
        self.pages.chosen.connect(self.show_page)
        self.curve.period_chosen.connect(self.period_chosen)
        self.activities.asked.connect(self.activities_asked)
        self.activities.older_asked.connect(self.older_asked)
        self.activities.export_asked.connect(self.export_asked)

    @property
    def page(self) -> str:
        """The page in front, one of ``PAGES``."""
        return self.pages.choice()

    def show_page(self, page: str) -> None:
        """Bring a page to the front."""
        self.pages.choose(page)
        self._stack.setCurrentIndex(PAGES.index(page))
        if self.isVisible():
            self.page_seen.emit(page)

    def show_account(self, account: Account) -> None:
        """Show balances and standing; what the broker did not report is a dash."""
        if self._account is None:
            self.show_age(0.0)
        self._account = account
        self._show_figures()
        told = sentences(account)
        self._standing.setVisible(told is not None)
        if told is not None:
            self._standing.setText(told[0])
            paint_note(self._standing, COLORS[told[1]] if told[1] != "unknown" else "WARN")

    def show_configuration(self, configuration: Configuration) -> None:
        """Show the account's settings."""
        self._configuration = configuration
        self._show_figures()

    def show_age(self, seconds: float | None) -> None:
        """How long ago the balances were told; from ``STALE`` seconds on they are called stale."""
        if seconds is None:
            self.told.setText(WAITING)
            return
        stale = seconds > STALE
        self.told.setText(f"stale, told {format.age(seconds)} ago" if stale else f"told {format.age(seconds)} ago")
        tint(self.told, "WARN" if stale else "TX2")

    def forbid(self, lacking: Mapping[str, str]) -> None:
        """Why the person may not ``export``; what is absent is allowed."""
        self.activities.forbid(lacking.get("export", ""))

    def _show_figures(self) -> None:
        shown = groups(self._account, self._configuration)
        self.figures.show_groups(shown)
        self.figures.setAccessibleDescription(described(shown))
        self.figures.used.show_used(margin_used(self._account) if self._account else None)
        account = self._account
        self.number.setText("" if account is None else " · ".join(filter(None, (account.masked, account.currency))))

    @property
    def standing(self) -> str:
        """What of the account's standing is said over every page, or nothing."""
        return "" if self._standing.isHidden() else self._standing.text()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.page_seen.emit(self.page)
