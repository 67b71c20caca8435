"""What runs of deployments at this desk: signals become orders while the person who started them is signed in and may trade."""

import asyncio
import time
from collections.abc import Callable, Collection, Coroutine, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Protocol

import structlog

from qv_desktop.domain.access import Action, Permission, Resource
from qv_desktop.domain.accounts import Environment
from qv_desktop.domain.deployments import Deployment, State, elsewhere
from qv_desktop.domain.errors import BadInput, DatabaseDown, QvError
from qv_desktop.domain.events import BarsAmended, BarsClosed, Event, Filled, KillChanged, OrderChanged, Signalled
from qv_desktop.domain.orders import Order, OrderStatus
from qv_desktop.domain.signals import TAKEN_BACK, Fate, Kind, Raised, Signal
from qv_desktop.domain.strategies import Strategy
from qv_desktop.domain.targets import Aim
from qv_desktop.services.deployment_books import Actions, BookStore, DeploymentBooks
from qv_desktop.services.deployment_leases import DeploymentLeases, LeaseStore
from qv_desktop.services.deployment_ledger import Ledger
from qv_desktop.services.foreseeing import Foreseeing
from qv_desktop.services.login import Login
from qv_desktop.services.signal_acting import SignalActing
from qv_desktop.services.signal_keeping import Around, SignalStore
from qv_desktop.services.signal_orders import MISSED_EXIT
from qv_desktop.services.signal_times import Calendar
from qv_desktop.services.signal_watch import Bars, Evaluator
from qv_desktop.services.signals import ALWAYS, Signals

log = structlog.get_logger(__name__)

RUN = Permission(Resource.STRATEGIES, Action.RUN)
TRADE = Permission(Resource.TRADING, Action.CREATE)
LOOKS = 0.5  # seconds between looks at the standing of whoever runs something: a suspension stops it within a second
SPLITS = 3.0  # seconds that a beginning waits to hear of splits
SPLITS_AGAIN = 60.0  # seconds until they are asked for anew where a vendor could not tell
NOT_SENT = "The program ended before it was sent."
RELEASED = 2.0  # seconds
KEPT = 500  # signals that are held

type Stopped = Callable[[Deployment, State, str], None]  # the program pauses or fails it, and why


class RunStore(SignalStore, BookStore, LeaseStore, Protocol):
    """What a run reads and keeps. All raise DatabaseDown."""

    async def evaluated(self, deployment: str, until: int) -> None:
        """Up to when (ns) its signals have been reckoned."""

    async def signals(self, account: str, limit: int) -> list[Signal]:
        """The newest, oldest first."""


class Versions(Protocol):
    """Strategies with all their versions."""

    async def at(self, name: str, version: int) -> Strategy:
        """Exactly that version. Raises BadInput when it is not there."""

    async def require_consent(self, strategy: Strategy) -> None:
        """Raises ConsentNeeded for code that the signed-in person has not allowed to run."""


@dataclass(frozen=True, slots=True)
class Market:
    """What is asked of market data."""

    watch: Callable[[str, Collection[str]], None]  # an owner, and what it wants to hear of
    heard_since: Callable[[str], int | None]
    bars: Bars
    evaluator: Evaluator
    actions: Actions
    calendar: Calendar = ALWAYS


class DeploymentRuns:
    """Runs what ``begin`` gives it. ``stopped`` is told when it cannot go on; ``ready`` says that the books are whole."""

    def __init__(
        self, store: RunStore, strategies: Versions, market: Market, orders: SignalActing, around: Around, login: Login,
        publish: Callable[[Event], None],
        environment: Environment, stopped: Stopped, host: str = "this machine",
    ) -> None:  # fmt: skip
        self._store, self._market, self._orders, self._around = store, market, orders, around
        self.strategies, self.session_open = strategies, around.session_open
        self._login, self._publish, self._environment, self.stopped = login, publish, environment, stopped
        self.leases = DeploymentLeases(store, host, lambda: login.actor.name)
        self.books = DeploymentBooks(store, around, market.actions, orders.fills)
        self._running: dict[str, Deployment] = {}
        self._marks: dict[str, dict[str, int]] = {}  # deployment -> symbol -> end of its newest evaluated bar
        self._written: dict[str, int] = {}
        self._splits_unknown: dict[str, float] = {}  # deployment -> when its splits may be asked for again
        self._killed = ""
        self._tasks: set[asyncio.Task[None]] = set()
        self.known: dict[tuple[str, str, int, str], Signal] = {}  # oldest first
        self.troubles: dict[tuple[str, str], str] = {}  # deployment and symbol -> why no signals are made
        self._foreseeing = Foreseeing(self._deployed, self.books, self.known, self.changed)
        self.signals = Signals(
            market.bars, market.evaluator, around.now, market.heard_since, self._raised, self._troubled, self._evaluated, self._taken_back,
            aim=self._raised, foresee=self._foreseeing.hear, calendar=market.calendar,
        )  # fmt: skip

    # ---- what runs

    @property
    def running(self) -> tuple[str, ...]:
        """Ids."""
        return tuple(self._running)

    def why_not(self, deployment: Deployment) -> str:
        """Why it may send nothing from here at this moment, or nothing."""
        if deployment.id not in self._running:
            return "The deployment does not run."
        if why := elsewhere(deployment, self._around.account(), self._environment):
            return why
        return self.unfit(deployment)

    def unfit(self, deployment: Deployment) -> str:
        """Why the signed-in person does not run it, or nothing."""
        session = self._login.session
        if session is None:
            return self._login.revoked or "Nobody is signed in."
        if session.user.name.casefold() != deployment.started_by.casefold():
            return f"{deployment.started_by} started it and is not signed in here; start it yourself to go on."
        for permission in (RUN, TRADE):
            if not session.user.may(permission):
                return f"The role {session.user.role} of {session.user.name} lacks “{permission}”."
        return ""

    async def load(self, deployments: Collection[Deployment]) -> None:
        """Ledgers and signals of an account's deployments. Raises DatabaseDown."""
        for signal in await self._store.signals(self._around.account(), KEPT):
            self.known[(*signal.key,)] = signal
        for deployment in deployments:
            await self._account_for(deployment)

    async def recount(self, deployment: Deployment) -> None:
        """Its signals and books as the database has them by now. Raises DatabaseDown."""
        for signal in await self._store.signals(self._around.account(), KEPT):
            if signal.deployment == deployment.id:
                self.known[(*signal.key,)] = signal
        await self.books.account_for(deployment, self.known.values())

    async def _account_for(self, deployment: Deployment) -> None:
        await self.books.account_for(deployment, self.known.values())
        if deployment.account == self._around.account():  # a slow vendor is heard later
            await asyncio.wait({self._spawn(self._checked_for_splits(deployment))}, timeout=SPLITS)

    async def _split_overnight(self) -> None:
        for deployment in list(self._running.values()):
            await self._checked_for_splits(deployment)

    async def _checked_for_splits(self, deployment: Deployment) -> None:
        whole = await self.books.look_for_splits(deployment)
        if whole:
            self._splits_unknown.pop(deployment.id, None)
        else:
            self._splits_unknown[deployment.id] = time.monotonic() + SPLITS_AGAIN
        if deployment.id in self._running and (why := self.books.split(deployment)):
            self._stop(deployment, State.PAUSED, why)

    def held_by(self, source: str) -> Mapping[str, Decimal] | None:
        """Shares by symbol that the deployment holds whose orders come from ``source``; None when that is none of them."""
        return self.books.held_by(source)

    async def anchor(self, deployment: Deployment, strategy: Strategy) -> int:
        """Where its bars begin. Raises FeedDown."""
        terms = deployment.terms
        return await self.signals.anchor(terms.symbols, terms.frame, strategy, dict(terms.parameters))

    async def begin(self, deployment: Deployment, *, resumed: bool = False) -> None:
        """Run it from now on; ``resumed``: bars that were missed meanwhile are told as late. Raises DatabaseDown, BadInput."""
        if deployment.id in self._running:
            self._running[deployment.id] = deployment
            return
        if host := await self.leases.take(deployment.id):
            raise BadInput(f"The desk on {host} runs it.")
        strategy = await self.code(deployment)
        self._turn()  # else the first look of a day would forget what it has done by then
        await self._account_for(deployment)
        if resumed:
            await self._settle_pending(deployment)
        self._running[deployment.id] = deployment
        self._market.watch(_owner(deployment.id), deployment.terms.symbols)
        self._marks[deployment.id] = {}
        self.signals.watch(deployment, strategy, deployment.evaluated if resumed else 0)
        if resumed:
            self._ended_meanwhile(deployment)

    async def code(self, deployment: Deployment) -> Strategy:
        """What it runs. Raises BadInput when that is not there, ConsentNeeded when the person has not allowed it to run."""
        strategy = await self.strategies.at(deployment.terms.name, deployment.terms.version)
        await self.strategies.require_consent(strategy)
        return strategy

    async def _settle_pending(self, deployment: Deployment) -> None:
        """What was under way when the program ended is gone on with, is known by now to be an order, or was never sent."""
        sent = await self._store.sent(deployment.account, deployment.source, deployment.started or deployment.created)
        taken = self._orders.resume(deployment, self.known.values(), sent)
        for signal in list(self.known.values()):
            if signal.deployment == deployment.id and signal.fate in (Fate.PENDING, Fate.WAITS) and signal not in taken:
                after = _became(signal, signal.order in sent)
                await self._store.settle(after)
                self.changed(after)

    def _ended_meanwhile(self, deployment: Deployment) -> None:
        """Orders that ended while the program did not run, or before this desk took it over."""
        for signal in list(self.known.values()):
            if signal.deployment == deployment.id and signal.fate in (Fate.ORDER, Fate.REFUSED):
                order = self._orders.order(signal.order)
                if order is not None and not order.open:
                    self._spawn(self._orders.ended(deployment, signal, order))

    def end(self, deployment: str) -> None:
        """Run it no more; what it holds stays."""
        if self._running.pop(deployment, None) is not None:
            self.signals.unwatch(deployment)
            self._market.watch(_owner(deployment), ())
            self.leases.let_go(deployment)
            self._spawn(self.leases.released())
            self._orders.forget(deployment)
            self._foreseeing.forget(deployment)
            for key in [key for key in self.troubles if key[0] == deployment]:
                del self.troubles[key]

    async def close(self) -> None:
        """End everything; what ran is resumed by the next start."""
        for deployment in self.running:
            self.end(deployment)
        await self.signals.close()
        await self._orders.close()
        await asyncio.wait(
            {self._spawn(asyncio.sleep(0)), *self._tasks}, timeout=RELEASED
        )  # leases that are given back
        for task in list(self._tasks):
            task.cancel()

    # ---- what is heard

    def hear(self, event: Event) -> None:
        """Bars, orders, executions and the kill switch."""
        match event:
            case BarsClosed():
                self.signals.hear(event)
            case BarsAmended():
                self.signals.amended(event)
            case OrderChanged(order) if self.books.changed(order):
                self._orders.changed(order)
                self._ended(order)
            case Filled(fill):
                self.books.filled(fill)
            case KillChanged(killing):
                self._kill(str(killing.at))
            case _:
                pass

    def _ended(self, order: Order) -> None:
        """An exit that the broker took and then let go leaves a position that nobody watches."""
        if order.open or order.status in (OrderStatus.FILLED, OrderStatus.REFUSED):
            return
        for signal in [one for one in self.known.values() if one.order == order.id and one.fate is Fate.ORDER]:
            if signal.deployment in self.leases.held_by and signal.deployment not in self._running:
                continue  # the desk that runs it does what is to be done
            self._spawn(self._orders.ended(self._running.get(signal.deployment), signal, order))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _kill(self, which: str) -> None:
        """Once for each press: whoever pressed it wants nothing new, also after trading is resumed."""
        if which != self._killed:
            self._killed = which
            for deployment in list(self._running.values()):
                self._stop(deployment, State.PAUSED, "The kill switch was pressed.")

    def _stop(self, deployment: Deployment, state: State, why: str) -> None:
        self.end(deployment.id)
        self.stopped(deployment, state, why)

    def _deployed(self, deployment: str) -> Deployment | None:
        return self._running.get(deployment)

    async def _raised(self, raised: Raised | Aim) -> None:
        deployment = self._running.get(raised.deployment)
        if deployment is None:
            return
        try:
            await self._orders.act(deployment, self.books[deployment], raised)
        except Exception as error:  # nobody knows what of it was done: a person has to look before it goes on
            what = raised.symbol if isinstance(raised, Raised) else "its universe"
            log.error("signal_not_acted_on", exc_info=error, deployment=deployment.id, symbol=what)
            why = f"Its signal in {what} could not be acted on: {type(error).__name__}: {error}. Look at its position."
            self._stop(deployment, State.FAILED, why)

    async def _taken_back(self, deployment: str, symbol: str, bar: int, kind: str) -> None:
        signal = self.known.get((deployment, symbol, bar, kind))
        if signal is not None and TAKEN_BACK not in signal.reason:
            one = self._running.get(deployment)
            ledger = self.books[one] if one is not None else Ledger()
            await self._orders.taken_back(one, ledger, signal)

    def _troubled(self, deployment: str, symbol: str, why: str, fatal: bool) -> None:
        self.troubles.pop((deployment, symbol), None)
        if why:
            self.troubles[deployment, symbol] = why
        if fatal and deployment in self._running:
            self._stop(self._running[deployment], State.FAILED, why)

    def _evaluated(self, deployment: str, symbol: str, until: int) -> None:
        if deployment in self._marks:
            self._marks[deployment][symbol] = until
        self._foreseeing.evaluated(deployment, symbol, until)

    def changed(self, signal: Signal) -> None:
        """A signal as it now stands."""
        self.known[(*signal.key,)] = signal
        while len(self.known) > KEPT:
            del self.known[next(iter(self.known))]
        self._publish(Signalled(signal))

    # ---- as time goes on

    async def run(self) -> None:
        """Twice a second, until cancelled: who is signed in, what waits, and what is to be written down."""
        while True:
            await asyncio.sleep(LOOKS)
            await self.look()

    async def look(self) -> None:
        """Pause what may not go on; send and write what waits."""
        if not self._running:
            await self._flushed()
            return
        await self._login.look()
        if self._login.session is None and not self._login.revoked:
            for id_ in self.running:  # who logs out goes on at the next log-in
                self.end(id_)
        for deployment in list(self._running.values()):
            if why := self.unfit(deployment) or elsewhere(deployment, self._around.account(), self._environment):
                self._stop(deployment, State.PAUSED, why)
        await self._renew()
        self._turn()
        self.signals.tick()
        if not await self._flushed():
            return
        try:
            for deployment in list(self._running.values()):
                await self._orders.again(deployment, self.books[deployment])
                await self._write_mark(deployment)
        except DatabaseDown as error:
            log.info("deployments_wait", reason=str(error))

    async def _renew(self) -> None:
        """What another desk took over ends here as it is."""
        for id_ in [one for one in self.running if self.leases.due(one)]:
            try:
                if await self.leases.take(id_):
                    self.end(id_)
            except QvError as error:  # the right to is looked at elsewhere
                log.info("lease_not_renewed", deployment=id_, reason=str(error))

    async def _flushed(self) -> bool:
        try:
            await self._orders.flush()
        except DatabaseDown as error:
            log.info("deployments_wait", reason=str(error))
            return False
        return True

    async def _write_mark(self, deployment: Deployment) -> None:
        """Up to where every symbol has been evaluated: a restart tells what came later as missed."""
        marks = self._marks.get(deployment.id, {})
        if len(marks) < len(deployment.terms.symbols):
            return
        until = min(marks.values())
        if until > self._written.get(deployment.id, 0):
            await self._store.evaluated(deployment.id, until)
            self._written[deployment.id] = until

    def _turn(self) -> None:
        if self.books.turn():
            self._spawn(self._split_overnight())
        for id_ in [one for one, at in self._splits_unknown.items() if at <= time.monotonic()]:
            del self._splits_unknown[id_]
            if (deployment := self._running.get(id_)) is not None:
                self._spawn(self._checked_for_splits(deployment))


def _owner(deployment: str) -> str:
    return f"deployment {deployment}"


def _became(signal: Signal, went: bool) -> Signal:
    if went:
        return replace(signal, fate=Fate.ORDER, reason="")
    exit_ = signal.kind in (Kind.EXIT, Kind.COVER)
    return replace(signal, fate=Fate.LATE, reason=f"{NOT_SENT} {MISSED_EXIT}" if exit_ else NOT_SENT, order="")
