"""Closes of what is held, day by day, for measures that look back: adjusted for splits, got once a day."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import batched, pairwise
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from qv_desktop.domain.adjustment import adjusted, effective, midnight, steps
from qv_desktop.domain.errors import FeedDown
from qv_desktop.domain.market import Action, Bar
from qv_desktop.domain.norms import day_of, jumped

PORTION = 50  # symbols whose bars are in memory at once
SMALL = 0.93  # open over the close before, below which it may be a small split or a dividend in shares (5:4, 11:10)
PER_LOOK = 10  # symbols that are asked for small splits at once: such gaps are common, and a vendor may be slow
SMALL_SPLIT = "It opened 7 % lower or more one day, and no vendor could tell whether that was a small split."
SPLIT = "It jumped as by a split, and no vendor told of one: days before the jump are left out."


class Daily(Protocol):
    """``services.daily_bars.DailyBars``."""

    async def bars(self, symbols: Sequence[str], today: date) -> tuple[dict[str, list[Bar]], dict[str, list[Bar]]]:
        """What is stored, and what a vendor says. Raises FeedDown."""

    async def splits(self, symbol: str, since: date | None = None) -> list[Action]:
        """Splits and dividends; an answer of after ``since`` is new enough. Raises FeedDown."""


@dataclass(frozen=True, slots=True)
class Closes:
    """``days`` (n,) are ordinals of New York days, ascending, ``prices`` (n,) in today's shares; ``note`` says what is odd."""

    days: NDArray[np.int64]
    prices: NDArray[np.float64]
    note: str = ""


class Histories:
    """Holds the closes of one day's asking; another day begins anew. ``trouble`` is why the last question failed."""

    def __init__(self, daily: Daily) -> None:
        self._daily = daily
        self._day: date | None = None
        self._held: dict[str, Closes] = {}
        self._fell: dict[
            str, date
        ] = {}  # symbols whose small splits are still to be asked for, and the newest day of one
        self.trouble = ""

    async def of(self, symbols: Iterable[str], today: date) -> dict[str, Closes]:
        """The closes before ``today`` of those that could be got; what is missing is asked for."""
        if today != self._day:
            self._day, self._held, self._fell = today, {}, {}
        wanted = list(dict.fromkeys(symbols))
        self.trouble = ""
        for portion in batched([symbol for symbol in wanted if symbol not in self._held], PORTION):
            try:
                await self._get(portion, today)
            except FeedDown as error:
                self.trouble = str(error)
                break
        for symbol in list(self._fell)[:PER_LOOK]:
            self._held[symbol] = await self._told(symbol, self._held[symbol], self._fell.pop(symbol), today)
        return {symbol: self._held[symbol] for symbol in wanted if symbol in self._held}

    async def _get(self, symbols: Sequence[str], today: date) -> None:
        stored, fresh = await self._daily.bars(symbols, today)
        for symbol in symbols:
            bars = _joined(stored.get(symbol, []), fresh.get(symbol, []), midnight(today))
            closes, doubtful = await asyncio.to_thread(closes_of, bars, today, None)
            if doubtful:
                closes = await self._explained(symbol, bars, today)
            elif (day := _newest_fall(bars)) is not None:
                self._fell[symbol] = day
            self._held[symbol] = closes

    async def _told(self, symbol: str, closes: Closes, since: date, today: date) -> Closes:
        """Closes with small splits divided out: a gap of theirs may as well be the market's, so that no day is left out for one."""
        try:
            actions = await self._daily.splits(symbol, since)
        except FeedDown:
            return Closes(closes.days, closes.prices, SMALL_SPLIT)
        prices = closes.prices.copy()
        for one in effective(actions, today):
            if one.kind == "split":
                prices[closes.days < one.day.toordinal()] /= one.amount
        return Closes(closes.days, prices, closes.note)

    async def _explained(self, symbol: str, bars: list[Bar], today: date) -> Closes:
        try:
            actions = await self._daily.splits(symbol)
        except FeedDown:
            return (await asyncio.to_thread(closes_of, _since_jump(bars), today, None, SPLIT))[0]
        return (await asyncio.to_thread(closes_of, bars, today, actions))[0]


def closes_of(bars: list[Bar], today: date, actions: list[Action] | None, note: str = "") -> tuple[Closes, bool]:
    """The closes, and whether a jump in them may be a split that nobody has told of (``actions`` None: nobody was asked)."""
    told = adjusted(bars, steps(effective(actions, today), "split")) if actions is not None else bars
    doubtful = actions is None and any(jumped(a.close, b.open) for a, b in pairwise(told))
    days = np.fromiter((day_of(bar).toordinal() for bar in told), np.int64, len(told))
    prices = np.fromiter((bar.close for bar in told), np.float64, len(told))
    return Closes(days, prices, note), doubtful


def _newest_fall(bars: list[Bar]) -> date | None:
    """The newest day that opened so far below the close before that it may be a small split; None where there is none."""
    for index in range(len(bars) - 1, 0, -1):
        close = bars[index - 1].close
        if close > 0 and bars[index].open / close <= SMALL:
            return day_of(bars[index])
    return None


def _joined(stored: list[Bar], fresh: list[Bar], end: int) -> list[Bar]:
    """Both, oldest first, up to ``end``; from the first day that the vendor told, the vendor's."""
    first = fresh[0].start if fresh else end
    return [bar for bar in stored if bar.start < min(first, end)] + [bar for bar in fresh if bar.start < end]


def _since_jump(bars: list[Bar]) -> list[Bar]:
    for index in range(len(bars) - 1, 0, -1):
        if jumped(bars[index - 1].close, bars[index].open):
            return bars[index:]
    return bars
