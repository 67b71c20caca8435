"""All charts of the window: made, linked, kept and let go; each hears what concerns it."""

from collections.abc import Callable, Coroutine, Iterator, Mapping
from typing import Any

from PySide6.QtCore import QBuffer, QByteArray, QIODevice
from PySide6.QtGui import QGuiApplication, QPixmap

from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.events import BarsAmended, GapFilled, GapFound, MarketMoved, RequestChanged, SessionsKnown
from qv_desktop.domain.market import Gap, Timeframe, timeframe
from qv_desktop.domain.sessions import MarketSession
from qv_desktop.ui.panels.chart import ChartPanel
from qv_desktop.wiring import Desk
from qv_desktop.wiring.chart import ChartWiring
from qv_desktop.wiring.chart_trading import ChartTrading
from qv_desktop.wiring.layouts import Layouts
from qv_desktop.wiring.permissions import PermissionWiring
from qv_desktop.wiring.run_marks import RunMarks

MOST = 16  # charts in a window
FRAMES = {"chart-2": "5m", "chart-3": "1h", "chart-4": "1D"}  # in which further charts begin


class ChartsWiring:
    """The first chart is always there. ``choose`` hears of a symbol that a person chose in a chart; ``seed`` gets symbols whose
    closes are not known."""

    def __init__(self, desk: Desk, choose: Callable[[str, str], None],
                 seed: Callable[[list[str]], Coroutine[Any, Any, None]]) -> None:  # fmt: skip
        self._desk, self._choose, self._seed = desk, choose, seed
        self._charts: dict[str, ChartWiring] = {}  # panel -> its wiring
        self._setups: dict[str, Any] = {}  # panel -> how it was set up when it was last seen
        self._gaps: dict[tuple[str, Any, tuple[str, ...]], Gap] = {}  # unfilled ones, by feed, start and symbols
        self._sessions: tuple[MarketSession, ...] = ()
        self._templates: Mapping[str, object] = {}
        self._begun = False  # whether bars can be asked for
        self._active = "chart"  # the one that last held the keyboard
        self.trading = ChartTrading(desk, lambda: self._charts.values())
        self.marks = RunMarks(desk, lambda: self._charts.values(), lambda: self.active)
        self.layouts = Layouts(desk, self.setups, self.expect, self._set_up)
        self._add(desk.panels.chart)
        self._connect()

    def _connect(self) -> None:
        bus, window = self._desk.services.bus, self._desk.window
        bus.subscribe(MarketMoved, lambda event: self._each(lambda chart: chart.moved(event)))
        bus.subscribe(RequestChanged, lambda event: self._each(lambda chart: chart.requested(event.request)))
        bus.subscribe(BarsAmended, lambda event: self._each(lambda chart: chart.amended(event.symbol)))
        bus.subscribe(GapFound, self._gap_found)
        bus.subscribe(GapFilled, self._gap_filled)
        bus.subscribe(SessionsKnown, self._sessions_known)
        window.panel_focused.connect(self._focused)
        window.charts_wanted.connect(self._make)
        window.chart_close_asked.connect(self.close)
        window.command.connect(self._command)
        window.links.pointed.connect(self._pointed)
        window.links.regrouped.connect(lambda panel, group: self._show_link(panel))
        window.links.shared.connect(self._show_link)

    def _each(self, does: Callable[[ChartWiring], None]) -> None:
        for chart in tuple(self._charts.values()):
            does(chart)

    def __iter__(self) -> Iterator[ChartWiring]:
        return iter(self._charts.values())

    @property
    def first(self) -> ChartWiring:
        """The chart that is always there."""
        return self._charts["chart"]

    @property
    def active(self) -> ChartWiring:
        """The chart that last held the keyboard and is still there: the palette and menus take the keyboard from it."""
        return self._charts.get(self._active, self.first)

    def _focused(self, name: str) -> None:
        self._active = name if name in self._charts else self._active

    def get(self, name: str) -> ChartWiring | None:
        """The chart of a panel."""
        return self._charts.get(name)

    # ---- coming and going

    def open(self) -> None:
        """One more chart, beside the active one and showing the same. Raises BadInput when there are too many."""
        free = next((name for number in range(2, MOST + 1) if (name := f"chart-{number}") not in self._charts), None)
        if free is None:
            raise BadInput(f"The window holds {MOST} charts; close one first.")
        beside = self.active
        self._setups.pop(free, None)
        self._new(free, beside.name)
        self._charts[free].panel.apply_setup(beside.panel.setup())
        self._charts[free].show(beside.symbol, beside.frame)
        self._desk.window.raise_panel(free)

    def _make(self, names: list[str]) -> None:
        """Charts that a layout holds."""
        for name in names:
            if name not in self._charts:
                self._new(name, "")
                self._recall(self._charts[name])

    def _new(self, name: str, beside: str) -> None:
        panel = ChartPanel(name, self._desk.panels.chart.install)
        self._desk.window.add_chart(panel, beside)
        chart = self._add(panel)
        panel.show_sessions(self._sessions)
        panel.show_templates(self._templates)
        PermissionWiring.tell_chart(panel, self._desk.services.login)
        self._show_link(chart.name)

    def close(self, name: str) -> None:
        """Let a further chart go with all that it wanted; how it was set up is remembered."""
        chart = self._charts.get(name)
        if chart is None or name == "chart":
            return
        self._setups[name] = self._words(chart)
        chart.close()
        del self._charts[name]
        self._desk.window.remove_chart(name)
        self._say_replaying()
        self.layouts.charts_changed()

    def _add(self, panel: ChartPanel) -> ChartWiring:
        chart = self._charts[panel.name] = ChartWiring(self._desk, panel, self._shown, self._seed)
        window = self._desk.window
        panel.symbol_asked.connect(lambda text: self._asked(chart, text))
        panel.timeframe_chosen.connect(lambda text: self._frame_asked(chart, text))
        panel.title_changed.connect(lambda title: window.set_title(chart.name, title))
        panel.pointed.connect(lambda at: window.links.point(chart.name, at))
        panel.setup_changed.connect(self.layouts.charts_changed)
        panel.templates_changed.connect(self._keep_templates)
        panel.snapshot_taken.connect(lambda picture: self._desk.tasks.spawn(self._picture(chart, picture)))
        panel.layout_asked.connect(lambda: self._desk.tasks.spawn(self.layouts.ask(saving=False)))
        panel.maximise_asked.connect(lambda: window.docks.maximise(chart.name))
        panel.link_chosen.connect(lambda group: window.links.join(chart.name, group))
        panel.share_chosen.connect(lambda aspect, on: window.links.share(chart.name, aspect, on))
        self.trading.connect(chart)
        self.marks.connect(chart)
        return chart

    def _command(self, id_: str) -> None:
        does: dict[str, Callable[[], object]] = {
            "chart.new": self.open,
            "layout.save": lambda: self._desk.tasks.spawn(self.layouts.ask(saving=True)),
            "layout.open": lambda: self._desk.tasks.spawn(self.layouts.ask(saving=False)),
        }
        try:
            if id_ in does:
                does[id_]()
            elif id_.startswith("chart.do."):
                self.active.panel.do(id_.removeprefix("chart.do."))
        except BadInput as error:
            self._desk.services.notices.tell("warning", "Not done", str(error), str(error))

    # ---- symbol, timeframe, crosshair

    def _asked(self, chart: ChartWiring, text: str) -> None:
        """A whole symbol typed on the chart is shown at once; anything else opens the palette with it."""
        if self._desk.services.risk.instrument(text.upper()) is not None:
            self._choose(chart.name, text.upper())
        else:
            self._desk.window.open_palette(text)

    def _frame_asked(self, chart: ChartWiring, text: str) -> None:
        try:
            frame = timeframe(text)
        except BadInput as error:
            self._desk.services.notices.tell("warning", "Timeframe", str(error))
            return
        self._desk.window.links.choose(chart.name, "", str(frame))
        chart.show(chart.symbol, frame)

    def _shown(self, chart: ChartWiring) -> None:
        """A chart shows another symbol or timeframe, or the same anew."""
        self._show_gaps(chart)
        self.trading.show(chart)
        self._say_replaying()
        self.layouts.charts_changed()

    def _say_replaying(self) -> None:
        """The window's title says that some chart shows the past; that chart's own says it too."""
        self._desk.window.show_replaying(any(chart.replaying.on for chart in self._charts.values()))

    def _pointed(self, panel: str, at: int | None) -> None:
        if panel in self._charts:
            self._charts[panel].panel.show_pointer(at)

    def _show_link(self, name: str) -> None:
        links = self._desk.window.links
        if name in self._charts:
            shares = {aspect: links.shares(name, aspect) for aspect in ("symbol", "timeframe", "crosshair")}
            self._charts[name].panel.show_link(links.group(name), shares)
            self.layouts.charts_changed()

    # ---- setups

    def setups(self) -> dict[str, Any]:
        """How every chart is set up and what it shows, as JSON values."""
        return {**self._setups, **{name: self._words(chart) for name, chart in self._charts.items()}}

    def _words(self, chart: ChartWiring) -> dict[str, Any]:
        return {"symbol": chart.symbol, "timeframe": str(chart.frame), "setup": chart.panel.setup()}

    def expect(self, words: Mapping[str, Any]) -> None:
        """Charts that are made next show this."""
        self._setups = {name: held for name, held in words.items() if isinstance(held, Mapping)}

    def _set_up(self, words: Mapping[str, Any]) -> None:
        self.expect(words)
        self._each(self._recall)
        self._tell_groups()

    def _tell_groups(self) -> None:
        """The first chart of each colour says what the others of it show."""
        links, told = self._desk.window.links, set[str]()
        for chart in tuple(self._charts.values()):
            group = links.group(chart.name)
            if chart.symbol and group not in told and links.shares(chart.name, "symbol"):
                told.add(group)
                links.choose(chart.name, chart.symbol, str(chart.frame))

    def _recall(self, chart: ChartWiring) -> None:
        """The chart as it was when it was last seen; a new one shows the first chart's symbol in a timeframe of its own."""
        held = self._setups.get(chart.name, {})
        if isinstance(setup := held.get("setup"), Mapping):
            chart.panel.apply_setup(setup)
        if self._begun:
            usual = timeframe(FRAMES.get(chart.name, str(self.first.frame)))
            chart.show(str(held.get("symbol") or self.first.symbol), _frame(held.get("timeframe")) or usual)

    def show_kept(self) -> bool:
        """From now on charts show bars: first what they showed the last time; False when that is not known."""
        self._begun = True
        known = bool(self._setups.get("chart", {}).get("symbol"))
        if known:
            self._each(self._recall)
            self._tell_groups()
        return known

    async def start(self) -> None:
        """Read what is kept besides setups."""
        self._templates = await self.layouts.templates()
        self._each(lambda chart: chart.panel.show_templates(self._templates))

    def _keep_templates(self, templates: Mapping[str, object]) -> None:
        self._templates = templates
        self._each(lambda chart: chart.panel.show_templates(templates))
        self._desk.tasks.spawn(self.layouts.keep_templates(templates))

    async def _picture(self, chart: ChartWiring, picture: QPixmap) -> None:
        """Into the exports folder and onto the clipboard; without the permission nothing leaves."""
        path = await self._desk.services.exports.picture(f"{chart.symbol}_{chart.frame}", _png(picture))
        QGuiApplication.clipboard().setPixmap(picture)
        self._desk.services.notices.tell(
            "info", f"Snapshot of {chart.symbol} {chart.frame}", f"{path}, and on the clipboard", str(path)
        )

    # ---- holes and hours

    def _gap_found(self, event: GapFound) -> None:
        gap = event.gap
        self._gaps[gap.feed, gap.start, gap.symbols] = gap
        self._each(self._show_gaps)

    def _gap_filled(self, event: GapFilled) -> None:
        gap = event.gap
        self._gaps.pop((gap.feed, gap.start, gap.symbols), None)
        self._each(self._show_gaps)

    def _show_gaps(self, chart: ChartWiring) -> None:
        """Hatch what the feed left out of the shown symbol; while it is still out there is nothing to hatch."""
        holes = [
            (gap.start, gap.end) for gap in self._gaps.values() if gap.end is not None and chart.symbol in gap.symbols
        ]
        chart.panel.show_gaps([] if chart.replaying.on else holes)

    def _sessions_known(self, event: SessionsKnown) -> None:
        self._sessions = event.sessions
        self._each(lambda chart: chart.panel.show_sessions(event.sessions))

    def tick(self) -> None:
        """Once a second."""
        self._each(lambda chart: chart.tick())
        self.trading.tick()


def _frame(text: object) -> Timeframe | None:
    try:
        return timeframe(str(text)) if text else None
    except BadInput:
        return None


def _png(picture: QPixmap) -> bytes:
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    picture.save(buffer, "PNG")
    return bytes(data.data())
