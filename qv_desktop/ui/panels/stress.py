"""The stress panel: what the book would make in shocks that happened and in those of one's own, and which names lose most."""

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QLabel, QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

from qv_desktop.domain.risk_measures import RiskPicture, StressLine, StressResult
from qv_desktop.ui import format, theme
from qv_desktop.ui.models import risk_words as words
from qv_desktop.ui.models.confirm_bar import ConfirmBar
from qv_desktop.ui.models.layouts import forbid
from qv_desktop.ui.models.ledger import scrolled
from qv_desktop.ui.models.risk_bars import BarList, BarRow, dollars, reach
from qv_desktop.ui.models.risk_card import Card
from qv_desktop.ui.models.scenario_form import ScenarioForm

BESIDE = 640  # px of width from which the names stand beside the scenarios
EMPTY = "Scenarios are tried as soon as the account and prices are known."
FLAT = "No positions are held: nothing would be lost."
OWN = "Only scenarios of your own can be changed; copy this one instead."


class StressPanel(QWidget):
    """Shows a picture's ``stress``; asks to save or delete scenarios of one's own."""

    name = "stress"
    title = "Stress"

    saved = Signal(object, str)  # Scenario, the name of the one that it replaces
    deleted = Signal(str)  # name
    symbol_chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._results: tuple[StressResult, ...] = ()  # worst first
        self._chosen = ""  # name of a scenario
        self._picked = False  # whether a person chose it; until then it is the worst
        self._lacking = ""  # why scenarios cannot be changed
        self.scenarios = BarList("Scenarios", 40, marks=True)
        self.losers = BarList("Names under the scenario", 10)
        self.form, self.confirm = ScenarioForm(), ConfirmBar()
        self.new, self.copy = theme.button("New"), theme.button("Copy")
        self.change, self.delete = theme.button("Change"), theme.button("Delete")
        self._about, self._left_out = QLabel(), theme.label("", "hint")
        self._build()

    def _build(self) -> None:
        self.all, self.names = Card("P&L by scenario", self.scenarios, EMPTY), Card("Names that lose most", self.losers)
        self._lists, self._detail = scrolled(_tall(self.all)), QWidget()
        self._about.setWordWrap(True)
        self._about.setTextFormat(Qt.TextFormat.PlainText)
        self._about.setFont(theme.body())
        theme.wear(self._about, lambda: f"color:{theme.TX1};")
        self._about.setIndent(0)
        self._about.setContentsMargins(10, 0, 10, 0)
        self._left_out.setWordWrap(True)
        self._left_out.setContentsMargins(10, 0, 10, 0)
        detail = QVBoxLayout(self._detail)
        detail.setContentsMargins(0, 6, 0, 6)
        detail.setSpacing(4)
        detail.addWidget(self._about)
        detail.addWidget(scrolled(_tall(self.names)), 1)
        detail.addWidget(self._left_out)
        self.pages = QStackedWidget()
        self.pages.addWidget(self._detail)
        self.pages.addWidget(scrolled(self.form))
        self._row = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._row.setSpacing(0)
        self._row.addWidget(self._lists, 1)
        self._row.addWidget(self.pages, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 6)
        column.setSpacing(0)
        column.addLayout(self._row, 1)
        column.addWidget(self.confirm)
        column.addLayout(self._buttons())
        self._connect()
        self._show_chosen()

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(10, 4, 10, 0)
        row.setSpacing(6)
        for button, tip in (
            (self.new, "Make a scenario of your own"),
            (self.copy, "Make one of your own out of the chosen one"),
            (self.change, ""),
            (self.delete, ""),
        ):
            button.setMinimumWidth(20)
            button.setStyleSheet("padding: 0 4px;")
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            button.setToolTip(tip)
            row.addWidget(button, 1)
        return row

    def _connect(self) -> None:
        self.scenarios.chosen.connect(self._choose)
        self.scenarios.grown.connect(lambda: _fit(self.all))
        self.losers.grown.connect(lambda: _fit(self.names))
        self.losers.chosen.connect(lambda place: self.symbol_chosen.emit(self.losers.row_at(place).name))
        self.new.clicked.connect(lambda: self._edit(None))
        self.copy.clicked.connect(lambda: self._edit(self._result(), copy=True))
        self.change.clicked.connect(lambda: self._edit(self._result()))
        self.delete.clicked.connect(self._ask_delete)
        self.form.saved.connect(self.saved)
        self.form.left.connect(lambda: self.pages.setCurrentIndex(0))

    # ---- what is shown

    def show_picture(self, picture: RiskPicture) -> None:
        """Every scenario on the book as it is at this moment."""
        self._results = tuple(sorted(picture.stress, key=lambda result: (result.profit, result.scenario.name)))
        results = self._results
        if results and (self._result() is None or not self._picked):
            self._chosen = results[0].scenario.name
        self.scenarios.show_bars([reach(float(one.profit)) for one in results], lambda at: _scenario_row(results[at]))
        self.scenarios.mark(next((at for at, one in enumerate(results) if one.scenario.name == self._chosen), -1))
        changed = self.all.say("" if results else words.why(picture, "stress") or EMPTY)
        self.all.note(
            "" if not results else f"worst {words.exact(results[0].profit)}" if picture.positions else "no positions"
        )
        if changed:
            _fit(self.all)
        self._show_chosen()

    def show_saved(self, name: str) -> None:
        """It is kept; the results of ``name`` come with the next picture."""
        self._chosen, self._picked = name, True
        self.pages.setCurrentIndex(0)

    def show_failed(self, sentence: str) -> None:
        """Why what was asked was not done."""
        if self.pages.currentIndex() == 1:
            self.form.show_failed(sentence)
        else:
            self.confirm.tell(sentence)

    def forbid(self, lacking: Mapping[str, str]) -> None:
        """What the person may not ask for, each with the reason."""
        self._lacking = lacking.get("change", "")
        for button in (self.new, self.copy, self.change, self.delete, self.form.save):
            forbid(button, self._lacking)
        self._offer()

    def _result(self) -> StressResult | None:
        return next((one for one in self._results if one.scenario.name == self._chosen), None)

    def _choose(self, place: int) -> None:
        """What is typed in the form stays there until it is saved or left."""
        self._chosen, self._picked = self._results[place].scenario.name, True
        self.confirm.dismiss()
        self._show_chosen()

    def _show_chosen(self) -> None:
        result = self._result()
        self._offer()
        if result is None:
            self._about.setText("")
            self._about.setToolTip("")
            self.names.say("Choose a scenario to see what each name does in it.")
            self._left_out.hide()
            return
        about = _about(result)
        self._about.setText(about if self.width() >= BESIDE else about.partition("\nSource")[0])
        self._about.setToolTip(about)
        lines = result.lines
        self.losers.show_bars([reach(float(line.profit)) for line in lines], lambda at: _line_row(lines[at]))
        if self.names.say("" if lines else FLAT):
            _fit(self.names)
        self.names.note(f"{len(lines):,} names" if lines else "")
        out = ", ".join(result.unpriced[:8]) + (
            f" and {len(result.unpriced) - 8:,} more" if len(result.unpriced) > 8 else ""
        )
        self._left_out.setText(f"Left out, for no price is known: {out}")
        self._left_out.setVisible(bool(result.unpriced))

    def _offer(self) -> None:
        result = self._result()
        mine = result is not None and result.scenario.custom
        if self._lacking:
            return
        self.copy.setEnabled(result is not None)
        for button, tip in ((self.change, "Change this scenario"), (self.delete, "Delete this scenario")):
            button.setEnabled(mine)
            button.setToolTip(tip if mine else OWN)

    # ---- what is asked

    def _edit(self, result: StressResult | None, *, copy: bool = False) -> None:
        self.form.show_scenario(result.scenario if result is not None else None, copy=copy)
        self.pages.setCurrentIndex(1)

    def _ask_delete(self) -> None:
        name = self._chosen
        self.confirm.ask(f"Delete “{name}”?", "Delete", lambda: self.deleted.emit(name))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        beside = self.width() >= BESIDE
        self._row.setDirection(QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom)
        self._show_chosen()
        for card in (self.all, self.names):
            _fit(card)

    def text(self) -> str:
        """What it says, for a screen reader."""
        return "\n".join(filter(None, (self.all.text(), self._about.text(), self.names.text())))


def _tall(card: Card) -> QWidget:
    """A card at the top of what it is scrolled in."""
    box = QWidget()
    column = QVBoxLayout(box)
    column.setContentsMargins(0, 0, 0, 0)
    column.addWidget(card)
    column.addStretch(1)
    return box


def _fit(card: Card) -> None:
    card.setFixedHeight(card.tall(max(card.width(), 120)))


def _scenario_row(result: StressResult) -> BarRow:
    scenario = result.scenario
    tip = [
        scenario.name,
        *filter(None, (scenario.when, scenario.words)),
        f"{words.exact(result.profit)}, {words.fraction(result.share, 2, sign=True)} of equity",
        *([f"Source: {scenario.source}"] if scenario.source else []),
    ]
    mine = "✎ " if scenario.custom else ""
    return BarRow(
        f"{mine}{scenario.name}",
        dollars(float(result.profit)),
        words.fraction(result.share, 1, sign=True),
        "\n".join(tip),
    )


def _line_row(line: StressLine) -> BarRow:
    moved = f"{words.exact(line.value)} moved {words.fraction(line.move, 2, sign=True)} by {line.by.value}"
    tip = f"{line.symbol} · {line.sector}\n{moved}: {words.exact(line.profit)}"
    return BarRow(line.symbol, dollars(float(line.profit)), words.fraction(line.move, 1, sign=True), tip)


def _about(result: StressResult) -> str:
    scenario = result.scenario
    shocks = ", ".join(f"{shock.target or 'market'} {format.percent(shock.move, 1)}" for shock in scenario.shocks[:6])
    more = f" and {len(scenario.shocks) - 6} more" if len(scenario.shocks) > 6 else ""
    source = f"\nSource: {scenario.source}" if scenario.source else ""
    when = f" · {scenario.when}" if scenario.when else ""
    total = f"{words.exact(result.profit)}, {words.fraction(result.share, 1, sign=True)} of the equity"
    return f"{scenario.name}{when}\n{total}\n{shocks}{more}{source}"
