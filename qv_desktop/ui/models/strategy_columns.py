"""Columns of strategies, of their versions, and of the problems in a source."""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from qv_desktop.domain.strategies import Parameter, Strategy
from qv_desktop.domain.strategy_source import Problem
from qv_desktop.ui import format
from qv_desktop.ui.models.table_model import Column

UNSAVED, SAVED = "●", ""


def knob(parameter: Parameter) -> str:
    """A parameter as ``fast 20 (2–200)``."""
    return f"{parameter.name} {parameter.default:g} ({parameter.low:g}–{parameter.high:g})"


def kind(strategy: Strategy) -> str:
    """What is to be known of a strategy besides its version."""
    return "archived" if strategy.archived else "built in" if strategy.built_in else ""


class Badge(NamedTuple):
    """What a check of a source found: a word or two, the chip that they stand on (a key of ``theme.CHIPS``), and the whole of it."""

    words: str
    chip: str
    explained: str = ""


_NO_BADGE = Badge("", "")


def strategy_columns(unsaved: Collection[str], badges: Mapping[str, Badge]) -> tuple[Column[Strategy], ...]:
    """``unsaved`` are the ids of those with a draft, ``badges`` go by the hash of the source; both as they stand when a row is drawn."""

    def draft(s: Strategy) -> str:
        return UNSAVED if s.id in unsaved else SAVED

    return (
        Column("Name", lambda s: s.name, bold=True, width=120, color=lambda s: "TX2" if s.archived else "TX0"),
        Column("", draft, color=lambda s: "WARN", width=28, tip=lambda s: "You have changes that are not saved" if draft(s) else ""),
        Column("Ver", lambda s: f"{s.version}", key=lambda s: s.version, right=True, width=36),
        Column("Look-ahead", lambda s: badges.get(s.code_hash, _NO_BADGE).words, width=84, shown=False,
               chip=lambda s: badges.get(s.code_hash, _NO_BADGE).chip or None,
               tip=lambda s: badges.get(s.code_hash, _NO_BADGE).explained, color=lambda s: "TX2"),
        Column("Title", lambda s: s.title, color=lambda s: "TX1", width=90, stretch=True),
        Column("Kind", kind, color=lambda s: "TX2", width=62),
        Column("Author", lambda s: s.author, color=lambda s: "TX1", width=90, shown=False),
        Column("Hash", lambda s: s.code_hash[:8], mono=True, color=lambda s: "TX1", width=84, tip=lambda s: s.code_hash, shown=False),
        Column("Saved", lambda s: format.day(s.created), key=lambda s: s.created, color=lambda s: "TX1", width=84, shown=False),
    )  # fmt: skip


VERSION_COLUMNS: tuple[Column[Strategy], ...] = (
    Column("Ver", lambda s: f"v{s.version}", key=lambda s: s.version, bold=True, width=40),
    Column("Saved", lambda s: f"{format.day(s.created)} {format.clock(s.created)[:5]}", key=lambda s: s.created,
           color=lambda s: "TX1", width=124, whole=True),
    Column("Author", lambda s: s.author, color=lambda s: "TX1", width=90),
    Column("Note", lambda s: s.note, color=lambda s: "TX1", width=90, stretch=True, tip=lambda s: s.note),
    Column("Title", lambda s: s.title, color=lambda s: "TX1", width=120, shown=False),
    Column("Hash", lambda s: s.code_hash[:8], mono=True, color=lambda s: "TX1", width=76, tip=lambda s: s.code_hash),
)  # fmt: skip

PROBLEM_COLUMNS: tuple[Column[Problem], ...] = (
    Column("", lambda p: UNSAVED, color=lambda p: "BAD" if p.grave else "WARN", key=lambda p: not p.grave, width=28),
    Column(
        "Line",
        lambda p: f"{p.line}" if p.line else "—",
        key=lambda p: p.line,
        right=True,
        width=40,
        color=lambda p: "TX1",
    ),
    Column("Problem", lambda p: p.sentence, width=240, stretch=True, tip=lambda p: p.sentence),
)
