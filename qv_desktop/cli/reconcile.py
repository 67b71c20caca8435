"""`reconcile`: compares our books with the broker's, and reports on the days that were compared."""

import argparse
import asyncio
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from qv_desktop.domain.errors import BadInput

if TYPE_CHECKING:
    from qv_desktop.domain.reconciliation import Reconciliation

WITHOUT_WINDOW = ("csv", "json", "html", "xlsx")  # what a report can be written as here


def add_words(parser: argparse.ArgumentParser) -> None:
    """What to compare or to report, and where to write it."""
    parser.description = (
        "Exit code 0: passed; 1: there are breaks; 2: it could not be compared. The run is stored either way but for 2."
    )
    parser.add_argument(
        "--account", default="", metavar="NAME",
        help="a connection's name, else the one in use; with --from an account as reports show it, else every one",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, default=None, metavar="DIR", help="write the report there, too")
    parser.add_argument(
        "--from", dest="first", type=date.fromisoformat, default=None, metavar="DAY",
        help="compare nothing, and write the report of what is stored from this New York day on; it takes --out",
    )  # fmt: skip
    parser.add_argument(
        "--to",
        dest="last",
        type=date.fromisoformat,
        default=None,
        metavar="DAY",
        help="last day, included; else the first",
    )
    parser.add_argument(
        "--format", dest="formats", action="append", choices=WITHOUT_WINDOW, help="of the report; else all"
    )
    parser.set_defaults(command=_reconcile)


def _reconcile(asked: argparse.Namespace) -> int:
    """Exit code 0 when it passed, 1 for breaks; 2, as ever, when it could not be compared."""
    from qv_desktop import app

    if asked.first is not None or asked.last is not None:
        return _report_days(asked)
    run, files = asyncio.run(app.reconcile(asked.account, asked.out, asked.formats or WITHOUT_WINDOW))
    print(_told(run) + (f" Reports: {', '.join(str(file) for file in files)}." if files else ""))
    return 0 if run.passed and not run.unsettled else 1


def _report_days(asked: argparse.Namespace) -> int:
    """Exit code 0 when every break of the days is closed, else 1; 2 when there is nothing to report."""
    from qv_desktop.app.reporting import Days, reported

    if asked.first is None or asked.out is None:
        raise BadInput("A report over days takes --from DAY and --out DIR; --to DAY is the last one.")
    days = Days(asked.first, asked.last or asked.first, asked.account, asked.out, asked.formats or WITHOUT_WINDOW)
    span, files = asyncio.run(reported(days))
    still = [item for item in span.items if not item.closed]
    whose = f"account {span.account}" if span.account else "every account"
    runs, breaks = sum(day.runs for day in span.days), len(span.items)
    print(
        f"{runs:,} comparisons of {whose}, {breaks:,} breaks, {len(still):,} not closed. Reports: {', '.join(map(str, files))}."
    )
    return 1 if still else 0


def _told(run: "Reconciliation") -> str:
    """The verdict in a sentence, with what could not be compared."""
    lacking = "; ".join(f"{one.key} not compared ({one.why})" for one in run.uncompared)
    rest = f"; {lacking}" if lacking else ""
    if run.passed:
        return f"Passed: {run.matched:,} rows of account {run.account} agree with the broker's{rest}."
    found = f"{len(run.breaks)} break{'' if len(run.breaks) == 1 else 's'} in account {run.account}"
    return f"{found}, ${run.at_risk:,.2f} at risk, {run.matched:,} rows agree{rest}."
