"""The deployments that are known, and the one way in which one changes: with its line of the story and its row in the trail."""

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from qv_desktop.domain.audit import SYSTEM, Actor, Draft
from qv_desktop.domain.deployments import LONGEST, Deployment, State, Step, Told, moved, told
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.events import DeploymentChanged, Event
from qv_desktop.services.deployment_runs import RunStore
from qv_desktop.services.ports.callbacks import Now


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


class DeploymentShelf:
    """``known``: as last read, oldest first. ``actor`` is whoever acts here."""

    def __init__(self, store: Store, publish: Callable[[Event], None], now: Now, actor: Callable[[], Actor]) -> None:
        self.store, self.publish, self.now, self.actor = store, publish, now, actor
        self.known: dict[str, Deployment] = {}

    def get(self, id_: str) -> Deployment:
        """Raises BadInput when there is none."""
        if id_ not in self.known:
            raise BadInput("This deployment is not there any more.")
        return self.known[id_]

    def take(self, deployment: Deployment) -> None:
        """As it now stands."""
        self.known[deployment.id] = deployment
        self.publish(DeploymentChanged(deployment))

    def drop(self, deployment: Deployment) -> None:
        """It is there no more."""
        self.known.pop(deployment.id, None)
        self.publish(DeploymentChanged(deployment, gone=True))

    async def add(self, made: Deployment, words: str) -> None:
        """A new one."""
        draft = Draft(self.actor(), "deployment.create", "deployment", made.id, after=told(made))
        await self.store.add(made, Told(self.now(), made.created_by, "create", words), draft)
        self.take(made)

    async def changed(self, before: Deployment, after: Deployment, step: Step, words: str = "") -> Deployment:
        """A step that a person takes. Raises BadInput when somebody else was quicker, DatabaseDown."""
        line = Told(self.now(), self.actor().name, step, words)
        await self.store.change(before, after, line, self.draft(step, before, after, words))
        self.take(after)
        return after

    async def moved_by_program(self, deployment: Deployment, state: State, why: str) -> None:
        """Pause or fail it in the program's own name. Raises BadInput, DatabaseDown."""
        step = Step.PAUSE if state is State.PAUSED else Step.FAIL
        after = replace(moved(deployment, step), reason=why[:LONGEST])
        draft = replace(self.draft(step, deployment, after, why), actor=SYSTEM)
        await self.store.change(deployment, after, Told(self.now(), SYSTEM.name, step, why), draft)
        self.take(after)

    async def remark(
        self, deployment: Deployment, step: str, words: str, *, action: str = "", refused: bool = False
    ) -> None:
        """A line that changes nothing; ``action`` names it in the trail where that is another word."""
        after = None if refused else deployment
        draft = self.draft(action or step, deployment, after, words)
        line = Told(self.now(), self.actor().name, step, words)
        await self.store.remark(deployment.id, line, replace(draft, outcome="refused") if refused else draft)

    def draft(self, step: str, before: Deployment, after: Deployment | None, words: str = "") -> Draft:
        """The row of a step in the trail."""
        action = f"deployment.{step.replace(' ', '_')}"
        return Draft(self.actor(), action, "deployment", before.id, reason=words, before=told(before),
                     after="" if after is None else told(after))  # fmt: skip
