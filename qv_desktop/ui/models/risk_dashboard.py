"""The dashboard of risk: the figures that matter, then cards of pictures in as many columns as have room."""

from collections import deque
from datetime import datetime, timedelta
from decimal import Decimal

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from qv_desktop.domain.market import NEW_YORK
from qv_desktop.domain.risk import Measures
from qv_desktop.domain.risk_measures import DRAWN, UNKNOWN_SECTOR, ZERO, RiskPicture, SlowMeasures
from qv_desktop.ui import format
from qv_desktop.ui.models import risk_words as words
from qv_desktop.ui.models.correlation_map import CorrelationMap
from qv_desktop.ui.models.ledger import Ledger
from qv_desktop.ui.models.margin_card import MarginCard
from qv_desktop.ui.models.measure_form import MeasureForm
from qv_desktop.ui.models.risk_bars import BarList, BarRow, Reach, dollars, reach
from qv_desktop.ui.models.risk_card import FOOT, Card, CardColumns, Wrapped
from qv_desktop.ui.models.risk_figures import FigureGrid, Tiles
from qv_desktop.ui.models.risk_gauges import Gauges
from qv_desktop.ui.models.risk_pictures import CurvePicture, equity_profit, percent_of
from qv_desktop.ui.models.risk_var_body import VarBody

WAITS = "Measured as soon as the account and prices are known."
SLOW = "Made from history once a position is held; the first time takes some seconds."
FLAT = "No positions are held."
WHOLE = 0.995  # of the gross in the value at risk, from which on it need not be said
EVERY = timedelta(seconds=5)  # between the points of the day's curve
LONGEST = 10_000  # points of the day
MOST_MISSING = 12  # lines


class Dashboard(QWidget):
    """``symbol_chosen`` carries the name of a bar that was clicked."""

    symbol_chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.figures = Tiles("Key figures")
        self.gauges, self.curve = Gauges(), CurvePicture("", "Profit of the day")
        self.names, self.sectors = BarList("Exposure by name"), BarList("Exposure by sector", 11)
        self.earners, self.strategies = BarList("Profit by position", 6), BarList("Profit by strategy", 6)
        self.vars, self.history = FigureGrid("Value at risk"), VarBody()
        self.fall = CurvePicture("", "Drawdown", percent_of, 0.01)
        self.heavy, self.exits = Ledger("Concentration"), BarList("Days to leave", 6)
        self.correlations, self.lacking = CorrelationMap(), Wrapped("What is missing")
        self._points: deque[tuple[datetime, float]] = deque(maxlen=LONGEST)  # of the day that is shown
        self._picture: RiskPicture | None = None
        self._made: tuple[object, ...] = ()  # what the slow cards were drawn of
        self._low = False  # whether only the gauges have room
        self._build()

    def _build(self) -> None:
        self.limits = Card("", self.gauges)
        self.profit = Card("Day P&L", self.curve, WAITS)
        self.by_name = Card("Exposure by name", self.names, WAITS)
        self.by_sector = Card("Exposure by sector", self.sectors, WAITS)
        self.by_earner = Card("P&L by position", self.earners, WAITS)
        self.by_strategy = Card("P&L by strategy", self.strategies, WAITS)
        self.at_risk = Card("Value at risk", self.vars, SLOW)
        self.tested = Card("VaR against days", self.history, SLOW)
        self.falls = Card("Drawdown", self.fall, WAITS)
        self.concentrated = Card("Concentration", self.heavy, WAITS)
        self.liquid = Card("Days to leave", self.exits, WAITS)
        self.together = Card("Correlations", self.correlations, SLOW)
        self.unknown = Card("What is missing", self.lacking)
        self.settings, self.margin = MeasureForm(), MarginCard()
        self.cards = CardColumns((
            self.limits, self.profit, self.by_name, self.by_sector, self.at_risk, self.tested, Card("Margin", self.margin, inset=0),
            self.by_earner, self.by_strategy,
            self.falls, self.concentrated, self.liquid, self.together, self.unknown, Card("Measured with", self.settings),
        ))  # fmt: skip
        for card in self.cards.cards[1:]:
            card.put_away = True
            card.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.figures)
        column.addWidget(self.cards, 1)
        self.figures.hide()
        for bars in (self.names, self.sectors, self.earners, self.strategies, self.exits):
            bars.grown.connect(self.cards.fit)
        self.settings.grown.connect(self.cards.fit)
        self.history.chosen.connect(self._say_verdict)
        for bars in (self.names, self.earners, self.exits):
            bars.chosen.connect(lambda place, which=bars: self._chose(which, place))

    def _chose(self, which: BarList, place: int) -> None:
        self.symbol_chosen.emit(which.row_at(place).name)

    # ---- what is shown

    def show_measures(self, measures: Measures) -> None:
        """The gauges, and names by themselves for as long as there is no whole picture."""
        self.gauges.show_gauges(measures.gauges)
        if self._picture is None and measures.exposures:
            equity = measures.equity

            def row(at: int) -> BarRow:
                name, value = measures.exposures[at]
                return BarRow(
                    name,
                    dollars(float(value)),
                    words.fraction(float(value / equity) if equity and equity > 0 else None),
                )

            self.names.show_bars([reach(float(value)) for _, value in measures.exposures], row)
            self._reveal(self.by_name)
            self.by_name.say("")
            self.by_name.note(f"net {words.whole(measures.net)} · gross {words.whole(measures.gross)}")
        self.cards.fit()

    def show_picture(self, picture: RiskPicture) -> None:
        """Everything else, as it stands at this moment."""
        self.cards.filling = True
        try:
            self._fill(picture)
        finally:
            self.cards.filling = False
        self.cards.fit()

    def _fill(self, picture: RiskPicture) -> None:
        if self._picture is None:
            for card in self.cards.cards:
                self._reveal(card)
        self._picture = picture
        self.figures.show_tiles(words.tiles(picture))
        self.figures.setVisible(not self._low)
        self._show_profit(picture)
        self._show_exposures(picture)
        self._show_earned(picture)
        self._show_book(picture)
        self._show_slow(picture)
        self._show_missing(picture)

    def make_room(self, height: int, *, low: bool) -> None:
        """The gauges have ``height`` px; in a low panel the figures give way to them."""
        self._low = low
        self.figures.setVisible(self._picture is not None and not low)
        self.limits.foot = 0 if low else FOOT
        self.gauges.make_room(height if low else 10_000)  # of which a low panel's gauges take all
        self.cards.fit()

    @staticmethod
    def _reveal(card: Card) -> None:
        card.put_away = False
        card.show()

    def _show_profit(self, picture: RiskPicture) -> None:
        self._gather(picture)
        day = picture.profit.day
        if not self._points:
            self.profit.say("The day's profit is not known: the broker has not told the equity of the previous close.")
            return
        times, values = [at for at, _ in self._points], [value for _, value in self._points]
        high, low = max(values), min(values)
        self.curve.show_curve(times, values, [(f"high {dollars(high)}", "TX1"), (f"low {dollars(low)}", "TX1")])
        self.profit.say("")
        self.profit.note(words.exact(day), format.trend(day) if day else "TX1")

    def _gather(self, picture: RiskPicture) -> None:
        """The day's curve: what the broker keeps of it before, and what was seen since."""
        day, now = picture.profit.day, picture.at
        if day is None:
            return
        if self._points and self._points[-1][0].astimezone(NEW_YORK).date() != now.astimezone(NEW_YORK).date():
            self._points.clear()
        if not self._points:
            self._points.extend(_before(picture, now, day))
        if (
            self._points
            and now - self._points[-1][0] < EVERY
            and len(self._points) > 1
            and now - self._points[-2][0] < EVERY
        ):
            self._points.pop()  # the newest point is of this second, those before it are so far apart
        self._points.append((now, float(day)))

    def _show_exposures(self, picture: RiskPicture) -> None:
        lines = [line for line in picture.positions if line.quantity]
        flat = "" if lines else FLAT
        self.names.show_bars([reach(words.known(line.value)) for line in lines], lambda at: words.name_row(lines[at]))
        note = f"{len(lines):,} name{'' if len(lines) == 1 else 's'}, of equity"
        self.by_name.say(flat)
        self.by_name.note(note if lines else "")
        sectors = picture.sectors
        self.sectors.show_bars(
            [_sides(one.short, one.long) for one in sectors], lambda at: words.sector_row(sectors[at])
        )
        for card in (self.by_sector, self.concentrated, self.liquid):
            self._put(card, bool(lines))
        self.by_sector.say(flat)
        unknown = next((one.names for one in sectors if one.name == UNKNOWN_SECTOR), 0)
        self.by_sector.note(f"{unknown:,} without a sector" if unknown else "net, gross of equity" if sectors else "")

    def _show_earned(self, picture: RiskPicture) -> None:
        lines = sorted(picture.positions, key=lambda line: line.today if line.today is not None else ZERO)
        self.earners.show_bars(
            [reach(words.known(line.today)) for line in lines], lambda at: words.earner_row(lines[at])
        )
        self._put(self.by_earner, bool(lines))  # also of what was sold today
        self.by_earner.say("")
        earned = picture.profit.by_strategy

        def row(at: int) -> BarRow:
            one = earned[at]
            tip = f"{one.name}: realised {words.exact(one.realised)}, open {words.exact(one.unrealised)}"
            return BarRow(
                one.name, dollars(words.known(one.total)), f"{one.positions} pos." if one.positions else "", tip
            )

        self.strategies.show_bars([reach(words.known(one.total)) for one in earned], row)
        self.by_strategy.say("" if earned else "Nothing was traded today.")
        self.by_strategy.note(f"realised {words.exact(picture.profit.realised)}" if earned else "")

    def _show_book(self, picture: RiskPicture) -> None:
        fall, heavy, book = picture.drawdown, picture.concentration, picture.liquidity
        if fall is not None and len(fall.points) > 1:
            self.fall.show_curve([p.at for p in fall.points], [p.drawdown for p in fall.points],
                                 [(f"worst {words.fraction(fall.worst)}", "TX1"), (f"now {words.exact(fall.dollars)}", "TX1")])  # fmt: skip
            self.falls.note(words.fraction(fall.now, 2), "BAD" if fall.now < 0 else "TX1")
        self.falls.say("" if fall is not None and len(fall.points) > 1 else
                       words.why(picture, "drawdown") or "The drawdown begins with the account's second day of history.")  # fmt: skip
        if heavy is not None:
            self.heavy.show_lines(words.concentration(heavy))
        self.by_earner.note("today, largest loss first")
        self.concentrated.say("" if heavy is not None else FLAT)
        lines = book.lines if book is not None else ()
        if book is not None:
            self.exits.show_bars(
                [reach(words.known(line.days)) for line in lines], lambda at: words.liquidity_row(book, at)
            )
            self.liquid.note(f"all in {words.days(book.days)}, at {book.participation:.0%} of volume")
            self.exits.setToolTip(words.liquidity_note(book))
        self.liquid.say("" if lines else FLAT)

    def _show_slow(self, picture: RiskPicture) -> None:
        """What history tells; drawn only when it is made anew."""
        slow = picture.slow
        key = (
            slow.at if slow else None,
            picture.working and slow is None,
            bool(picture.positions),
            picture.missing if slow is None else (),
        )
        if key == self._made:
            return
        self._made = key
        lines = words.var_grid(slow) if slow is not None else []
        if lines:
            self.vars.show_grid(words.HEADS, lines)
        flat = not any(line.quantity for line in picture.positions)
        reason = FLAT if slow is not None and flat else "Being made from history…" if picture.working else SLOW
        self.at_risk.say("" if lines else words.why(picture, "VaR", "value at risk", "history") or reason)
        self.at_risk.note(_made_of(slow) if slow and lines else "")
        self.history.show_slow(slow)
        history, test = words.chosen_history(slow, 0.99) if slow is not None else (None, None)
        short = test.sentence if test is not None else ""
        self.tested.say(
            "" if history is not None else short or words.why(picture, "backtest", "VaR", "history") or reason
        )
        found = slow.correlations if slow is not None else None
        self.correlations.show_correlations(found)
        enough = found is not None and len(found.symbols) > 1
        self._put(self.together, bool(picture.positions))
        self.together.say(
            "" if enough else words.why(picture, "correlation") or (self.correlations.empty if slow else reason)
        )
        self.together.note(f"{found.observations} days" if found is not None and enough else "")

    def _say_verdict(self) -> None:
        self.tested.note(*self.history.verdict)
        self.cards.fit()

    def _show_missing(self, picture: RiskPicture) -> None:
        told = [*picture.missing, *(picture.slow.missing if picture.slow else ())]
        lines = dict.fromkeys(f"{one.what}: {one.why}" for one in told)  # said once, whoever misses it
        shown = "\n".join(list(lines)[:MOST_MISSING])
        if shown != self.lacking.text():
            self.lacking.setText(shown)
        rest = len(lines) - MOST_MISSING
        self.unknown.note(f"and {rest:,} more" if rest > 0 else "")
        self._put(self.unknown, bool(told))

    def _put(self, card: Card, shown: bool) -> None:
        """On show or away, if it is not so already."""
        if card.put_away is shown:
            card.put_away = not shown
            card.setVisible(shown)

    def text(self) -> str:
        """What it says, for a screen reader."""
        return "\n".join(filter(None, (self.figures.text(), self.cards.text())))


def _before(picture: RiskPicture, now: datetime, day: Decimal) -> list[tuple[datetime, float]]:
    """The points of today that the equity's curve already has."""
    if picture.drawdown is None or picture.equity is None:
        return []
    times, values = equity_profit(picture.drawdown.points, float(picture.equity - day))
    today = now.astimezone(NEW_YORK).date()
    return [
        (at, value)
        for at, value in zip(times, values, strict=True)
        if at.astimezone(NEW_YORK).date() == today and at < now
    ]


def _sides(short: Decimal, long: Decimal) -> Reach:
    return float(short), float(long)


def _made_of(slow: SlowMeasures) -> str:
    """How much history, and how many paths; or, what counts more, how much of the book it is of when that is not all."""
    most = max((var.observations for var in slow.vars if var.method not in DRAWN), default=0)
    paths = f"{slow.paths:,} paths" if slow.paths else ""
    part = f"{slow.covered:.0%} of the gross" if slow.vars and slow.covered < WHOLE else ""
    return " · ".join(filter(None, (part, f"{most:,} days" if most else "", "" if part else paths)))
