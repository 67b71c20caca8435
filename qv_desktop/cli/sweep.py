"""`sweep`: tests a strategy at many parameters on stored bars."""

import argparse
import asyncio
import math
from pathlib import Path
from typing import TYPE_CHECKING

from qv_desktop.cli import backtest
from qv_desktop.cli.prompts import agreeing, stepped
from qv_desktop.domain.errors import BadInput

if TYPE_CHECKING:
    from qv_desktop.domain.sweeps import SweepResult, SweepRow


def add_words(parser: argparse.ArgumentParser) -> None:
    """A backtest's words, and which parameters are swept."""
    backtest.add_words(parser)
    parser.description = (
        "Exit code 0: it ran, and with --rerun every bit is the same; 1: a rerun's numbers differ; 2: it could not be run. "
        "It reads bars that are stored or imported, and asks no vendor; what is missing is said."
    )
    parser.add_argument(
        "--sweep", dest="axes", action="append", default=[], metavar="NAME=LOW:HIGH:STEP",
        help="a parameter and its values, or NAME=5,10,20; several times for several",
    )  # fmt: skip
    parser.add_argument(
        "--where", default="", metavar="EXPRESSION", help="which combinations make sense: 'fast < slow'"
    )
    parser.add_argument("--random", type=int, default=0, metavar="N", help="N combinations by chance instead of all")
    parser.add_argument("--draw", type=int, default=1, metavar="SEED", help="of that chance; 1 by default")
    parser.add_argument(
        "--best-by", default="sharpe", help="sharpe, total_return, max_drawdown, profit_factor or calmar"
    )
    parser.add_argument(
        "--workers", type=int, default=0, metavar="N", help="processes; one for each processor by default"
    )
    parser.add_argument(
        "--cluster", default="", metavar="ADDRESS", help="a Dask scheduler, tls://HOST:PORT, that computes it"
    )
    parser.add_argument("--csv", type=Path, default=None, metavar="FILE", help="write a line for each combination")
    parser.set_defaults(command=_sweep)


def _sweep(asked: argparse.Namespace) -> int:
    """Exit code 0 when it ran, or a rerun gave the same; 1 when a rerun did not; 2, as ever, when it could not be run."""
    from qv_desktop.app import unattended_sweeps as sweeps
    from qv_desktop.domain.sweep_axes import read_axis
    from qv_desktop.domain.sweeps import GRID, RANDOM, SweepSpec

    if asked.html is not None:
        raise BadInput("A sweep writes no page; say --csv FILE or --json.")
    if asked.rerun:
        if asked.strategy or asked.json or asked.csv or asked.axes:
            raise BadInput("--rerun takes the terms of the stored sweep; say nothing else but its id.")
        differences = asyncio.run(sweeps.repeated(asked.rerun, agreeing(asked), stepped, asked.cluster, asked.workers))
        print("\n".join(differences or ("Every number is the same to its last bit.",)))
        return 1 if differences else 0
    terms, axes, search = backtest.terms(asked), tuple(map(read_axis, asked.axes)), RANDOM if asked.random else GRID
    spec = SweepSpec(terms, axes, asked.where, asked.best_by, search, asked.random, asked.draw)
    wanted = sweeps.WantedSweep(
        asked.strategy, asked.symbols, spec, asked.whose, not asked.no_store, asked.cluster, asked.workers
    )
    found, stored = asyncio.run(sweeps.swept(wanted, agreeing(asked), stepped))
    if asked.csv is not None:
        _write(asked.csv, sweeps.as_csv(found))
    print(sweeps.as_json(found) if asked.json else told(found, stored, asked.csv))
    return 0


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise BadInput(f"{file} cannot be written ({error.strerror}); choose another place.") from None


def told(found: "SweepResult", stored: bool, file: Path | None) -> str:
    """The ten best to read in a terminal."""
    spec, objective = found.spec, found.spec.objective

    def score(row: "SweepRow") -> float:
        value = float(getattr(row, objective))
        return -math.inf if math.isnan(value) else value  # an order with NaN in it is none

    def shown(value: float, form: str) -> str:
        return f"{'—':>12}" if math.isnan(value) else f"{value:>12{form}}"

    known = sorted((row for row in found.rows if not row.error), key=score, reverse=True)
    failed = len(found.rows) - len(known)
    lines = [f"{spec.base.strategy} on {spec.base.symbol} {spec.base.timeframe}, {spec.base.first} to {spec.base.last}: "
             f"{len(found.rows):,} combinations over {found.bars:,} bars, {found.seconds:.2f} s, {found.workers}"]  # fmt: skip
    lines += ["", "".join(f"{name:>12}" for name in (*spec.names, "return", "sharpe", "drawdown", "trades"))]
    for row in known[:10]:
        values = "".join(f"{value:>12g}" for value in row.values)
        figures = shown(row.total_return, ".2%") + shown(row.sharpe, ".3f") + shown(row.max_drawdown, ".2%")
        lines.append(f"{values}{figures}{row.trades:>12,}")
    lines += ["", *found.missing, *([f"{failed:,} combinations failed; --json says why."] if failed else [])]
    lines.append(
        f"{f'Stored as {found.id}.' if stored else 'Not stored.'} The best of many always looks good: test it for overfitting."
    )
    return "\n".join([*lines, f"Rows: {file}"] if file else lines)
