"""What stands over a strategy's source: its name and version, what it is, its hash and knobs, the two pages and the way to a backtest."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QWidget

from qv_desktop.domain.strategies import Strategy
from qv_desktop.ui import theme
from qv_desktop.ui.models.layouts import Bar, forbid, stacked
from qv_desktop.ui.models.strategy_columns import kind, knob

CODE, VERSIONS = "Code", "Versions"
TEST_TIP = "Set the backtest panel to this strategy (double-click does the same)"
DEPLOY_TIP = "Deploy this version…: to paper first"


class StrategyHead(QWidget):
    """Hidden while there is no strategy."""

    page_chosen = Signal(str)
    backtest_asked = Signal()
    deploy_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.heading, self.hash, self.mark = QLabel(), QLabel(), QLabel()
        self.heading.setFont(theme.bold())
        self.heading.setMinimumWidth(40)
        self.hash.setFont(theme.mono())
        self.mark.setFont(theme.small_bold())
        for label in (self.hash, self.mark):
            label.setFixedHeight(18)
        theme.wear(self.hash, lambda: f"{theme.chip('filled')} border-radius:3px; padding:1px 6px;")
        theme.wear(self.mark, lambda: f"{theme.chip('held')} border-radius:3px; padding:1px 6px;")
        self.pages = theme.Segmented([CODE, VERSIONS])
        self.pages.setFixedWidth(140)
        self.test = theme.button("Backtest")
        self.test.setToolTip(TEST_TIP)
        self.deploy = theme.button("Deploy…")
        self.deploy.setToolTip(DEPLOY_TIP)
        self._bar = Bar(self.heading, self.mark, self.hash, None, self.pages, self.test, self.deploy,
                        yielding=(self.hash, self.mark))  # fmt: skip
        self._knobs = theme.label("", "hint")
        self._knobs.setWordWrap(True)
        self._knobs.setContentsMargins(10, 0, 10, 4)
        stacked(self, self._bar, self._knobs)
        self.pages.chosen.connect(self.page_chosen)
        self.test.clicked.connect(self.backtest_asked)
        self.deploy.clicked.connect(self.deploy_asked)

    def show_strategy(self, strategy: Strategy | None) -> None:
        """Tell of another strategy, or of another version of it."""
        self.setVisible(strategy is not None)
        if strategy is None:
            return
        self.heading.setText(f"{strategy.name} v{strategy.version}")
        self.heading.setToolTip(" · ".join(filter(None, (strategy.title, strategy.author, strategy.note))))
        self.hash.setText(f"sha {strategy.code_hash[:8]}")
        self.hash.setToolTip(f"SHA-256 of the source: {strategy.code_hash}")
        self.mark.setText(kind(strategy))
        self._bar.want(self.mark, bool(kind(strategy)))
        self._knobs.setText(" · ".join(knob(p) for p in strategy.parameters) or "No parameters")

    def choose(self, page: str) -> None:
        """Put a page in front, and say so."""
        self.pages.choose(page)
        self.page_chosen.emit(page)

    def forbid_deploy(self, why: str) -> None:
        """Why the person may deploy none, or nothing."""
        forbid(self.deploy, why)
        self.deploy.setToolTip(why or DEPLOY_TIP)

    def forbid_backtest(self, why: str) -> None:
        """Why the person may run none, or nothing."""
        forbid(self.test, why)
        self.test.setToolTip(why or TEST_TIP)
