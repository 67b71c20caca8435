"""Live measures: the quick ones each second, those that look back on a thread when the book or the day changes, and each minute."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import structlog

from qv_desktop.domain.access import Action, Permission, Resource
from qv_desktop.domain.account_history import Curve
from qv_desktop.domain.accounts import Account, day_profit
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.errors import BadInput, BrokerDown, DatabaseDown, NotPermitted
from qv_desktop.domain.market import NEW_YORK, Snapshot
from qv_desktop.domain.orders import Fill
from qv_desktop.domain.positions import Position
from qv_desktop.domain.risk_books import by_sector, whole
from qv_desktop.domain.risk_measures import (
    ZERO,
    Drawdown,
    LiquidityBook,
    MeasureSettings,
    Method,
    Missing,
    PositionLine,
    Profit,
    RiskDay,
    RiskPicture,
    Scenario,
    Shock,
    SlowMeasures,
    StressResult,
)
from qv_desktop.domain.stress import Held, own, stressed
from qv_desktop.domain.stress_history import HISTORY
from qv_desktop.services.login import Login
from qv_desktop.services.ports.callbacks import Now
from qv_desktop.services.ports.risk import MeasureStore
from qv_desktop.services.risk_histories import Histories
from qv_desktop.services.sectors import Sectors
from qv_desktop.services.strategy_profit import StrategyProfit

log = structlog.get_logger(__name__)

RUN = Permission(Resource.RISK, Action.RUN)
CHANGE = Permission(Resource.RISK, Action.CHANGE)
EACH = 1.0  # seconds between two pictures
MINUTE, SOON = 60.0, 5.0  # seconds: how old what looks back may grow, and how soon after the last it follows a change
PIECE = 100  # positions between two turns of the loop
AGAIN = 30.0  # seconds until a store that failed is asked again
CURVE_KEPT = 600.0  # seconds for which the account's curve is believed
KEPT = timedelta(days=750)  # of the account's own days
WHOLE = 0.9  # of the gross that a VaR must be of, to be compared with what the book earns
MOVED = 0.02  # of the book's gross: less than that is no other book


@dataclass(frozen=True, slots=True)
class Around:
    """What the measures look at, each as a plain question."""

    positions: Callable[[], Mapping[str, Position]]  # all of today, flat ones too
    fills: Callable[[], Mapping[str, Fill]]  # execution id -> fill, today's among them
    snapshot: Callable[[str], Snapshot]
    previous: Callable[[Snapshot], float | None]  # the close before, in shares of today
    account: Callable[[], Account | None]
    volume: Callable[[str], float | None]  # average shares a day
    want_volumes: Callable[[Iterable[str]], None]
    curve: Callable[[], Awaitable[Curve]]  # of a year; raises BrokerDown
    day_start: Callable[[], datetime]
    trading: Callable[[], bool]  # whether the exchange is open, so that the day is one of trading
    keeps: Callable[[], bool]  # whether this terminal's login may store VaR by day


class RiskMeasures:
    """Keeps ``picture``, the newest whole one; ``run`` loads what is stored. What is missing in it is said, never filled."""

    def __init__(
        self, store: MeasureStore, around: Around, histories: Histories, sectors: Sectors, strategies: StrategyProfit, login: Login,
        now: Now, elapsed: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._store, self._around, self._histories, self._sectors = store, around, histories, sectors
        self._strategies, self._login, self._now, self._elapsed = strategies, login, now, elapsed
        self.picture: RiskPicture | None = None
        self.settings = MeasureSettings()
        self._loaded, self._again = False, 0.0  # before the latter the store is not asked again
        self._own: dict[str, Scenario] = {}  # name -> the account's own
        self._slow: SlowMeasures | None = None
        self._betas: Mapping[str, float] = {}
        self._looked: tuple[float, date, dict[str, float]] | None = (
            None  # when it last looked back, on which day, at which dollars
        )
        self._looking: asyncio.Task[None] | None = None
        self._loading: asyncio.Task[None] | None = None
        self._curve: tuple[float, Curve] | None = None
        self._troubles: dict[str, str] = {}  # what could not be had -> why

    # ---- what people set

    @property
    def scenarios(self) -> tuple[Scenario, ...]:
        """The shocks of history, then the account's own."""
        return (*HISTORY, *self._own.values())

    async def load(self) -> None:
        """Read the account's settings and scenarios. Raises DatabaseDown."""
        before = (self.settings, self._own)
        settings = await self._store.settings(self._account_id())
        found = {one.name: one for one in await self._store.scenarios(self._account_id())}
        if before == (self.settings, self._own):  # else a person changed them here meanwhile, and is right
            if settings != self.settings:
                self._looked = None
            self.settings, self._own = settings, found
        self._loaded = True

    async def save_scenario(self, name: str, shocks: Sequence[Shock]) -> Scenario:
        """Keep a scenario of the account's own. Raises BadInput, NotPermitted, DatabaseDown."""
        await self._login.require(RUN)
        scenario = own(name, shocks)
        before = self._own.get(scenario.name)
        draft = self._draft("stress.save", scenario.name, before.words if before else "", scenario.words)
        await self._store.save_scenario(self._account_id(), scenario, draft)
        self._own = dict(sorted((self._own | {scenario.name: scenario}).items()))
        return scenario

    async def delete_scenario(self, name: str) -> None:
        """Forget one of the account's own. Raises BadInput, NotPermitted, DatabaseDown."""
        await self._login.require(RUN)
        known = self._own.get(name)
        if known is None:
            raise BadInput(f"“{name}” is no scenario of this account; only those that were made here can be deleted.")
        await self._store.delete_scenario(self._account_id(), name, self._draft("stress.delete", name, known.words, ""))
        self._own = {key: one for key, one in self._own.items() if key != name}

    async def set_settings(self, settings: MeasureSettings) -> None:
        """Change the benchmark and the participation. Raises BadInput, NotPermitted, DatabaseDown."""
        await self._login.require(CHANGE)
        wanted = replace(settings, benchmark=settings.benchmark.strip().upper())
        if not wanted.benchmark:
            raise BadInput("Name a benchmark; SPY follows the S&P 500.")
        if not 0 < wanted.participation <= 1:
            raise BadInput("The share of a day's volume lies above 0 % and is at most 100 %.")
        draft = self._draft(
            "risk.measures", self._account_id(), json.dumps(asdict(self.settings)), json.dumps(asdict(wanted))
        )
        await self._store.save_settings(self._account_id(), wanted, draft)
        self.settings, self._looked = wanted, None

    def _draft(self, action: str, about: str, before: str, after: str) -> Draft:
        return Draft(self._login.actor, action, "account", about, before=json.dumps(before), after=json.dumps(after))

    def _account_id(self) -> str:
        account = self._around.account()
        if account is None:
            raise BadInput("The broker has not told the account yet; wait a moment and try again.")
        return account.id

    # ---- each second

    async def run(self) -> None:
        """Make pictures until cancelled."""
        await asyncio.to_thread(_load)
        try:
            while True:
                began = self._elapsed()
                await self.measure()
                await asyncio.sleep(max(0.05, EACH - (self._elapsed() - began)))
        finally:
            for task in filter(None, (self._looking, self._loading)):
                task.cancel()

    async def measure(self) -> RiskPicture:
        """The picture of now. The loop gets its turn between the pieces, so that no frame is late for a large book."""
        around, account = self._around, self._around.account()
        now, equity = self._now(), account.equity if account else None
        await self._load_soon()
        await self._strategies.begin(around.day_start())
        rows, held, liquidity = await self._rows(equity)
        symbols = [one.symbol for one in held]
        self._sectors.want(symbols)
        around.want_volumes([*symbols, self.settings.benchmark])
        await self._draw_curve()
        await asyncio.sleep(0)
        drawdown = self._drawdown(now, account)
        stress = await self._stressed(held, equity)
        profit = self._profit(account, rows)
        await asyncio.sleep(0)
        self.picture = self._whole(now, equity, profit, rows, held, drawdown, liquidity, stress)
        self._look_back_soon(held)
        return self.picture

    async def _load_soon(self) -> None:
        """At first at once; then each minute, for another desk of the account may have chosen something else: no picture waits for that."""
        if self._around.account() is None or self._elapsed() < self._again or self._loading is not None:
            return
        self._loading = asyncio.ensure_future(self._load())
        self._loading.add_done_callback(self._was_loaded)
        if not self._loaded:
            await asyncio.shield(self._loading)

    def _was_loaded(self, task: "asyncio.Task[None]") -> None:
        self._loading = None
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("measures_not_loaded", exc_info=error)

    async def _load(self) -> None:
        try:
            await self.load()
            await self._sectors.load()
            self._troubles.pop("Scenarios", None)
            self._again = self._elapsed() + MINUTE
        except (DatabaseDown, NotPermitted) as error:
            known = "They are as they were last read" if self._loaded else "Only those of history"
            self._troubles["Scenarios"], self._again = f"{known}: {error}", self._elapsed() + AGAIN

    async def _rows(
        self, equity: Decimal | None
    ) -> tuple[list[PositionLine], list[PositionLine], LiquidityBook | None]:
        """Every line; those that are held, largest first; and how they can be left."""
        from qv_desktop.services.risk_pictures import Known, lines, liquid, traded

        around, found = self._around, list[PositionLine]()
        today = traded(around.fills().values(), around.day_start())
        known = Known(around.snapshot, around.previous, today, equity, self._sectors.mapping(), self._betas, around.volume,
                      self.settings.participation)  # fmt: skip
        positions = list(around.positions().values())
        for start in range(0, len(positions), PIECE):
            found += lines(positions[start : start + PIECE], known)
            await asyncio.sleep(0)
        held = sorted((one for one in found if one.quantity), key=lambda one: -abs(one.value or ZERO))
        await asyncio.sleep(0)
        return found, held, liquid(held, known)

    async def _draw_curve(self) -> None:
        if self._curve is not None and self._elapsed() - self._curve[0] < CURVE_KEPT:
            return
        if self._around.account() is None:
            return
        try:
            curve: Curve | None = await self._around.curve()
            self._troubles.pop("Drawdown", None)
        except BrokerDown as error:
            curve, self._troubles["Drawdown"] = (
                self._curve[1] if self._curve else None,
                f"Only of this sitting: {error}",
            )
        if curve is not None:
            self._curve = (self._elapsed(), curve)

    def _drawdown(self, now: datetime, account: Account | None) -> Drawdown | None:
        from qv_desktop.services.risk_pictures import drawn_down, moved_since

        curve = self._curve[1] if self._curve else None
        moved = moved_since(curve, account, now) if account else ZERO
        return drawn_down(curve, now, account.equity if account else None, moved)

    async def _stressed(self, held: Sequence[PositionLine], equity: Decimal | None) -> tuple[StressResult, ...]:
        book = [Held(one.symbol, one.sector, one.value, one.beta) for one in held]
        found = list[StressResult]()
        for scenario in self.scenarios:
            found.append(stressed(scenario, book, equity))
            await asyncio.sleep(0)
        return tuple(found)

    def _whole(
        self, now: datetime, equity: Decimal | None, profit: Profit, rows: Sequence[PositionLine],
        held: Sequence[PositionLine], drawdown: Drawdown | None, liquidity: LiquidityBook | None, stress: tuple[StressResult, ...],
    ) -> RiskPicture:  # fmt: skip
        from qv_desktop.services.risk_pictures import concentrated

        return RiskPicture(
            now, equity, (*held, *(one for one in rows if not one.quantity)), profit, whole(held, equity),
            by_sector(held, equity), drawdown, concentrated(held), liquidity, stress, self._shared(equity),
            self._looking is not None, self._missing(held),
        )  # fmt: skip

    def _profit(self, account: Account | None, rows: Sequence[PositionLine]) -> Profit:
        realised = sum((one.realised for one in rows), ZERO)
        known = all(one.unrealised is not None for one in rows if one.quantity)
        unrealised = sum((one.unrealised or ZERO for one in rows), ZERO) if known else None
        prices = {one.symbol: one.value / one.quantity for one in rows if one.value is not None and one.quantity}
        earned = self._strategies.earned(self._around.fills(), prices, realised, unrealised)
        day, before = (day_profit(account), account.last_equity) if account else (None, None)
        return Profit(day, realised, unrealised, earned, before)

    def _shared(self, equity: Decimal | None) -> SlowMeasures | None:
        """What looked back, with beta as a share of the equity of now."""
        slow = self._slow
        if slow is None or slow.beta is None or slow.beta.dollars is None or not equity or equity <= 0:
            return slow
        return replace(slow, beta=replace(slow.beta, book=slow.beta.dollars / float(equity)))

    def _missing(self, held: Sequence[PositionLine]) -> tuple[Missing, ...]:
        found = [Missing(one.symbol, one.note) for one in held if one.note]
        unknown = [one.symbol for one in held if not self._sectors.of(one.symbol)]
        found += [Missing(symbol, f"Sector: {self._sectors.why_unknown(symbol)}") for symbol in unknown]
        found += [
            Missing(one.symbol, "Liquidity: its average volume is not known.")
            for one in held
            if one.liquidity_days is None
        ]
        found += [Missing(what, why) for what, why in self._troubles.items()]
        if self._strategies.trouble:
            found.append(Missing("P&L by strategy", self._strategies.trouble))
        return tuple(found)

    # ---- looking back

    def _look_back_soon(self, held: Sequence[PositionLine]) -> None:
        values = {one.symbol: float(one.value) for one in held if one.value}
        if self._looking is None and self._due(values):
            self._looking = asyncio.get_running_loop().create_task(self._look_back(values))
            self._looking.add_done_callback(self._looked_back)

    def _due(self, values: Mapping[str, float]) -> bool:
        if self._looked is None:
            return True
        age, changed = (
            self._elapsed() - self._looked[0],
            self._today() != self._looked[1] or _differs(values, self._looked[2]),
        )
        return age >= MINUTE or (changed and age >= SOON)

    def _today(self) -> date:
        return self._now().astimezone(NEW_YORK).date()

    async def _look_back(self, values: dict[str, float]) -> None:
        from qv_desktop.services.risk_looking_back import Book, looked_back

        today = self._today()
        self._looked = (self._elapsed(), today, values)
        closes = await self._histories.of([*values, self.settings.benchmark], today)
        book = Book(
            self._now(), today, values, self.settings.benchmark, {name: (one.days, one.prices) for name, one in closes.items()},
            await self._days(today), {name: one.note for name, one in closes.items() if one.note}, self._histories.trouble,
            weighted=self.settings.weighted,
        )  # fmt: skip
        found = await asyncio.to_thread(looked_back, book)
        self._slow, self._betas = found.measures, found.betas
        await self._keep(found.measures, today)

    def _looked_back(self, task: "asyncio.Task[None]") -> None:
        self._looking = None
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("looking_back_failed", exc_info=error)
            self._troubles["Value at risk"] = "It could not be computed; look into the log."
        elif not task.cancelled():
            self._troubles.pop("Value at risk", None)

    async def _days(self, today: date) -> list[RiskDay]:
        """The account's own days that are over."""
        try:
            days = await self._store.days(self._account_id(), today - KEPT)
        except (DatabaseDown, NotPermitted, BadInput) as error:
            self._troubles["VaR history"] = str(error)
            return []
        self._troubles.pop("VaR history", None)
        return [one for one in days if one.day < today]

    async def _keep(self, found: SlowMeasures, today: date) -> None:
        """Today's VaR and profit, while the exchange is open: the last that is written is the evening's."""
        account = self._around.account()
        told = {one.confidence: one.var for one in found.vars if one.method is Method.HISTORICAL and one.days == 1}
        profit = day_profit(account) if account else None
        if (
            account is None
            or account.equity is None
            or profit is None
            or not (self._around.trading() and self._around.keeps())
        ):
            return
        if found.covered < WHOLE:
            told = {}  # the VaR of a part says nothing of what the whole earns
        day = RiskDay(today, told.get(0.95, 0.0), told.get(0.99, 0.0), float(profit), float(account.equity))
        try:
            await self._store.save_day(account.id, day)
        except (DatabaseDown, NotPermitted) as error:
            self._troubles["VaR history"] = f"Today is not kept: {error}"


def _load() -> None:
    """Import on a thread what the first picture would otherwise import on the loop's."""
    from qv_desktop.services import risk_looking_back, risk_pictures

    log.debug("loaded", looking_back=risk_looking_back.__name__, pictures=risk_pictures.__name__)


def _differs(now: Mapping[str, float], then: Mapping[str, float]) -> bool:
    """Whether it is another book: other names, or dollars that moved by more than a fiftieth of the gross."""
    if now.keys() != then.keys():
        return True
    gross = sum(map(abs, then.values()))
    return sum(abs(value - then[symbol]) for symbol, value in now.items()) > MOVED * gross
