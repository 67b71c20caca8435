"""Deployments as people see them: made, deployed to paper, approved by a second person, taken live, started, paused and stopped."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal

import structlog

from qv_desktop.domain.access import Action, Permission, Resource
from qv_desktop.domain.accounts import Environment
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
)
from qv_desktop.domain.errors import BadInput, DatabaseDown, NotPermitted, QvError
from qv_desktop.domain.events import Event
from qv_desktop.domain.signals import Signal
from qv_desktop.services.deployment_brakes import DeploymentBrakes, Waiting
from qv_desktop.services.deployment_closing import Closing, DeploymentClosing
from qv_desktop.services.deployment_following import DeploymentFollowing
from qv_desktop.services.deployment_ledger import Figures, Ledger
from qv_desktop.services.deployment_runs import RUN, TRADE, DeploymentRuns
from qv_desktop.services.deployment_shelf import DeploymentShelf, Store
from qv_desktop.services.login import Login
from qv_desktop.services.orders import Orders
from qv_desktop.services.ports.callbacks import Now

log = structlog.get_logger(__name__)

VIEW = Permission(Resource.STRATEGIES, Action.VIEW)
APPROVE = Permission(Resource.STRATEGIES, Action.APPROVE)
DELETE = Permission(Resource.STRATEGIES, Action.DELETE)
APPROVING, LIVE = "deployment.approve", "deployment.live"  # what the password is given for


class Deployments:
    """Every change raises NotPermitted, DatabaseDown, or BadInput with what to do; it stands in the audit trail and the story."""

    def __init__(
        self, store: Store, runs: DeploymentRuns, orders: Orders, login: Login, publish: Callable[[Event], None], now: Now,
        account: Callable[[], str], environment: Environment, waiting: Waiting,
    ) -> None:  # fmt: skip
        self._shelf = DeploymentShelf(store, publish, now, lambda: login.actor)
        self._brakes = DeploymentBrakes(self._shelf, waiting, account)
        self._closing = DeploymentClosing(runs.books, orders, runs.session_open)
        self._runs, self._login = runs, login
        self._now, self._account, self._environment = now, account, environment
        self._busy: set[str] = set()  # what is started, stopped or closed at this moment
        self._following = DeploymentFollowing(self._shelf, self._brakes, runs, account, self._kept_back)
        runs.stopped = self._brakes.put_on

    # ---- what there is

    def all(self) -> list[Deployment]:
        """As last read, oldest first."""
        return list(self._shelf.known.values())

    def get(self, id_: str) -> Deployment:
        """Raises BadInput when there is none."""
        return self._shelf.get(id_)

    def signals(self) -> list[Signal]:
        """The newest of the account, oldest first."""
        return list(self._runs.known.values())

    def figures(self, deployment: Deployment) -> Figures:
        """What its orders have come to, at last prices."""
        return self._runs.books.figures(deployment)

    def trouble(self, deployment: Deployment) -> str:
        """Why it makes no signals now though it runs, or nothing."""
        if deployment.running and deployment.id not in self._runs.running:
            return self._brakes.waits_for(deployment) or self._unfit(deployment) or self._where(deployment)
        return next((why for (of, _), why in self._runs.troubles.items() if of == deployment.id), "")

    def _where(self, deployment: Deployment) -> str:
        host = self._runs.leases.held_by.get(deployment.id)
        return (
            f"It runs at another desk, on {host}." if host else "It runs at another desk, or begins here in a moment."
        )

    def silent(self, deployment: Deployment) -> str:
        """Why it makes no signals though it runs here, or nothing."""
        return self.trouble(deployment) if deployment.id in self._runs.running else ""

    def _unfit(self, deployment: Deployment) -> str:
        return elsewhere(deployment, self._account(), self._environment) or self._runs.unfit(deployment)

    def _kept_back(self, deployment: Deployment) -> str:
        return "Somebody is at work on it." if deployment.id in self._busy else self._unfit(deployment)

    async def story(self, id_: str) -> list[Told]:
        """What happened to it, oldest first."""
        await self._login.require(VIEW)
        return await self._shelf.store.story(id_)

    async def load(self) -> None:
        """Read all, and go on with what ran when the program ended and is the signed-in person's. Raises DatabaseDown."""
        await self._following.load()

    async def refresh(self) -> None:
        """Read anew: what was done at other desks is followed here. Raises DatabaseDown."""
        await self._following.refresh()

    # ---- made and deployed

    async def create(self, terms: Terms, *, deploy: bool = True) -> Deployment:
        """A draft, or at once a deployment to paper; it does not run yet."""
        by = (await self._login.require(RUN)).user.name
        if self._environment == "LIVE":
            raise BadInput("A strategy is deployed to paper first; connect to the paper account and deploy it there.")
        if not self._account():
            raise BadInput("The broker has not told the account yet; try again in a moment.")
        fit = await self._checked(terms)
        made = Deployment(
            f"{fit.name}-{secrets.token_hex(4)}", fit, self._account(), self._environment, by, self._now()
        )
        await self._shelf.add(made, _summary(fit))
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
        return await self._shelf.changed(deployment, moved(deployment, Step.DEPLOY), Step.DEPLOY)

    async def change(self, deployment: Deployment, terms: Terms) -> Deployment:
        """Other terms, which takes back what was asked for and approved."""
        await self._login.require(RUN)
        after = changed(deployment, await self._checked(terms))
        return await self._shelf.changed(deployment, after, Step.CHANGE, _summary(after.terms))

    async def discard(self, deployment: Deployment) -> None:
        """A draft is thrown away."""
        await self._login.require(DELETE)
        if deployment.stage is not Stage.DRAFT:
            raise BadInput("Only drafts can be thrown away: what was deployed stays in the books.")
        await self._shelf.store.delete(deployment, self._shelf.draft("discard", deployment, None))
        self._shelf.drop(deployment)

    # ---- four eyes

    async def ask(self, deployment: Deployment, reason: str) -> Deployment:
        """Ask for the approval to trade real money."""
        by = (await self._login.require(RUN)).user.name
        return await self._shelf.changed(deployment, asked(deployment, by, self._now()), Step.ASK, _words(reason))

    async def approve(self, deployment: Deployment, reason: str) -> Deployment:
        """A second person approves just these terms, with the password given just now. Raises NotPermitted for who asked or made it."""
        by = (await self._login.require(APPROVE)).user.name
        words = _words(reason)
        if why := own(deployment, by):
            await self._refused(deployment, why)
        after = approved(deployment, by, self._now())
        self._login.require_given(APPROVING)
        return await self._shelf.changed(deployment, after, Step.APPROVE, words)

    async def _refused(self, deployment: Deployment, why: str) -> None:
        await self._shelf.remark(deployment, "refused", why, action="approve", refused=True)
        raise NotPermitted(why)

    async def decline(self, deployment: Deployment, reason: str) -> Deployment:
        """What was asked for is declined, or what was approved is taken back."""
        await self._login.require(APPROVE)
        return await self._shelf.changed(deployment, declined(deployment), Step.DECLINE, _words(reason))

    async def left_on_paper(self, deployment: Deployment) -> dict[str, Decimal]:
        """What it holds, by its fills, on the account that it leaves when it goes live: shares by symbol. Raises DatabaseDown."""
        await self._login.require(VIEW)
        fills = await self._shelf.store.fills(deployment.account, deployment.source)
        ledger = Ledger()
        ledger.begin(fills, (), self._now())
        return ledger.held()

    async def go_live(self, deployment: Deployment) -> Deployment:
        """Bind what was approved to this desk's LIVE account, with the password given just now; it does not run yet."""
        await self._login.require(RUN)
        await self._login.require(TRADE)
        after = gone_live(deployment, self._account(), self._environment)
        if not self._account():
            raise BadInput("The broker has not told the account yet; try again in a moment.")
        self._login.require_given(LIVE)
        return await self._shelf.changed(deployment, after, Step.GO_LIVE, f"Bound to account {self._account()}.")

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
        if host := await self._runs.leases.take(deployment.id):
            raise BadInput(f"The desk on {host} still runs it; end it there, or try again in a few seconds.")
        with self._at_work(deployment):
            try:
                return await self._started(deployment, after, by)
            finally:
                if deployment.id not in self._runs.running:
                    await self._runs.leases.release(deployment.id)

    async def _started(self, deployment: Deployment, after: Deployment, by: str) -> Deployment:
        strategy = await self._runs.code(deployment)
        anchor = deployment.anchor if deployment.state is State.PAUSED else 0
        anchor = anchor or await self._runs.anchor(deployment, strategy)
        after = replace(after, started_by=by, started=self._now(), anchor=anchor, reason="")
        done = await self._shelf.changed(deployment, after, Step.START)
        try:
            await self._runs.begin(done)
        except QvError as error:  # it is told to run, and nothing would come of it
            await self._brakes.held_back(done, State.PAUSED, str(error))
            raise
        return done

    @contextmanager
    def _at_work(self, deployment: Deployment) -> Iterator[None]:
        if deployment.id in self._busy:
            raise BadInput(f"{deployment.label} is being started, stopped or closed already.")
        self._busy.add(deployment.id)
        try:
            yield
        finally:
            self._busy.discard(deployment.id)

    def _alone(self, deployment: Deployment) -> None:
        """One strategy trades one symbol of one account once."""
        for other in self.all():
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
            return await self._shelf.changed(before, after, step, words)
        except DatabaseDown:
            if before.running:
                why = f"{self._login.actor.name} ended it while the database was away ({step})."
                await self._brakes.held_back(before, State.PAUSED, why)
            raise

    def closing(self, deployment: Deployment) -> Closing:
        """What stopping it flat would do now."""
        return self._closing.preview(deployment)

    async def stop(self, deployment: Deployment, *, flatten: bool = False, shown: Closing | None = None) -> Deployment:
        """End it and cancel its open orders; with ``flatten`` its shares are closed, if they are as ``shown``.

        Raises BadInput when not all could be cancelled or closed: it is stopped all the same, and the sentence says what remains.
        """
        await self._login.require(RUN)
        if flatten:
            await self._login.require(TRADE)
        after = replace(moved(deployment, Step.STOP), reason="")
        if flatten:
            self._as_shown(deployment, shown)
        with self._at_work(deployment):
            self._runs.end(deployment.id)
            working = await self._closing.cancelled(deployment)  # a database that is away holds up no cancel
            how = "Its positions are closed." if flatten else "What it holds stays."
            done = await self._braked(deployment, after, Step.STOP, how)
            await self._ended(done, working, "stopped", flatten=flatten)
        return done

    async def close(self, deployment: Deployment, *, shown: Closing | None = None) -> None:
        """Close what a stopped deployment still holds. Raises BadInput when it runs, or with what could not be closed."""
        await self._login.require(RUN)
        await self._login.require(TRADE)
        if deployment.state not in (State.STOPPED, State.IDLE):
            raise BadInput(f"{deployment.label} is {deployment.state}; stop it, and flatten it there.")
        if why := elsewhere(deployment, self._account(), self._environment):
            raise BadInput(why)
        self._as_shown(deployment, shown)
        with self._at_work(deployment):
            await self._shelf.remark(deployment, "close", self._closing.preview(deployment).words)
            await self._ended(deployment, await self._closing.cancelled(deployment), "not running", flatten=True)

    def _as_shown(self, deployment: Deployment, shown: Closing | None) -> None:
        if shown is not None and shown.held != self.closing(deployment).held:
            raise BadInput("What it holds changed since the preview; nothing was done. Look again.")

    async def _ended(self, deployment: Deployment, working: str, state: str, *, flatten: bool) -> None:
        """Raises BadInput with what remains."""
        if working:
            raise BadInput(f"It is {state}, but {working}; look at the blotter.")
        if flatten and (
            left := await self._closing.flat(deployment, f"-{self._now():%H%M%S}" if state != "stopped" else "")
        ):
            raise BadInput(f"It is {state}, and not flat: {', '.join(left)}. Close what remains by hand.")

    # ---- what the program does

    async def flush(self) -> None:
        """Write down what the program stopped; what cannot be written is tried again."""
        await self._brakes.flush()


def _summary(terms: Terms) -> str:
    knobs = ", ".join(f"{name} {value:g}" for name, value in terms.parameters)
    return f"{terms.name} v{terms.version} on {', '.join(terms.symbols)} {terms.timeframe} ({knobs})"


def _words(reason: str) -> str:
    words = reason.strip()
    if not 3 <= len(words) <= LONGEST:
        raise BadInput(f"Say why, in 3 to {LONGEST} characters.")
    return words
