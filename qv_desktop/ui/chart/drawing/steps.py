"""Undo and redo: what each step changed, and how it was before."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from qv_desktop.domain.drawings import Drawing

MOST_STEPS = 200

type Changes = Mapping[str, Drawing | None]  # id -> as it is, None when there is none


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that a person did; ``joins`` names a row of small ones, such as nudges, that are undone together."""

    before: Changes
    after: Changes
    joins: str = ""


class Steps:
    """The steps of one symbol, newest last; at most 200 are kept."""

    def __init__(self) -> None:
        self._done: deque[Step] = deque(maxlen=MOST_STEPS)
        self._undone: list[Step] = []
        self._open = False  # whether the newest step may take more of its kind

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to take back."""
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        """Whether there is a step to do again."""
        return bool(self._undone)

    def add(self, step: Step) -> None:
        """Something was done; what was undone before can no longer be redone."""
        self._undone.clear()
        last = self._done[-1] if self._done else None
        if self._open and last is not None and step.joins and last.joins == step.joins:
            self._done[-1] = Step(last.before, step.after, step.joins)
        else:
            self._done.append(step)
        self._open = True

    def part(self) -> None:
        """What comes next is a step of its own."""
        self._open = False

    def undo(self) -> Changes:
        """Take the newest step back: what holds now. Empty when there is none."""
        self._open = False
        if not self._done:
            return {}
        self._undone.append(self._done.pop())
        return self._undone[-1].before

    def redo(self) -> Changes:
        """Do the step again that was taken back last."""
        self._open = False
        if not self._undone:
            return {}
        self._done.append(self._undone.pop())
        return self._done[-1].after
