"""The window: top bar, docked panels in workspaces, status bar, palette and toasts."""

import base64
import binascii
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from PySide6.QtCore import QByteArray, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QCloseEvent, QPixmap, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QMenu,
    QPushButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from qv_desktop.domain.accounts import Environment
from qv_desktop.domain.alerts import Notice
from qv_desktop.domain.instruments import Instrument
from qv_desktop.ui import theme
from qv_desktop.ui.actions import Actions
from qv_desktop.ui.links import GROUPS, Links
from qv_desktop.ui.models.dock_room import on_screen
from qv_desktop.ui.models.docks import LAYOUTS, SCHEMA, Docks
from qv_desktop.ui.models.environment_pill import EnvironmentPill
from qv_desktop.ui.models.icons import bars, cross, disc
from qv_desktop.ui.models.live_frame import LiveFrame
from qv_desktop.ui.models.safety import NARROW, SafetyControls
from qv_desktop.ui.models.search_field import SearchField
from qv_desktop.ui.models.send_button import SendButton
from qv_desktop.ui.palette import OrderWords, Palette
from qv_desktop.ui.panels.account import AccountPanel
from qv_desktop.ui.panels.alerts import Toasts
from qv_desktop.ui.panels.health import HealthPanel

TOP, STATUS = 44, 24  # px
ROWS = {"compact": 20, "normal": 22, "comfort": 26}  # density -> px
BLOTTERS = ("orders", "positions", "fills")
LINKED = ("watchlist", "quotes", "scanner", "tape", "chart", "ticket")  # panels that carry a link colour


class MainWindow(QMainWindow):
    """Shows ``panels`` by name, each titled by its own ``title``; names that no layout knows are kept closed.

    It is done once ``building`` has been gone through: not ``at_once`` where something else is in view meanwhile and has to live.
    """

    closed = Signal()
    command = Signal(str)  # id of a command that is not the window's own
    account_chosen = Signal(str)  # id of a connection, at the pill
    symbol_chosen = Signal(str)  # in the palette
    order_drafted = Signal(object)  # OrderWords from the palette, for the ticket
    workspace_changed = Signal(str)
    notice_opened = Signal(object)  # Notice
    panel_focused = Signal(str)  # the panel that holds the keyboard from now on
    charts_wanted = Signal(list)  # names of further charts that a layout holds
    chart_close_asked = Signal(str)  # name of a further chart

    def __init__(self, panels: Mapping[str, QWidget], links: Links | None = None, *, at_once: bool = True) -> None:
        super().__init__()
        # whether something must be asked before the desk is left; what is given is done once the person agrees
        self.holding_back: Callable[[Callable[[], object]], bool] = lambda leave: False
        self.setWindowTitle("QuantVision")
        self.setMinimumSize(1024, 640)
        self.resize(1600, 900)
        self.commands = Actions(self)
        self.links = links or Links(self)
        self.account, self.health = AccountPanel(), HealthPanel()
        self.search = Palette(self.commands, self)
        self._pill, self._shell, self._yard = EnvironmentPill(), _named(QFrame(), "shell"), _named(QFrame(), "yard")
        self.docks = Docks(
            panels, {name: getattr(panel, "title", name.title()) for name, panel in panels.items()}, self._yard
        )
        self._frame = LiveFrame(self._shell, self.docks.manager)
        self._toasts = Toasts(self, self.docks.prime)
        self.safety = SafetyControls(self)
        self._settled = self._replaying = False
        self._environment: Environment = "PAPER"
        self._account = ""  # which one, in words
        self._focused = ""
        self._lay_out()
        self.building = self._built(panels)
        if at_once:
            for _ in self.building:
                pass

    def _built(self, panels: Mapping[str, QWidget]) -> Iterator[None]:
        yield
        yield from self.docks.filling
        self._link(panels)
        yield
        self._connect()
        self.set_environment("PAPER")

    # what is shown

    def set_environment(self, environment: Environment, detail: str = "") -> None:
        """Say where orders go: the pill with ``detail`` behind it, and a thick red border round the window when it is LIVE."""
        self._pill.show_environment(environment, detail)
        self._frame.show(environment)
        self._environment, self._account = environment, detail
        for button in self.findChildren(SendButton):
            button.show_environment(environment)
        self._entitle()

    def show_accounts(self, accounts: Sequence[tuple[str, str]], active: str) -> None:
        """The accounts that the pill offers, each an id and the words for it."""
        self._pill.show_accounts(accounts, active)

    def show_replaying(self, replaying: bool) -> None:
        """Say in the window's title that some chart shows the past."""
        self._replaying = replaying
        self._entitle()

    def _entitle(self) -> None:
        parts = ["QuantVision", self._environment]
        if self._environment == "LIVE":  # first, for a task bar shows no more than the beginning
            parts = ["LIVE", *([self._account] if self._account else []), "QuantVision"]
        self.setWindowTitle(" · ".join([*parts, *(["REPLAY in a chart"] if self._replaying else [])]))

    def show_now(self, now: datetime) -> None:
        """Show the time."""
        self.account.show_now(now)

    def show_instruments(self, instruments: Iterable[Instrument]) -> None:
        """The symbols that the palette finds."""
        self.search.show_instruments(instruments)

    def show_notice(self, notice: Notice, fresh: bool = True) -> None:
        """Show a toast; of a notice that only changed, while its toast is still up."""
        self._toasts.add(notice, fresh)

    def clear_notices(self) -> None:
        """Take all toasts down; the notices stay in the alerts panel."""
        self._toasts.clear()

    def set_count(self, name: str, count: int | None) -> None:
        """Show a number after a panel's title; None shows none."""
        self.docks.set_count(name, count)

    def set_title(self, name: str, title: str) -> None:
        """Change what a panel's tab says, such as ``AAPL · 5m``."""
        self.docks.set_title(name, title)

    def set_density(self, density: str) -> None:
        """Give the rows of every table their height: ``compact``, ``normal`` or ``comfort``."""
        for table in self.findChildren(QTableView):
            table.verticalHeader().setDefaultSectionSize(ROWS[density])

    def set_visible_panels(self, names: Collection[str]) -> None:
        """Show only these panels: the others lie outside the signed-in person's role, and so does a workspace without any."""
        self.docks.permit(names)
        empty = [name for name in LAYOUTS if not self.docks.offers(name)]
        self.commands.empty([f"workspace.{name}" for name in empty])
        if self.docks.workspace in empty and (left := next((name for name in LAYOUTS if name not in empty), "")):
            self.switch_workspace(left)

    def open_palette(self, text: str = "") -> None:
        """Open the palette with ``text`` typed."""
        self.search.open(text)

    def raise_panel(self, name: str) -> bool:
        """Bring a panel to the front; False when there is none or it is not permitted."""
        return self.docks.raise_panel(name)

    def switch_workspace(self, workspace: str) -> None:
        """Show ``trading``, ``compliance``, ``research``, ``markets``, ``charts`` or ``risk``. Raises KeyError."""
        if workspace != self.docks.workspace:
            self.docks.switch(workspace)
            self.workspace_changed.emit(workspace)

    def focused_panel(self) -> str:
        """The panel that holds the keyboard, or ""."""
        return self.docks.focused()

    def add_chart(self, panel: QWidget, beside: str = "") -> None:
        """Take in a further chart under its ``name``, next to another panel, or where the layout has its place."""
        name = str(getattr(panel, "name", ""))
        self.docks.add(name, panel, str(getattr(panel, "title", name)), beside)
        self._link_panel(name)

    def remove_chart(self, name: str) -> None:
        """Let a further chart go."""
        self.links.leave(name)
        self._dots.pop(name, None)
        self.docks.remove(name)

    def further_charts(self) -> list[Any]:
        """The charts besides the first."""
        return [
            panel for name in self._dots if name.startswith("chart-") and (panel := self.docks.panel(name)) is not None
        ]

    def grab_panel(self, name: str) -> QPixmap:
        """A picture of one panel. Raises KeyError."""
        return self.docks.grab(name)

    # the layout

    def save_layout(self) -> bytes:
        """Window place, workspace and every workspace's layout, as JSON."""
        geometry = base64.b64encode(self.saveGeometry().data()).decode()
        tables = {name: panel.saved() for name, panel in self._blotters().items()}
        return json.dumps(
            {"geometry": geometry, **self.docks.saved(), "links": self.links.saved(), "tables": tables}
        ).encode()

    def restore_layout(self, saved: bytes) -> bool:
        """Lay out as saved, once the window is shown; False, with the default layout, when it cannot be used."""
        try:
            value = json.loads(saved)
            geometry = (
                QByteArray(base64.b64decode(value["geometry"])) if value.get("schema") == SCHEMA else QByteArray()
            )
        except (ValueError, KeyError, TypeError, AttributeError, binascii.Error):
            value, geometry = {}, QByteArray()
        if not geometry.isEmpty() and self.restoreGeometry(geometry) and not on_screen(self):
            self.move(self.screen().availableGeometry().topLeft())
        self._settled = True
        restored = self.docks.restore(value)
        self.links.restore(value.get("links"))
        tables = value.get("tables")
        for name, panel in self._blotters().items():
            if isinstance(tables, dict) and isinstance(tables.get(name), dict):
                panel.restore(tables[name])
        return restored

    def _blotters(self) -> dict[str, Any]:
        """The panels that keep their columns, sorting and filter with the layout."""
        return {name: panel for name in BLOTTERS if hasattr(panel := self.docks.panel(name), "saved")}

    # building

    def _lay_out(self) -> None:
        yard = QVBoxLayout(self._yard)
        yard.setContentsMargins(4, 4, 4, 4)
        yard.addWidget(self.docks.manager)
        column = QVBoxLayout(self._shell)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._top_bar())
        column.addWidget(self.safety.strip)
        column.addWidget(self._yard, 1)
        self.health.setFixedHeight(STATUS)
        self.health.setObjectName("status-bar")
        self.health.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        column.addWidget(self.health)
        self.setCentralWidget(self._shell)

    def _top_bar(self) -> QWidget:
        bar = _named(QFrame(), "top-bar")
        bar.setFixedHeight(TOP)
        row = QHBoxLayout(bar)
        row.setContentsMargins(12, 0, 8, 0)
        row.setSpacing(16)
        brand = QLabel()
        theme.follow(brand, lambda: brand.setText(f'<span style="color:{theme.ACCENT}">Quant</span>Vision'))
        brand.setFont(theme.strong())
        search = self._search = SearchField()
        self.safety.pill.give_way = search
        search.clicked.connect(lambda: self.open_palette())
        for widget in (brand, self._pill, self.safety.pill, search):
            row.addWidget(widget)
        row.addWidget(self.account, 1)
        row.addWidget(self.safety.kill)
        row.addWidget(self._menu_button())
        return bar

    def _menu_button(self) -> QPushButton:
        button = theme.button("", "ghost")
        theme.follow(button, lambda: button.setIcon(bars("TX1")))
        button.setAccessibleName("Menu")
        button.setFixedWidth(30)
        menu, group = QMenu(button), ""
        menu.setToolTipsVisible(True)
        for command in self.commands.available():
            if command.group != group and group:
                menu.addSeparator()
            group = command.group
            menu.addAction(self.commands.action(command.id))
        button.clicked.connect(lambda: menu.popup(button.mapToGlobal(button.rect().bottomLeft())))
        return button

    def _link(self, panels: Mapping[str, QWidget]) -> None:
        """Every linked panel has a dot in its title that shows its colour and steps to the next."""
        self._dots: dict[str, QAction] = {}  # panel -> its dot
        self.links.regrouped.connect(self._show_link)
        for name in (name for name in LINKED if name in panels):
            self._link_panel(name)

    def _link_panel(self, name: str) -> None:
        dot = self._dots[name] = QAction("Link colour", self)
        dot.triggered.connect(lambda: self.links.next_group(name))
        self.docks.set_actions(name, [dot, *self._cross(name)])
        if not self.links.group(name):
            self.links.join(name, "blue")
        self._show_link(name, self.links.group(name))

    def _cross(self, name: str) -> list[QAction]:
        """What closes a further chart; the others stay."""
        if "-" not in name:
            return []
        close = QAction("Close this chart", self.docks.panel(name))
        theme.follow(close, lambda: close.setIcon(cross("TX2")))
        close.triggered.connect(lambda: self.chart_close_asked.emit(name))
        return [close]

    def _focus_moved(self) -> None:
        focused = self.docks.focused()
        if focused and focused != self._focused:
            self._focused = focused
            self.panel_focused.emit(focused)

    def _show_link(self, name: str, group: str) -> None:
        if name in self._dots:
            dot = self._dots[name]
            theme.follow(dot, lambda: dot.setIcon(disc(GROUPS[group])))
            dot.setToolTip(f"Linked: {group}" if group else "Not linked")

    def _connect(self) -> None:
        QApplication.instance().focusChanged.connect(self._focus_moved)  # type: ignore[union-attr]  # there is one
        self.commands.asked.connect(self._do)
        self._pill.account_chosen.connect(self.account_chosen)
        self._pill.connections_asked.connect(lambda: self.command.emit("connections"))
        self.docks.wanted.connect(self.charts_wanted)
        self.docks.close_asked.connect(self.chart_close_asked)
        self.search.command_chosen.connect(self._do)
        self.search.symbol_chosen.connect(self.symbol_chosen)
        self.search.order_drafted.connect(self._draft)
        self._toasts.opened.connect(lambda notice: self.raise_panel(notice.panel) or self.raise_panel("alerts"))
        self._toasts.opened.connect(self.notice_opened)

    def _draft(self, words: OrderWords) -> None:
        self.raise_panel("ticket")
        self.order_drafted.emit(words)

    def _do(self, id_: str) -> None:
        """The window's own commands; every other one is somebody else's."""
        kind, _, name = id_.partition(".")
        own = {"palette": self.open_palette, "full_screen": self._turn_full_screen, "panel.next": self.docks.next_panel,
               "workspace.reset": self.docks.reset, "panel.maximise": self._maximise,
               "account.switch": self._pill.open_menu, "quit": self.close}  # fmt: skip
        if id_ in own:
            own[id_]()
        elif kind == "workspace":
            self.switch_workspace(name)
        elif kind == "panel":
            self.raise_panel(name)
        else:
            self.command.emit(id_)

    def _maximise(self) -> None:
        self.docks.maximise(self.focused_panel() or "chart")

    def _turn_full_screen(self) -> None:
        if self.isFullScreen():
            self.showNormal()
        else:
            self.showFullScreen()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._search.narrow(self.width() < NARROW)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self._settled:
            self._settled = True
            QTimer.singleShot(0, self, self.docks.settle)

    def closeEvent(self, event: QCloseEvent) -> None:
        if self.holding_back(self.close):
            event.ignore()
            return
        super().closeEvent(event)
        self.closed.emit()


def _named[W: QWidget](widget: W, name: str) -> W:
    """The widget under the name that the style sheet knows."""
    widget.setObjectName(name)
    return widget
