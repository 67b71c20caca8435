"""What the tables of deployments and of their signals show."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from qv_desktop.domain.deployments import Deployment, State
from qv_desktop.domain.market import NEW_YORK, utc
from qv_desktop.domain.signals import Fate, Signal
from qv_desktop.ui import format
from qv_desktop.ui.models.column import Column

CHIPS_OF = {
    State.RUNNING: "working", State.PAUSED: "partial", State.FAILED: "rejected", State.STOPPED: "canceled", State.IDLE: "canceled",
}  # fmt: skip
FATES = {
    Fate.ORDER: "filled", Fate.REFUSED: "rejected", Fate.BLOCKED: "partial", Fate.LATE: "partial", Fate.NOTHING: "canceled",
    Fate.WAITS: "working", Fate.PENDING: "working", Fate.FORESEEN: "working",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class DeploymentRow:
    """A deployment with its figures in dollars; None is unknown. ``trouble`` says why it makes no signals now though it runs."""

    deployment: Deployment
    profit: Decimal | None = None
    day: Decimal | None = None
    exposure: Decimal | None = None
    slippage: Decimal | None = None
    orders: int = 0
    fills: int = 0
    held: str = ""
    trouble: str = ""
    last: Signal | None = None


@dataclass(frozen=True, slots=True)
class SignalRow:
    """A signal with what its order did: shares, their average price in dollars and how that order stands."""

    signal: Signal
    filled: Decimal | None = None
    average: Decimal | None = None
    status: str = ""

    @property
    def slippage(self) -> float | None:
        """Basis points paid beyond the close of the bar, negative when it was cheaper."""
        if self.average is None or not self.signal.price:
            return None
        return float((self.average - self.signal.price) / self.signal.price * self.signal.side.sign * 10_000)

    @property
    def words(self) -> str:
        """What became of it, in one chip."""
        return self.status if self.signal.fate is Fate.ORDER and self.status else self.signal.fate.value


def pill_of(deployment: Deployment) -> str:
    """The account's pill: real money is called so, and nothing else is."""
    return "LIVE" if deployment.live else "PAPER"


def deployment_columns(now: Callable[[], datetime]) -> tuple[Column[DeploymentRow], ...]:
    """``now`` is the market's time, for ages."""
    return (
        Column("Strategy", lambda r: r.deployment.label, bold=True, width=118, tip=_tip, whole=True),
        Column("Symbols", lambda r: ", ".join(r.deployment.terms.symbols), width=84, tip=lambda r: ", ".join(r.deployment.terms.symbols)),
        Column("Bars", lambda r: r.deployment.terms.timeframe, color=lambda r: "TX1", width=44),
        Column("Account", lambda r: pill_of(r.deployment), chip=lambda r: "rejected" if r.deployment.live else "filled", width=64,
               tip=lambda r: f"{r.deployment.environment}: {r.deployment.account}"),
        Column("Stage", lambda r: r.deployment.stage.value, color=lambda r: "TX1", width=112, tip=_stage_tip),
        Column("State", _state, chip=lambda r: "rejected" if r.trouble else CHIPS_OF[r.deployment.state], width=84,
               tip=lambda r: r.trouble or r.deployment.reason),
        Column("P&L", lambda r: format.signed_money(r.profit), key=lambda r: r.profit, right=True, whole=True, width=84,
               color=lambda r: format.trend(r.profit)),
        Column("Day", lambda r: format.signed_money(r.day), key=lambda r: r.day, right=True, whole=True, width=78,
               color=lambda r: format.trend(r.day)),
        Column("Holds", lambda r: r.held or "—", color=lambda r: "TX1", width=90, tip=lambda r: r.held),
        Column("Exposure", lambda r: format.money(r.exposure), key=lambda r: r.exposure, right=True, width=84),
        Column("Orders", lambda r: f"{r.orders}/{r.deployment.terms.bounds.orders}", key=lambda r: r.orders, right=True, width=58,
               tip=lambda r: "Orders of today, and how many it may make"),
        Column("Last signal", _last, key=lambda r: r.last.bar if r.last else None, width=96, color=lambda r: "TX1", whole=True),
        Column("Age", lambda r: _age(r, now()), right=True, width=52, aging=True, color=lambda r: "TX1"),
        Column("Slippage", lambda r: format.signed_money(None if r.slippage is None else -r.slippage),
               key=lambda r: r.slippage, right=True, width=78, color=lambda r: "TX1",
               tip=lambda r: "What fills earned (+) or cost (−) against the closes of their signals' bars"),
        Column("Fills", lambda r: f"{r.fills:,}", key=lambda r: r.fills, right=True, width=48, shown=False),
        Column("Started by", lambda r: r.deployment.started_by or "—", width=84, color=lambda r: "TX1", shown=False),
        Column("Id", lambda r: r.deployment.id, mono=True, width=150, color=lambda r: "TX1", shown=False),
    )  # fmt: skip


def signal_columns() -> tuple[Column[SignalRow], ...]:
    """Newest first is the table's own order."""
    return (
        Column("Bar", lambda r: _bar(r.signal.bar), key=lambda r: r.signal.bar, mono=True, width=98, whole=True,
               tip=lambda r: f"The bar that began then, New York time; told at {r.signal.at.astimezone(NEW_YORK):%H:%M:%S}"),
        Column("Symbol", lambda r: r.signal.symbol, bold=True, width=64, whole=True),
        Column("Side", lambda r: r.signal.side.value.upper(), width=44, color=lambda r: "BUY" if r.signal.side.sign > 0 else "SELL"),
        Column("Signal", lambda r: _kind(r.signal), width=92, color=lambda r: "TX1", tip=lambda r: _goal(r.signal)),
        Column("Strategy", lambda r: r.signal.strategy, width=112, color=lambda r: "TX1", tip=lambda r: r.signal.deployment),
        Column("Close", lambda r: format.price(r.signal.price), key=lambda r: r.signal.price, right=True, whole=True, width=72),
        Column("Became", lambda r: r.words, chip=lambda r: FATES[r.signal.fate], width=92, tip=lambda r: r.signal.reason),
        Column("Filled", lambda r: format.quantity(r.filled) if r.filled else "—", key=lambda r: r.filled, right=True, width=56),
        Column("Average", lambda r: format.price(r.average), key=lambda r: r.average, right=True, width=72),
        Column("bps", lambda r: format.signed(r.slippage, 1), key=lambda r: r.slippage, right=True, width=52, color=lambda r: "TX1",
               tip=lambda r: "Basis points beyond the close of the bar; minus is cheaper"),
        Column("Why", lambda r: r.signal.reason or "—", width=160, stretch=True, color=lambda r: "TX1", tip=lambda r: r.signal.reason),
    )  # fmt: skip


def _bar(at: int) -> str:
    return f"{utc(at).astimezone(NEW_YORK):%m-%d %H:%M}"


def _state(row: DeploymentRow) -> str:
    return "no signals" if row.trouble and row.deployment.running else row.deployment.state.value


def _last(row: DeploymentRow) -> str:
    return "—" if row.last is None else f"{_kind(row.last)} {row.last.symbol}"


def _kind(signal: Signal) -> str:
    """A target with the part of its capital."""
    return signal.kind.value if signal.target is None else f"{signal.kind.value} {signal.target * 100:.1f} %"


def _goal(signal: Signal) -> str:
    """What a target comes to."""
    return "" if signal.wanted is None else f"{signal.wanted:f} shares are to be held"


def _age(row: DeploymentRow, now: datetime) -> str:
    if row.last is None:
        return "—"
    return format.age((now - row.last.at).total_seconds())


def _tip(row: DeploymentRow) -> str:
    terms = row.deployment.terms
    knobs = ", ".join(f"{name} {value:g}" for name, value in terms.parameters)
    return f"{row.deployment.id}\n{knobs}\nmade by {row.deployment.created_by}"


def _stage_tip(row: DeploymentRow) -> str:
    one = row.deployment
    said = [
        f"asked by {one.asked_by}" if one.asked_by else "",
        f"approved by {one.approved_by}" if one.approved_by else "",
    ]
    return ", ".join(filter(None, said))
