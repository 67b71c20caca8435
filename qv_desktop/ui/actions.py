"""Everything that can be asked for by name: one table that the menus, the palette and the shortcuts read."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from qv_desktop.domain.access import Action, Permission, Resource

type Scope = Literal[
    "app", "panel", "chart", "table", "ticket", "armed", "held"
]  # armed: only while trading keys are; held: always


@dataclass(frozen=True, slots=True)
class Command:
    """One thing to ask for. ``keys`` are portable texts; keys outside the ``app`` scope belong to the panel in focus."""

    id: str
    title: str
    keys: tuple[str, ...] = ()
    permission: Permission | None = None
    scope: Scope = "app"
    group: str = "General"
    hold: bool = False  # its keys must be held for a second


def _may(resource: Resource, action: Action) -> Permission:
    return Permission(resource, action)


_TRADE = _may(Resource.TRADING, Action.CREATE)
_CANCEL = _may(Resource.TRADING, Action.DELETE)
_LOOK = Action.VIEW

WORKSPACES = (
    Command("workspace.trading", "Workspace: Trading", ("Ctrl+1",), group="Workspaces"),
    Command("workspace.compliance", "Workspace: Compliance", ("Ctrl+2",), group="Workspaces"),
    Command("workspace.research", "Workspace: Research", ("Ctrl+3",), group="Workspaces"),
    Command("workspace.markets", "Workspace: Markets", ("Ctrl+4",), group="Workspaces"),
    Command("workspace.charts", "Workspace: Charts", ("Ctrl+5",), group="Workspaces"),
    Command("workspace.risk", "Workspace: Risk", ("Ctrl+6",), group="Workspaces"),
    Command("layout.save", "Save layout as…", ("Ctrl+S",), group="Workspaces"),
    Command("layout.open", "Open layout…", group="Workspaces"),
    Command("workspace.reset", "Reset this workspace's layout", group="Workspaces"),
)

COMMANDS: tuple[Command, ...] = (
    Command("palette", "Search symbols and commands", ("Ctrl+K", "Ctrl+Shift+P")),
    *WORKSPACES,
    Command("panel.next", "Next panel", ("Ctrl+Tab",), group="Panels"),
    Command("panel.maximise", "Maximise the panel, or bring all back", ("Alt+Return",), group="Panels"),
    Command("chart.new", "New chart", ("Ctrl+Shift+N",), _may(Resource.MARKET, _LOOK), group="Panels"),
    Command("panel.watchlist", "Show Watchlist", ("Alt+1",), _may(Resource.MARKET, _LOOK), group="Panels"),
    Command("panel.chart", "Show Chart", ("Alt+2",), _may(Resource.MARKET, _LOOK), group="Panels"),
    Command("panel.tape", "Show Time and sales", (), _may(Resource.MARKET, _LOOK), group="Panels"),
    Command("panel.quotes", "Show Quotes", ("Alt+7",), _may(Resource.MARKET, _LOOK), group="Panels"),
    Command("panel.scanner", "Show Scanner", ("Alt+8",), _may(Resource.MARKET, _LOOK), group="Panels"),
    Command("panel.data", "Show Data: feeds, gaps, requests", ("Alt+9",), _may(Resource.MARKET, _LOOK), group="Panels"),
    Command("panel.ticket", "Show Order ticket", ("Alt+3",), _TRADE, group="Panels"),
    Command("panel.balances", "Show Account", (), _may(Resource.TRADING, _LOOK), group="Panels"),
    Command("panel.orders", "Show Orders", ("Alt+4",), _may(Resource.TRADING, _LOOK), group="Panels"),
    Command("panel.positions", "Show Positions", ("Alt+5",), _may(Resource.TRADING, _LOOK), group="Panels"),
    Command("panel.fills", "Show Fills", (), _may(Resource.TRADING, _LOOK), group="Panels"),
    Command("panel.risk", "Show Risk", ("Alt+6",), _may(Resource.RISK, _LOOK), group="Panels"),
    Command(
        "panel.stress", "Show Stress: scenarios of history and your own", (), _may(Resource.RISK, _LOOK), group="Panels"
    ),
    Command("panel.reconciliation", "Show Reconciliation", (), _may(Resource.RECONCILIATION, _LOOK), group="Panels"),
    Command("panel.audit", "Show Audit", (), _may(Resource.AUDIT, _LOOK), group="Panels"),
    Command("panel.strategies", "Show Strategies", (), _may(Resource.STRATEGIES, _LOOK), group="Panels"),
    Command("panel.limits", "Show Limits", (), _may(Resource.RISK, _LOOK), group="Panels"),
    Command("panel.signals", "Show Signals and deployments", (), _may(Resource.STRATEGIES, _LOOK), group="Panels"),
    Command("panel.backtests", "Show Backtests", (), _may(Resource.BACKTESTS, _LOOK), group="Panels"),
    Command(
        "panel.sweeps",
        "Show Sweeps: parameters, heat map, overfitting",
        (),
        _may(Resource.BACKTESTS, _LOOK),
        group="Panels",
    ),
    Command("panel.alerts", "Show Alerts", (), group="Panels"),
    Command("alerts.acknowledge_all", "Acknowledge all alerts", group="Alerts"),
    Command("alerts.notify", "Notify: toasts, sounds, tray, quiet hours…", group="Alerts"),
    Command("panel.price_alerts", "Show Price alerts", (), _may(Resource.MARKET, _LOOK), group="Panels"),
    Command("panel.log", "Show Log", (), group="Panels"),
    Command("panel.users", "Show Users", (), _may(Resource.USERS, _LOOK), group="Panels"),
    Command("panel.roles", "Show Roles: who may do what", (), group="Panels"),
    Command("orders.cancel_all", "Cancel all working orders…", (), _CANCEL, group="Trading"),
    Command("keys.arm", "Arm or disarm the trading keys", ("Ctrl+Shift+A",), _TRADE, group="Trading"),
    Command(
        "keys.cancel_symbol", "Cancel the symbol's working orders", ("Ctrl+Shift+X",), _CANCEL, "armed", "Trading keys"
    ),
    Command("keys.cancel_all", "Cancel all working orders", ("Ctrl+Alt+Shift+X",), _CANCEL, "armed", "Trading keys"),
    Command("keys.flatten", "Flatten the symbol", ("Ctrl+Shift+F",), _TRADE, "armed", "Trading keys", hold=True),
    Command("keys.buy", "Fill the ticket: buy at the ask", ("Shift+B",), _TRADE, "armed", "Trading keys"),
    Command("keys.sell", "Fill the ticket: sell at the bid", ("Shift+S",), _TRADE, "armed", "Trading keys"),
    Command("orders.cancel_symbol", "Cancel the symbol's working orders…", (), _CANCEL, group="Trading"),
    Command("orders.cancel_mine", "Cancel my working orders…", (), _CANCEL, group="Trading"),
    Command("positions.flatten", "Flatten the selected position…", (), _TRADE, group="Trading"),
    Command("positions.reverse", "Reverse the selected position…", (), _TRADE, group="Trading"),
    Command("positions.flatten_all", "Flatten all positions…", (), _TRADE, group="Trading"),
    Command("risk.halt", "Halt trading…", (), _may(Resource.RISK, Action.RUN), group="Risk"),
    Command("risk.resume", "Resume trading…", (), _may(Resource.RISK, Action.RUN), group="Risk"),
    Command("risk.report", "Write the day's risk report as PDF", (), _may(Resource.RISK, Action.EXPORT), group="Risk"),
    Command("risk.limits", "Risk limits…", (), _may(Resource.RISK, _LOOK), group="Risk"),
    Command("risk.margin", "Margin regime…", (), _may(Resource.RISK, _LOOK), group="Risk"),
    Command("kill", "Kill switch: cancel everything, halt trading…", group="Risk"),
    Command(
        "kill.key", "Kill switch, also while keys are off", ("Ctrl+Shift+K",), scope="held", group="Risk", hold=True
    ),
    Command("reconciliation.run", "Run reconciliation", (), _may(Resource.RECONCILIATION, Action.RUN), group="Control"),
    Command(
        "reconciliation.override",
        "Open trading over the breaks…",
        (),
        _may(Resource.RECONCILIATION, Action.APPROVE),
        group="Control",
    ),
    Command(
        "reconciliation.book",
        "Book a break's entry…",
        (),
        _may(Resource.RECONCILIATION, Action.APPROVE),
        group="Control",
    ),
    Command("audit.verify", "Verify the audit trail", (), _may(Resource.AUDIT, _LOOK), group="Control"),
    Command("deployments.deploy", "Deploy a strategy…", (), _may(Resource.STRATEGIES, Action.RUN), group="Research"),
    Command("backtests.run", "Run the backtest", (), _may(Resource.BACKTESTS, Action.RUN), group="Research"),
    Command(
        "market.import", "Import bars or ticks from a file…", (), _may(Resource.MARKET, Action.CREATE), group="Data"
    ),
    Command("export", "Export this panel", ("Ctrl+E",)),
    Command("export.parquet", "Export this panel as Parquet", ("Ctrl+Alt+E",)),
    Command("full_screen", "Full screen", ("F11",)),
    Command("help.keys", "Keys", ("F1",)),
    Command("account.switch", "Switch account…"),
    Command("connections", "Connections: accounts, keys, OAuth…", (), _may(Resource.SETTINGS, _LOOK)),
    Command("settings", "Settings", ("Ctrl+,",), _may(Resource.SETTINGS, _LOOK)),
    Command("account.mine", "My account: change the password, lock when idle…"),
    Command("lock", "Lock the screen", ("Ctrl+Shift+L",)),
    Command("log_out", "Log out"),
    Command("quit", "Quit", ("Ctrl+Q",)),
    Command("ticket.send", "Review or send the order", ("Ctrl+Return",), _TRADE, "ticket", "Trading"),
    Command("ticket.side", "Buy or sell", ("B", "S"), _TRADE, "ticket", "Trading"),
    Command("table.open", "Open the selected row", ("Return",), scope="table", group="Tables"),
    Command("table.cancel", "Cancel or remove the selected rows", ("Del",), scope="table", group="Tables"),
    Command("table.filter", "Filter the table", ("Ctrl+F",), scope="table", group="Tables"),
    Command("table.amend", "Amend the selected order", ("F2",), scope="table", group="Tables"),
    Command("table.copy", "Copy the selected rows", ("Ctrl+C",), scope="table", group="Tables"),
    Command("chart.do.compare", "Compare the chart with another symbol…", group="Chart"),
    Command("chart.do.replay", "Replay the chart's history", group="Chart"),
    Command("chart.do.indicators", "Add an indicator to the chart…", group="Chart"),
    *(
        Command(f"chart.{name}", title, keys, scope="chart", group="Chart")
        for name, title, keys in (
            ("symbol", "Another symbol: type its letters", ("A",)),
            ("frame", "Another timeframe: type digits, or", (",",)),
            ("indicators", "Indicators", ("/",)),
            ("layout", "Open layout", (".",)),
            ("step", "One bar", ("Left", "Right")),
            ("page", "One page", ("Ctrl+Left", "Ctrl+Right")),
            ("ends", "First and newest bar", ("Home", "End")),
            ("zoom", "Zoom", ("Ctrl+Up", "Ctrl+Down")),
            ("read", "Read bar by bar", ("Shift+Left", "Shift+Right")),
            ("reset", "Reset the view", ("Alt+R",)),
            ("goto", "Go to a date", ("Alt+G",)),
            ("log", "Logarithmic scale", ("Alt+L",)),
            ("percent", "Percent scale", ("Alt+P",)),
            ("invert", "Inverted scale", ("Alt+I",)),
            ("snapshot", "Snapshot", ("Alt+S",)),
            ("trend", "Trend line", ("Alt+T",)),
            ("horizontal", "Horizontal line", ("Alt+H",)),
            ("vertical", "Vertical line", ("Alt+V",)),
            ("cross", "Cross", ("Alt+C",)),
            ("fibonacci", "Fibonacci retracement", ("Alt+F",)),
            ("delete", "Delete the drawing", ("Del",)),
            ("undo", "Undo and redo a drawing", ("Ctrl+Z", "Ctrl+Y")),
            ("hide", "Hide the drawings", ("Ctrl+Alt+H",)),
        )
    ),
)


def key_text(keys: tuple[str, ...]) -> str:
    """The first key as this system writes it, or nothing."""
    return QKeySequence(keys[0]).toString(QKeySequence.SequenceFormat.NativeText) if keys else ""


class Actions(QObject):
    """The table as Qt actions of one window; ``asked`` says the id of what was asked for."""

    asked = Signal(str)

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._actions: dict[str, QAction] = {}  # command id -> action
        self._lacking: dict[str, Permission] = {}  # command id -> the permission that is missing
        self._empty: frozenset[str] = frozenset()  # ids of commands that open nothing
        for command in COMMANDS:
            if command.scope == "app":
                self._actions[command.id] = self._made(command, window)

    def action(self, id_: str) -> QAction:
        """The Qt action of a command. Raises KeyError."""
        return self._actions[id_]

    def available(self) -> list[Command]:
        """The commands of the application's scope, in the table's order."""
        return [command for command in COMMANDS if command.id in self._actions]

    def hidden(self, id_: str) -> bool:
        """Whether a command opens what the signed-in person may not see: then it is nowhere offered."""
        lacking = self._lacking.get(id_)
        return id_ in self._empty or (id_.startswith("panel.") and lacking is not None and lacking.action is _LOOK)

    def empty(self, ids: Collection[str]) -> None:
        """These commands open nothing for the signed-in person."""
        self._empty = frozenset(ids)
        self._offer()

    def reason(self, id_: str) -> str:
        """Why a command cannot be asked for now, or nothing."""
        lacking = self._lacking.get(id_)
        return f"Needs the permission “{lacking}”; ask an Admin." if lacking else ""

    def keys(self, id_: str) -> tuple[str, ...]:
        """The keys in force of a command of the application's scope. Raises KeyError."""
        portable = QKeySequence.SequenceFormat.PortableText
        return tuple(sequence.toString(portable) for sequence in self._actions[id_].shortcuts())

    def rebind(self, keys: Mapping[str, tuple[str, ...]]) -> None:
        """Take other keys: command id -> keys; commands that are not named keep theirs."""
        for id_, action in self._actions.items():
            if id_ in keys:
                action.setShortcuts([QKeySequence(key) for key in keys[id_]])

    def allow(self, holds: Callable[[Permission], bool]) -> None:
        """Enable what the signed-in person may do; the rest says which permission it lacks."""
        self._lacking = {c.id: c.permission for c in COMMANDS if c.permission is not None and not holds(c.permission)}
        for command in self.available():
            action = self._actions[command.id]
            action.setEnabled(command.id not in self._lacking)
            action.setToolTip(self.reason(command.id) or command.title)
        self._offer()

    def _offer(self) -> None:
        """Leave out of every menu what is not to be seen."""
        for id_, action in self._actions.items():
            hidden = self.hidden(id_)
            if action.isVisible() == hidden:
                action.setVisible(not hidden)

    def _made(self, command: Command, window: QWidget) -> QAction:
        action = QAction(command.title, window)
        action.setShortcuts([QKeySequence(key) for key in command.keys])
        action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
        action.triggered.connect(lambda: self.asked.emit(command.id))
        window.addAction(action)
        return action
