"""The signals panel: deployments with what they earn, and every signal with what became of it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QMenu, QSplitter, QVBoxLayout, QWidget

from qv_desktop.domain.deployments import Deployment, State, Step, hindered, own
from qv_desktop.domain.signals import Fate
from qv_desktop.ui import theme
from qv_desktop.ui.models.deployment_columns import DeploymentRow, SignalRow, deployment_columns, signal_columns
from qv_desktop.ui.models.layouts import Bar, divider, forbid, stacked, tint
from qv_desktop.ui.models.menu_button import entry, menu_button
from qv_desktop.ui.models.table import Table
from qv_desktop.ui.models.table_model import TableModel

EMPTY = "Nothing is deployed yet.\nChoose Deploy…, or the same in Strategies."
NO_SIGNALS = "No signals yet; they come at the close of each bar while a deployment runs."
CHOOSE = "Select a deployment first."

RIGHT: dict[Step, str] = {  # step -> which right it takes, as ``forbid`` names it
    Step.START: "trade", Step.PAUSE: "run", Step.STOP: "run", Step.ASK: "run", Step.APPROVE: "approve", Step.DECLINE: "approve",
    Step.GO_LIVE: "trade", Step.DEPLOY: "run", Step.CHANGE: "run",
}  # fmt: skip


class SignalsPanel(QWidget):
    """Emits what a person wants of a deployment; whoever keeps them answers with ``upsert`` and ``show_failed``."""

    name = "signals"
    title = "Signals"

    deploy_asked = Signal()
    step_asked = Signal(str, object)  # a Step's value, the Deployment
    discard_asked = Signal(object)  # Deployment
    close_asked = Signal(object)  # Deployment, which does not run and still holds something
    story_asked = Signal(object)  # Deployment
    order_asked = Signal(str)  # client order id

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.now: Callable[[], datetime] = lambda: datetime.now(UTC)
        self._lacking: dict[str, str] = {}
        self._me = ""
        self._signals: dict[object, SignalRow] = {}
        self.model: TableModel[DeploymentRow] = TableModel(
            deployment_columns(lambda: self.now()), key=lambda r: r.deployment.id, parent=self
        )
        self.table = Table(self.model, empty=EMPTY)
        self.signal_model: TableModel[SignalRow] = TableModel(signal_columns(), key=lambda r: r.signal.key, parent=self)
        self.signals = Table(self.signal_model, empty=NO_SIGNALS)
        self.deploy = theme.button("Deploy…", "primary")
        self.buttons = {
            Step.START: theme.button("Start"), Step.PAUSE: theme.button("Pause"), Step.STOP: theme.button("Stop…"),
            Step.ASK: theme.button("Ask approval…", "ghost"), Step.APPROVE: theme.button("Approve…", "ghost"),
        }  # fmt: skip
        self.more = menu_button("⋯", "More about the deployment", self._fill)
        self.quiet = QCheckBox("Also those with nothing to do")
        self.said, self.count = theme.label("", "hint"), theme.label("", "hint")
        self._arrange()
        self._connect()
        self._judge()

    # ---- what is shown

    def show_me(self, name: str) -> None:
        """Who is signed in: nobody approves what they asked for."""
        self._me = name
        self._judge()

    def show_deployments(self, rows: Sequence[DeploymentRow]) -> None:
        """All of them, in the order of their making."""
        self.model.replace(rows)
        if rows and not self.table.selected():
            self.table.select_key(rows[-1].deployment.id)
        self._judge()

    def upsert(self, rows: Iterable[DeploymentRow]) -> None:
        """Show those that changed."""
        self.model.upsert(list(rows))
        self._judge()

    def show_signals(self, rows: Sequence[SignalRow]) -> None:
        """All that are held, oldest first."""
        self._signals = {row.signal.key: row for row in rows}
        self._list()

    def upsert_signals(self, rows: Iterable[SignalRow]) -> None:
        """Show those that came or changed."""
        for row in rows:
            self._signals[row.signal.key] = row
        self._list()

    def show_failed(self, sentence: str, *, good: bool = False) -> None:
        """Why what was asked for was not done, or what was done; nothing takes it away."""
        tint(self.said, "TX1" if good else "BAD")
        self.said.setText(sentence)
        self.said.setVisible(bool(sentence))

    def select(self, id_: str) -> None:
        """Put a deployment in view."""
        self.table.select_key(id_)

    def chosen(self) -> Deployment | None:
        """The selected one."""
        rows = self.table.selected()
        return rows[0].deployment if len(rows) == 1 else None

    def forbid(self, lacking: Mapping[str, str]) -> None:
        """Why the person may not ``run``, ``trade``, ``approve``, ``delete`` or ``export``; what is absent is allowed."""
        self._lacking = dict(lacking)
        for table in (self.table, self.signals):
            table.forbid_export(lacking.get("export", ""))
        forbid(self.deploy, lacking.get("run", ""))
        self._judge()

    def why_not(self, step: Step, deployment: Deployment | None) -> str:
        """Why a step is greyed out, or nothing."""
        rights = ("approve",) if RIGHT[step] == "approve" else ("run", RIGHT[step])
        if lacking := next((self._lacking[right] for right in rights if self._lacking.get(right)), ""):
            return lacking
        if deployment is None:
            return CHOOSE
        if step is Step.APPROVE and not hindered(deployment, step) and (why := own(deployment, self._me)):
            return why
        return hindered(deployment, step)

    def why_not_close(self) -> str:
        """Why nothing of the selected one can be closed, or nothing."""
        rows = self.table.selected()
        if lacking := self._lacking.get("run") or self._lacking.get("trade"):
            return lacking
        if len(rows) != 1:
            return CHOOSE
        if rows[0].deployment.state not in (State.STOPPED, State.IDLE):
            return "Stop it first; that can close what it holds, too."
        return "" if rows[0].held else "It holds nothing."

    # ---- what the person does

    def _connect(self) -> None:
        self.deploy.clicked.connect(self.deploy_asked)
        for step, button in self.buttons.items():
            button.clicked.connect(lambda _=False, step=step: self._ask(step))
        self.table.selectionModel().selectionChanged.connect(self._judge)
        self.table.row_opened.connect(lambda row: self.story_asked.emit(row.deployment))
        self.signals.row_opened.connect(self._open)
        self.quiet.toggled.connect(self._list)

    def _ask(self, step: Step) -> None:
        chosen = self.chosen()
        if chosen is not None and not self.why_not(step, chosen):
            self.show_failed("")
            self.step_asked.emit(step.value, chosen)

    def _open(self, row: SignalRow) -> None:
        if row.signal.order and row.signal.fate in (Fate.ORDER, Fate.REFUSED):
            self.order_asked.emit(row.signal.order)

    def _fill(self, menu: QMenu) -> None:
        chosen = self.chosen()
        none = "" if chosen is not None else CHOOSE
        for step, words in ((Step.DEPLOY, "Deploy the draft to paper"), (Step.CHANGE, "Change its terms…"),
                            (Step.DECLINE, "Decline the approval…"), (Step.GO_LIVE, "Take live on this account…")):  # fmt: skip
            entry(menu, words, partial(self._ask, step), self.why_not(step, chosen))
        menu.addSeparator()
        entry(menu, "Its story…", lambda: self.story_asked.emit(self.chosen()), none)
        entry(menu, "Close what it holds…", lambda: self.close_asked.emit(self.chosen()), self.why_not_close())
        draft = "" if chosen is None or not hindered(chosen, Step.DEPLOY) else "Only drafts can be thrown away."
        entry(
            menu,
            "Throw the draft away",
            lambda: self.discard_asked.emit(self.chosen()),
            self._lacking.get("delete", "") or none or draft,
        )
        menu.addSeparator()
        self.table.offer_export(menu)

    def _judge(self) -> None:
        chosen = self.chosen()
        for step, button in self.buttons.items():
            forbid(button, self.why_not(step, chosen))

    def _list(self) -> None:
        every = self.quiet.isChecked()
        rows = [row for row in self._signals.values() if every or row.signal.fate is not Fate.NOTHING]
        self.signal_model.replace(rows[::-1])
        orders = sum(row.signal.fate is Fate.ORDER for row in self._signals.values())
        refused = sum(row.signal.fate in (Fate.REFUSED, Fate.BLOCKED, Fate.LATE) for row in self._signals.values())
        self.count.setText(
            f"{len(self._signals):,} signals · {orders:,} orders · {refused:,} not traded" if self._signals else ""
        )

    def _arrange(self) -> None:
        self.table.setAccessibleName("Deployments")
        self.signals.setAccessibleName("Signals")
        self.more.setFixedWidth(28)
        self.said.setWordWrap(True)
        self.said.setContentsMargins(10, 2, 10, 4)
        self.said.hide()
        bar = Bar(self.deploy, *self.buttons.values(), None, self.more,
                  yielding=(self.buttons[Step.APPROVE], self.buttons[Step.ASK], self.buttons[Step.PAUSE]))  # fmt: skip
        lower = QWidget()
        column = QVBoxLayout(lower)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        foot = Bar(self.count, None, self.quiet)
        foot.setFixedHeight(28)
        column.addWidget(self.signals, 1)
        column.addWidget(foot)
        split = QSplitter(Qt.Orientation.Vertical)
        split.setHandleWidth(4)
        split.setChildrenCollapsible(False)
        split.addWidget(self.table)
        split.addWidget(lower)
        split.setStretchFactor(0, 2)
        split.setStretchFactor(1, 3)
        stacked(self, bar, self.said, divider(), split).setStretch(3, 1)
