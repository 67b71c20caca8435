"""The look-ahead check in a worker: the strategy's code asked again and again with fewer bars."""

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from qv_desktop.analytics.look_ahead import Checked, Said, look_ahead
from qv_desktop.strategies.bars import Bars, Universe

type Space = dict[str, Any]

SHORTEST = 2  # bars


class Check(msgspec.Struct, tag="check"):
    """Check ``source`` with ``parameters``. ``columns`` holds for every symbol the bytes of int64 (``at``) and float64, as ``Bars``."""

    source: str
    parameters: dict[str, float]
    symbols: list[str]
    columns: list[list[bytes]]
    seed: int


class CheckDone(msgspec.Struct, tag="checked"):
    """What the check told: ``bar`` is -1 when no answer changed. ``at`` is that bar's time in ns, 0 for none."""

    bar: int
    at: int
    symbol: str
    shown: int
    compared: int
    unable: int
    bars: int
    unsteady: bool


def warm() -> None:
    """Import once what strategies use."""
    import talib  # noqa: F401


def serve(check: Check, tell: Callable[[float, str], None]) -> CheckDone:
    """The check of every symbol alone, or of the whole universe where the strategy weighs one. The worst news is what is told."""
    each = [_bars(columns) for columns in check.columns]
    found = [_of_universe(check, each, tell)] if _rotates(check.source) else [
        _of_symbol(check, symbol, bars, tell) for symbol, bars in zip(check.symbols, each, strict=True)]  # fmt: skip
    return min(found, key=lambda done: (done.bar < 0, not done.unsteady, done.at))


def _of_symbol(check: Check, symbol: str, bars: Bars, tell: Callable[[float, str], None]) -> CheckDone:
    def ask(length: int) -> Said:
        part = Bars(
            bars.at[:length].copy(), *(prices[:length].copy() for prices in bars[1:])
        )  # copies: a slice would lead back to the whole
        return _flags(_loaded(check)["signals"](part, dict(check.parameters)))

    found = look_ahead(ask, len(bars.at), going=lambda share: tell(share, f"checking {symbol} for look-ahead"))
    return _done(found, bars.at, symbol if len(check.symbols) > 1 else "")


def _of_universe(check: Check, each: Sequence[Bars], tell: Callable[[float, str], None]) -> CheckDone:
    whole = _universe(check.symbols, each)

    def ask(length: int) -> Said:
        parts = (array[:length].copy() for array in whole[2:])
        part = Universe(whole.at[:length].copy(), whole.symbols, *parts)
        return (np.asarray(_loaded(check)["weights"](part, dict(check.parameters)), dtype=np.float64),)

    found = look_ahead(ask, len(whole.at), going=lambda share: tell(share, "checking for look-ahead"))
    return _done(found, whole.at, "")


def _done(found: Checked, at: "np.ndarray[tuple[int, ...], np.dtype[np.int64]]", symbol: str) -> CheckDone:
    bar = -1 if found.bar is None else found.bar
    return CheckDone(
        bar, int(at[bar]) if bar >= 0 else 0, symbol, found.shown, found.compared, found.unable, len(at), found.unsteady
    )


def _loaded(check: Check) -> Space:
    """The module, run anew for each question, so that it remembers nothing; chance begins anew as well."""
    random.seed(check.seed)
    np.random.seed(check.seed)
    space: Space = {"__name__": "strategy"}
    exec(compile(check.source, "<strategy>", "exec"), space)  # noqa: S102 - running the strategy is what this process is for
    return space


def _rotates(source: str) -> bool:
    space: Space = {"__name__": "strategy"}
    exec(compile(source, "<strategy>", "exec"), space)  # noqa: S102 - as above
    return not callable(space.get("signals"))


def _flags(answer: Sequence[Any]) -> Said:
    return tuple(np.asarray(flags, dtype=np.bool_) for flags in answer)


def _bars(columns: Sequence[bytes]) -> Bars:
    at, *prices = columns
    return Bars(np.frombuffer(at, dtype=np.int64), *(np.frombuffer(column, dtype=np.float64) for column in prices))


def _universe(symbols: Sequence[str], each: Sequence[Bars]) -> Universe:
    """Every symbol's bars on the axis of all their times; NaN where a symbol has none."""
    at = np.unique(np.concatenate([bars.at for bars in each]))
    grids: Mapping[str, Any] = {
        name: np.full((len(at), len(each)), np.nan) for name in ("open", "high", "low", "close", "volume")
    }
    for column, bars in enumerate(each):
        rows = np.searchsorted(at, bars.at)
        for name, grid in grids.items():
            grid[rows, column] = getattr(bars, name)
    return Universe(at, tuple(symbols), *grids.values())
