"""Reconciliation: the broker's books beside ours, at start, after a reconnect, while trading and on demand."""

import asyncio
import json
import uuid
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import structlog

from qv_desktop.domain.access import Action, Permission, Resource
from qv_desktop.domain.audit import SYSTEM, Draft
from qv_desktop.domain.errors import BadInput, QvError
from qv_desktop.domain.events import Reconciled
from qv_desktop.domain.reconciliation import Books, Reconciliation, Tolerances, differences, fingerprint
from qv_desktop.services.account import Account
from qv_desktop.services.login import Login
from qv_desktop.services.orders import Orders
from qv_desktop.services.ports import Broker, Now, Publish, ReconciliationStore, Reports, Trail
from qv_desktop.services.positions import Positions

log = structlog.get_logger(__name__)

RUN = Permission(Resource.RECONCILIATION, Action.RUN)
EXPORT = Permission(Resource.RECONCILIATION, Action.EXPORT)
FORMATS = ("csv", "json", "html")
SETTLE = 1.5  # seconds that a difference must outlive before it counts: snapshot and stream race


class Reconcile:
    """Runs comparisons and exports their reports. ``last`` is the newest run."""

    def __init__(
        self,
        broker: Broker,
        store: ReconciliationStore,
        reports: Reports,
        orders: Orders,
        positions: Positions,
        account: Account,
        login: Login,
        publish: Publish,
        now: Now,
        since: Callable[[], datetime],
        folder: Path,
        trail: Trail,
    ) -> None:
        self._broker, self._store, self._reports = broker, store, reports
        self._orders, self._positions, self._account = orders, positions, account
        self._login, self._publish, self._now, self._since, self._folder = login, publish, now, since, folder
        self._trail = trail
        self._one = asyncio.Lock()
        self.last: Reconciliation | None = None

    async def asked(self) -> Reconciliation:
        """A run that a person asked for. Raises NotPermitted, BrokerDown."""
        session = await self._login.require(RUN)
        return await self.run(session.user.name, "asked for")

    async def run(self, operator: str, reason: str) -> Reconciliation:
        """Compare, look again at what differs, store and publish. Raises BrokerDown: an error is never read as “flat”."""
        async with self._one:
            await self._orders.settling.settle_all()  # what is unresolved is no difference of books
            await self._orders.settling.adopt_legs()
            tolerances = Tolerances()
            broker, local = await self._theirs(), self._ours()
            breaks, matched = differences(local, broker, tolerances)
            if breaks:
                await asyncio.sleep(SETTLE)
                await self._orders.settling.settle_open()  # a stream can be mute while its socket lives
                broker, local = await self._theirs(), self._ours()
                breaks, matched = differences(local, broker, tolerances)
            masked = broker.account.masked if broker.account else ""
            run = Reconciliation(uuid.uuid4().hex, self._now(), masked, operator, reason, local.at, broker.at, tolerances, matched, breaks,
                                 fingerprint(local, broker))  # fmt: skip
            await self._store.save(run, self._draft(run))
            self.last = run
            self._publish(Reconciled(run))
            return run

    def _ours(self) -> Books:
        open_orders = {key: order for key, order in self._orders.book.items() if order.open}
        since = self._since()
        fills = {key: fill for key, fill in self._orders.fills.items() if fill.at >= since}
        return Books(self._now(), self._positions.held(), open_orders, fills, self._account.balances)

    async def _theirs(self) -> Books:
        account, positions, orders, fills = await asyncio.gather(
            self._broker.account(),
            self._broker.positions(),
            self._broker.open_orders(),
            self._broker.fills(self._since()),
        )
        return Books(self._now(), positions, {o.id: o for o in orders}, {f.execution_id: f for f in fills}, account)

    def _draft(self, run: Reconciliation) -> Draft:
        actor = self._login.actor if self._login.session and run.operator == self._login.session.user.name else SYSTEM
        after = json.dumps(
            {"matched": run.matched, "breaks": len(run.breaks), "at_risk": str(run.at_risk), "input": run.input_hash}
        )
        return Draft(
            actor,
            "reconciliation.run",
            "reconciliation",
            run.id,
            "ok" if run.passed else "failed",
            run.reason,
            after=after,
            correlation=run.id,
        )

    async def export(self, run: Reconciliation | None = None, formats: Collection[str] = FORMATS) -> tuple[Path, ...]:
        """Write the report of ``run``, or of the newest, in each of ``formats``. Raises BadInput, NotPermitted, DatabaseDown."""
        await self._login.require(EXPORT)
        chosen = run or self.last
        if chosen is None:
            raise BadInput("There is no reconciliation to export yet; run one first.")
        what = json.dumps({"formats": sorted(formats), "input": chosen.input_hash})
        draft = Draft(
            self._login.actor, "export.reconciliation", "reconciliation", chosen.id, after=what, correlation=chosen.id
        )
        await self._trail.append(draft)
        try:
            return await self._reports.write(chosen, self._folder, formats)
        except BadInput as error:
            await self._trail.append(replace(draft, outcome="failed", reason=str(error)))
            raise

    async def repeat(self, seconds: float) -> None:
        """Run every ``seconds`` until cancelled; an unreachable broker leaves the last verdict and its age in view."""
        while True:
            await asyncio.sleep(seconds)
            try:
                await self.run("system", f"every {seconds:.0f} s")
            except QvError as error:
                log.info("reconciliation_waits", reason=str(error))
