"""`backtest`: tests a strategy on stored bars."""

import argparse
import asyncio
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from qv_desktop.cli.prompts import agreeing, stepped
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.market import timeframe

if TYPE_CHECKING:
    from qv_desktop.domain.backtests import BacktestResult, BacktestSpec


def add_words(parser: argparse.ArgumentParser) -> None:
    """The terms of a backtest, and what becomes of its result."""
    parser.description = (
        "Exit code 0: it ran, and with --rerun the numbers are the same; 1: a rerun's numbers differ; 2: it could not be run. "
        "It reads bars that are stored or imported, and asks no vendor; what is missing is said."
    )
    parser.add_argument(
        "strategy", nargs="?", default="", metavar="STRATEGY", help="a name, name@version, or a .py file"
    )
    parser.add_argument(
        "symbols", nargs="?", default="", metavar="SYMBOLS", help="one, several with commas, or a watchlist's name"
    )
    parser.add_argument("--of", dest="whose", default="", metavar="USER", help="whose watchlist SYMBOLS names")
    for name, target in (("--from", "first"), ("--to", "last")):
        parser.add_argument(
            name, dest=target, type=date.fromisoformat, default=None, metavar="DAY", help="such as 2020-12-15, included"
        )
    parser.add_argument("--timeframe", default="1D", metavar="1m|5m|1h|1D|1W", help="of the bars; 1D by default")
    parser.add_argument(
        "--set",
        dest="chosen",
        action="append",
        default=[],
        metavar="NAME=NUMBER",
        help="a parameter; several times for several",
    )
    parser.add_argument("--cash", type=float, default=100_000.0, help="dollars at first; 100000 by default")
    parser.add_argument(
        "--size", default="95%", help="of an entry: 95%% of equity, $5000, 100sh, risk 1%%, equal 100%%"
    )
    parser.add_argument("--fees", type=float, default=1.0, metavar="BPS", help="basis points of value; 1 by default")
    parser.add_argument("--fees-per-share", type=float, default=0.0, metavar="DOLLARS", help="and for every share")
    parser.add_argument(
        "--slippage", type=float, default=2.0, metavar="BPS", help="basis points of the price; 2 by default"
    )
    for name in ("stop-loss", "take-profit", "trailing"):
        parser.add_argument(f"--{name}", default="", metavar="PERCENT", help="such as 5%%; off by default")
    parser.add_argument("--direction", default="long", choices=["long", "short", "both"], help="long by default")
    parser.add_argument(
        "--hours", default="regular", metavar="regular|extended|10:00-15:30", help="which bars of a day count, New York"
    )
    parser.add_argument("--benchmark", default="", metavar="SYMBOL", help="to hold instead; else the traded symbols")
    parser.add_argument(
        "--adjusted",
        default="split",
        choices=["raw", "split", "all"],
        help="as known on the last day; split by default",
    )
    parser.add_argument("--seed", type=int, default=0, help="of the random numbers that a strategy draws")
    parser.add_argument("--rerun", default="", metavar="ID", help="run a stored backtest again and compare, instead")
    parser.add_argument("--json", action="store_true", help="print the whole result as JSON")
    parser.add_argument(
        "--html", type=Path, default=None, metavar="FILE", help="write the report as a page that stands alone"
    )
    parser.add_argument("--no-store", action="store_true", help="do not keep the result")
    parser.add_argument(
        "--yes", action="store_true", help="let code run that did not come with the program, without asking"
    )
    parser.set_defaults(command=_backtest)


def _backtest(asked: argparse.Namespace) -> int:
    """Exit code 0 when it ran, or a rerun gave the same; 1 when a rerun did not; 2, as ever, when it could not be run."""
    from qv_desktop.app import backtesting

    agreed = agreeing(asked)
    if asked.rerun:
        if asked.strategy or asked.html or asked.json:
            raise BadInput("--rerun takes the terms of the stored backtest; say nothing else but its id.")
        found = asyncio.run(backtesting.repeated(asked.rerun, agreed, stepped))
        print("\n".join(found.sentences))
        return 0 if found.same else 1
    wanted = backtesting.Wanted(asked.strategy, asked.symbols, terms(asked), asked.whose, keep=not asked.no_store)
    result, stored = asyncio.run(backtesting.ran(wanted, agreed, stepped))
    if asked.html is not None:
        backtesting.page(result, asked.html)
    print(backtesting.text(result) if asked.json else _told(result, stored, asked.html))
    return 0


def terms(asked: argparse.Namespace) -> "BacktestSpec":
    """The terms without strategy and symbols. Raises BadInput."""
    from qv_desktop.domain import backtest_typed as typed
    from qv_desktop.domain.backtests import BacktestSpec, Stops

    if not asked.strategy or not asked.symbols:
        raise BadInput(
            "Say which strategy and on what, such as: qv-desktop backtest sma_cross SPY --from 2015-01-01 --to 2019-12-31."
        )
    if asked.first is None or asked.last is None:
        raise BadInput("Say from which day to which: --from 2015-01-01 --to 2019-12-31.")
    given = ((asked.stop_loss, "stop loss"), (asked.take_profit, "take profit"), (asked.trailing, "trailing stop"))
    stops = (typed.fraction(text, what) if text else None for text, what in given)
    return BacktestSpec("", 0, (), str(timeframe(asked.timeframe)), asked.first, asked.last, typed.parameters(asked.chosen),
                        asked.fees, asked.slippage, typed.sizing(asked.size), asked.cash, asked.fees_per_share, Stops(*stops),
                        asked.direction, typed.hours(asked.hours), asked.benchmark.upper(), asked.adjusted, asked.seed)  # fmt: skip


def _told(result: "BacktestResult", stored: bool, file: Path | None) -> str:
    """A result to read in a terminal."""
    from qv_desktop.domain.backtest_statistics import GROUPS, told

    spec, numbers = result.spec, result.numbers
    version = f" v{spec.version}" if spec.version else ""
    lines = [f"{spec.strategy}{version} on {spec.symbol} {spec.timeframe}, {spec.first} to {spec.last}, {spec.direction}, {spec.sizing}; "
             f"{result.bars:,} bars, {len(result.trades):,} trades, {result.seconds:.2f} s"]  # fmt: skip
    for group, names in GROUPS.items():
        lines += [
            "",
            group,
            *(f"  {name.partition(',')[0]:<28}{told(name, numbers[name]):>16}" for name in names if name in numbers),
        ]
    for title, sentences in (("Missing", result.missing), ("Notes", result.notes)):
        if sentences:
            lines += ["", title, *(f"  {sentence}" for sentence in sentences)]
    kept = f"Stored as {result.id}." if stored else "Not stored."
    lines += [
        "",
        f"{kept} Code {result.code_hash[:12]}, data {result.data_hash[:12]}, terms {result.spec_hash[:12]}; {result.engine}.",
    ]
    return "\n".join([*lines, f"Report: {file}"] if file else lines)
