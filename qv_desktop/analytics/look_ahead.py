"""The look-ahead check: what a strategy says of the first bars must not change when later bars become known."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

type Said = tuple[NDArray[np.generic], ...]  # arrays of a strategy's answer, each with one row for each bar
type Ask = Callable[[int], Said]  # what the strategy says when it is shown the first so many bars only

SHOWN = 24  # lengths, beside the shortest and the longest
FEWEST = 2  # bars that a strategy is shown


@dataclass(frozen=True, slots=True)
class Checked:
    """``bar`` is the first whose answer changed (None: none did) and ``shown`` the bars known when it was still another.

    ``compared`` lengths gave an answer, ``unable`` could not be asked for the strategy raised an error on so few bars. ``unsteady``
    says that the same bars gave two answers, so that nothing can be said.
    """

    bar: int | None
    shown: int
    compared: int
    unable: int
    unsteady: bool = False


def look_ahead(ask: Ask, bars: int, seed: int = 1, going: Callable[[float], None] = lambda done: None) -> Checked:
    """Ask for ``bars`` and again for many shorter lengths, and compare what is said of the bars that both know.

    Lengths are taken where looking ahead would show: just after a bar that trades (a signal read from the next bar is then missing),
    just before one, by chance, and at the ends. ``ask`` may raise for a short length, but not for all of the bars. A found change is
    certain; that none is found is no proof, for only so many lengths are tried.
    """
    whole = ask(bars)
    if _first_apart(whole, ask(bars), bars) is not None:
        return Checked(None, bars, 0, 0, unsteady=True)
    found: tuple[int, int] | None = None
    compared = unable = 0
    lengths = shown_lengths(whole, bars, seed)
    for done, length in enumerate(lengths):
        going(done / len(lengths))
        try:
            part = ask(length)
        except Exception:  # noqa: BLE001 - a strategy may raise anything on too few bars; that is no look-ahead
            unable += 1
            continue
        compared += 1
        bar = _first_apart(whole, part, length)
        if bar is not None and (found is None or bar < found[0]):
            found = bar, length
    bar, shown = found or (None, bars)
    return Checked(bar, shown, compared, unable)


def shown_lengths(whole: Said, bars: int, seed: int) -> list[int]:
    """Lengths to ask for, in order; those after and before bars that trade are chosen by chance among all such."""
    chance = np.random.default_rng(seed)
    trading = np.flatnonzero(_acts(whole, bars))
    near = trading if len(trading) <= SHOWN // 2 else chance.choice(trading, SHOWN // 2, replace=False)
    anywhere = chance.integers(FEWEST, max(bars, FEWEST + 1), SHOWN // 2)
    chosen = {*(int(i) + 1 for i in near), *(int(i) for i in near), *map(int, anywhere), bars - 1, bars // 2}
    return sorted(length for length in chosen if FEWEST <= length < bars)


def _acts(whole: Said, bars: int) -> NDArray[np.bool_]:
    """Bars (bars,) on which the strategy wants something: a flag that is set, or a weight that is not as before."""
    acts = np.zeros(bars, dtype=bool)
    for array in whole:
        rows = array.reshape(bars, -1)
        wants = rows.astype(bool) if rows.dtype == bool else ~np.isnan(rows.astype(np.float64))
        acts |= wants.any(axis=1)
    return acts


def _first_apart(whole: Said, part: Said, length: int) -> int | None:
    """The first of ``length`` bars of which the two say something else; None when of none. A missing array differs from the start."""
    if len(whole) != len(part) or any(len(array) != length for array in part):
        return 0
    places = list(_apart(whole, part, length))
    return min(places, default=None)


def _apart(whole: Said, part: Said, length: int) -> Iterator[int]:
    for long, short in zip(whole, part, strict=True):
        before = long[:length]
        same = before == short
        if before.dtype.kind == "f":
            same |= np.isnan(before.astype(np.float64)) & np.isnan(short.astype(np.float64))
            same |= np.isclose(before, short, rtol=1e-9, atol=1e-12)  # sums of another length may round another way
        differs = np.flatnonzero(~same.reshape(length, -1).all(axis=1))
        if len(differs):
            yield int(differs[0])
