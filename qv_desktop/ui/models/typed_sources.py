"""What a person has typed of each strategy and not saved, while the panel is open."""

from collections.abc import KeysView, Sequence
from dataclasses import dataclass, replace

from qv_desktop.domain.strategies import SourceDraft, Strategy


@dataclass(frozen=True, slots=True)
class Typed:
    """The whole text, the version that it goes on from, and the note that is meant for it."""

    base: int
    source: str
    note: str = ""


class TypedSources:
    """By the strategy's id."""

    def __init__(self) -> None:
        self._typed: dict[str, Typed] = {}

    @property
    def ids(self) -> KeysView[str]:
        """Of which strategies there is something; it follows what changes."""
        return self._typed.keys()

    def of(self, strategy: Strategy | None) -> Typed | None:
        """What is typed of this one."""
        return self._typed.get(strategy.id) if strategy is not None else None

    def keep(self, strategy: Strategy, source: str, note: str) -> int:
        """Remember a text; the version that it goes on from stays that of its first letter."""
        before = self._typed.get(strategy.id)
        base = before.base if before else strategy.version
        self._typed[strategy.id] = Typed(base, source, note)
        return base

    def note(self, strategy: Strategy | None, note: str) -> None:
        """Remember the note of what is typed already."""
        if strategy is not None and strategy.id in self._typed:
            self._typed[strategy.id] = replace(self._typed[strategy.id], note=note)

    def drop(self, strategy: Strategy) -> bool:
        """Forget it; whether there was something."""
        return self._typed.pop(strategy.id, None) is not None

    def take_up(self, drafts: Sequence[SourceDraft]) -> set[str]:
        """Drafts of an earlier sitting, where nothing newer is typed; of which strategies."""
        fresh = {d.strategy: Typed(d.base, d.source) for d in drafts if d.strategy not in self._typed}
        self._typed.update(fresh)
        return set(fresh)

    def settle(self, saved: Strategy) -> Typed | None:
        """A version is stored: what was typed is no draft any more, unless more was typed since; that goes on from it and is returned."""
        typed = self._typed.get(saved.id)
        if typed is None:
            return None
        if typed.source.rstrip("\n") == saved.source.rstrip("\n"):
            del self._typed[saved.id]
            return None
        self._typed[saved.id] = replace(typed, base=saved.version)
        return self._typed[saved.id]
