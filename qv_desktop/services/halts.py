"""Halts of trading that were heard of in this sitting, for the charts."""

from collections.abc import Sequence
from dataclasses import dataclass

from qv_desktop.domain.events import HaltsChanged
from qv_desktop.domain.market import Halt
from qv_desktop.services.ports import Publish

KEPT = 100  # of a symbol, the newest


@dataclass(frozen=True, slots=True)
class HaltSpan:
    """From ``start`` up to ``end`` in ns; ``end`` is None while trading is halted."""

    start: int
    end: int | None
    reason: str


class Halts:
    """Keeps each symbol's halts in order."""

    def __init__(self, publish: Publish) -> None:
        self._publish = publish
        self._spans: dict[str, list[HaltSpan]] = {}  # symbol -> halts, oldest first

    def of(self, symbol: str) -> tuple[HaltSpan, ...]:
        """The symbol's halts, oldest first."""
        return tuple(self._spans.get(symbol, ()))

    def heard(self, halts: Sequence[Halt]) -> None:
        """What a stream says; a repetition changes nothing."""
        for halt in halts:
            if self._take(halt):
                self._publish(HaltsChanged(halt.symbol))

    def _take(self, halt: Halt) -> bool:
        spans = self._spans.setdefault(halt.symbol, [])
        on = bool(spans) and spans[-1].end is None
        if halt.halted and not on:
            spans.append(HaltSpan(halt.at, None, halt.reason))
            del spans[:-KEPT]
        elif not halt.halted and on:
            spans[-1] = HaltSpan(spans[-1].start, max(halt.at, spans[-1].start), spans[-1].reason)
        return halt.halted != on
