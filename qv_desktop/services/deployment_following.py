"""Deployments as other desks, and this one before it ended, left them: read anew, followed, and gone on with."""

from collections.abc import Callable
from dataclasses import replace

from qv_desktop.domain.deployments import Deployment, State
from qv_desktop.domain.errors import BadInput, ConsentNeeded
from qv_desktop.domain.events import DeploymentChanged
from qv_desktop.services.deployment_brakes import DeploymentBrakes
from qv_desktop.services.deployment_runs import DeploymentRuns
from qv_desktop.services.deployment_shelf import DeploymentShelf


class DeploymentFollowing:
    """``kept_back`` says why a deployment does not go on here, nothing when it may. All raise DatabaseDown."""

    def __init__(
        self, shelf: DeploymentShelf, brakes: DeploymentBrakes, runs: DeploymentRuns, account: Callable[[], str],
        kept_back: Callable[[Deployment], str],
    ) -> None:  # fmt: skip
        self._shelf, self._brakes, self._runs, self._account, self._kept_back = shelf, brakes, runs, account, kept_back
        self._loaded = False  # what their orders came to is known

    async def load(self) -> None:
        """Read all, and go on with what ran when the program ended and is the signed-in person's. Raises DatabaseDown."""
        await self._brakes.flush()  # what was paused in the last sitting may wait there
        await self.refresh()
        await self._runs.load(list(self._shelf.known.values()))
        self._loaded = True
        for deployment in list(self._shelf.known.values()):
            self._shelf.publish(DeploymentChanged(deployment))
        await self._resume_all()

    async def _resume_all(self) -> None:
        """What cannot go on for want of a database, bars or its lease is tried again with the next look at what other desks did."""
        for deployment in list(self._shelf.known.values()):
            if not deployment.running or deployment.id in self._runs.running:
                continue
            if self._kept_back(deployment) or self._brakes.waits_for(deployment):
                continue
            if not await self._runs.leases.take(deployment.id):
                await self._resume(deployment)

    async def refresh(self) -> None:
        """Read anew: what was done at other desks is followed here. Raises DatabaseDown."""
        shelf = self._shelf
        asked = set(shelf.known)
        read = {one.id: one for one in await shelf.store.all(self._account())}
        before = shelf.known
        # what was done here while the question was under way is newer than its answer, and so is a brake that waits
        newer = {
            id_: one
            for id_, one in before.items()
            if (self._newer(one, read[id_]) if id_ in read else id_ not in asked)
        }
        shelf.known = found = read | newer
        for id_, gone in before.items():
            if id_ not in found:
                self._runs.end(id_)
                shelf.publish(DeploymentChanged(gone, gone=True))
        for id_, one in found.items():
            if not one.running or (id_ in before and _begun_anew(before[id_], one)):
                self._runs.end(id_)
            if replace(one, evaluated=0) != replace(before.get(id_, one), evaluated=0) or id_ not in before:
                shelf.publish(DeploymentChanged(one))
        if self._loaded:
            await self._resume_all()

    def _newer(self, here: Deployment, stored: Deployment) -> bool:
        if here.revision > stored.revision:
            return True
        return stored.running and not here.running and bool(self._brakes.waits_for(stored))

    async def _resume(self, deployment: Deployment) -> None:
        """Only while its shares fit into the books; what was missed meanwhile is told and does not trade."""
        await self._runs.recount(deployment)  # another desk may have run it until a moment ago
        if why := self._runs.books.differs(deployment):
            await self._given_up(deployment, State.PAUSED, why)
            return
        try:
            await self._runs.begin(deployment, resumed=True)
        except ConsentNeeded as error:
            await self._given_up(deployment, State.PAUSED, str(error))
            return
        except BadInput as error:
            await self._given_up(deployment, State.FAILED, str(error))
            return
        words = "The program was started again, or another desk ended; what was missed meanwhile does not trade."
        await self._shelf.remark(deployment, "resume", words)

    async def _given_up(self, deployment: Deployment, state: State, why: str) -> None:
        await self._shelf.moved_by_program(deployment, state, why)
        await self._runs.leases.release(deployment.id)


def _begun_anew(before: Deployment, now: Deployment) -> bool:
    """Whether another desk stopped and started it: what runs here has the terms of before."""
    return before.running and now.running and (before.started, before.started_by) != (now.started, now.started_by)
