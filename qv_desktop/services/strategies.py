"""Strategies: every known one at its newest version, and whether its code may run for whoever is signed in."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from qv_desktop.domain.access import Action, Permission, Resource
from qv_desktop.domain.audit import SYSTEM, Draft, Outcome
from qv_desktop.domain.errors import BadInput, ConsentNeeded, NotPermitted
from qv_desktop.domain.events import Event, StrategiesChanged
from qv_desktop.domain.strategies import Strategy, digest
from qv_desktop.services.login import ENDED, Login
from qv_desktop.services.noting import Note
from qv_desktop.services.ports.callbacks import Now, Publish
from qv_desktop.services.ports.strategies import StrategyConsents, StrategyStore

VIEW = Permission(Resource.STRATEGIES, Action.VIEW)
RUN = Permission(Resource.STRATEGIES, Action.RUN)


class Strategies:
    """Without ``login`` and ``consents`` nothing runs but what ships with the program."""

    def __init__(
        self,
        store: StrategyStore,
        login: Login | None = None,
        consents: StrategyConsents | None = None,
        publish: Publish | None = None,
        note: Note | None = None,
        now: Now = lambda: datetime.now(UTC),
    ) -> None:
        self._store, self._login, self._consents, self._note, self._now = store, login, consents, note, now
        self._publish: Publish = publish or _nobody
        self._known: dict[str, Strategy] = {}  # name -> newest version, archived ones too
        self._shipped: dict[str, Strategy] = {}  # name -> as it ships
        self._own: frozenset[str] = frozenset()  # digests of what ships, by the program's own text and no stored one
        self._heads: list[tuple[str, int, bool]] = []
        self.clashes: tuple[str, ...] = ()  # sentences about built-in ones whose name a person's strategy has

    async def load(self, built_in: Sequence[Strategy]) -> list[Strategy]:
        """Keep the built-in strategies, each as a new version when its source has changed, and return all that can be run.

        A built-in one is known as this program ships it, also where a newer program has stored another version of it.
        """
        stored = {strategy.name: strategy for strategy in await self._store.all()}
        self._own = frozenset(digest(strategy.source) for strategy in built_in)
        clashes = [s.name for s in built_in if s.name in stored and not stored[s.name].built_in]
        self.clashes = tuple(_clash(name) for name in clashes)
        for strategy in built_in:
            if strategy.name not in clashes:
                before = stored.get(strategy.name)
                of_old = replace(strategy, id=before.id) if before else strategy
                self._shipped[strategy.name] = await self._store.keep(of_old, _kept(strategy, before))
        await self._read()
        return self.all()

    async def refresh(self) -> None:
        """Look whether anything changed, here or at another terminal, and publish it. Raises NotPermitted, DatabaseDown."""
        await self._signed_in().require(VIEW)
        if await self._store.heads() != self._heads:
            await self._read()

    async def _read(self) -> None:
        heads = await self._store.heads()
        known = {strategy.name: strategy for strategy in await self._store.all()}
        for name, shipped in self._shipped.items():
            known[name] = replace(shipped, archived=known[name].archived if name in known else False)
        self._heads, before, self._known = heads, self._known, known
        if known != before:
            self._publish(StrategiesChanged(tuple(self.all())))

    def all(self) -> list[Strategy]:
        """Every strategy that is not archived, by name."""
        return [strategy for strategy in self.every() if not strategy.archived]

    def every(self) -> list[Strategy]:
        """Archived ones too, by name."""
        return [self._known[name] for name in sorted(self._known)]

    def named(self, name: str) -> Strategy:
        """The strategy at its newest version, archived or not. Raises BadInput when there is none of that name."""
        if name not in self._known:
            offered = ", ".join(strategy.name for strategy in self.all())
            raise BadInput(f"There is no strategy called “{name}”; choose one of {offered}.")
        return self._known[name]

    async def at(self, name: str, version: int) -> Strategy:
        """One version of a strategy, the newest as well as an older one. Raises BadInput when it is not there, DatabaseDown."""
        known = self._known.get(name)
        if known is not None and known.version == version:
            return known
        found = await self._store.at(name, version)
        if found is None:
            raise BadInput(f"There is no version {version} of “{name}”; choose one that is stored.")
        return found

    def ships(self, strategy: Strategy) -> bool:
        """Whether it is code that came with this program, by the text itself and not by what is said of it."""
        return digest(strategy.source) in self._own

    async def require_consent(self, strategy: Strategy) -> None:
        """Let code run that ships with the program, or that the signed-in person has allowed as it is, letter for letter.

        Raises ConsentNeeded, which a person answers, BadInput when the stored text is not what its hash says, NotPermitted, DatabaseDown.
        """
        if digest(strategy.source) != strategy.code_hash:
            raise BadInput(
                f"Version {strategy.version} of “{strategy.name}” is not the text that its hash is of: it was changed outside the program, "
                "and does not run."
            )
        if self.ships(strategy):
            return
        session = self._login.session if self._login is not None else None
        if session is None or self._consents is None:
            raise NotPermitted(ENDED)
        if not await self._consents.given(session.user.id, strategy.code_hash):
            raise ConsentNeeded(
                f"Version {strategy.version} of “{strategy.name}” by {strategy.author} has not run for you yet; read and allow it.",
                strategy,
            )

    async def consent(self, strategy: Strategy) -> None:
        """Allow this code for the signed-in person, recorded. Raises NotPermitted, BadInput, DatabaseDown."""
        session = await self._signed_in().require(RUN)
        if digest(strategy.source) != strategy.code_hash or self._consents is None:
            raise BadInput(f"The text of “{strategy.name}” is not what its hash says; read it anew.")
        await self._consents.give(session.user.id, strategy, self._now(), self._answer(strategy, "ok"))

    async def decline(self, strategy: Strategy) -> None:
        """Write down that the signed-in person read what would run, and did not let it."""
        if self._note is not None:
            await self._note(self._answer(strategy, "refused", "the person did not let it run"))

    def _answer(self, strategy: Strategy, outcome: Outcome, reason: str = "") -> Draft:
        words = json.dumps({"version": strategy.version, "code": strategy.code_hash, "author": strategy.author})
        return Draft(self._signed_in().actor, "strategy.allow", "strategy", strategy.name, outcome, reason, after=words)

    def _signed_in(self) -> Login:
        if self._login is None:
            raise NotPermitted(ENDED)
        return self._login


def _nobody(event: Event) -> None:
    """Without a bus nobody hears."""


def _clash(name: str) -> str:
    return (
        f"The program ships a strategy “{name}”, and one of the desk's own has that name: the built-in one is left out."
    )


def _kept(strategy: Strategy, before: Strategy | None) -> Draft:
    """The row of a new version, with the one that it follows."""
    version = before.version + 1 if before else 1
    after = {"version": version, "code": strategy.code_hash, "title": strategy.title, "author": strategy.author}
    was = (
        json.dumps(
            {"version": before.version, "code": before.code_hash, "title": before.title, "author": before.author}
        )
        if before
        else ""
    )
    return Draft(SYSTEM, "strategy.keep", "strategy", strategy.name, before=was, after=json.dumps(after))
