"""vectorbt's portfolio of a run: signals with planned sizes, or target weights. Imported only in a worker."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import vectorbt as vbt
from numpy.typing import NDArray
from vectorbt.portfolio import nb
from vectorbt.records.nb import reduce_mapped_nb

from qv_desktop.adapters.compute.kept_kernels import keep, keep_reductions, one_at_a_time
from qv_desktop.adapters.compute.laid_out import filled
from qv_desktop.adapters.compute.messages import Terms
from qv_desktop.adapters.compute.planning import KINDS, NONE, Plan, planned
from qv_desktop.strategies.bars import Flags, Floats, Universe

TOLERANCE = 1e-9  # of the plan's sizes and prices against vectorbt's own
SLIGHT = 0.01  # of equity: what fees and slippage take of an order is no more
TRIES = 4  # passes until fees per share know on which side every order is


class OnRows(NamedTuple):
    """Flags (bars × symbols) at the rows where they trade."""

    long_in: Flags
    long_out: Flags
    short_in: Flags
    short_out: Flags


def prepare() -> None:
    """Let numba keep vectorbt's compiled simulation on the disk, as it keeps all else of it."""
    one_at_a_time()
    keep(nb.simulate_from_signals_nb, nb.simulate_from_orders_nb)
    keep_reductions(reduce_mapped_nb)


def of_signals(universe: Universe, flags: OnRows, terms: Terms, frame_seconds: int) -> tuple[Any, Plan]:
    """The portfolio of signals, and the plan that it was sized by. Raises RuntimeError when vectorbt fills other than planned."""
    stop = terms.trailing if np.isnan(terms.loss) else terms.loss
    u, t = universe, terms
    plan = Plan(*planned(u.open, u.high, u.low, u.close, *flags, KINDS[t.sizing], t.amount, t.cash, t.fees, t.fees_per_share,
                         t.slippage, stop, not np.isnan(t.trailing), t.profit))  # fmt: skip
    portfolio = vbt.Portfolio.from_signals(
        _frame(filled(u.close), u),
        entries=flags.long_in, exits=flags.long_out, short_entries=flags.short_in, short_exits=flags.short_out,
        price=u.open, open=plan.open, high=plan.high, low=plan.low,
        size=plan.size, size_type="amount", fees=plan.fees, slippage=t.slippage, lock_cash=True, accumulate=False, min_size=0.0,
        upon_long_conflict="ignore", upon_short_conflict="ignore", upon_dir_conflict="ignore", upon_opposite_entry="reverse",
        sl_stop=stop, sl_trail=not np.isnan(t.trailing), tp_stop=t.profit, stop_entry_price="fillprice", stop_exit_price="stopmarket",
        upon_stop_exit="close", init_cash=t.cash, group_by=True, cash_sharing=True, call_seq=plan.sequence,
        freq=pd.Timedelta(seconds=frame_seconds),
    )  # fmt: skip
    _agree(portfolio, plan)
    return portfolio, plan


def _agree(portfolio: Any, plan: Plan) -> None:
    """vectorbt's fills are the plan's; otherwise sizes were reckoned on an equity that never was."""
    records = portfolio.orders.records_arr
    size, price = np.full(plan.size.shape, np.nan), np.full(plan.size.shape, np.nan)
    size[records["idx"], records["col"]] = records["size"]
    price[records["idx"], records["col"]] = records["price"]
    same = np.allclose(size, plan.filled, TOLERANCE, TOLERANCE, equal_nan=True) and np.allclose(
        price, plan.price, TOLERANCE, TOLERANCE, equal_nan=True
    )
    if not same or len(records) != np.count_nonzero(plan.reason != NONE):
        raise RuntimeError("vectorbt filled other orders than were planned; please report this with the run's terms")


def of_weights(universe: Universe, targets: Floats, terms: Terms, frame_seconds: int) -> Any:
    """The portfolio of target weights (bars × symbols, at the rows where they trade), bought and sold at the opens."""
    fees = np.full(targets.shape, terms.fees)
    sides: NDArray[np.float64] | None = None
    for _ in range(TRIES if terms.fees_per_share else 1):
        if terms.fees_per_share:  # a fee per share is a fraction of the fill price, which depends on the side
            slip = np.zeros(targets.shape) if sides is None else terms.slippage * sides
            fees = np.nan_to_num(terms.fees + terms.fees_per_share / (universe.open * (1 + slip)))
        portfolio = _weighed(universe, targets, terms, fees, frame_seconds)
        before, sides = sides, _sides(portfolio, targets.shape)
        if before is not None and np.array_equal(before, sides):
            break
    return portfolio


def unpaid(portfolio: Any, universe: Universe, targets: Floats, cash: float) -> int:
    """How many orders of ``targets`` bought or sold less than was asked, by more than SLIGHT of equity, for want of free cash."""
    closes, held = filled(universe.close), portfolio.assets().to_numpy(dtype=np.float64)
    before = np.concatenate((np.zeros((1, held.shape[1])), held[:-1]))
    left = np.concatenate(([cash], portfolio.cash().to_numpy(dtype=np.float64)[:-1]))
    worth = np.where(np.isnan(universe.open), closes, universe.open)
    equity = (left + (before * worth).sum(axis=1))[:, None]
    apart = np.abs(targets - held * worth / np.where(equity > 0, equity, np.nan))
    return int((apart > SLIGHT).sum())  # nan, where nothing was asked, is not


def _weighed(universe: Universe, targets: Floats, terms: Terms, fees: Floats, frame_seconds: int) -> Any:
    direction = {"long": "longonly", "short": "shortonly", "both": "both"}[terms.direction]
    # "shortonly" counts shorts as positive
    size, closes = -targets if terms.direction == "short" else targets, filled(universe.close)
    # what has no bar is worth its last close; told nothing, vectorbt takes the open before that
    worth = np.where(np.isnan(universe.open), closes, universe.open)
    return vbt.Portfolio.from_orders(
        _frame(closes, universe),
        size=size, size_type="targetpercent", price=universe.open, val_price=worth, direction=direction, fees=fees,
        slippage=terms.slippage, lock_cash=True, min_size=0.0, init_cash=terms.cash, group_by=True, cash_sharing=True, call_seq="auto",
        freq=pd.Timedelta(seconds=frame_seconds),
    )  # fmt: skip


def _sides(portfolio: Any, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """1 where an order bought, −1 where one sold, 0 elsewhere."""
    records, out = portfolio.orders.records_arr, np.zeros(shape)
    out[records["idx"], records["col"]] = np.where(records["side"] == 0, 1.0, -1.0)
    return out


def _frame(close: Floats, universe: Universe) -> "pd.DataFrame":
    index = pd.DatetimeIndex(
        universe.at.view("M8[ns]")
    )  # of UTC without saying so: vectorbt compares those a hundred times faster
    return pd.DataFrame(close, index=index, columns=list(universe.symbols))
