"""Momentum rotation: of a universe hold the few symbols that rose most, in equal parts, and choose anew now and then."""

from collections.abc import Mapping

import numpy as np

from qv_desktop.domain.strategies import Parameter
from qv_desktop.strategies.bars import Floats, Universe

TITLE = "Momentum rotation"
PARAMS = (
    Parameter("top", 3, 1, 50),  # symbols that are held
    Parameter("lookback", 126, 5, 500),  # bars over which the return is taken
    Parameter("skip", 21, 0, 60),  # latest bars that it leaves out: the last month tends to turn back
    Parameter("every", 21, 1, 250),  # bars between choices
    Parameter("only_rising", 1, 0, 1),  # 1 holds none that fell, and keeps the money instead
)


def weights(universe: Universe, params: Mapping[str, float]) -> Floats:
    """Target parts of equity, shape (bars, symbols): set on bars of choice, NaN between them.

    The return of bar i is from the close ``lookback`` + ``skip`` bars before it to the one ``skip`` bars before it. A symbol without a
    price at either, or on bar i, is not chosen, and what is held of it is sold. With fewer to choose from than ``top`` the rest stays
    in cash. Row i uses no row after i.
    """
    close = universe.close
    top, every = int(params["top"]), int(params["every"])
    lookback, skip = int(params["lookback"]), int(params["skip"])
    targets = np.full(close.shape, np.nan)
    for bar in range(lookback + skip, len(close), every):
        with np.errstate(divide="ignore", invalid="ignore"):
            rose = close[bar - skip] / close[bar - skip - lookback] - 1
        fit = np.isfinite(rose) & np.isfinite(close[bar])
        if params["only_rising"]:
            fit &= rose > 0
        order = np.argsort(np.where(fit, -rose, np.inf), kind="stable")  # of equals the one that stands first
        chosen = order[: min(top, int(fit.sum()))]
        targets[bar] = 0.0
        targets[bar, chosen] = 1 / top
    return targets
