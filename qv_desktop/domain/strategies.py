"""Strategies: named, versioned rules that turn bars into entries and exits."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from qv_desktop.domain.errors import BadInput

LONGEST_NAME, LONGEST_NOTE = 40, 200  # characters
FLAGGING = re.compile(r"^(?:def\s+signals\b|signals\s*[:=])", re.MULTILINE)
NAME = re.compile(r"[a-z][a-z0-9_]*\Z")


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
    """A strategy at one version; ``code_hash`` is the SHA-256 of its source text.

    ``author`` and ``note`` are of the version. ``archived`` and ``built_in`` are of the strategy, whichever version it is.
    """

    id: str
    name: str
    title: str
    version: int
    parameters: tuple[Parameter, ...]
    source: str
    code_hash: str
    author: str
    created: datetime
    note: str = ""
    archived: bool = False
    built_in: bool = False

    @property
    def weighs(self) -> bool:
        """Whether it weighs a universe rather than flagging the bars of one symbol."""
        return FLAGGING.search(self.source) is None


@dataclass(frozen=True, slots=True)
class SourceDraft:
    """What a person has typed at one terminal and not saved: the whole text, and the version that it goes on from."""

    strategy: str  # its id
    base: int
    source: str
    saved: datetime  # UTC
    terminal: str = ""

    @property
    def host(self) -> str:
        """The machine that the terminal is on."""
        return self.terminal.partition(" ")[0] or "another terminal"


def with_defaults(strategy: Strategy, chosen: Mapping[str, float]) -> dict[str, float]:
    """Every parameter's value: the chosen one, else its default."""
    return {p.name: chosen.get(p.name, p.default) for p in strategy.parameters}


def digest(source: str) -> str:
    """SHA-256 of a source text in UTF-8, as 64 hexadecimal digits."""
    return hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()


def tidy_name(text: str) -> str:
    """The name of a new strategy: orders carry it as their source. Raises BadInput."""
    name = text.strip()
    if not NAME.match(name) or len(name) > LONGEST_NAME:
        raise BadInput(
            f"“{name[:60]}” cannot be a strategy's name; take small letters, digits and _, beginning with a letter, "
            f"{LONGEST_NAME} at most."
        )
    return name


def free_name(wanted: str, taken: frozenset[str]) -> str:
    """``wanted``, or with the first number at its end that makes it a name nobody has."""
    stem, number = wanted[: LONGEST_NAME - 4], 2
    name = wanted[:LONGEST_NAME]
    while name in taken:
        name, number = f"{stem}_{number}", number + 1
    return name
