"""What was paused or failed here and must stay so: it is on this machine's disk before the database has it, and outlives the program."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime

import structlog

from qv_desktop.domain.audit import SYSTEM, Draft
from qv_desktop.domain.deployments import Deployment, State, Step, moved
from qv_desktop.domain.errors import BadInput, DatabaseDown, NotPermitted
from qv_desktop.services.deployment_shelf import DeploymentShelf
from qv_desktop.services.ports.audit import Spool

log = structlog.get_logger(__name__)

TRIES = 3

type Waiting = Callable[[Callable[[Draft], Awaitable[object]]], Spool]  # makes the spool whose rows are written so


class DeploymentBrakes:
    """``waiting`` makes where brakes wait; ``account`` is this desk's."""

    def __init__(self, shelf: DeploymentShelf, waiting: Waiting, account: Callable[[], str]) -> None:
        self._shelf, self._account = shelf, account
        self._spool = waiting(self._write)
        self._writing: set[asyncio.Task[None]] = set()
        self._coming: dict[asyncio.Future[None], Draft] = {}  # on their way to the disk

    def put_on(self, deployment: Deployment, state: State, why: str) -> None:
        """What ran here was ended already; now that is kept, and written as soon as it can be. Nobody waits for the disk."""
        if self._keep(deployment, state, why) is not None:
            self._flush_soon()

    async def held_back(self, deployment: Deployment, state: State, why: str) -> None:
        """The same; done once it is on the disk."""
        if (keeping := self._keep(deployment, state, why)) is not None:
            await asyncio.wait({keeping})
            self._flush_soon()

    def _keep(self, deployment: Deployment, state: State, why: str) -> "asyncio.Future[None] | None":
        """It is in force from now on, and on its way to the disk, which may take its time: on a thread; None where it stands already."""
        known = self._shelf.known.get(deployment.id, deployment)
        step = Step.PAUSE if state is State.PAUSED else Step.FAIL
        try:
            after = replace(moved(known, step), reason=why)
        except BadInput:
            return None
        draft = _brake(known, state, why)
        keeping = asyncio.get_running_loop().run_in_executor(None, self._spool.keep, draft)
        self._coming[keeping] = draft
        keeping.add_done_callback(self._kept)
        self._shelf.take(replace(after, revision=known.revision))
        return keeping

    def _kept(self, keeping: "asyncio.Future[None]") -> None:
        draft = self._coming.pop(keeping)
        if not keeping.cancelled() and (error := keeping.exception()) is not None:
            # a full disk: it holds as long as the program runs
            log.error("deployment_brake_not_kept", deployment=draft.object_id, reason=str(error))

    def _flush_soon(self) -> None:
        writing = asyncio.get_running_loop().create_task(self.flush())
        self._writing.add(writing)
        writing.add_done_callback(self._writing.discard)

    async def flush(self) -> None:
        """Write down what waits; what cannot be written is tried again."""
        if self._coming:
            await asyncio.wait(set(self._coming))
        await self._spool.drain()

    def waits_for(self, deployment: Deployment) -> str:
        """Why it does not go on although it stands as running in the database, or nothing."""
        for draft in (*self._coming.values(), *self._spool.held()):
            told = json.loads(draft.after)
            if draft.object_id == deployment.id and told["started"] == _started(deployment):
                return f"{told['why']} That waits to be written down."
        return ""

    async def _write(self, draft: Draft) -> None:
        """Somebody else may have stopped it meanwhile, started it anew, or done what leaves it running."""
        told = json.loads(draft.after)
        for _ in range(TRIES):
            now = {one.id: one for one in await self._shelf.store.all(self._account())}.get(draft.object_id)
            if now is None:
                raise NotPermitted(
                    f"Deployment {draft.object_id} is not of this desk's account; its own desk writes that."
                )
            if not now.running or _started(now) != told["started"]:
                return
            try:
                await self._shelf.moved_by_program(now, State(told["state"]), told["why"])
            except BadInput as error:
                log.info("deployment_changed_elsewhere", deployment=now.id, reason=str(error))
            else:
                return
        raise DatabaseDown(f"Deployment {draft.object_id} is changed again and again; its pause is tried anew.")


def _brake(deployment: Deployment, state: State, why: str) -> Draft:
    step = Step.PAUSE if state is State.PAUSED else Step.FAIL
    after = json.dumps({"state": state.value, "why": why, "started": _started(deployment)})
    return Draft(SYSTEM, f"deployment.{step}", "deployment", deployment.id, reason=why, after=after)


def _started(deployment: Deployment) -> str:
    at: datetime | None = deployment.started
    return "" if at is None else at.isoformat()
