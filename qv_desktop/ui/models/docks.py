"""Docked panels: workspaces as declared layouts, kept and restored, whatever a person moved where."""

import base64
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

import PySide6QtAds as QtAds
from PySide6.QtCore import QByteArray, QObject, QRect, QTimer, Signal
from PySide6.QtGui import QAction, QPixmap
from PySide6.QtWidgets import QApplication, QWidget

from qv_desktop.ui.models.dock_building import Builder
from qv_desktop.ui.models.dock_maximising import Maximised
from qv_desktop.ui.models.dock_room import Layout, Place, Side, configure, give_room, prime, rescue
from qv_desktop.ui.models.seat import Seat, Seating

SCHEMA = 1  # of the kept layouts; a layout of another schema is replaced by the default
EXTRA = re.compile(r"([a-z]+)-([2-9]|[1-9]\d)")  # the name of a further panel of one kind, such as chart-2
BESIDE = (560, 420)  # px of width or height that an area needs for another panel to be put beside it

_BLOTTERS = (
    "positions",
    "fills",
    "balances",
    "reconciliation",
    "backtests",
    "sweeps",
    "signals",
    "stress",
    "limits",
    "audit",
    "alerts",
    "price_alerts",
    "log",
)

_EVERYWHERE = ("alerts", "log", "roles")  # what everybody may see

LAYOUTS: dict[str, Layout] = {
    "trading": Layout(
        (Place("chart", "center"), Place("ticket", "right"), Place("orders", "bottom", "chart"), Place("watchlist", "left", "chart"),
         Place("tape", "tab", "watchlist"), Place("risk", "bottom", "ticket"), *(Place(name, "tab", "orders") for name in _BLOTTERS)),
        (("", (0, 308)), ("orders", (0, 280)), ("watchlist", (336, 0)), ("risk", (0, 280))),
    ),
    "markets": Layout(
        (Place("quotes", "center"), Place("watchlist", "left"), Place("chart", "right"), Place("tape", "bottom", "watchlist"),
         Place("scanner", "bottom", "quotes"), *(Place(name, "tab", "scanner") for name in ("data", "alerts", "price_alerts", "log")),
         Place("ticket", "tab", "watchlist")),
        (("", (352, 0, 470)), ("tape", (0, 240)), ("scanner", (0, 300))),
    ),
    "compliance": Layout(
        (Place("reconciliation", "center"), Place("limits", "tab", "reconciliation"),
         Place("audit", "bottom", "reconciliation"), Place("orders", "tab", "audit"),
         *(Place(name, "tab", "audit") for name in ("fills", "balances", "users", "roles")),
         Place("risk", "right"), Place("alerts", "bottom", "risk")),
        (("", (0, 384)), ("audit", (380, 0)), ("risk", (380, 0))),
    ),
    "research": Layout(
        (Place("backtests", "center"), Place("sweeps", "tab", "backtests"), Place("signals", "tab", "backtests"),
         Place("strategies", "left"),
         Place("alerts", "bottom", "strategies")),
        (("", (420, 0)), ("strategies", (0, 200))),
    ),
    "risk": Layout(
        (Place("risk", "center"), Place("stress", "right"), Place("limits", "tab", "stress"), Place("positions", "bottom", "risk"),
         *(Place(name, "tab", "positions") for name in ("orders", "fills", "balances", "alerts", "audit", "log"))),
        (("", (0, 440)), ("positions", (0, 210))),
    ),
    "charts": Layout(
        (Place("chart", "center"), Place("watchlist", "left"), Place("chart-2", "right", "chart"), Place("chart-3", "bottom", "chart"),
         Place("chart-4", "bottom", "chart-2"), *(Place(name, "tab", "watchlist") for name in ("ticket", "alerts"))),
        (("", (336, 0, 0)), ("chart-3", (0, 0)), ("chart-4", (0, 0))),
    ),
}  # fmt: skip


class Docks(QObject):
    """The dock manager with its panels. Object names are the panels' names and never change.

    Further panels of a kind, such as ``chart-2``, come and go; they may be seen where the first of their kind may. The panels are in
    once ``filling`` has been gone through.
    """

    wanted = Signal(list)  # names of further panels that a layout holds and that are to be added now
    close_asked = Signal(str)  # a further panel is to go

    def __init__(self, panels: Mapping[str, QWidget], titles: Mapping[str, str], parent: QWidget) -> None:
        super().__init__(parent)
        configure()
        self.manager = QtAds.CDockManager(parent)
        self.manager.setStyleSheet("")
        self._seating, self._seats = Seating(self.manager), dict[str, Seat]()  # panel -> its seat
        self.titles = dict(titles)
        self._counts: dict[str, int | None] = {}  # panel -> number behind its title
        self.workspace = "trading"
        self._permitted = set(panels)
        self._states: dict[str, QByteArray] = {}  # workspace -> its layout when it was left
        self._extra: list[str] = []  # further panels, in the order of their coming
        self._maximised: Maximised | None = None  # while one panel has all the room
        self._docks: dict[str, Any] = {name: self._dock(name) for name in panels}
        self._builder = Builder(self.manager, self._docks, self._may)
        self.filling = self._filled(panels)

    def _filled(self, panels: Mapping[str, QWidget]) -> Iterator[None]:
        """Laid out empty and filled last: every dock that is put somewhere has all that is there dressed anew."""
        yield from self._builder.steps(LAYOUTS[self.workspace])
        for name, panel in panels.items():
            self._fill(name, panel)
            yield

    def switch(self, workspace: str) -> None:
        """Show a workspace as it was left, or its default. Raises KeyError for an unknown one."""
        if workspace not in LAYOUTS:
            raise KeyError(workspace)
        self._states[self.workspace] = self._state()
        self._maximised = None
        self.workspace = workspace
        state = self._states.get(workspace)
        with self._seating.moved():
            if state is None or not self._restored(state, workspace):
                self.reset()
            self._enforce()

    def reset(self) -> None:
        """Lay the present workspace out anew."""
        with self._seating.moved():
            self._want(place.panel for place in LAYOUTS[self.workspace].places)
            self._build(self.workspace)
        QTimer.singleShot(0, self, self.settle)  # sizes hold only once the areas are shown

    # ---- further panels

    def add(self, name: str, panel: QWidget, title: str, beside: str = "") -> None:
        """Take in a further panel; next to ``beside`` where that can be seen, and else closed until a layout shows it."""
        self.titles[name] = title
        self._extra.append(name)
        dock = self._docks[name] = self._dock(name)
        self._fill(name, panel)
        dock.setFeature(QtAds.CDockWidget.CustomCloseHandling, True)
        dock.closeRequested.connect(lambda: self.close_asked.emit(name))
        with self._seating.moved():
            if beside and self.is_open(beside):
                self._unmaximise()
                self._builder.put(Place(name, self._side_of(beside), beside))
                self._builder.show_actions()
            else:
                self._builder.stow(name)

    def remove(self, name: str) -> None:
        """Let a further panel go for good, with its dock. Raises KeyError."""
        self._unmaximise()
        dock = self._docks.pop(name)
        self._extra.remove(name)
        self._counts.pop(name, None)
        if dock.dockAreaWidget() is not None:
            self.manager.removeDockWidget(dock)
        self._seating.leave(self._seats.pop(name))
        dock.deleteLater()

    def panel(self, name: str) -> QWidget | None:
        """The panel of that name."""
        return self._seats[name].panel if name in self._seats else None

    def _want(self, names: Iterable[str]) -> None:
        """Ask for further panels that are not here yet."""
        lacking = [name for name in dict.fromkeys(names) if name not in self._docks and EXTRA.fullmatch(name)]
        if lacking := [name for name in lacking if self._may(name)]:
            self.wanted.emit(lacking)

    def _side_of(self, name: str) -> Side:
        """Where another panel has room beside this one."""
        area = self._docks[name].dockAreaWidget()
        if area.width() >= 2 * BESIDE[0]:
            return "right"
        return "bottom" if area.height() >= BESIDE[1] else "tab"

    # ---- one panel in all the room

    def maximise(self, name: str) -> None:
        """Give the panel all the room; asked again, everything comes back as it was."""
        if self._maximised is not None:
            self._unmaximise()
            return
        if not self.raise_panel(name) or self._docks[name].isInFloatingContainer():
            return
        with self._seating.moved():
            self._maximised = Maximised(self.manager, self._docks, name, self.manager.saveState(SCHEMA))

    @property
    def maximised(self) -> bool:
        """Whether one panel has all the room."""
        return self._maximised is not None

    def _unmaximise(self) -> None:
        whole, self._maximised = self._maximised, None
        if whole is not None:
            focused = self.focused()
            with self._seating.moved():
                whole.undo()
                self._enforce()
                self._builder.show_actions()
            if focused:
                self.raise_panel(focused)

    def _state(self) -> QByteArray:
        """The present workspace as it is without a maximised panel."""
        if self._maximised is not None:
            return self._maximised.state
        kept: QByteArray = self.manager.saveState(SCHEMA)
        return kept

    # ---- who may be seen

    def permit(self, names: Collection[str]) -> None:
        """Show only these panels from now on."""
        grown = set(names) - self._permitted
        self._permitted = set(names)
        with self._seating.moved():
            for name in sorted(grown & set(self._docks)):
                if LAYOUTS[self.workspace].holds(name):
                    self._unmaximise()
                    self._builder.put(self._home(name))
            if grown:
                self._builder.show_actions()
            self._enforce()

    def offers(self, workspace: str) -> bool:
        """Whether anything of a workspace may be seen besides what is everywhere."""
        return any(self._may(place.panel) for place in LAYOUTS[workspace].places if place.panel not in _EVERYWHERE)

    def raise_panel(self, name: str) -> bool:
        """Open a panel, bring it to the front and give it the focus; False when it is absent or not permitted."""
        if name not in self._docks or not self._may(name):
            return False
        dock = self._docks[name]
        with self._seating.moved():
            if self._maximised is not None and dock.isClosed():
                self._unmaximise()
            if dock.dockAreaWidget() is None:  # a layout from before this panel holds no place for it
                self._builder.put(self._home(name))
            if dock.isClosed():
                dock.toggleView(True)
            dock.setAsCurrentTab()
        self._seats[name].panel.setFocus()
        return True

    def is_open(self, name: str) -> bool:
        """Whether a panel can be seen, or its tab can."""
        return name in self._docks and not self._docks[name].isClosed()

    def set_count(self, name: str, count: int | None) -> None:
        """Show a number after a panel's title; None shows none."""
        self._counts[name] = count
        if name in self._docks:
            title = self.titles[name]
            self._docks[name].setWindowTitle(title if count is None else f"{title} {count:,}")

    def set_title(self, name: str, title: str) -> None:
        """Change what a panel's tab says, such as the chart's symbol and timeframe."""
        self.titles[name] = title
        self.set_count(name, self._counts.get(name))

    def set_actions(self, name: str, actions: list[QAction]) -> None:
        """Put actions at the right end of the panel's title bar."""
        if name in self._docks:
            self._docks[name].setTitleBarActions(actions)
            self._builder.show_actions()

    def focused(self) -> str:
        """The panel that holds the keyboard, or ""."""
        names = {seat.panel: name for name, seat in self._seats.items()}
        widget = QApplication.focusWidget()
        while widget is not None:
            if widget in names:
                return names[widget]
            if widget in self._docks.values():  # its tab, in a window of its own
                return widget.objectName()
            widget = widget.parentWidget()
        return ""

    def next_panel(self) -> str:
        """Move the keyboard to the next panel that can be seen, and say which."""
        seen = [name for name, seat in self._seats.items() if seat.isVisible()]
        if not seen:
            return ""
        here = self.focused()
        chosen = seen[(seen.index(here) + 1) % len(seen)] if here in seen else seen[0]
        self.raise_panel(chosen)
        return chosen

    def grab(self, name: str) -> QPixmap:
        """A picture of a panel, at the size that it has where it lives; what was on show is on show again after. Raises KeyError."""
        self._unmaximise()
        dock, home = self._docks[name], self.workspace
        if dock.isClosed():
            self.switch(next((w for w, layout in LAYOUTS.items() if layout.holds(name)), home))
        if dock.dockAreaWidget() is None:
            self._builder.put(self._home(name))
        area = dock.dockAreaWidget()
        shown = area.currentDockWidget() if area else None
        if dock.isClosed():
            dock.toggleView(True)
        dock.setAsCurrentTab()
        picture: QPixmap = self._seats[name].panel.grab()
        if shown is not None:
            shown.setAsCurrentTab()
        if self.workspace != home:
            self.switch(home)
        return picture

    def saved(self) -> dict[str, Any]:
        """All workspaces as JSON values."""
        self._states[self.workspace] = self._state()
        states = {name: base64.b64encode(state.data()).decode() for name, state in self._states.items()}
        return {"schema": SCHEMA, "workspace": self.workspace, "states": states, "extra": list(self._extra)}

    def restore(self, saved: Mapping[str, Any]) -> bool:
        """Lay out as ``saved``; False, with the default layout, when it cannot be used. Call it once the window is shown."""
        try:
            usable = saved["schema"] == SCHEMA and saved["workspace"] in LAYOUTS
            states = {
                name: QByteArray(base64.b64decode(text)) for name, text in saved["states"].items() if name in LAYOUTS
            }
            usable = usable and all(state.startsWith(b"<?xml") for state in states.values())
            extra = [name for name in _texts(saved.get("extra", [])) if EXTRA.fullmatch(name)]
        except (KeyError, TypeError, ValueError, AttributeError):
            usable, states, extra = False, {}, []
        self._maximised = None
        workspace = saved["workspace"] if usable else self.workspace
        with self._seating.moved():
            if usable:
                self._turn_to(extra)
            if not usable or workspace not in states or not self._restored(states[workspace], workspace):
                self._states.clear()
                self._build(self.workspace)
                return False
            self._states, self.workspace = states, workspace
            self._enforce()
            rescue(self.manager)
        return True

    def prime(self) -> QRect:
        """Where the largest visible panel lies, in the window's coordinates."""
        return prime(self.manager)

    def settle(self) -> None:
        """Give the splitters the sizes of the layout again, once the window has its own size."""
        self._builder.size(LAYOUTS[self.workspace])

    def _dock(self, name: str) -> Any:
        dock = QtAds.CDockWidget(self.manager, self.titles[name])
        dock.setObjectName(name)
        dock.setFeature(QtAds.CDockWidget.DockWidgetClosable, True)
        return dock

    def _fill(self, name: str, panel: QWidget) -> None:
        give_room(name, panel)
        seat = self._seats[name] = self._seating.seat(panel)
        self._docks[name].setWidget(seat, QtAds.CDockWidget.ForceNoScrollArea)

    def _build(self, workspace: str) -> None:
        self._maximised = None
        self._builder.build(LAYOUTS[workspace])

    def _turn_to(self, extra: Collection[str]) -> None:
        """Have exactly these further panels."""
        for name in self._extra.copy():
            if name not in extra:
                self.close_asked.emit(name)
        self._want(extra)

    def _home(self, name: str) -> Place:
        """Where a panel goes that the present arrangement holds no place for."""
        place = next((place for place in LAYOUTS[self.workspace].places if place.panel == name), None)
        if place is not None and self.is_open(place.beside):
            return place
        first = next((other for other, dock in self._docks.items() if not dock.isClosed()), "")
        return Place(name, "tab" if first else "center", first)

    def _restored(self, state: QByteArray, workspace: str) -> bool:
        self._builder.weigh(LAYOUTS[workspace])
        done: bool = self.manager.restoreState(state, SCHEMA)
        return done

    def _enforce(self) -> None:
        """Close what may not be seen."""
        for name, dock in self._docks.items():
            if not self._may(name) and not dock.isClosed():
                dock.toggleView(False)

    def _may(self, name: str) -> bool:
        return name in self._permitted or _kind(name) in self._permitted


def _kind(name: str) -> str:
    """The name of the first panel of the kind."""
    return name.partition("-")[0]


def _texts(value: object) -> list[str]:
    """The texts of a list, or none when it is something else."""
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
