"""Connects everything: the only room where services and panels meet."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtWidgets import QWidget

from qv_desktop.services.account import Account
from qv_desktop.services.account_history import AccountHistory
from qv_desktop.services.alert_rules import AlertRules
from qv_desktop.services.audit import Audit
from qv_desktop.services.audit_exports import AuditExports
from qv_desktop.services.authoring import Authoring
from qv_desktop.services.averages import Averages
from qv_desktop.services.backfill import Backfill
from qv_desktop.services.backtests import Backtests
from qv_desktop.services.break_reports import BreakReports
from qv_desktop.services.breaks import Breaks
from qv_desktop.services.bus import Bus
from qv_desktop.services.clock import Clock
from qv_desktop.services.deployments import Deployments
from qv_desktop.services.drawings import Drawings
from qv_desktop.services.exports import Exports
from qv_desktop.services.feeds import Feeds
from qv_desktop.services.flattening import Flattening
from qv_desktop.services.gaps import Gaps
from qv_desktop.services.halts import Halts
from qv_desktop.services.health import Health
from qv_desktop.services.history import History
from qv_desktop.services.imports import Imports
from qv_desktop.services.kill_switch import KillSwitch
from qv_desktop.services.limits import RiskLimits
from qv_desktop.services.live_backtests import LiveBacktests
from qv_desktop.services.login import Login
from qv_desktop.services.look_ahead import LookAheads
from qv_desktop.services.loss_ladder import LossLadder
from qv_desktop.services.margin import Margin
from qv_desktop.services.market_data import MarketData
from qv_desktop.services.notices import Notices
from qv_desktop.services.orders import Orders
from qv_desktop.services.people import People
from qv_desktop.services.ports.preferences import Preferences
from qv_desktop.services.positions import Positions
from qv_desktop.services.price_alerts import PriceAlerts
from qv_desktop.services.reconcile import Reconcile
from qv_desktop.services.risk import Risk
from qv_desktop.services.risk_measures import RiskMeasures
from qv_desktop.services.risk_reports import RiskReports
from qv_desktop.services.roles import Roles
from qv_desktop.services.run_exports import RunExports
from qv_desktop.services.saved_scans import SavedScans
from qv_desktop.services.scanner import Scanner
from qv_desktop.services.sectors import Sectors
from qv_desktop.services.sessions import Sessions
from qv_desktop.services.strategies import Strategies
from qv_desktop.services.sweeps import Sweeps
from qv_desktop.services.ticks import Ticks
from qv_desktop.services.validation import Validations
from qv_desktop.services.watchlists import Watchlists
from qv_desktop.ui.main_window import MainWindow
from qv_desktop.ui.panels.alerts import AlertsPanel
from qv_desktop.ui.panels.audit import AuditPanel
from qv_desktop.ui.panels.backtests import BacktestsPanel
from qv_desktop.ui.panels.balances import BalancesPanel
from qv_desktop.ui.panels.chart import ChartPanel
from qv_desktop.ui.panels.data import DataPanel
from qv_desktop.ui.panels.fills import FillsPanel
from qv_desktop.ui.panels.limits import LimitsPanel
from qv_desktop.ui.panels.log import LogPanel
from qv_desktop.ui.panels.orders import OrdersPanel
from qv_desktop.ui.panels.positions import PositionsPanel
from qv_desktop.ui.panels.price_alerts import PriceAlertsPanel
from qv_desktop.ui.panels.quotes import QuotesPanel
from qv_desktop.ui.panels.reconciliation import ReconciliationPanel
from qv_desktop.ui.panels.risk import RiskPanel
from qv_desktop.ui.panels.roles import RolesPanel
from qv_desktop.ui.panels.scanner import ScannerPanel
from qv_desktop.ui.panels.signals import SignalsPanel
from qv_desktop.ui.panels.strategies import StrategiesPanel
from qv_desktop.ui.panels.stress import StressPanel
from qv_desktop.ui.panels.sweeps import SweepsPanel
from qv_desktop.ui.panels.tape import TapePanel
from qv_desktop.ui.panels.ticket import TicketPanel
from qv_desktop.ui.panels.users import UsersPanel
from qv_desktop.ui.panels.watchlist import WatchlistPanel
from qv_desktop.ui.tasks import Tasks


@dataclass(frozen=True, slots=True)
class Services:
    """Every service of one signed-in program."""

    bus: Bus
    clock: Clock
    login: Login
    market: MarketData
    feeds: Feeds
    history: History
    gaps: Gaps
    backfill: Backfill
    ticks: Ticks
    sessions: Sessions
    watchlists: Watchlists
    scans: SavedScans
    scanner: Scanner
    price_alerts: PriceAlerts
    halts: Halts
    imports: Imports
    drawings: Drawings
    positions: Positions
    account: Account
    risk: Risk
    orders: Orders
    flattening: Flattening
    reconcile: Reconcile
    kill: KillSwitch
    audit: Audit
    strategies: Strategies
    backtests: Backtests
    notices: Notices
    health: Health
    exports: Exports
    preferences: Preferences
    account_history: AccountHistory
    averages: Averages
    people: People
    roles: Roles
    audit_exports: AuditExports
    breaks: Breaks
    break_reports: BreakReports
    live_backtests: LiveBacktests
    authoring: Authoring
    run_exports: RunExports
    sweeps: Sweeps
    validations: Validations
    look_aheads: LookAheads
    deployments: Deployments
    risk_measures: RiskMeasures
    sectors: Sectors
    limits: RiskLimits
    margin: Margin
    risk_reports: RiskReports
    ladder: LossLadder
    alert_rules: AlertRules


@dataclass(frozen=True, slots=True)
class Panels:
    """Every panel of one window."""

    watchlist: WatchlistPanel
    quotes: QuotesPanel
    scanner: ScannerPanel
    data: DataPanel
    tape: TapePanel
    chart: ChartPanel
    ticket: TicketPanel
    orders: OrdersPanel
    positions: PositionsPanel
    fills: FillsPanel
    risk: RiskPanel
    reconciliation: ReconciliationPanel
    audit: AuditPanel
    strategies: StrategiesPanel
    backtests: BacktestsPanel
    sweeps: SweepsPanel
    alerts: AlertsPanel
    price_alerts: PriceAlertsPanel
    log: LogPanel
    balances: BalancesPanel
    users: UsersPanel
    roles: RolesPanel
    signals: SignalsPanel
    limits: LimitsPanel
    stress: StressPanel

    def by_name(self) -> dict[str, QWidget]:
        """The panels by their own names."""
        return {panel.name: panel for panel in (getattr(self, slot) for slot in self.__slots__)}


async def panels(install: str, pause: Callable[[], Awaitable[None]]) -> Panels:
    """New panels, with a ``pause`` after each so that the log-in stays alive; ``install`` names this installation in order ids."""
    makers: tuple[Callable[[], QWidget], ...] = (
        WatchlistPanel, QuotesPanel, ScannerPanel, DataPanel, TapePanel,
        lambda: ChartPanel("chart", install), lambda: TicketPanel(install), lambda: OrdersPanel(install),
        lambda: PositionsPanel(install),
        FillsPanel, RiskPanel, ReconciliationPanel, AuditPanel, StrategiesPanel, BacktestsPanel, SweepsPanel, AlertsPanel,
        PriceAlertsPanel, LogPanel, BalancesPanel, UsersPanel, RolesPanel, SignalsPanel, LimitsPanel, StressPanel,
    )  # fmt: skip
    made: list[Any] = []
    for make in makers:
        made.append(make())
        await pause()
    return Panels(*made)


@dataclass(frozen=True, slots=True)
class Desk:
    """One window with all that is behind it."""

    services: Services
    panels: Panels
    window: MainWindow
    tasks: Tasks
