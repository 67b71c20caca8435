"""Margin: keeps each account's regime, counts day trades from executions alone, and watches level, deficits and settlement."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

import structlog

from qv_desktop.domain.access import Action, Permission, Resource
from qv_desktop.domain.accounts import Account as Balances
from qv_desktop.domain.audit import SYSTEM, Draft
from qv_desktop.domain.cash_settlement import Purse, flow, settled_up
from qv_desktop.domain.day_trades import DayTrade
from qv_desktop.domain.errors import BadInput, DatabaseDown, NotPermitted
from qv_desktop.domain.events import AccountChanged, Filled, MarginChanged
from qv_desktop.domain.margin import (
    YEAR,
    Deficit,
    MarginStanding,
    MarginTerms,
    Regime,
    checked,
    grown,
    is_met,
    level,
    loosened,
    power,
    restricted,
    room,
    small,
    to_words,
)
from qv_desktop.domain.margin_log import DEFICIT, MET, MarginEvent, deficits, of_violation, violations
from qv_desktop.domain.orders import Fill
from qv_desktop.domain.trading_days import trading_days
from qv_desktop.services.account import Account
from qv_desktop.services.login import Login
from qv_desktop.services.ports.callbacks import Now, Publish
from qv_desktop.services.ports.feeds import Calendar
from qv_desktop.services.ports.margin import MarginStore
from qv_desktop.services.positions import Positions
from qv_desktop.services.traded import Traded

log = structlog.get_logger(__name__)

CHANGE = Permission(Resource.RISK, Action.CHANGE)
LOOSEN = "margin.loosen"  # what the password is given for
BACK = timedelta(days=100)  # of executions that are read: a pattern day trader stays one for 90 days
BEHIND, AHEAD = timedelta(days=420), timedelta(days=60)  # of the calendar
SETTLING = 10  # trading days of executions that settlement is counted from
LAG = timedelta(seconds=0.5)  # that the broker's figures may be behind an execution
UNSURE = timedelta(seconds=30)  # of figures that lack an execution, during which our own reckoning stands for them
FOLLOWED = 15.0  # seconds between two looks at what was chosen at other desks
REMEMBERED = YEAR + timedelta(days=30)  # of what was written down
AGAIN = 0.25  # seconds between two that are told for executions alone
CENT, ZERO = Decimal("0.01"), Decimal(0)

type FillsSince = Callable[[str, datetime], Awaitable[list[Fill]]]


@dataclass(frozen=True, slots=True)
class _Opened:
    """An execution that the broker's figures may lack: the margin that it needs, what it cost in dollars, and what it was."""

    at: datetime
    needs: Decimal
    cost: Decimal
    cause: str


class Margin:
    """How the account stands. ``executions`` are those of this sitting, which the journal may not have written yet."""

    def __init__(self, store: MarginStore, stored: FillsSince, executions: Callable[[], Iterable[Fill]], calendar: Calendar,
                 positions: Positions, account: Account, login: Login, publish: Publish, now: Now) -> None:  # fmt: skip
        self._store, self._stored, self._executions, self._calendar = store, stored, executions, calendar
        self._positions, self._account, self._login, self._publish, self._now = positions, account, login, publish, now
        self.terms = MarginTerms()
        self._chosen: datetime | None = None  # since when the terms count
        self._of = ""  # the account whose standing this is
        self._traded = Traded()
        self._traded_at: datetime | None = None  # when the last execution was heard of
        self._began: tuple[date, Decimal, datetime] | None = (
            None  # a day, the money before its executions, and when it was known
        )
        self._fresh: list[_Opened] = []
        self._reduced: _Opened | None = None  # the last that lowered the level, until the level after it is known
        self._events: list[MarginEvent] = []
        self._unwritten: list[MarginEvent] = []
        self._bases: dict[date, Decimal] = {}  # day of a deficit -> the level at its end
        self._waiting: list[Fill] | None = None  # what comes while it is read
        self._last: Decimal | None = None  # the level as the broker told it last
        self._follow_at = time.monotonic() + FOLLOWED  # when other desks are looked at again
        self._trouble = ""  # why the terms that are stored do not count
        self._told = 0.0
        self._known: MarginStanding | None = None

    # ---- what is known

    def standing(self) -> MarginStanding | None:
        """How the account stands now; None until executions and calendar were read."""
        today = self._turned()
        if today is not None and self._known is None:
            self._known = self._counted(today)
        return self._known

    def _turned(self) -> date | None:
        """Today, begun anew where another day has begun; None until something was read."""
        traded = self._traded
        if traded.today is not None and (day := traded.days.of(self._now())) > traded.today:
            if self._last is not None:
                self._bases[traded.today] = self._last
            traded.turn(day)
            self._known = None
        return traded.today

    def day_trades(self) -> tuple[DayTrade, ...]:
        """The day trades within five business days, oldest first."""
        return self._traded.day_trades()

    # ---- reading

    async def load(self) -> None:
        """Read regime, executions, calendar and log of the account. Raises DatabaseDown."""
        self._waiting = []
        try:
            await self._load()
        finally:
            waiting, self._waiting = self._waiting, None
        for fill in waiting:
            self._take(fill)
        self._tell()

    async def _load(self) -> None:
        account, now = self._account.id, self._now()
        terms, chosen, trouble = await self._stored_terms(account)
        days = trading_days(await self._calendar.sessions((now - BEHIND).date(), (now + AHEAD).date()))
        events = await self._store.events(account, now - REMEMBERED)
        today = days.of(now)
        bases: dict[date, Decimal] = {}
        for day in {event.day for event in events if event.kind == DEFICIT and event.day < today}:
            end = days.end(day)
            told = None if end is None else await self._store.last_level(account, end)
            if told is not None:
                bases[day] = told
        stored = await self._stored(account, now - BACK)
        fills = [*stored, *self._executions()]
        held = {symbol: position.quantity for symbol, position in self._positions.all().items()}
        if self._waiting is not None:
            self._waiting.clear()  # they are among these
        await self._traded.read(fills, held, days, today)
        self._of, self.terms, self._chosen, self._trouble = account, terms, chosen, trouble
        self._bases = {**self._bases, **bases}
        self._events, self._known, self._began = [*events, *self._unwritten], None, None

    async def _stored_terms(self, account: str) -> tuple[MarginTerms, datetime | None, str]:
        """Terms, since when they count, and why the stored ones do not, if so."""
        try:
            return *(await self._store.terms(account)), ""
        except BadInput as error:  # stored by a newer program, or by hand
            return MarginTerms(), None, str(error)

    async def _follow(self) -> None:
        """What was chosen and written down at other desks. What changed here while it was read is looked at the next time."""
        self._follow_at = time.monotonic() + FOLLOWED
        before, here, unsure = self.terms, list(self._events), self._trouble
        terms, chosen, trouble = await self._stored_terms(self._of)
        events = await self._store.events(self._of, self._now() - REMEMBERED)
        if before is not self.terms or here != self._events:
            return
        known = [
            *events,
            *(one for one in here if one not in events),
        ]  # those that this role may not write are here alone
        if (terms, trouble, len(known)) != (before, unsure, len(here)):
            self.terms, self._chosen, self._trouble, self._events, self._known = terms, chosen, trouble, known, None
            self._tell()

    async def run(self) -> None:
        """Once a second: a new day, late executions, and rows that wait for the database; until cancelled."""
        while True:
            await asyncio.sleep(1)
            await self.look()

    async def look(self) -> None:
        """What ``run`` does each second; what cannot be done now is tried again."""
        if self.standing() is None or self._account.id != self._of:
            return
        try:
            await self.flush()
            if self._traded.late:
                await self.load()
            if time.monotonic() >= self._follow_at:
                await self._follow()
        except (DatabaseDown, NotPermitted) as error:
            log.info("margin_waits", reason=str(error))

    # ---- hearing

    def filled(self, event: Filled) -> None:
        """An execution: what it opened lowers the level at once; what closing frees, the broker tells."""
        if self._waiting is not None:
            self._waiting.append(event.fill)
        elif self._take(event.fill) and time.monotonic() - self._told > AGAIN:
            self._tell()

    def _take(self, fill: Fill) -> bool:
        self._turned()
        taken = self._traded.take(fill)
        if taken:
            self._traded_at = self._now()
            self._note(fill)
            self._known = None
            if self._traded.differs(fill.symbol, self._positions[fill.symbol].quantity):
                self._traded.late = True  # a position was corrected: what is overnight and what is today's is read anew
        return taken

    def _note(self, fill: Fill) -> None:
        """What the execution opened needs margin, and was paid for, before the broker tells so."""
        sign, after = fill.side.sign, self._positions[fill.symbol].quantity
        before = after - sign * fill.quantity
        opened = fill.quantity - (min(fill.quantity, abs(before)) if before * sign < 0 else ZERO)
        if opened <= 0:
            return
        rate = self.terms.long_rate if sign > 0 else self.terms.short_rate
        cost = opened * fill.price if sign > 0 else ZERO
        made = _Opened(
            self._now(),
            opened * fill.price * rate,
            cost,
            f"{fill.side} {fill.quantity:f} {fill.symbol} @ {fill.price:f}",
        )
        self._fresh.append(made)
        self._reduced = made

    def account_changed(self, event: AccountChanged) -> None:
        """The broker's figures: those told after an execution that lowered the level tell of a deficit, 4210(d)(2)."""
        told, today = event.account, self._turned()
        if today is None or told.id != self._of:
            return
        self._fresh = [one for one in self._fresh if told.at <= one.at + LAG]
        self._last = level(told)
        self._look_for_deficit(told, today)
        for one in self._deficits():
            if is_met(one, today, level(told)):
                self._write(
                    MarginEvent(
                        MET, told.at, one.day, one.day.isoformat(), one.amount, words="the level rose by as much"
                    )
                )
        self._known = None
        self._look_for_violations(told)
        self._tell()

    def _look_for_deficit(self, told: Balances, today: date) -> None:
        reduced, found = self._reduced, level(told)
        if reduced is None or told.at <= reduced.at:
            return
        if told.at > reduced.at + LAG:
            self._reduced = None
        if self.terms.regime is not Regime.INTRADAY_MARGIN or found is None:
            return
        amount = (-found).quantize(CENT)
        known = next((one for one in self._deficits() if one.day == today), None)
        made = grown(known, today, amount, told.at, reduced.cause, self.terms, self._traded.days)
        if made is not None and not small(self.terms, told.equity, amount):
            self._write(MarginEvent(DEFICIT, told.at, today, today.isoformat(), amount, words=reduced.cause))

    def _look_for_violations(self, told: Balances) -> None:
        """Only in figures that know of every execution, and know of it once: what is written down stays."""
        if not self._knows_all(told):
            return
        standing = self.standing()
        if standing is None or standing.purse is None or self._chosen is None:
            return
        known = {(event.key, event.kind) for event in self._events}
        for one in standing.purse.violations:
            if (one.order, one.kind) not in known and one.at >= self._chosen:
                self._write(of_violation(one))

    # ---- counting

    def _deficits(self) -> tuple[Deficit, ...]:
        return deficits(self._events, self.terms, self._traded.days, self._bases)

    def _counted(self, today: date) -> MarginStanding:
        account, terms, traded = self._account.balances, self.terms, self._traded
        found = level(account, sum((one.needs for one in self._fresh), ZERO))
        cash = (
            None
            if account is None or account.cash is None
            else account.cash - sum((one.cost for one in self._fresh), ZERO)
        )
        owed, broken = self._deficits(), violations(self._events)
        until, why = restricted(terms, owed, broken, today, traded.days)
        made, trades = traded.within()
        legacy, purse = terms.regime is Regime.LEGACY_PDT, self._purse(cash, today)
        settled = None if purse is None else max(purse.settled, ZERO)
        free = settled if terms.regime is Regime.CASH else room(terms, found, account)
        return MarginStanding(
            self._now(), today, terms, traded.days,
            prior_equity=account.last_equity if account else None, equity=account.equity if account else None, cash=cash, level=found,
            requirement=account.maintenance_margin if account else None, headroom=free,
            deficits=owed, restricted_until=until, restriction=why, window=traded.window(), day_trades=made, trades=trades,
            opened=traded.opened(), pattern=legacy and traded.pattern, power=power(account) if legacy else None,
            purse=purse, violations=broken, trouble=self._trouble,
        )  # fmt: skip

    def _purse(self, cash: Decimal | None, today: date) -> Purse | None:
        if self.terms.regime is not Regime.CASH or cash is None:
            return None
        by_day = self._traded.recent(SETTLING)
        held = {symbol: self._positions[symbol].quantity for symbols in by_day.values() for symbol in symbols}
        cash = self._cash(cash, flow(by_day), today)
        return settled_up(cash, by_day, today, self._traded.days, held)

    def _cash(self, told: Decimal, flow: Decimal, today: date) -> Decimal:
        """What is there after ``flow``. While the broker's figure may lack an execution, or know of it already, it is reckoned from what
        there was before all of them; for no longer than ``UNSURE``, for money may have gone meanwhile."""
        if self._knows_all(self._account.balances):
            self._began = today, told - flow, self._now()
        day, before, since = self._began or (None, ZERO, self._now())
        return before + flow if day == today and self._now() - since < UNSURE else told

    def _knows_all(self, told: Balances | None) -> bool:
        """Whether the figures know of every execution, and know of it once."""
        return told is not None and (self._traded_at is None or told.at > self._traded_at + LAG)

    def _tell(self) -> None:
        standing = self.standing()
        if standing is not None:
            self._told = time.monotonic()
            self._publish(MarginChanged(standing))

    # ---- what is written down

    def _write(self, event: MarginEvent) -> None:
        self._events.append(event)
        self._unwritten.append(event)
        self._known = None

    async def flush(self) -> None:
        """Write what was found. Raises DatabaseDown: it is kept and tried again. Whose role may not write leaves it to others."""
        waiting = list(self._unwritten)
        if not waiting:
            return
        drafts = [Draft(SYSTEM, f"margin.{event.kind.replace(' ', '_').replace('-', '_')}", "account", self._of, reason=_words(event))
                  for event in waiting]  # fmt: skip
        try:
            await self._store.record(self._of, waiting, drafts)
        except NotPermitted as error:
            log.info("margin_not_recorded", reason=str(error))
        self._unwritten = [event for event in self._unwritten if event not in waiting]

    async def set_terms(self, terms: MarginTerms, reason: str = "") -> None:
        """Choose the account's regime and its figures; what lets more pass takes the password, given just now.

        Raises BadInput, NotPermitted, DatabaseDown.
        """
        await self._login.require(CHANGE)
        if not self._of:
            raise BadInput("The account is not known yet; wait until it is, then choose its regime.")
        if loosened(self.terms, checked(terms)):
            self._login.require_given(LOOSEN)
        at = self._now()
        draft = Draft(self._login.actor, "margin.terms", "account", self._of, reason=reason,
                      before=json.dumps(to_words(self.terms)), after=json.dumps(to_words(terms)))  # fmt: skip
        await self._store.save_terms(self._of, terms, draft, at)
        self.terms, self._chosen, self._trouble, self._known = terms, at, "", None
        self._tell()

    async def settle(self, day: date, reason: str) -> None:
        """Note that the deficit of ``day`` was met, as the broker says. Raises BadInput, NotPermitted, DatabaseDown."""
        session = await self._login.require(CHANGE)
        one = next((one for one in self._deficits() if one.day == day and one.met is None), None)
        if one is None or not reason.strip():
            raise BadInput(
                "Say how the broker took the deficit as met." if one else f"No deficit of {day:%d %b} waits to be met."
            )
        event = MarginEvent(
            MET, self._now(), day, day.isoformat(), one.amount, words=reason.strip(), actor=session.user.name
        )
        draft = Draft(self._login.actor, "margin.met", "account", self._of, reason=reason.strip(), before=_words(event))
        await self._store.record(self._of, [event], [draft])
        self._events.append(event)
        self._known = None
        self._tell()


def _words(event: MarginEvent) -> str:
    return " · ".join(filter(None, (f"{event.day:%d %b %Y}", f"${event.amount:,.2f}", event.symbol, event.words)))
