"""The loss ladder: looks at the day's loss, drawdown and losses in a row, and brakes by itself within the second; never frees by itself
within the day."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import count

import structlog

from qv_desktop.domain.access import Action, Permission, Resource
from qv_desktop.domain.account_history import Activity
from qv_desktop.domain.accounts import Account as Balances
from qv_desktop.domain.alerts import Urgency
from qv_desktop.domain.audit import SYSTEM, Draft
from qv_desktop.domain.counters import ACCOUNT, Key, Standing, Standings, Tally, day_of, profit_of
from qv_desktop.domain.drawdown import Peak, balances_day, caught_up, lost, raised
from qv_desktop.domain.errors import BadInput, BrokerDown, DatabaseDown, NotPermitted
from qv_desktop.domain.events import LadderChanged
from qv_desktop.domain.limits import Limits, Scope
from qv_desktop.domain.loss_ladder import Ladder, Losses, climbed, of_new_day
from qv_desktop.domain.loss_rules import clock
from qv_desktop.domain.orders import Fill, Order
from qv_desktop.domain.risk import TradingState
from qv_desktop.services.account import Account
from qv_desktop.services.counters import CounterBook
from qv_desktop.services.day_loss import DayLoss
from qv_desktop.services.login import Login
from qv_desktop.services.marks import Marks
from qv_desktop.services.noting import Note
from qv_desktop.services.ports.callbacks import Now, Publish
from qv_desktop.services.ports.risk import CounterStore
from qv_desktop.services.positions import Positions
from qv_desktop.services.trading_states import CHANGE, RUN, TradingStates

log = structlog.get_logger(__name__)

VIEW = Permission(Resource.RISK, Action.VIEW)
EVERY = 0.25  # seconds between looks
OTHERS = 8  # looks between two at what other desks set by hand
SILENT = 15.0  # seconds after which the broker's figure and quotes count as silent
OWN = frozenset(
    {"daily_loss", "consecutive_losses", "cooldown_seconds", "trades_per_day"}
)  # what a scope may have for itself
UNBOUND, MANY = Decimal(10) ** 15, 10**9

type Tell = Callable[..., None]
type SetFor = Callable[[Scope, str], Mapping[str, Decimal | int]]


class LossLadder:
    """``limits`` are the account's, ``set_for`` what a user, strategy or symbol has for itself; ``trades`` whether today trades."""

    def __init__(
        self, states: TradingStates, book: CounterBook, store: CounterStore, account: Account, positions: Positions, marks: Marks,
        login: Login, publish: Publish, now: Now, note: Note, tell: Tell, *,
        limits: Callable[[], Limits], recent: Callable[[], Iterable[Fill]],
        set_for: SetFor = lambda scope, of: {}, working: Callable[[], Iterable[Order]] = tuple,
        movements: Callable[[date], Awaitable[list[Activity]]] | None = None,
        trades: Callable[[], bool] = lambda: True, open_now: Callable[[], bool] = lambda: True,
    ) -> None:  # fmt: skip
        self._states, self._book, self._store, self._account = states, book, store, account
        self._positions, self._marks, self._login = positions, marks, login
        self._publish, self._now, self._note, self._tell = publish, now, note, tell
        self._limits, self._recent, self._set_for, self._working = limits, recent, set_for, working
        self._movements, self._trades, self._open_now = movements, trades, open_now
        self._day = DayLoss()
        self._peak: Peak | None = None
        self._kept_peak: Peak | None = None
        self._started = False
        self._told: set[tuple[Key, str, object]] = set()  # what was told of a scope: its key, about what, of when
        self._shown: Ladder | None = None
        self._profits: dict[Key, Decimal | None] = {}  # scopes' days since the last look, or the last execution
        self._jobs: dict[str, asyncio.Task[None]] = {}  # what is being written, one of a kind
        self.losses_now = Losses()
        states.losses = lambda: self.losses_now
        states.account_limits = limits

    # ---- the start, and what is heard

    async def start(self) -> None:
        """Counters and peak as kept and as the journal tells; from now on it looks. Raises DatabaseDown."""
        account = self._account.id
        self._started = False
        await self._book.start(account, self._positions.all().values(), self._recent())
        self._peak = self._kept_peak = await self._read_peak(account)
        self._started = True
        for key, standing in self._pauses().items():
            self._told.add((key, "cooldown", standing.counters.last_loss_at))  # it was told when it began
        if self._account.balances is not None:
            self.told(self._account.balances)

    async def _read_peak(self, account: str) -> Peak | None:
        try:
            peak = await self._store.peak(account)
        except NotPermitted as error:
            log.info("peak_not_read", reason=str(error))
            return self._peak
        if peak is None or self._movements is None or self._account.balances is None:
            return peak
        until = balances_day(self._account.balances, day_of(self._now()))
        if until <= peak.day:
            return peak
        try:
            return caught_up(peak, await self._movements(peak.day), until)
        except BrokerDown as error:
            log.info("movements_unknown", reason=str(error))
            return peak

    def filled(self, fill: Fill) -> None:
        """An execution; losses in a row count at once, dollars at the next look."""
        self._book.heard(fill)
        self._day.filled(fill)
        self._profits.clear()

    def told(self, balances: Balances) -> None:
        """The broker told the account."""
        held = self._positions.held()
        self._day.tell(balances, held, self._marks.of(held))
        if self._started:
            self._raise_peak(balances)
        self.look()

    def _raise_peak(self, balances: Balances) -> None:
        self._peak = raised(self._peak, balances, day_of(self._now()))
        if self._peak is not None and self._peak != self._kept_peak and self._login.may(RUN):
            self._write("peak", self._keep_peak)

    async def _keep_peak(self) -> None:
        peak = self._peak
        if peak is not None:
            await self._store.keep_peak(self._account.id, peak)
            self._kept_peak = peak

    # ---- looking

    async def run(self) -> None:
        """Look until cancelled."""
        for looks in count(1):
            await asyncio.sleep(EVERY)
            self.look()
            if self._started:
                if looks % OTHERS == 0:
                    self._write("heed", self._states.heed)
                await self._book.turn(self._account.id)

    def look(self) -> None:
        """Decide by the figures of this moment; brakes take effect before this returns."""
        if not self._started:
            return
        now, limits = self._now(), self._limits()
        self._profits.clear()
        self.losses_now = self._losses()
        self._turn_day(limits, now)
        stand = climbed(self._states.stand, self.losses_now, limits, now)
        if stand != self._states.stand:
            self._states.step(stand, record=self._login.may(RUN))
        self._tell_scopes(now)
        self._show(self.picture())

    def _losses(self) -> Losses:
        held = self._positions.held()
        marks = self._marks.of(held)
        told, counted = self._day.told, self._day.counted(marks)
        if told is None:  # the broker does not tell its figures: what executions and prices tell
            counted = self._profit(self._book[ACCOUNT]) if self._account.balances is not None else None
        known = [figure for figure in (told, counted) if figure is not None]
        profit = min(known, default=None)
        equity = self._day.equity
        if equity is not None and profit is not None and told is not None:
            equity = equity + profit - told
        peak = self._peak
        return Losses(profit, lost(peak, equity), told, counted, peak.equity if peak else None, equity)

    def _profit(self, tally: Tally) -> Decimal | None:
        marks = self._marks.beside(tally.holdings)
        unpriced = {
            s: one.average for s, one in tally.holdings.items() if one.quantity and s not in marks
        }  # what it cost
        return profit_of(tally, {**marks, **unpriced} if unpriced else marks, self._marks.closes)

    def _turn_day(self, limits: Limits, now: datetime) -> None:
        """The day's rungs go with the day; what a person or a drawdown halted stays."""
        if not self._trades():
            return
        stand = of_new_day(self._states.stand, self.losses_now, limits, now)
        if stand != self._states.stand:
            self._write("day", lambda: self._states.begin_day(stand, record=self._login.may(RUN)))

    def _write(self, kind: str, work: Callable[[], Awaitable[None]]) -> None:
        """One of a kind at a time; what fails is tried again at the next look that wants it."""
        if kind in self._jobs:
            return
        job = asyncio.get_running_loop().create_task(self._done(kind, work))
        self._jobs[kind] = job
        job.add_done_callback(lambda _: self._jobs.pop(kind, None))

    async def _done(self, kind: str, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except (DatabaseDown, NotPermitted) as error:
            log.info("ladder_not_kept", kind=kind, reason=str(error))
            await asyncio.sleep(EVERY * 4)  # not at every look

    # ---- scopes

    def standings(self, user: str, source: str, symbol: str) -> Standings | None:
        """Of everybody whom an order concerns, the account's first; None before the start."""
        if not self._started:
            return None
        strategy = self._book.strategy(source)
        keys = ((Scope.USER, user), (Scope.STRATEGY, strategy), (Scope.SYMBOL, symbol))
        return (
            self._account_standing(),
            *(self._standing(key, values) for key in keys if key[1] and (values := self._own(key))),
        )

    def _own(self, key: Key) -> dict[str, Decimal | int]:
        return {name: value for name, value in self._set_for(*key).items() if name in OWN}

    def _account_standing(self) -> Standing:
        tally = self._book[ACCOUNT]
        return Standing(
            ACCOUNT, self._limits(), tally.counters, self.losses_now.profit, tally.holdings, self.losses_now.drawdown
        )

    def _standing(self, key: Key, values: Mapping[str, Decimal | int]) -> Standing:
        """One scope's own limits; what it does not set binds it through the account alone."""
        free = replace(self._limits(), daily_loss=UNBOUND, consecutive_losses=MANY, trades_per_day=MANY)
        tally = self._book[key]
        sources = self._sources(key[1]) if key[0] is Scope.STRATEGY and "trades_per_day" in values else None
        limits = replace(free, **values)  # type: ignore[arg-type]  # names are those of Limits
        if (
            key not in self._profits
        ):  # once a look: an order must not wait for the prices of everything that a user holds
            self._profits[key] = self._profit(tally)
        return Standing(key, limits, tally.counters, self._profits[key], tally.holdings, sources=sources)

    def _sources(self, strategy: str) -> frozenset[str]:
        """The sources of working orders that count for a strategy."""
        told = {order.request.source for order in self._working()}
        return frozenset(source for source in told if self._book.strategy(source) == strategy)

    def _bound(self) -> dict[Key, Standing]:
        """The account, and every scope that traded and has limits of its own."""
        found = {ACCOUNT: self._account_standing()}
        for key in self._book.all():
            if key != ACCOUNT and (values := self._own(key)):
                found[key] = self._standing(key, values)
        return found

    def _pauses(self) -> dict[Key, Standing]:
        now = self._now()
        return {k: one for k, one in self._bound().items() if (until := one.cooling_until) is not None and until > now}

    def _tell_scopes(self, now: datetime) -> None:
        """A cooldown that begins, and a scope's own daily loss: told and recorded once."""
        for key, one in self._bound().items():
            until = one.cooling_until
            if until is not None and until > now and self._first((key, "cooldown", one.counters.last_loss_at)):
                self._say("cooldown", key, f"{one.counters.consecutive_losses} losing round trips in a row for {one.whose}: only what "
                                           f"reduces is taken until {clock(until)}.", "warning")  # fmt: skip
            loss = None if one.profit is None else -one.profit
            if (
                key != ACCOUNT
                and loss is not None
                and loss > 0
                and loss >= one.limits.daily_loss
                and self._first((key, "loss", self._book.day))
            ):
                self._say("loss_reached", key, f"The day's loss of ${loss:,.0f} has reached the limit of ${one.limits.daily_loss:,.0f} for "
                                               f"{one.whose}: only what reduces is taken.", "critical")  # fmt: skip

    def _first(self, what: tuple[Key, str, object]) -> bool:
        fresh = what not in self._told
        self._told.add(what)
        return fresh

    def _say(self, what: str, key: Key, sentence: str, urgency: Urgency) -> None:
        title = "Cooldown" if what == "cooldown" else "Daily loss reached"
        self._tell(urgency, title, sentence, f"{what} {key[0]} {key[1]}", kind="risk", panel="risk")
        if self._login.may(RUN):
            draft = Draft(SYSTEM, f"risk.{what}", key[0].value, key[1] or self._account.id, reason=sentence)
            self._write(f"{what} {key}", lambda: self._note(draft))

    # ---- shown, and freed by a person

    def picture(self) -> Ladder:
        """Everything at once."""
        one = self._account_standing()
        until, now = one.cooling_until, self._now()
        return Ladder(now, self._states.stand, self.losses_now, self._limits(), one.counters.consecutive_losses, one.counters.trades_today,
                      until if until is not None and until > now else None, self._blind())  # fmt: skip

    def _blind(self) -> str:
        """Why the loss cannot be seen now; nothing while it can, or while there is none to come."""
        age, held = self._account.age, self._positions.held()
        if not held or not self._open_now() or (age is not None and age <= SILENT):
            return ""
        oldest = self._marks.oldest(held)
        if oldest is not None and oldest <= SILENT:
            return ""
        return "Neither the broker nor the feed tells what the positions are worth now: the loss may be greater than shown."

    def _show(self, ladder: Ladder) -> None:
        before = self._shown
        if ladder.blind and (before is None or not before.blind):
            self._tell("critical", "The loss cannot be seen", ladder.blind, "ladder blind", kind="risk", panel="risk")
        second = timedelta(seconds=1)
        if (
            before is None
            or replace(ladder, at=before.at) != before
            or (ladder.at - before.at >= second and ladder.cooling_until)
        ):
            self._shown = ladder
            self._publish(LadderChanged(ladder))

    async def count_anew(self, reason: str) -> None:
        """Count the drawdown from today's equity on. Raises NotPermitted, DatabaseDown, and BadInput while the equity is unknown."""
        await self._login.require(CHANGE)
        equity = self.losses_now.equity
        if self._peak is None or equity is None:
            raise BadInput("The account's equity is not known now; wait until the broker tells it, then count anew.")
        fresh = replace(self._peak, equity=equity)
        draft = Draft(self._login.actor, "risk.peak", "account", self._account.id, reason=reason,
                      before=json.dumps({"highest_equity": str(self._peak.equity)}),
                      after=json.dumps({"highest_equity": str(equity)}))  # fmt: skip
        await self._store.keep_peak(self._account.id, fresh, draft)
        self._peak = self._kept_peak = fresh
        self.look()

    async def history(self, since: datetime) -> list[tuple[datetime, TradingState, str, str]]:
        """When trading was set to which state, by whom and why. Raises DatabaseDown, NotPermitted."""
        await self._login.require(VIEW)
        return await self._store.states(self._account.id, since)
