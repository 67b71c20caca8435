"""Many bars as one: any span from shorter ones, a day from its path by arrays, a day so far with its last trades."""

import numpy as np

from qv_desktop.simulator import sessions
from qv_desktop.simulator.paths import DayPath, folded
from qv_desktop.simulator.ticks import DAY_SECONDS, Bar, Session, Trade


def folded_bars(bars: list[Bar], t: int, span: int) -> Bar:
    """Bars (in order, at least one) as one bar that starts at `t`."""
    volume = sum(bar.volume for bar in bars)
    worth = sum(bar.vwap * bar.volume for bar in bars)
    vwap = round(worth / volume, 4) if volume else bars[-1].vwap
    high, low = max(bar.high for bar in bars), min(bar.low for bar in bars)
    count = sum(bar.count for bar in bars)
    return Bar(bars[0].symbol, t, bars[0].open, high, low, bars[-1].close, volume, count, vwap, span)


def folded_path(path: DayPath, until: int) -> Bar | None:
    """Regular minutes before `until` as a day bar, by arrays."""
    window = slice(path.regular.start, max(path.regular.start, until))
    traded = path.count[window] > 0
    if not traded.any():
        return None
    o, h, low, c = (prices[window][traded] for prices in (path.open, path.high, path.low, path.close))
    sizes = path.volume[window][traded]
    volume, count = int(sizes.sum()), int(path.count[window].sum())
    vwap = round(float((np.round((o + h + low + c) / 4, 4) * sizes).sum()) / volume, 4) if volume else float(c[-1])
    t = sessions.midnight(path.session.day)
    ends = float(o[0]), float(np.max(h)), float(np.min(low)), float(c[-1])
    return Bar(path.stock.symbol, t, *ends, volume, count, vwap, DAY_SECONDS)


def joined(whole: Bar | None, trades: list[Trade], session: Session) -> Bar | None:
    """A day bar so far with the trades of the minute under way."""
    if not trades:
        return whole
    t = sessions.midnight(session.day)
    latest = folded(trades, t, DAY_SECONDS)
    return folded_bars([whole, latest], t, DAY_SECONDS) if whole else latest
