"""Strategies: the built-in ones, kept as versions by the hash of their source."""

import json
from collections.abc import Sequence

from qv_desktop.domain.audit import SYSTEM, Draft
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.strategies import Strategy
from qv_desktop.services.ports import StrategyStore


class Strategies:
    """Every known strategy at its newest version."""

    def __init__(self, store: StrategyStore) -> None:
        self._store = store
        self._known: dict[str, Strategy] = {}  # name -> newest version

    async def load(self, built_in: Sequence[Strategy]) -> list[Strategy]:
        """Keep the built-in strategies, each as a new version when its source has changed, and return all that are stored."""
        stored = {strategy.name: strategy for strategy in await self._store.all()}
        for strategy in built_in:
            await self._store.keep(strategy, _kept(strategy, stored.get(strategy.name)))
        self._known = {strategy.name: strategy for strategy in await self._store.all()}
        return self.all()

    def all(self) -> list[Strategy]:
        """Every strategy by name."""
        return [self._known[name] for name in sorted(self._known)]

    def named(self, name: str) -> Strategy:
        """The strategy. Raises BadInput when there is none of that name."""
        if name not in self._known:
            raise BadInput(f"There is no strategy called “{name}”; choose one of {', '.join(sorted(self._known))}.")
        return self._known[name]


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
