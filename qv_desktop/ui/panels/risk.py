"""The risk panel: the dashboard of measures, and the desk's brakes, which are always in view."""

import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Literal

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QMenu, QPushButton, QScrollArea, QVBoxLayout, QWidget

from qv_desktop.domain.loss_ladder import Ladder
from qv_desktop.domain.risk import Measures, TradingState
from qv_desktop.domain.risk_measures import RiskPicture
from qv_desktop.ui import format, theme
from qv_desktop.ui.models.ladder_card import LadderCard
from qv_desktop.ui.models.menu_button import entry, menu_button
from qv_desktop.ui.models.risk_dashboard import Dashboard

type Action = Literal["halt", "reduce", "resume"]
type Spot = Literal["top", "beside", "above"]

LOW = 236  # px of height under which the reason stands beside the state, and the gauges alone take the room
STALE = 5.0  # seconds without a new picture, after which it is said of when the last one is
TALL = 320  # px of height from which the loss ladder has a place of its own; lower ones tell it as the state's tip
WIDE = 640  # px of width from which the reason stands beside the brakes
FORMS = {"pdf": "PDF", "csv": "CSV", "xlsx": "XLSX", "html": "HTML"}
EMPTY = "Risk is measured as soon as the broker has told the account's balances."
STATES: dict[TradingState, tuple[str, str]] = {  # state -> colour token, what it means
    TradingState.ACTIVE: ("GOOD", "All orders are taken"),
    TradingState.REDUCING: ("WARN", "Only orders that reduce a position"),
    TradingState.HALTED: ("BAD", "No new orders; cancelling stays possible"),
}
DONE: dict[Action, str] = {"halt": "Halted by hand", "reduce": "Reduced by hand", "resume": "Resumed by hand"}


class Shutter(QScrollArea):
    """Scrolls the dashboard up and down, and tells it how much of it can be seen at once."""

    def __init__(self, dashboard: Dashboard) -> None:
        super().__init__()
        self._dashboard = dashboard
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(dashboard)
        self.setAccessibleName("Risk measures")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        high = self.viewport().height()
        self._dashboard.make_room(high - 4, low=high < LOW)


class RiskPanel(QWidget):
    """Shows measures and the trading state; asks to halt, reduce or resume, each with a reason for the audit trail."""

    name = "risk"
    title = "Risk"

    halt_asked = Signal(str)
    reduce_asked = Signal(str)
    resume_asked = Signal(str)
    report_asked = Signal(str)  # a form
    symbol_chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.dashboard = Dashboard()
        self._empty = QLabel(EMPTY)
        self._by = ""  # who set the state, and why
        self._state = TradingState.ACTIVE
        self._spot: Spot = "above"  # where the reason stands
        self._no_report = ""  # why the day's report cannot be written
        self._state_chip = QLabel()
        self._meaning = theme.label("", "hint")
        self.ladder = LadderCard()
        self._permitted: Sequence[Action] = ("halt", "reduce", "resume")
        self._no_resume = ""  # why resuming takes more than braking now
        self._report = menu_button("⤓", "Write the day's risk report", self._fill_report)
        self._report.setFixedWidth(30)
        self._age = theme.label("", "hint")  # of when the figures are, once they are no longer of now
        theme.wear(self._age, lambda: f"color:{theme.WARN};")
        self._age.hide()
        self.elapsed = time.monotonic  # of the wall: a simulation's clock may run faster
        self._pictured: tuple[datetime, float] | None = None  # of when the newest picture is, and when it came
        self._reason = QLineEdit()
        self._halt = theme.HoldButton("Halt · hold 1 s")
        self._reduce = theme.button("Reduce only")
        self._resume = theme.button("Resume trading", "primary")
        self.dashboard.symbol_chosen.connect(self.symbol_chosen)
        self._build()
        self.show_state(TradingState.ACTIVE)

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 6, 0, 8)
        column.setSpacing(4)
        column.addLayout(self._state_row())
        column.addWidget(self.ladder)
        scroll = Shutter(self.dashboard)
        self._empty.setWordWrap(True)
        self._empty.setFont(theme.body())
        theme.wear(self._empty, lambda: f"color:{theme.TX1}; padding:12px;")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._scroll = scroll
        scroll.hide()
        column.addWidget(self._empty, 1)
        column.addWidget(scroll, 1)
        column.addLayout(self._brakes())

    def _state_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(10, 0, 10, 0)
        row.setSpacing(8)
        self._state_chip.setFont(theme.bold())
        self._state_chip.setAccessibleName("Trading state")
        row.addWidget(self._state_chip)
        self._meaning.setMinimumWidth(40)  # a long reason is cut, and does not widen the dock
        row.addWidget(self._meaning, 1)
        row.addWidget(self._age)
        row.addWidget(self._report)
        self._top = row
        return row

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.ladder.setVisible(self.height() >= TALL)
        self._place_reason()

    def _place_reason(self) -> None:
        """A low panel has the reason beside the state, in the place of its meaning; a wide one beside the brakes."""
        place: Spot = "top" if self.height() < LOW else "beside" if self.width() >= WIDE else "above"
        if place == self._spot:
            return
        for layout in (self._top, self._bottom, self._row):
            layout.removeWidget(self._reason)
        self._spot = place
        self._meaning.setVisible(place != "top")
        self._say_author()
        if place == "top":
            self._top.insertWidget(1, self._reason, 1)
        elif place == "beside":
            self._row.insertWidget(0, self._reason, 3)
        else:
            self._bottom.insertWidget(0, self._reason)

    def _fill_report(self, menu: QMenu) -> None:
        for form, words in FORMS.items():
            entry(menu, f"The day's report as {words}", partial(self.report_asked.emit, form), self._no_report)

    def forbid(self, lacking: Mapping[str, str]) -> None:
        """What the person may not ask for, each with the reason."""
        self._no_report = lacking.get("export", "")
        self.dashboard.settings.forbid(lacking.get("change", ""))

    def _brakes(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setContentsMargins(10, 0, 10, 0)
        column.setSpacing(6)
        self._reason.setAccessibleName("Reason")
        self._reason.setMaxLength(200)
        self._bottom = column
        column.addWidget(self._reason)
        row = self._row = QHBoxLayout()
        row.setSpacing(6)
        self._halt.setToolTip(
            "Hold for one second: every new order is refused until trading is resumed; cancelling stays possible."
        )
        self._reduce.setToolTip("Only orders that bring a position nearer to zero are taken.")
        self._resume.setToolTip("All orders are taken again.")
        for button, action in ((self._reduce, "reduce"), (self._resume, "resume"), (self._halt, "halt")):
            button.setMinimumWidth(60)
            row.addWidget(button, 1)
            self._connect(button, action)  # type: ignore[arg-type]  # the tuple's words are the actions
        column.addLayout(row)
        return column

    def _connect(self, button: QPushButton | theme.HoldButton, action: Action) -> None:
        signal = button.held if isinstance(button, theme.HoldButton) else button.clicked
        signal.connect(lambda *_: self._ask(action))

    def _ask(self, action: Action) -> None:
        reason = self._reason.text().strip() or DONE[action]
        asked = {"halt": self.halt_asked, "reduce": self.reduce_asked, "resume": self.resume_asked}[action]
        self._reason.clear()
        asked.emit(reason)

    def show_measures(self, measures: Measures) -> None:
        """The measures of this moment, with the trading state they were taken in."""
        self._empty.hide()
        self._scroll.show()
        self.dashboard.show_measures(measures)
        self._say_age()
        if measures.state is not self._state:
            self.show_state(measures.state)

    def show_picture(self, picture: RiskPicture) -> None:
        """Exposures, profit, VaR and all else of this moment."""
        self._empty.hide()
        self._scroll.show()
        self.dashboard.show_picture(picture)
        if self._pictured is None or picture.at != self._pictured[0]:
            self._pictured = picture.at, self.elapsed()
        self._say_age()

    def _say_age(self) -> None:
        """Figures that stand still while time goes on are said to be old."""
        late = self._pictured is not None and self.elapsed() - self._pictured[1] > STALE
        self._age.setVisible(late)
        if late and self._pictured is not None:
            self._age.setText(f"◷ as of {format.clock(self._pictured[0])}")
            self._age.setToolTip("Exposure, profit and VaR are of that moment; the gauges are of now.")

    def show_state(self, state: TradingState, actor: str = "", reason: str = "") -> None:
        """The trading state, who set it and why; only the actions that make sense now can be asked for."""
        self._state = state
        token, meaning = STATES[state]
        self._state_chip.setText(f"● {state.value}")
        theme.wear(self._state_chip, lambda: f"color:{theme.color(token).name()};")
        by = " · ".join(word for word in (actor, reason) if word)
        self._by = by
        self._meaning.setText(by or meaning)
        self._meaning.setToolTip(f"{meaning}. {by}".strip())
        self._say_author()
        self._halt.setVisible(state is not TradingState.HALTED)
        self._reduce.setVisible(state is not TradingState.REDUCING)
        self._resume.setVisible(state is not TradingState.ACTIVE)

    def show_ladder(self, ladder: Ladder) -> None:
        """How far the day is from the rungs, and what holds."""
        self.ladder.show_ladder(ladder)
        self._state_chip.setToolTip(self.ladder.accessibleDescription())

    def _say_author(self) -> None:
        """Where the meaning gave way to the reason, the empty field says who stopped trading."""
        told = self._spot == "top" and self._by and self._state is not TradingState.ACTIVE
        self._reason.setPlaceholderText(self._by if told else "Reason, kept in the audit trail")

    def show_permitted(self, actions: Sequence[Action], why: str = "") -> None:
        """Enable only these actions; the others say ``why`` they are grey."""
        self._permitted = actions
        for button, action in ((self._halt, "halt"), (self._reduce, "reduce"), (self._resume, "resume")):
            button.setEnabled(action in actions)
            if action not in actions and why:
                button.setToolTip(why)
        self.forbid_resume(self._no_resume)

    def forbid_resume(self, why: str) -> None:
        """Grey the way back with the reason, while it takes more than the right to brake; nothing gives it back."""
        self._no_resume = why
        self._resume.setEnabled("resume" in self._permitted and not why)
        if "resume" in self._permitted:
            self._resume.setToolTip(why or "All orders are taken again.")

    def text(self) -> str:
        """What the panel says, for a screen reader."""
        if self._scroll.isHidden():
            return f"{self._state.value}. {EMPTY}"
        age = "" if self._age.isHidden() else f", {self._age.text()}"
        return f"{self._state.value}{age}\n{self.dashboard.text()}"
