"""Strategies: named, versioned rules that turn bars into entries and exits."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Parameter:
    """One knob of a strategy: its name, default and inclusive range."""

    name: str
    default: float
    low: float
    high: float
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Strategy:
    """A strategy at one version; ``code_hash`` is the SHA-256 of its source text."""

    id: str
    name: str
    title: str
    version: int
    parameters: tuple[Parameter, ...]
    source: str
    code_hash: str
    author: str
    created: datetime


def with_defaults(strategy: Strategy, chosen: Mapping[str, float]) -> dict[str, float]:
    """Every parameter's value: the chosen one, else its default."""
    return {p.name: chosen.get(p.name, p.default) for p in strategy.parameters}
