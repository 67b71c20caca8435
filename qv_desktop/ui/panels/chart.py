"""The chart panel: a row of tools over the bars of one symbol, and what a person asks for on them."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from functools import partial

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QGuiApplication, QResizeEvent
from PySide6.QtWidgets import QMenu

from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.market import Adjustment, money, timeframe
from qv_desktop.ui import format
from qv_desktop.ui.chart.amending import drafts_at
from qv_desktop.ui.chart.comparison import COLOURS
from qv_desktop.ui.chart.look import Look, Style, is_zone, look_from, look_words
from qv_desktop.ui.chart.menus import ADJUSTMENTS, add_adjustments, add_commands, add_link, add_look, entry, new_menu
from qv_desktop.ui.chart.moments import moment_of
from qv_desktop.ui.chart.replaying import Replaying
from qv_desktop.ui.chart.study import study_from
from qv_desktop.ui.chart.view import ChartView

NEAR = 60  # bars from the first one at which older ones are asked for
EMPTY = "Choose a symbol in the watchlist, or type its first letter here, to see its chart."


class ChartPanel(ChartView):
    """A chart with its tools. Shown parts are in ``ChartView``; this is what a person asks for on them."""

    title = "Chart"

    timeframe_chosen = Signal(str)
    symbol_asked = Signal(str)
    older_asked = Signal()  # the view nears the first bar; once for as many bars
    adjustment_chosen = Signal(str)  # raw, split or all
    pointed = Signal(object)  # start (ns) of the bar under the crosshair, None when it left
    compare_asked = Signal(str)  # a symbol to lay over this one
    compare_removed = Signal(str)
    layout_asked = Signal()  # the list of saved layouts
    maximise_asked = Signal()
    templates_changed = Signal(object)  # all templates of studies, as JSON values by name
    snapshot_taken = Signal(object)  # QPixmap
    replay_asked = Signal(object)  # from which moment on (ns)
    replay_stepped = Signal(int)  # bars, back when negative
    replay_played = Signal(bool)
    replay_speed_chosen = Signal(float)  # bars per second
    replay_left = Signal()
    amend_asked = Signal(str, object)  # client order id, OrderRequest
    amend_drafted = Signal(str, object)  # the same, to be judged; None when nothing is asked any more
    cancel_asked = Signal(list)  # client order ids
    order_drafted = Signal(object)  # PriceDraft for the ticket, never sent from here
    alert_asked = Signal(float)  # price
    alert_moved = Signal(str, float)  # id, price
    alert_removed = Signal(str)  # id
    drawing_changed = Signal(object)  # Drawing, new or as it now is
    drawing_removed = Signal(str, str)  # symbol, id
    link_chosen = Signal(str)  # colour group, "" is none
    trade_asked = Signal(int)  # the number of a backtest's trade to go to
    trades_removed = Signal()  # a backtest's trades are to go
    share_chosen = Signal(str, bool)  # symbol, timeframe or crosshair, and whether it is shared

    def __init__(self, name: str = "chart", install: str = "") -> None:
        super().__init__(install, lambda: self.more_menu())
        self.name, self.install = name, install
        self._link: tuple[str, Mapping[str, bool]] = ("", {})  # colour group, and what is shared with it
        self._looked_back = ("", "", 0)  # symbol, timeframe and first bar for which older ones were asked for
        self._lacking: Mapping[str, str] = {}
        self.replaying = Replaying(self.canvas)
        self._connect()

    def _connect(self) -> None:
        canvas, bar = self.canvas, self.bar
        canvas.timeframe_asked.connect(self._ask_timeframe)
        canvas.symbol_asked.connect(self.symbol_asked)
        canvas.looked.connect(self._look_back)
        canvas.pointed.connect(self._pointed)
        canvas.commanded.connect(self.do)
        canvas.menu_asked.connect(self._popup_context)
        canvas.told.connect(self._tell)
        canvas.overruled = self._key
        bar.timeframe_chosen.connect(self.timeframe_chosen)
        bar.style_chosen.connect(self.choose_style)
        self._draw_tip = bar.draw.toolTip()
        bar.draw_toggled.connect(self.drawing.bar.setVisible)
        self.drawing.changed.connect(self.drawing_changed)
        self.drawing.removed.connect(self.drawing_removed)
        bar.compare_asked.connect(lambda: self.do("compare"))
        bar.replay_asked.connect(self.replaying.pick)
        self.marks_bar.stepped.connect(self._step_trade)
        self.marks_bar.removed.connect(self._remove_trades)
        self.studying.changed.connect(self._changed)
        self.studying.templates_changed.connect(self.templates_changed)
        self.studying.compare_removed.connect(self._stop_comparing)
        for ours, theirs in (
            (self.replay_asked, self.replaying.began), (self.replay_stepped, self.replaying.stepped),
            (self.replay_played, self.replaying.played), (self.replay_speed_chosen, self.replaying.speed_chosen),
            (self.replay_left, self.replaying.left), (self.amend_asked, self.amending.amend_asked),
            (self.amend_drafted, self.amending.amend_drafted), (self.cancel_asked, self.amending.cancel_asked),
            (self.alert_moved, self.amending.alert_moved), (self.alert_removed, self.amending.alert_removed),
        ):  # fmt: skip
            theirs.connect(ours)

    # what a person does

    def do(self, command: str) -> None:
        """One of the commands that keys, menus and the palette share."""
        canvas, look, bar = self.canvas, self.canvas.look, self.bar
        does = {
            "log": lambda: self.dress(replace(look, log=not look.log)),
            "percent": lambda: self.dress(replace(look, percent=not look.percent)),
            "invert": lambda: self.dress(replace(look, inverted=not look.inverted)),
            "indicators": self.studying.pick, "snapshot": self._snapshot, "layout": self.layout_asked.emit,
            "goto": self._ask_moment, "compare": self._ask_symbol, "replay": self.replaying.pick, "draw": bar.draw.click,
            "reset": canvas.reset,
            "maximise": self.maximise_asked.emit,
        }  # fmt: skip
        does[command]()

    def dress(self, look: Look) -> None:
        """Show the bars in another style, scale, hours or clock."""
        self.canvas.dress(look)
        self._changed()
        self._say_session()

    def choose_style(self, style: Style) -> None:
        """Show the bars in another style."""
        self.dress(replace(self.canvas.look, style=style))

    def _changed(self) -> None:
        self.bar.show_style(self.canvas.look.style)
        self.setup_changed.emit()
        self._describe()

    def _ask_timeframe(self, text: str) -> None:
        try:
            self.timeframe_chosen.emit(str(timeframe(text)))
        except BadInput as error:
            self._tell(str(error))

    def _ask_moment(self) -> None:
        zone = self.canvas.look.clock
        self.prompt.ask(
            "2026-11-20 10:30",
            f"Go to a date ({self.canvas.look.clock_name}).",
            lambda text: self._go_to(moment_of(text, zone)),
        )

    def _ask_zone(self) -> None:
        self.prompt.ask(
            "Europe/Madrid",
            "Write the time axis in another zone, by its name in the time-zone database.",
            self._take_zone,
        )

    def _take_zone(self, text: str) -> None:
        if not is_zone(text.strip()):
            raise BadInput(f"There is no time zone “{text.strip()}”; type a name such as Europe/Madrid or Asia/Seoul.")
        self.dress(replace(self.canvas.look, zone=text.strip()))

    def _step_trade(self, steps: int) -> None:
        if self.canvas.marks is not None:
            self.trade_asked.emit(self.canvas.marks.beside(steps))

    def _remove_trades(self) -> None:
        self.show_trades(None)
        self.trades_removed.emit()

    def _go_to(self, at: int) -> None:
        if not self.canvas.go_to(at):
            raise BadInput(
                "The chart does not reach back so far; scroll to its beginning, so that older bars are loaded."
            )

    def _ask_symbol(self) -> None:
        self.prompt.ask("MSFT", "Compare with another symbol, in percent.", self._compare)

    def _compare(self, text: str) -> None:
        symbol = text.strip().upper()
        if not symbol or symbol == self._symbol:
            raise BadInput("Type another symbol to compare with.")
        if symbol not in self.compared and len(self.compared) >= len(COLOURS):
            raise BadInput(f"A chart compares with {len(COLOURS)} symbols at most; remove one first.")
        self.compare_asked.emit(symbol)

    def _stop_comparing(self, symbol: str) -> None:
        self.show_compare(symbol, ())
        self.compare_removed.emit(symbol)

    def _snapshot(self) -> None:
        self.snapshot_taken.emit(self.canvas.grab())

    def _pointed(self, at: int | None) -> None:
        self.pointed.emit(at)
        if self.canvas.hasFocus() and at is not None:
            self._describe()

    def _key(self, key: int, held: Qt.KeyboardModifier) -> bool:
        """Keys that mean something else for a while: in a replay, while something is asked, while a level is dragged."""
        if key == Qt.Key.Key_Escape and (self.amending.levels.cancel() or self._dismiss()):
            return True
        if self.drawing.key(key, held):
            return True
        plain = not held & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier)
        return plain and self.replaying.key(key, bool(held & Qt.KeyboardModifier.ShiftModifier))

    # menus

    def more_menu(self) -> QMenu:
        """Scale, hours, clock, prices, and commands."""
        menu = new_menu(self)
        add_look(menu, self.canvas.look, self.dress, self._frame.intraday, self._ask_zone)
        add_adjustments(menu, self._adjustment, self._adjust)
        add_link(menu, *self._link, self.link_chosen.emit, self.share_chosen.emit)
        menu.addSeparator()
        add_commands(menu, {
            "Go to date…\tAlt+G": lambda: self.do("goto"), "Reset the view\tAlt+R": lambda: self.do("reset"),
            "Maximise the panel\tAlt+Return": lambda: self.do("maximise"), "Open layout…\t.": lambda: self.do("layout"),
        })  # fmt: skip
        self._add_snapshot(menu)
        return menu

    def choose_adjustment(self, adjustment: Adjustment) -> None:
        """Show prices adjusted in another way."""
        if adjustment != self._adjustment:
            self._adjust(adjustment)

    def _adjust(self, adjustment: Adjustment) -> None:
        self._adjustment = adjustment
        self._say_session()
        self.adjustment_chosen.emit(adjustment)
        self.setup_changed.emit()

    def context_menu(self, price: float | None) -> QMenu:
        """What can be done at a price of the chart; orders go into the ticket and are sent from there."""
        menu = new_menu(self)
        stage = self.canvas.stage()
        if price is not None and stage is not None and not self.replaying.on:
            self._add_price(menu, money(self.amending.legal(price)), stage.real.live.close)
        add_commands(
            menu, {"Reset the view\tAlt+R": lambda: self.do("reset"), "Go to date…\tAlt+G": lambda: self.do("goto")}
        )
        self._add_snapshot(menu)
        return menu

    def _add_snapshot(self, menu: QMenu) -> None:
        why = self._lacking.get("export", "")
        entry(menu, "Snapshot\tAlt+S", lambda: self.do("snapshot"), enabled=not why, why=why)

    def _add_price(self, menu: QMenu, price: Decimal, last: float) -> None:
        words = f"{format.price(price, max(2, -int(price.as_tuple().exponent)))}"
        trade, change = self._lacking.get("trade", ""), self._lacking.get("change", "")
        for draft in drafts_at(self._symbol, price, last):
            title = f"{draft.side.title()} {draft.type} at {words} (into the ticket)"
            entry(menu, title, partial(self.order_drafted.emit, draft), enabled=not trade, why=trade)
        entry(menu, f"Alert at {words}", lambda: self.alert_asked.emit(float(price)), enabled=not change, why=change)
        entry(menu, f"Copy {words}", lambda: QGuiApplication.clipboard().setText(f"{price:f}"))
        menu.addSeparator()

    def _popup_context(self, price: float | None, at: QPoint) -> None:
        menu = self.context_menu(price)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(at)

    # what is shown

    def show_link(self, group: str, shares: Mapping[str, bool]) -> None:
        """The panel's colour group, and what it shares with it."""
        self._link = (group, shares)

    def show_replay(self, words: str | None, playing: bool = False, speed: float = 1.0) -> None:
        """Replaying stored history, marked as such, with ``words`` of where it stands; None is live again."""
        self.replaying.show(words, playing, speed)
        self.title_changed.emit(self._titled())

    def show_templates(self, templates: Mapping[str, object]) -> None:
        """The person's templates of studies, as ``templates_changed`` gave them."""
        self.studying.show_templates(templates)

    def forbid(self, lacking: Mapping[str, str]) -> None:
        """Why the person may not ``trade``, ``amend``, ``cancel``, ``change`` (alerts and drawings) or ``export``; what is absent is
        allowed.
        """
        self._lacking = lacking
        self.amending.forbid(lacking)
        draw = self.bar.draw
        if (why := lacking.get("change", "")) and draw.isChecked():
            draw.toggle()
        draw.setEnabled(not why)
        draw.setToolTip(why or self._draw_tip)

    def setup(self) -> dict[str, object]:
        """How the chart is set up, as JSON values: style, scale, hours, zone, studies; not its symbol and timeframe."""
        return {"look": look_words(self.canvas.look), "studies": [study.words() for study in self.studying.studies],
                "adjustment": self._adjustment, "compare": list(self.compared)}  # fmt: skip

    def apply_setup(self, setup: Mapping[str, object]) -> None:
        """Set the chart up as ``setup`` once gave; what cannot be used is left as it is."""
        look, studies, adjustment = setup.get("look"), setup.get("studies"), setup.get("adjustment")
        if isinstance(studies, list):
            self.canvas.study([study for words in studies if (study := study_from(words)) is not None])
        if isinstance(look, Mapping):
            self.canvas.dress(look_from(look))
        if adjustment in ADJUSTMENTS and adjustment != self._adjustment:
            self._adjustment = adjustment
            self.adjustment_chosen.emit(self._adjustment)
        compare = setup.get("compare")
        wanted = [str(symbol) for symbol in compare] if isinstance(compare, list) else []
        for symbol in [one for one in self.compared if one not in wanted]:
            self._stop_comparing(symbol)
        self.compared += [one for one in wanted if one not in self.compared]
        for symbol in wanted:
            self.compare_asked.emit(symbol)
        self.bar.show_style(self.canvas.look.style)

    def show_message(self, text: str) -> None:
        self._looked_back = ("", "", 0)  # what comes next may be asked for older bars anew
        super().show_message(text)

    def older_failed(self) -> None:
        """Older bars could not be loaded: moving towards the first bar asks again."""
        self._looked_back = ("", "", 0)

    def _look_back(self) -> None:
        """Ask for older bars before the person reaches the first one."""
        canvas = self.canvas
        if canvas.series is None or canvas.real is None or canvas.camera is None or canvas.camera.untouched:
            return
        begun = (canvas.real.symbol, str(canvas.real.frame), int(canvas.real.starts[0]))
        if canvas.camera.view.window(len(canvas.series))[0] < NEAR and begun != self._looked_back:
            self._looked_back = begun
            self.older_asked.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.prompt.leave()
