"""Validations: what tests of a sweep or a run told about how far its figures can be believed, and the verdict in a sentence."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

type Kind = Literal["overfitting", "walk_forward", "cross_validation", "monte_carlo"]
type Level = Literal["good", "doubtful", "bad", "unknown"]

KINDS: dict[Kind, str] = {
    "overfitting": "Overfitting",
    "walk_forward": "Walk-forward",
    "cross_validation": "Cross-validation",
    "monte_carlo": "Monte-Carlo of trades",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """How good the news is, and the sentence for people."""

    level: Level
    sentence: str


@dataclass(frozen=True, slots=True)
class Validation:
    """One test of a sweep, or of one combination of it (``values``, empty for the whole sweep).

    ``settings``, ``figures`` and ``curves`` are by name: what was asked, what came out, and the arrays for its pictures. The same
    sweep, data and settings (the seed is one) give the same figures.
    """

    id: str
    kind: Kind
    sweep: str
    values: tuple[float, ...]
    user: str
    at: datetime
    seconds: float
    settings: tuple[tuple[str, float], ...]
    figures: tuple[tuple[str, float], ...]
    curves: tuple[tuple[str, tuple[float, ...]], ...]
    verdict: Verdict

    @property
    def numbers(self) -> dict[str, float]:
        """The figures by name."""
        return dict(self.figures)

    @property
    def arrays(self) -> Mapping[str, tuple[float, ...]]:
        """The curves by name."""
        return dict(self.curves)

    @property
    def asked(self) -> dict[str, float]:
        """The settings by name."""
        return dict(self.settings)


@dataclass(frozen=True, slots=True)
class WalkAsked:
    """Percent of the bars to choose in and to trade in at each step; ``anchored`` lets the first grow from the beginning."""

    inside: float = 25.0
    outside: float = 6.25
    anchored: bool = False


@dataclass(frozen=True, slots=True)
class FoldsAsked:
    """How many folds, bars to purge on both sides of a test (None: as long as the longest mean trade), and percent embargoed."""

    folds: int = 8
    purge: int | None = None
    embargo: float = 1.0


@dataclass(frozen=True, slots=True)
class TradesAsked:
    """Of which combination, how the trades are drawn, and the loss of the first equity (fraction) that is called ruin."""

    values: tuple[float, ...]
    shuffle: bool = False
    runs: int = 5_000
    seed: int = 1
    ruin: float = 0.5
