"""What the desk's alert rules look at: measures over the state that the services hold, cheap enough for once a second."""

import time
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from qv_desktop.domain.accounts import Account, margin_used
from qv_desktop.domain.alert_rules import Reading
from qv_desktop.domain.audit import Verification
from qv_desktop.domain.errors import BrokerDown, Denied
from qv_desktop.domain.events import (
    FeedChanged,
    Filled,
    HealthMeasured,
    OrderChanged,
    Reconciled,
    RiskMeasured,
    TradingOverridden,
)
from qv_desktop.domain.limits import Limits
from qv_desktop.domain.loss_ladder import Losses
from qv_desktop.domain.market import Quote
from qv_desktop.domain.orders import CLOSED, Fill, Order, OrderStatus
from qv_desktop.domain.positions import Position
from qv_desktop.domain.reconciliation import Override, Reconciliation
from qv_desktop.domain.risk_measures import RiskPicture
from qv_desktop.domain.slippage import measured_from
from qv_desktop.services.settling import NEVER_ARRIVED

WINDOW = 300.0  # seconds over which rejects and slippage are looked at
FEWEST = 3  # orders of which a share of rejects says something
MOST = 5_000  # orders of which is remembered that they were sent, and at which mid
FIRST_ANSWER = 15  # seconds that the broker's first answer may take more than any later one
ONE_DAY, CONFIDENCE = 1, 0.99  # of the value at risk that its rule looks at
GIGABYTE = 2**30
BEYOND = 1_000.0  # percent that stand for any use of nothing
_BAD = {"mute": "feed_mute", "evicted": "feed_evicted", "backing off": "feed_lost", "off": "feed_lost"}
_GOOD = ("live", "quiet", "backfilling")
_OUR_STOP = ": stopped."  # ends the words of a feed that we hung up ourselves
_DOWN = "· down"  # ends the words of a database whose writes fail

type Readings = Sequence[Reading] | None  # of one rule; None while its measure is unknown


@dataclass(frozen=True, slots=True)
class Around:
    """Where the measures come from, as plain functions: the stream in force and its stale symbols, quotes, the books, and the rest."""

    source: Callable[[], str]
    stale: Callable[[], Collection[str]]
    quote: Callable[[str], Quote | None]
    prices: Callable[[], Mapping[str, float]]
    positions: Callable[[], Mapping[str, Position]]
    account: Callable[[], Account | None]
    losses: Callable[[], Losses]  # as the gate's rules take them
    limits: Callable[[], Limits]
    limits_of: Callable[[str], Limits]  # of orders in one symbol
    sector: Callable[[str], str]
    skew: Callable[[], float | None]
    audit: Callable[[], Verification | None]


@dataclass(slots=True)
class Probed:
    """What is found out by asking now and then: milliseconds of the database, bytes free on the disk."""

    ping_ms: float | None = None
    free: int | None = None


@dataclass(slots=True)
class _Sent:
    """An order of the window: when it was sent, and whether the broker rejected it."""

    at: float
    rejected: bool = False


@dataclass(slots=True)
class _Feeds:
    """What ails which feed: the first thing that went wrong stays the reason until it is well again."""

    known: set[str] = field(default_factory=set)
    ailing: dict[str, tuple[str, str]] = field(default_factory=dict)  # feed -> rule, words


class DeskMeasures:
    """Hears what happens and answers ``readings``: rule -> a reading for each subject. ``monotonic`` gives a person's seconds."""

    def __init__(self, around: Around, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._around, self._monotonic = around, monotonic
        self.probed = Probed()
        self._feeds = _Feeds()
        self._unresolved: dict[str, tuple[float, str]] = {}  # client order id -> since when, words
        self._sent: dict[str, _Sent] = {}  # client order id -> of the window, oldest first
        self._ours: dict[str, None] = {}  # client order ids that were sent in this sitting, oldest first
        self._mids: dict[str, float] = {}  # client order id -> mid when it was first seen, or its stop, oldest first
        self._costs: deque[tuple[float, str, float, float]] = deque()  # when, symbol, bps, shares
        self._run: Reconciliation | None = None
        self._override: Override | None = None
        self._silent, self._answered = 0, False
        self._trouble: BrokerDown | None = None  # why the broker brings no balances
        self._database_down: bool | None = None
        self._picture: RiskPicture | None = None

    # ---- what is heard

    def feed_changed(self, event: FeedChanged) -> None:
        """A feed that ails keeps its first reason, but an eviction is told as what it is."""
        ailing = self._feeds.ailing
        self._feeds.known.add(event.feed)
        rule = _BAD.get(event.state)
        if event.state in _GOOD or (event.state == "off" and event.detail.endswith(_OUR_STOP)):
            ailing.pop(event.feed, None)
        elif rule is not None and (event.feed not in ailing or rule == "feed_evicted"):
            ailing[event.feed] = (rule, event.detail)

    def order_changed(self, event: OrderChanged) -> None:
        """Sent, rejected, unresolved."""
        order, at = event.order, self._monotonic()
        stops = order.request.stop is not None  # a split, or the broker, may move it
        if (stops or order.id not in self._mids) and order.status not in CLOSED and order.filled == 0:
            self._arrived(order)
        if order.status is OrderStatus.UNRESOLVED:
            self._unresolved.setdefault(order.id, (at, _words(order)))
        else:
            self._unresolved.pop(order.id, None)
        if order.status in (OrderStatus.INTENT, OrderStatus.SUBMITTED):
            self._leaves(order, at)
        elif order.status is OrderStatus.REJECTED and order.reason != NEVER_ARRIVED and order.id in self._ours:
            self._sent[order.id] = _Sent(at, rejected=True)

    def _leaves(self, order: Order, at: float) -> None:
        """Orders that a start finds in the journal left in another sitting, and are none of these minutes."""
        self._ours[order.id] = None
        if order.status is OrderStatus.SUBMITTED:
            self._sent.setdefault(order.id, _Sent(at))
        if len(self._ours) > MOST:
            del self._ours[next(iter(self._ours))]

    def _arrived(self, order: Order) -> None:
        quote = self._around.quote(order.request.symbol)
        base = measured_from(order.request, None if quote is None else quote.mid)
        if base is not None and base > 0:
            self._mids[order.id] = base
            if len(self._mids) > MOST:
                del self._mids[next(iter(self._mids))]

    def filled(self, event: Filled) -> None:
        """What an execution cost beyond the mid at which its order was sent, or its stop."""
        fill, mid = event.fill, self._mids.get(event.fill.client_order_id)
        if mid is not None:
            self._costs.append((self._monotonic(), fill.symbol, slippage_bps(fill, mid), float(fill.quantity)))

    def reconciled(self, event: Reconciled) -> None:
        """A comparison; what came back after one that passed is news, whoever saw it before."""
        self._run = event.run
        if event.run.passed:
            self._override = None

    def overridden(self, event: TradingOverridden) -> None:
        """A person knows of some breaks, and trades over them."""
        self._override = event.override

    def health(self, event: HealthMeasured) -> None:
        """Once a second."""
        self._silent = 0 if event.broker_ms is not None else self._silent + 1
        self._answered = self._answered or event.broker_ms is not None
        self._trouble = event.broker_trouble
        self._database_down = event.database.endswith(_DOWN)

    def risk(self, event: RiskMeasured) -> None:
        """Once a second; with the whole picture where it is measured."""
        self._picture = event.picture or self._picture

    # ---- what is read

    def readings(self) -> dict[str, Readings]:
        """Every rule's."""
        account, losses = self._around.account(), self._around.losses()
        return {
            **self._of_feeds(), "order_unresolved": self._of_unresolved(), "reject_rate": self._of_rejects(),
            "slippage": self._of_slippage(), **self._of_books(account), "loss_limit": self._of_loss(losses),
            "drawdown_limit": self._of_drawdown(losses), "margin": _of_margin(account),
            "value_at_risk": self._of_var(), "reconciliation_break": self._of_breaks(), "audit_broken": self._of_audit(),
            "clock_skew": _one(self._around.skew()), "broker_silent": self._of_broker(),
            "database_down": _one(None if self._database_down is None else float(self._database_down)),
            "database_lag": _one(None if self._database_down else self.probed.ping_ms),
            "disk_low": _one(None if self.probed.free is None else self.probed.free / GIGABYTE),
        }  # fmt: skip

    def at_once(self) -> dict[str, Readings]:
        """Those that events change: they are not kept waiting for the next second."""
        return {
            **self._of_feeds(),
            "order_unresolved": self._of_unresolved(),
            "reconciliation_break": self._of_breaks(),
        }

    def _of_feeds(self) -> dict[str, Readings]:
        ailing, source = self._feeds.ailing, self._around.source()
        found: dict[str, Readings] = {
            code: [Reading(feed, 1.0, words) for feed, (rule, words) in ailing.items() if rule == code]
            for code in ("feed_mute", "feed_evicted", "feed_lost")
        }
        if not source or source in ailing:
            return found | {"feed_stale": None}  # of silence because of its link, the link's own alert tells
        stale = sorted(self._around.stale())
        return found | {"feed_stale": [Reading(source, float(len(stale)), f"Silent: {_some(stale)}." if stale else "")]}

    def _of_unresolved(self) -> list[Reading]:
        at = self._monotonic()
        return [Reading(key, at - since, words, about=key) for key, (since, words) in self._unresolved.items()]

    def _of_rejects(self) -> list[Reading]:
        at = self._monotonic()
        self._sent = {key: sent for key, sent in self._sent.items() if at - sent.at <= WINDOW}
        rejected = sum(sent.rejected for sent in self._sent.values())
        if len(self._sent) < FEWEST:
            return [Reading("", 0.0)]
        return [Reading("", rejected / len(self._sent) * 100, f"{rejected} of {len(self._sent)} orders were rejected.")]

    def _of_slippage(self) -> list[Reading]:
        at = self._monotonic()
        while self._costs and at - self._costs[0][0] > WINDOW:
            self._costs.popleft()
        sums: dict[str, tuple[float, float]] = {}  # symbol -> bps times shares, shares
        for _, symbol, bps, shares in self._costs:
            cost, count = sums.get(symbol, (0.0, 0.0))
            sums[symbol] = (cost + bps * shares, count + shares)
        return [Reading(symbol, cost / shares, f"{shares:,.0f} shares in five minutes.") for symbol, (cost, shares) in sums.items()
                if shares]  # fmt: skip

    def _of_books(self, account: Account | None) -> dict[str, Readings]:
        """Names, gross, net and sectors against their limits. Of a name without a price nothing is known, nor of the whole of its book.

        While that is so, a rule of its own says it: else nobody would know that the others look at nothing.
        """
        held = self._around.positions()
        if account is None or not account.equity or account.equity <= 0:
            left = "is not known" if account is None or account.equity is None else f"is ${account.equity:,.2f}"
            words = f"The equity {left}: {len(held):,} position{'' if len(held) == 1 else 's'} cannot be laid against limits."
            blind = [Reading("", float(bool(held)), words)]
            return {"position_limit": None, "exposure_limit": None, "exposure_unknown": blind}
        prices, limits, equity = self._around.prices(), self._around.limits(), float(account.equity)
        values = {
            symbol: float(position.quantity) * prices[symbol] for symbol, position in held.items() if symbol in prices
        }
        shares = {symbol: abs(value) / equity for symbol, value in values.items()}
        names = [Reading(symbol, _used(share, self._around.limits_of(symbol).position_fraction), f"{share:.1%} of the equity.",
                         about=symbol)
                 for symbol, share in shares.items()]  # fmt: skip
        if unknown := [Reading(symbol, None) for symbol in held if symbol not in prices]:
            blind = [Reading("", 1.0, f"There is no price of {_some([one.subject for one in unknown])}.")]
            return {"position_limit": [*names, *unknown], "exposure_limit": None, "exposure_unknown": blind}
        exposures = list(self._exposures(values, equity, limits))
        return {"position_limit": names, "exposure_limit": exposures, "exposure_unknown": [Reading("", 0.0)]}

    def _exposures(self, values: Mapping[str, float], equity: float, limits: Limits) -> Iterator[Reading]:
        gross, net = sum(map(abs, values.values())) / equity, abs(sum(values.values())) / equity
        yield Reading("gross", _used(gross, limits.gross_fraction), f"Gross exposure is {gross:.1%} of the equity.")
        yield Reading("net", _used(net, limits.net_fraction), f"Net exposure is {net:.1%} of the equity.")
        sectors: dict[str, float] = {}
        for symbol, value in values.items():
            if sector := self._around.sector(symbol):
                sectors[sector] = sectors.get(sector, 0.0) + abs(value) / equity
        for sector, share in sectors.items():
            yield Reading(sector, _used(share, limits.sector_fraction), f"{sector} is {share:.1%} of the equity.")

    def _of_loss(self, losses: Losses) -> Readings:
        if losses.loss is None:
            return None
        used = _used(float(losses.loss), self._around.limits().daily_loss)
        return [Reading("", used, f"${losses.loss:,.2f} are lost today.")]

    def _of_drawdown(self, losses: Losses) -> Readings:
        if losses.drawdown is None:
            return None
        used = _used(float(losses.drawdown), self._around.limits().drawdown_fraction)
        return [Reading("", used, f"The equity is {losses.drawdown:.1%} below its highest.")]

    def _of_var(self) -> Readings:
        picture = self._picture
        slow = picture.slow if picture is not None else None
        if picture is None or slow is None or not picture.equity:
            return None
        worst = [one.var for one in slow.vars if one.days == ONE_DAY and abs(one.confidence - CONFIDENCE) < 1e-9]
        if not worst:
            return None
        return [Reading("", max(worst) / float(picture.equity) * 100, f"${max(worst):,.2f} by the gravest method.")]

    def _of_breaks(self) -> Readings:
        """A break that a person has seen and trades over is no news, and the broker's own lag is none."""
        if self._run is None:
            return None
        covered = self._override.covers if self._override is not None else frozenset()
        left = [one for one in self._run.closing if one.seen_as not in covered]
        words = "; ".join(f"{one.section} {one.key}: {one.difference}" for one in left[:3])
        return [Reading("", float(len(left)), f"{words}." if words else "")]

    def _of_audit(self) -> Readings:
        found = self._around.audit()
        if found is None:
            return None
        return [Reading("", float(not found.whole), "" if found.whole else f"Row {found.broken_at}: {found.reason}.")]

    def _of_broker(self) -> list[Reading]:
        silent = self._silent if self._answered else self._silent - FIRST_ANSWER
        if isinstance(self._trouble, Denied) and not self._answered:
            return [Reading("", 0.0)]  # nobody's account is no alarm: a notice says what to do, and the ticket is shut
        words = str(self._trouble) if isinstance(self._trouble, Denied) else "Orders may stay unresolved."
        return [Reading("", float(max(silent, 0)), words)]


def slippage_bps(fill: Fill, mid: float) -> float:
    """What ``fill`` cost beyond ``mid``, in hundredths of a percent; negative where it was better."""
    return (float(fill.price) - mid) / mid * 10_000 * fill.side.sign


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _used(value: float, limit: Decimal) -> float:
    """Percent of the limit; any use of a limit of nothing is beyond it."""
    return value / float(limit) * 100 if limit > 0 else (BEYOND if value > 0 else 0.0)


def _one(value: float | None) -> Readings:
    return None if value is None else [Reading("", value)]


def _of_margin(account: Account | None) -> Readings:
    """A requirement without any equity to meet it is beyond every threshold."""
    if account is None or account.equity is None or account.maintenance_margin is None:
        return None
    if account.equity <= 0:
        required = account.maintenance_margin > 0
        return [Reading("", BEYOND if required else 0.0, "Nothing is left of the equity." if required else "")]
    return [Reading("", float(margin_used(account) or 0) * 100)]


def _words(order: Order) -> str:
    request = order.request
    return f"{request.side.upper()} {request.quantity:,f} {request.symbol}: the broker has not answered; it is being asked."
