"""Deployments as people see them: made, deployed to paper, approved by a second person, taken live, started, paused and stopped."""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from typing import Protocol

import structlog

from qv_desktop.domain.access import Action, Permission, Resource
from qv_desktop.domain.accounts import Environment
from qv_desktop.domain.audit import SYSTEM, Draft
from qv_desktop.domain.deployments import (
    LONGEST,
    Deployment,
    Stage,
    State,
    Step,
    Terms,
    Told,
    approved,
    asked,
    changed,
    declined,
    elsewhere,
    gone_live,
    moved,
    own,
    sensible,
    told,
)
from qv_desktop.domain.errors import BadInput, ConsentNeeded, DatabaseDown, NotPermitted, QvError
from qv_desktop.domain.events import DeploymentChanged, Event
from qv_desktop.domain.orders import Order, OrderRequest, OrderStatus, Side
from qv_desktop.domain.signals import Signal
from qv_desktop.services.deployment_ledger import Figures
from qv_desktop.services.deployment_runs import RUN, TRADE, DeploymentRuns, RunStore
from qv_desktop.services.login import Login
from qv_desktop.services.orders import Orders
from qv_desktop.services.ports import Now

log = structlog.get_logger(__name__)

VIEW = Permission(Resource.STRATEGIES, Action.VIEW)
APPROVE = Permission(Resource.STRATEGIES, Action.APPROVE)
DELETE = Permission(Resource.STRATEGIES, Action.DELETE)
APPROVING, LIVE = "deployment.approve", "deployment.live"  # what the password is given for
CANCELS, FILLS, LOOK = 10.0, 30.0, 0.05  # seconds


class Store(RunStore, Protocol):
    """Where deployments are kept. All raise DatabaseDown: then nothing was written."""

    async def all(self, account: str) -> list[Deployment]:
        """Those of the account, and those that may be taken live to it, oldest first."""

    async def add(self, deployment: Deployment, line: Told, draft: Draft) -> None:
        """A new one."""

    async def change(self, before: Deployment, after: Deployment, line: Told, draft: Draft) -> None:
        """A step. Raises BadInput when the deployment is not ``before`` any more."""

    async def remark(self, deployment: str, line: Told, draft: Draft) -> None:
        """Add to the story."""

    async def delete(self, deployment: Deployment, draft: Draft) -> None:
        """A draft is thrown away. Raises BadInput when it is none any more."""

    async def story(self, deployment: str) -> list[Told]:
        """What happened to it, oldest first."""


@dataclass(frozen=True, slots=True)
class Closing:
    """What stopping with everything sold would do: shares by symbol that are its own, and how many of its orders are cancelled."""

    held: tuple[tuple[str, Decimal], ...]
    orders: int

    @property
    def words(self) -> str:
        """For the preview."""
        count = f"{self.orders or 'no'} open order{'' if self.orders == 1 else 's'} of it"
        if not self.held:
            return f"It holds nothing; cancels {count}."
        parts = [f"{'sells' if shares > 0 else 'buys back'} {abs(shares):f} {symbol}" for symbol, shares in self.held]
        return f"Cancels {count}, then {', '.join(parts)} at the market."


class Deployments:
    """Every change raises NotPermitted, DatabaseDown, or BadInput with what to do; it stands in the audit trail and the story."""

    def __init__(
        self, store: Store, runs: DeploymentRuns, orders: Orders, login: Login, publish: Callable[[Event], None], now: Now,
        account: Callable[[], str], environment: Environment,
    ) -> None:  # fmt: skip
        self._store, self._runs, self._orders, self._login = store, runs, orders, login
        self._publish, self._now, self._account, self._environment = publish, now, account, environment
        self._known: dict[str, Deployment] = {}
        self._unsaved: list[tuple[Deployment, State, str]] = []  # what the program stopped and could not write down yet
        self._loaded = False  # what its orders came to is known
        self._to_resume: set[str] = set()  # what ran when the program ended, and has not been gone on with yet
        self._writing: set[asyncio.Task[None]] = set()
        runs.stopped = self._stopped

    # ---- what there is

    def all(self) -> list[Deployment]:
        """As last read, oldest first."""
        return list(self._known.values())

    def get(self, id_: str) -> Deployment:
        """Raises BadInput when there is none."""
        if id_ not in self._known:
            raise BadInput("This deployment is not there any more.")
        return self._known[id_]

    def signals(self) -> list[Signal]:
        """The newest of the account, oldest first."""
        return list(self._runs.known.values())

    def figures(self, deployment: Deployment) -> Figures:
        """What its orders have come to, at last prices."""
        return self._runs.books.figures(deployment)

    def trouble(self, deployment: Deployment) -> str:
        """Why it makes no signals now though it runs, or nothing."""
        if deployment.running and deployment.id not in self._runs.running:
            return self._unfit(deployment) or "It runs at another desk, or begins here in a moment."
        return next((why for (of, _), why in self._runs.troubles.items() if of == deployment.id), "")

    def silent(self, deployment: Deployment) -> str:
        """Why it makes no signals though it runs here, or nothing."""
        return self.trouble(deployment) if deployment.id in self._runs.running else ""

    def _unfit(self, deployment: Deployment) -> str:
        return elsewhere(deployment, self._account(), self._environment) or self._runs.unfit(deployment)

    async def story(self, id_: str) -> list[Told]:
        """What happened to it, oldest first."""
        await self._login.require(VIEW)
        return await self._store.story(id_)

    async def load(self) -> None:
        """Read all, and go on with what ran when the program ended and is the signed-in person's. Raises DatabaseDown."""
        await self.refresh()
        await self._runs.load(self.all())
        self._loaded = True
        for deployment in self.all():
            self._publish(DeploymentChanged(deployment))
            if deployment.running:
                self._to_resume.add(deployment.id)
        await self._resume_all()

    async def _resume_all(self) -> None:
        """What cannot go on for want of a database or bars is tried again with the next look at what other desks did."""
        for id_ in list(self._to_resume):
            deployment = self._known.get(id_)
            if (
                deployment is not None
                and deployment.running
                and id_ not in self._runs.running
                and not self._unfit(deployment)
            ):
                await self._resume(deployment)
            self._to_resume.discard(id_)

    async def refresh(self) -> None:
        """Read anew: what was done at other desks is followed here. Raises DatabaseDown."""
        asked = set(self._known)
        read = {one.id: one for one in await self._store.all(self._account())}
        before = self._known
        # what was done here while the question was under way is newer than its answer
        newer = {id_: one for id_, one in before.items()
                 if (one.revision > read[id_].revision if id_ in read else id_ not in asked)}  # fmt: skip
        self._known = found = read | newer
        for id_, gone in before.items():
            if id_ not in found:
                self._runs.end(id_)
                self._publish(DeploymentChanged(gone, gone=True))
        for id_, one in found.items():
            if not one.running or (id_ in before and _begun_anew(before[id_], one)):
                self._runs.end(id_)
            if replace(one, evaluated=0) != replace(before.get(id_, one), evaluated=0) or id_ not in before:
                self._publish(DeploymentChanged(one))
        if self._loaded:
            await self._resume_all()

    async def _resume(self, deployment: Deployment) -> None:
        """Only while its shares fit into the books; what was missed meanwhile is told and does not trade."""
        if why := self._runs.books.differs(deployment):
            await self._moved_by_program(deployment, State.PAUSED, why)
            return
        try:
            await self._runs.begin(deployment, resumed=True)
        except ConsentNeeded as error:
            await self._moved_by_program(deployment, State.PAUSED, str(error))
            return
        except BadInput as error:
            await self._moved_by_program(deployment, State.FAILED, str(error))
            return
        words = "The program was started again; what was missed meanwhile does not trade."
        draft = self._draft("resume", deployment, deployment, words)
        await self._store.remark(deployment.id, Told(self._now(), self._login.actor.name, "resume", words), draft)

    # ---- made and deployed

    async def create(self, terms: Terms, *, deploy: bool = True) -> Deployment:
        """A draft, or at once a deployment to paper; it does not run yet."""
        by = (await self._login.require(RUN)).user.name
        if self._environment == "LIVE":
            raise BadInput("A strategy is deployed to paper first; connect to the paper account and deploy it there.")
        if not self._account():
            raise BadInput("The broker has not told the account yet; try again in a moment.")
        fit = await self._checked(terms)
        id_ = f"{fit.name}-{secrets.token_hex(4)}"
        made = Deployment(id_, fit, self._account(), self._environment, by, self._now())
        draft = Draft(self._login.actor, "deployment.create", "deployment", id_, after=told(made))
        await self._store.add(made, Told(self._now(), by, "create", _summary(fit)), draft)
        self._take(made)
        return await self.deploy(made) if deploy else made

    async def _checked(self, terms: Terms) -> Terms:
        strategy = await self._runs.strategies.at(terms.name, terms.version)
        known = {p.name: (p.low, p.high) for p in strategy.parameters}
        chosen = dict(terms.parameters)
        every = tuple((p.name, float(chosen.get(p.name, p.default))) for p in strategy.parameters)
        return sensible(replace(terms, strategy=strategy.id, parameters=every), known, weighs=strategy.weighs)

    async def deploy(self, deployment: Deployment) -> Deployment:
        """A draft to paper."""
        await self._login.require(RUN)
        return await self._changed(deployment, moved(deployment, Step.DEPLOY), Step.DEPLOY)

    async def change(self, deployment: Deployment, terms: Terms) -> Deployment:
        """Other terms, which takes back what was asked for and approved."""
        await self._login.require(RUN)
        after = changed(deployment, await self._checked(terms))
        return await self._changed(deployment, after, Step.CHANGE, _summary(after.terms))

    async def discard(self, deployment: Deployment) -> None:
        """A draft is thrown away."""
        await self._login.require(DELETE)
        if deployment.stage is not Stage.DRAFT:
            raise BadInput("Only drafts can be thrown away: what was deployed stays in the books.")
        await self._store.delete(deployment, self._draft("discard", deployment, None))
        self._known.pop(deployment.id, None)
        self._publish(DeploymentChanged(deployment, gone=True))

    # ---- four eyes

    async def ask(self, deployment: Deployment, reason: str) -> Deployment:
        """Ask for the approval to trade real money."""
        by = (await self._login.require(RUN)).user.name
        return await self._changed(deployment, asked(deployment, by, self._now()), Step.ASK, _words(reason))

    async def approve(self, deployment: Deployment, reason: str) -> Deployment:
        """A second person approves just these terms, with the password given just now. Raises NotPermitted for who asked or made it."""
        by = (await self._login.require(APPROVE)).user.name
        words = _words(reason)
        if why := own(deployment, by):
            await self._refused(deployment, why)
        after = approved(deployment, by, self._now())
        self._login.require_given(APPROVING)
        return await self._changed(deployment, after, Step.APPROVE, words)

    async def _refused(self, deployment: Deployment, why: str) -> None:
        draft = replace(self._draft("approve", deployment, None, why), outcome="refused")
        await self._store.remark(deployment.id, Told(self._now(), self._login.actor.name, "refused", why), draft)
        raise NotPermitted(why)

    async def decline(self, deployment: Deployment, reason: str) -> Deployment:
        """What was asked for is declined, or what was approved is taken back."""
        await self._login.require(APPROVE)
        return await self._changed(deployment, declined(deployment), Step.DECLINE, _words(reason))

    async def go_live(self, deployment: Deployment) -> Deployment:
        """Bind what was approved to this desk's LIVE account, with the password given just now; it does not run yet."""
        await self._login.require(RUN)
        await self._login.require(TRADE)
        after = gone_live(deployment, self._account(), self._environment)
        if not self._account():
            raise BadInput("The broker has not told the account yet; try again in a moment.")
        self._login.require_given(LIVE)
        return await self._changed(deployment, after, Step.GO_LIVE, f"Bound to account {self._account()}.")

    # ---- start, pause, stop

    async def start(self, deployment: Deployment) -> Deployment:
        """Run it here, in the name of whoever starts it. Raises FeedDown when its bars cannot be had."""
        by = (await self._login.require(RUN)).user.name
        await self._login.require(TRADE)
        after = moved(deployment, Step.START)
        if why := elsewhere(deployment, self._account(), self._environment):
            raise BadInput(why)
        self._alone(deployment)
        if why := self._runs.books.differs(deployment):
            raise BadInput(why)
        strategy = await self._runs.code(deployment)
        anchor = deployment.anchor if deployment.state is State.PAUSED else 0
        anchor = anchor or await self._runs.anchor(deployment, strategy)
        after = replace(after, started_by=by, started=self._now(), anchor=anchor, reason="")
        done = await self._changed(deployment, after, Step.START)
        try:
            await self._runs.begin(done)
        except QvError as error:  # it is told to run, and nothing would come of it
            self._stopped(done, State.PAUSED, str(error))
            raise
        return done

    def _alone(self, deployment: Deployment) -> None:
        """One strategy trades one symbol of one account once."""
        for other in self._known.values():
            both = set(other.terms.symbols) & set(deployment.terms.symbols)
            same = (other.account, other.terms.strategy) == (deployment.account, deployment.terms.strategy)
            if other.id != deployment.id and other.running and same and both:
                raise BadInput(f"{other.label} trades {min(both)} on this account already; stop {other.id} first.")

    async def pause(self, deployment: Deployment, reason: str = "") -> Deployment:
        """Nothing new is sent; what it holds stays, and so do its open orders."""
        await self._login.require(RUN)
        after = replace(moved(deployment, Step.PAUSE), reason=reason.strip()[:LONGEST])
        self._runs.end(deployment.id)  # first the brake
        return await self._braked(deployment, after, Step.PAUSE, reason)

    async def _braked(self, before: Deployment, after: Deployment, step: Step, words: str) -> Deployment:
        """What a person ended does not go on at the next log-in because the database was away when it was to be written down."""
        try:
            return await self._changed(before, after, step, words)
        except DatabaseDown:
            if before.running:
                why = f"{self._login.actor.name} ended it while the database was away ({step})."
                self._stopped(before, State.PAUSED, why)
            raise

    def closing(self, deployment: Deployment) -> Closing:
        """What stopping it flat would do now."""
        held = tuple(
            (symbol, room)
            for symbol in self._runs.books[deployment].held()
            if (room := self._runs.books.room(deployment, symbol))
        )
        return Closing(held, len(self._open(deployment)))

    async def stop(self, deployment: Deployment, *, flatten: bool = False, shown: Closing | None = None) -> Deployment:
        """End it; with ``flatten`` its orders are cancelled and its shares closed, if they are as ``shown``.

        Raises BadInput when not all could be closed: it is stopped all the same, and the sentence says what remains.
        """
        await self._login.require(RUN)
        if flatten:
            await self._login.require(TRADE)
        after = replace(moved(deployment, Step.STOP), reason="")
        if flatten and shown is not None and shown.held != self.closing(deployment).held:
            raise BadInput("What it holds changed since the preview; nothing was stopped. Look again.")
        self._runs.end(deployment.id)
        how = "Its positions are closed." if flatten else "What it holds stays."
        done = await self._braked(deployment, after, Step.STOP, how)
        if flatten:
            await self._flatten(done)
        return done

    async def _flatten(self, deployment: Deployment) -> None:
        """Only what is its own: shares that others hold in the same symbol stay."""
        await self._orders.cancel([order.id for order in self._open(deployment)], "deployment stopped", deployment.id)
        if not await _until(lambda: not self._open(deployment), CANCELS):
            raise BadInput("It is stopped, but its open orders could not be cancelled in time; look at the blotter.")
        left = []
        for symbol, held in self._runs.books[deployment].held().items():
            room = self._runs.books.room(deployment, symbol)
            if room != held:
                left.append(f"{symbol} (by its fills it holds {held:f}, and the books have {room:f} of that)")
            if room and (why := await self._closed_out(deployment, symbol, room)):
                left.append(f"{symbol} ({why})")
        if left:
            raise BadInput(f"It is stopped, and not flat: {', '.join(left)}. Close what remains by hand.")

    async def _closed_out(self, deployment: Deployment, symbol: str, held: Decimal) -> str:
        """Close these shares; why they are not closed, or nothing. One symbol that cannot be closed keeps no other from it."""
        key, side = f"{deployment.id}-{symbol}-stop{deployment.revision}", Side.SELL if held > 0 else Side.BUY
        note = f"stop of {deployment.label}"
        try:
            request = OrderRequest(key, symbol, side, abs(held), source=deployment.source, note=note)
            order = await self._orders.submit(request, deployment.id)
        except QvError as error:
            return str(error)
        await _until(partial(self._closed, order.id), FILLS)
        now = self._orders.book[order.id]
        return "" if now.status is OrderStatus.FILLED else f"{now.status}{': ' + now.reason if now.reason else ''}"

    def _closed(self, order: str) -> bool:
        return not self._orders.book[order].open

    def _open(self, deployment: Deployment) -> list[Order]:
        return [
            order for order in self._orders.book.values() if order.open and order.request.source == deployment.source
        ]

    # ---- what the program does

    def _stopped(self, deployment: Deployment, state: State, why: str) -> None:
        """The brake is on already; now it is written down, as soon as that can be."""
        known = self._known.get(deployment.id, deployment)
        step = Step.PAUSE if state is State.PAUSED else Step.FAIL
        try:
            after = replace(moved(known, step), reason=why)
        except BadInput:
            return
        self._known[known.id] = replace(after, revision=known.revision)
        self._publish(DeploymentChanged(self._known[known.id]))
        self._unsaved.append((known, state, why))
        writing = asyncio.get_running_loop().create_task(self.flush())
        self._writing.add(writing)
        writing.add_done_callback(self._writing.discard)

    async def flush(self) -> None:
        """Write down what the program stopped; what cannot be written is tried again."""
        while self._unsaved:
            deployment, state, why = self._unsaved[0]
            try:
                await self._moved_by_program(deployment, state, why)
            except BadInput as error:  # somebody stopped it meanwhile, or did what leaves it running
                log.info("deployment_changed_elsewhere", deployment=deployment.id, reason=str(error))
                try:
                    if await self._still_running(deployment):
                        continue
                except QvError:
                    return
            except QvError as error:
                log.warning("deployment_not_written", deployment=deployment.id, reason=str(error))
                return
            if self._unsaved and self._unsaved[0][0] == deployment:
                self._unsaved.pop(0)

    async def _still_running(self, deployment: Deployment) -> bool:
        """Whether it still has to be stopped, as it stands by now."""
        now = {one.id: one for one in await self._store.all(self._account())}.get(deployment.id)
        if now is None or not now.running or now.started != deployment.started or not self._unsaved:
            return False
        if self._unsaved[0][0] == deployment:
            self._unsaved[0] = (now, *self._unsaved[0][1:])
        return now.revision != deployment.revision

    async def _moved_by_program(self, deployment: Deployment, state: State, why: str) -> None:
        step = Step.PAUSE if state is State.PAUSED else Step.FAIL
        after = replace(moved(deployment, step), reason=why[:LONGEST])
        draft = replace(self._draft(step, deployment, after, why), actor=SYSTEM)
        await self._store.change(deployment, after, Told(self._now(), SYSTEM.name, step, why), draft)
        self._take(after)

    # ---- one way to change

    async def _changed(self, before: Deployment, after: Deployment, step: Step, words: str = "") -> Deployment:
        line = Told(self._now(), self._login.actor.name, step, words)
        await self._store.change(before, after, line, self._draft(step, before, after, words))
        self._take(after)
        return after

    def _take(self, deployment: Deployment) -> None:
        self._known[deployment.id] = deployment
        self._publish(DeploymentChanged(deployment))

    def _draft(self, step: str, before: Deployment, after: Deployment | None, words: str = "") -> Draft:
        action = f"deployment.{step.replace(' ', '_')}"
        return Draft(self._login.actor, action, "deployment", before.id, reason=words, before=told(before),
                     after="" if after is None else told(after))  # fmt: skip


def _begun_anew(before: Deployment, now: Deployment) -> bool:
    """Whether another desk stopped and started it: what runs here has the terms of before."""
    return before.running and now.running and (before.started, before.started_by) != (now.started, now.started_by)


async def _until(seen: Callable[[], bool], seconds: float) -> bool:
    end = asyncio.get_running_loop().time() + seconds
    while not seen():
        if asyncio.get_running_loop().time() > end:
            return False
        await asyncio.sleep(LOOK)
    return True


def _summary(terms: Terms) -> str:
    knobs = ", ".join(f"{name} {value:g}" for name, value in terms.parameters)
    return f"{terms.name} v{terms.version} on {', '.join(terms.symbols)} {terms.timeframe} ({knobs})"


def _words(reason: str) -> str:
    words = reason.strip()
    if not 3 <= len(words) <= LONGEST:
        raise BadInput(f"Say why, in 3 to {LONGEST} characters.")
    return words
