"""One card for each test of a sweep: what to ask, a button, the verdict in a sentence, its picture and its figures."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QFrame, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.validation import FoldsAsked, Level, TradesAsked, Validation, WalkAsked
from qv_desktop.ui import format, theme
from qv_desktop.ui.models.layouts import forbid, tint
from qv_desktop.ui.models.number_field import NumberField
from qv_desktop.ui.models.pictures import FanPicture, HistogramPicture, Line, LinesPicture

INKS: dict[Level, str] = {"good": "GOOD", "doubtful": "WARN", "bad": "BAD", "unknown": "TX1"}
COLUMNS = 4  # of figures, two names with values


class Card(QFrame):
    """Title, fields, button, verdict, pictures and figures. ``asked`` says that the button was pressed."""

    asked = Signal()
    title = ""
    about = ""
    does = "Test"

    def __init__(self) -> None:
        super().__init__()
        self.button = theme.button(self.does)
        self._verdict, self._about = QLabel(), theme.label(self.about, "hint")
        self._grid = QGridLayout()
        self._values: list[QLabel] = []
        self.fields: dict[str, NumberField] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(10, 6, 10, 8)
        self._column.setSpacing(4)
        self._build()
        self.button.clicked.connect(self.asked)

    def _build(self) -> None:
        head = QHBoxLayout()
        head.addWidget(theme.label(self.title, "title"), 1)
        head.addWidget(self.button)
        self._column.addLayout(head)
        for words in (self._about, self._verdict):
            words.setWordWrap(True)
            words.setMinimumWidth(10)
        self._column.addWidget(self._about)
        row = self.rows()
        if row is not None:
            self._column.addLayout(row)
        self._verdict.setFont(theme.bold())
        self._column.addWidget(self._verdict)
        self._verdict.hide()
        for picture in self.pictures():
            self._column.addWidget(picture)
            picture.hide()
        self._grid.setHorizontalSpacing(10)
        self._grid.setVerticalSpacing(1)
        self._column.addLayout(self._grid)
        self._column.addStretch(1)

    def rows(self) -> QHBoxLayout | None:
        """The fields, if it has any."""
        return None

    def pictures(self) -> Sequence[QWidget]:
        """What it draws."""
        return ()

    def row_of(self, *fields: tuple[str, str, str]) -> QHBoxLayout:
        """A row of fields: name, first text, and what pointing at it says."""
        row = QHBoxLayout()
        row.setSpacing(6)
        for name, text, tip in fields:
            self.field(row, name, text, tip)
        return row

    def field(self, row: QHBoxLayout, name: str, text: str, tip: str) -> None:
        """Add a field under its caption."""
        cell = QVBoxLayout()
        cell.setSpacing(1)
        field = NumberField(name, arrows=False, letters="")
        field.setText(text)
        field.setToolTip(tip)
        caption = theme.caption(name)
        caption.setBuddy(field)
        cell.addWidget(caption)
        cell.addWidget(field)
        self.fields[name] = field
        row.addLayout(cell, 1)

    def number(self, name: str, low: float, high: float) -> float:
        """A field's value. Raises BadInput."""
        field = self.fields[name]
        try:
            value = float(field.text().replace(",", ""))
        except ValueError:
            value = math.nan
        sentence = "" if low <= value <= high else f"{name} must be a number from {low:g} to {high:,.0f}."
        field.complain(sentence)
        if sentence:
            raise BadInput(sentence)
        return value

    def show_running(self, running: bool, lacking: str = "") -> None:
        """The button waits while something runs, or while the person may not."""
        forbid(self.button, lacking)
        if running:
            self.button.setEnabled(False)

    def clear(self) -> None:
        """Nothing is known of this sweep yet."""
        self._verdict.hide()
        self._about.show()
        for picture in self.pictures():
            picture.hide()
        self._show_figures(())

    def show_failure(self, sentence: str) -> None:
        """The test was not made, and why."""
        self._say(sentence, "BAD")

    def show_validation(self, told: Validation) -> None:
        """The verdict, the picture and the figures."""
        self._say(told.verdict.sentence, INKS[told.verdict.level])
        self._about.hide()
        for picture in self.pictures():
            picture.show()
        self.draw(told)
        self._show_figures(self.lines(told))

    def draw(self, told: Validation) -> None:
        """Fill the pictures."""

    def lines(self, told: Validation) -> Sequence[tuple[str, str]]:
        """Names and values to list."""
        return ()

    def _say(self, sentence: str, ink: str) -> None:
        self._verdict.setText(sentence)
        theme.wear(self._verdict, lambda: f"color:{theme.color(ink).name()};")
        self._verdict.setAccessibleName(f"{self.title}: {sentence}")
        self._verdict.show()

    def _show_figures(self, lines: Sequence[tuple[str, str]]) -> None:
        for old in self._values:
            self._grid.removeWidget(old)
            old.deleteLater()
        self._values = []
        for at, pair in enumerate(lines):
            for part, words in enumerate(pair):
                label = theme.label(words, "hint" if part == 0 else "label")
                label.setFont(theme.small() if part == 0 else theme.small_bold())
                tint(label, "TX1" if part == 0 else "TX0")
                self._grid.addWidget(label, at // 2, at % 2 * 2 + part)
                self._values.append(label)
        for column, weight in enumerate((2, 1, 2, 1)):
            self._grid.setColumnStretch(column, weight)


class OverfittingCard(Card):
    """Probability of backtest overfitting and the deflated Sharpe ratio of the best combination."""

    title = "Overfitting"
    about = ("Splits the bars in every possible half, chooses the best combination in one half and looks where it ranks in the other; "
             "and asks what the best of so many trials would show by luck alone.")  # fmt: skip
    does = "PBO / deflated Sharpe"

    def pictures(self) -> Sequence[QWidget]:
        if not hasattr(self, "_logits"):
            self._logits = HistogramPicture("", "Ranks out of sample as logits")
            self._below = LinesPicture("", "Shares of outcomes out of sample")
        return (self._logits, self._below)

    def draw(self, told: Validation) -> None:
        below = told.numbers["probability"]
        words = [
            ("rank out of sample, as a logit:", "TX1"),
            (f"{below:.0%} lower half", "BAD"),
            (f"{1 - below:.0%} upper half", "GOOD"),
        ]
        self._logits.show_values(
            np.array(told.arrays["logits"]), 0.0, words, lambda v: f"{v:g}".replace("-", format.MINUS)
        )
        curves, levels = told.arrays, told.arrays["levels"]
        lines = [Line("share at or below, of the chosen", np.array(curves["chosen_below"]), "ACCENT", 2.0),
                 Line("of any", np.array(curves["any_below"]), "CROSS", 1.0)]  # fmt: skip
        marks = [
            (float(at), f"{levels[at] + 0.0:.1f}".replace("-0.0", "0.0").replace("-", format.MINUS))
            for at in range(0, len(levels), max(1, len(levels) // 6))
        ]
        self._below.show_lines(lines, lambda v: f"{v:.0%}", [(0.0, f"Sharpe {marks[0][1]}"), *marks[1:]])

    def lines(self, told: Validation) -> Sequence[tuple[str, str]]:
        n = told.numbers
        return (
            ("Probability of overfitting", _two(n["probability"])), ("Deflated Sharpe", _two(n["deflated"])),
            ("Combinations tried", f"{n['trials']:,.0f}"), ("… if counted as independent", f"{n['independent']:,.1f}"),
            ("Deflated by those", _two(n["deflated_independent"])), ("Probabilistic Sharpe", _two(n["probabilistic"])),
            ("Sharpe of the best", _two(n["sharpe"])), ("… expected by luck", _two(n["expected_maximum"])),
            ("Lost out of sample", f"{n['loss']:.0%}"), ("Out over in (slope)", _two(n["slope"])),
            ("Years needed", _years(n["years_needed"])), ("Years there are", _years(n["years"])),
            ("Dominates, 1st order", "yes" if n["first_order"] else "no"), ("Dominates, 2nd order", "yes" if n["second_order"] else "no"),
        )  # fmt: skip


class WalkCard(Card):
    """Walk-forward: the choice of each stretch, traded in the next."""

    title = "Walk-forward"
    about = "Chooses the best combination in one stretch of time, trades it in the next, moves on, and joins what the choices made."
    does = "Walk forward"

    def rows(self) -> QHBoxLayout | None:
        row = self.row_of(
            ("Choose in, %", "25", "Share of the bars to choose in, at each step"),
            ("Trade in, %", "6.25", "Share of the bars to trade in, at each step"),
        )
        self.anchored = QCheckBox("Anchored")
        self.anchored.setToolTip("Always choose from the first bar on, in a stretch that grows")
        row.addWidget(self.anchored)
        return row

    def terms(self) -> WalkAsked:
        """What the fields say. Raises BadInput."""
        return WalkAsked(
            self.number("Choose in, %", 1, 95), self.number("Trade in, %", 1, 90), self.anchored.isChecked()
        )

    def pictures(self) -> Sequence[QWidget]:
        if not hasattr(self, "_curves"):
            self._curves = LinesPicture("", "Equity out of sample")
        return (self._curves,)

    def draw(self, told: Validation) -> None:
        curves = told.arrays
        lines = [Line("out of sample", _gain(curves["equity"]), "ACCENT", 2.0),
                 Line("best of hindsight", _gain(curves["hindsight"]), "WARN", 1.0),
                 Line("buy and hold", _gain(curves["benchmark"]), "CROSS", 1.0)]  # fmt: skip
        self._curves.show_lines(lines, lambda v: format.percent(v, 0), _years_of(curves["at"]), curves["edges"])

    def lines(self, told: Validation) -> Sequence[tuple[str, str]]:
        n = told.numbers
        return (
            ("Return out of sample", format.percent(n["total_return"], 1)), ("Efficiency", _two(n["efficiency"])),
            ("Sharpe out of sample", _two(n["sharpe"])), ("Max drawdown", format.percent(n["max_drawdown"], 1)),
            ("A year in sample", format.percent(n["inside_year"], 1)), ("A year out of sample", format.percent(n["outside_year"], 1)),
            ("Steps", f"{n['steps']:.0f}"), ("… won", f"{n['steps_won']:.0f}"),
            ("Choices changed", f"{n['changes']:.0f}"), ("Cost of changing", format.percent(-n["change_cost"], 2)),
        )  # fmt: skip


class FoldsCard(Card):
    """Purged cross-validation."""

    title = "Cross-validation, purged"
    about = ("Each stretch of time judges once what all others chose; bars whose trades reach into it are purged, "
             "and some after it embargoed.")  # fmt: skip
    does = "Cross-validate"

    def rows(self) -> QHBoxLayout | None:
        row = self.row_of(
            ("Folds", "8", "Stretches of time that judge once each"),
            ("Purge, bars", "", "Bars that a trade may reach; empty takes the longest mean hold of the combinations"),
            ("Embargo, %", "1", "Share of the bars after a test that does not choose either"),
        )
        self.fields["Purge, bars"].setPlaceholderText("auto")
        return row

    def terms(self) -> FoldsAsked:
        """What the fields say. Raises BadInput."""
        purge = int(self.number("Purge, bars", 0, 100_000)) if self.fields["Purge, bars"].text().strip() else None
        return FoldsAsked(int(self.number("Folds", 2, 32)), purge, self.number("Embargo, %", 0, 20))

    def pictures(self) -> Sequence[QWidget]:
        if not hasattr(self, "_folds"):
            self._folds = LinesPicture("", "Sharpe ratio by fold")
        return (self._folds,)

    def draw(self, told: Validation) -> None:
        curves = told.arrays
        lines = [Line("choice, in this fold", np.array(curves["outside"]), "ACCENT", 2.0),
                 Line("choice, in the others", np.array(curves["inside"]), "WARN", 1.0),
                 Line("median of all", np.array(curves["median"]), "CROSS", 1.0)]  # fmt: skip
        marks = [(float(at), f"{at + 1}") for at in range(len(curves["outside"]))]
        self._folds.show_lines(lines, lambda v: f"{v:.1f}".replace("-", format.MINUS), marks)

    def lines(self, told: Validation) -> Sequence[tuple[str, str]]:
        n = told.numbers
        return (
            ("Sharpe in the tests", _two(n["outside"])), ("Sharpe where chosen", _two(n["inside"])),
            ("Median of all in the tests", _two(n["median"])), ("Better than the median", f"{n['folds_ahead']:.0f} of {n['folds']:.0f}"),
            ("Bars purged", f"{n['purged']:,.0f}"), ("Bars embargoed", f"{n['embargoed']:,.0f}"),
        )  # fmt: skip


class TradesCard(Card):
    """Monte-Carlo of the chosen combination's trades."""

    title = "Monte-Carlo of trades"
    about = ("Draws the trades of the chosen combination again and again, to see how deep they could have fallen "
             "and where they could have ended.")  # fmt: skip
    does = "Monte-Carlo"

    def rows(self) -> QHBoxLayout | None:
        row = self.row_of(
            ("Histories", "5000", "How many times the trades are drawn"),
            ("Seed", "1", "The same seed gives the same numbers"),
            ("Ruin, %", "50", "The loss of the first equity that is called ruin"),
        )
        self.shuffle = QCheckBox("Shuffle only")
        self.shuffle.setToolTip("Keep every trade and change the order alone, instead of drawing with replacement")
        row.addWidget(self.shuffle)
        return row

    def terms(self, values: tuple[float, ...]) -> TradesAsked:
        """What the fields say of one combination. Raises BadInput."""
        return TradesAsked(values, self.shuffle.isChecked(), int(self.number("Histories", 100, 100_000)),
                           int(self.number("Seed", 0, 2**31)), self.number("Ruin, %", 1, 100) / 100)  # fmt: skip

    def pictures(self) -> Sequence[QWidget]:
        if not hasattr(self, "_falls"):
            self._falls, self._ends = (
                FanPicture("", "Drawdown of the histories"),
                FanPicture("", "Equity of the histories"),
            )
        return (self._ends, self._falls)

    def draw(self, told: Validation) -> None:
        curves = told.arrays
        places = np.array(curves["trade"])
        fan, falls = (np.array([curves[f"{name}_{p}"] for p in (5, 25, 50, 75, 95)]) for name in ("fan", "fall"))
        names = [("equity: median, 25–75%, 5–95%", "ACCENT")]
        self._ends.show_fan(places, fan - 1, "ACCENT", names, lambda v: format.percent(v, 0), "trades")
        self._falls.show_fan(places, falls, "DOWN", [("drawdown", "DOWN")], lambda v: format.percent(v, 0), "trades")

    def lines(self, told: Validation) -> Sequence[tuple[str, str]]:
        n = told.numbers
        return (
            ("End, 5%", format.percent(n["final_5"] - 1, 1)), ("Drawdown, worst 5%", format.percent(n["drawdown_5"], 1)),
            ("End, median", format.percent(n["final_50"] - 1, 1)), ("Drawdown, median", format.percent(n["drawdown_50"], 1)),
            ("End, 95%", format.percent(n["final_95"] - 1, 1)), ("Drawdown, seen", format.percent(n["drawdown_seen"], 1)),
            ("Risk of ruin", f"{n['ruin']:.2%}"), ("… with 95% confidence", f"{n['ruin_low']:.2%}–{n['ruin_high']:.2%}"),
            ("Trades", f"{n['trades']:,.0f}"), ("Histories", f"{n['runs']:,.0f}"),
        )  # fmt: skip


def _two(value: float) -> str:
    if math.isnan(value):
        return format.UNKNOWN
    return "∞" if math.isinf(value) else f"{value:.2f}".replace("-", format.MINUS)


def _years(value: float) -> str:
    if math.isnan(value):
        return format.UNKNOWN
    return "endless" if math.isinf(value) else f"{value:,.1f}"


def _gain(equity: Sequence[float]) -> "np.ndarray[tuple[int, ...], np.dtype[np.float64]]":
    values = np.array(equity, dtype=np.float64)
    gain: np.ndarray[tuple[int, ...], np.dtype[np.float64]] = values / values[0] - 1
    return gain


def _years_of(at: Sequence[float]) -> list[tuple[float, str]]:
    """Places where another year begins, of times in ns; months where it is less than two years."""
    stamps = [datetime.fromtimestamp(ns / 1e9, UTC) for ns in at]
    span = (stamps[-1] - stamps[0]).days if stamps else 0
    form = "%Y" if span > 730 else "%Y-%m" if span > 60 else "%m-%d"
    found, last = [], ""
    for place, stamp in enumerate(stamps):
        words = f"{stamp:{form}}"
        if words != last:
            found.append((float(place), words))
            last = words
    return found[1:] if len(found) > 1 else found
