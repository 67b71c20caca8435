"""The report of a backtest: one page that stands alone, its trades as CSV, the whole of it as JSON."""

import asyncio
import csv
import io
import json
import math
import re
from collections.abc import Callable, Collection
from dataclasses import asdict
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from qv_desktop import paths
from qv_desktop.adapters.reports import svg
from qv_desktop.adapters.reports.files import written
from qv_desktop.domain import run_words
from qv_desktop.domain.backtest_statistics import GROUPS, group_of
from qv_desktop.domain.backtests import BacktestResult
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.run_months import monthly
from qv_desktop.domain.spreadsheets import neutral
from qv_desktop.domain.statistic_words import DEFINITIONS

TEMPLATE = "backtest.html.j2"
KEY = ("Total return", "Benchmark return", "CAGR", "Sharpe", "Max drawdown", "Trades")  # at the head of the page
MOST_TRADES = 2_000  # on a page; a CSV file has all of them


class BacktestReports:
    """Writes under the export folder, on a thread."""

    async def write(self, run: BacktestResult, folder: Path, forms: Collection[str]) -> tuple[Path, ...]:
        """The asked ones of HTML, CSV and JSON. Raises BadInput when they cannot be written there."""
        return await asyncio.to_thread(self.written, run, folder, forms)

    def written(self, run: BacktestResult, folder: Path, forms: Collection[str]) -> tuple[Path, ...]:
        """The same, at once."""
        makers: dict[str, Callable[[BacktestResult], str]] = {"html": html_of, "csv": csv_of, "json": json_of}
        unknown = next((form for form in forms if form not in makers), None)
        if unknown is not None:
            raise BadInput(f"“{unknown}” cannot be written here; choose one of {', '.join(makers)}.")
        name = file_name(run)
        made = [(form, makers[form](run)) for form in forms]
        return tuple(written(folder, f"{name}.{form}", content) for form, content in made)


def file_name(run: BacktestResult) -> str:
    """A name for files that is one on every system, whatever the strategy is called."""
    symbols = "-".join(run.spec.symbols[:3])
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", f"{run.spec.strategy[:40]}-{symbols[:40]}-{run.spec.timeframe}")
    tail = re.sub(r"[^A-Za-z0-9_-]+", "-", run.id[:8])
    return f"backtest-{plain.strip('-') or 'run'}-{run.started:%Y%m%d-%H%M%S}-{tail}"


def html_of(run: BacktestResult) -> str:
    """The page: no scripts, nothing loaded from elsewhere, every text escaped by the template."""
    import jinja2
    from markupsafe import Markup

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(paths.resources() / "reports"), autoescape=True, undefined=jinja2.StrictUndefined
    )
    drawn = {name: Markup(text) for name, text in _drawings(run).items()}  # noqa: S704 - numbers and our own words, escaped in svg.py
    return environment.get_template(TEMPLATE).render(**_told(run), **drawn)


def _drawings(run: BacktestResult) -> dict[str, str]:
    ours = svg.Curve("equity", "ours", run.equity)
    theirs = svg.Curve("benchmark", "theirs", run.benchmark)
    found = {(year, month): value for year, month, value in run.monthly} or monthly(run.at, run.equity)
    held = (
        svg.curves(run.at, [svg.Curve("exposure", "held", run.exposure, True)], 110, "Exposure", percent=True)
        if run.exposure
        else ""
    )
    return {
        "equity": svg.curves(run.at, [theirs, ours], 330, "Equity and benchmark in dollars"),
        "drawdown": svg.curves(run.at, [svg.Curve("drawdown", "fall", run.drawdown, True)], 150, "Drawdown", percent=True),
        "exposure": held, "months": svg.months(found, svg.years(found)),
    }  # fmt: skip


def _told(run: BacktestResult) -> dict[str, Any]:
    spec, cells = run.spec, run_words.trade_cells(run)
    numbers = run.numbers
    groups = [
        {"title": group, "rows": [_statistic(name, value) for name, value in run.statistics if group_of(name) == group]}
        for group in GROUPS
    ]
    return {
        "title": run_words.title(run),
        "subtitle": f"{spec.first} to {spec.last}, {run.bars:,} bars; run by {run.user} on {run.started:%Y-%m-%d %H:%M:%S} UTC",
        "missing": run.missing, "notes": run.notes, "log": run.log,
        "key": [_statistic(name, numbers.get(name, math.nan)) for name in KEY],
        "ours": f"{spec.strategy} v{spec.version}", "theirs": spec.benchmark or "the symbols, held",
        "groups": [group for group in groups if group["rows"]], "terms": run_words.terms(spec),
        "parts": [_part(one.symbol, one.profit, one.fees, one.trades) for one in sorted(run.contributions, key=lambda one: -one.profit)],
        "columns": run_words.TRADES, "figures": run_words.FIGURES, "trades": cells[:MOST_TRADES],
        "left_out": max(0, len(cells) - MOST_TRADES),
        "record": [("Run", run.id), ("Terms SHA-256", run.spec_hash), ("Code SHA-256", run.code_hash), ("Data SHA-256", run.data_hash),
                   ("Engine", run.engine), *((name, version) for name, version in run.versions)],
        "foot": "QuantVision Desktop. A backtest tells what terms would have made of the past, and promises nothing.",
    }  # fmt: skip


def _statistic(name: str, value: float) -> dict[str, str]:
    return {"title": name.partition(",")[0], "text": run_words.figure(name, value), "css": run_words.trend(name, value),
            "meaning": DEFINITIONS.get(name, "")}  # fmt: skip


def _part(symbol: str, profit: float, fees: float, trades: int) -> dict[str, str]:
    return {"symbol": symbol, "profit": f"{profit:+,.2f}".replace("-", "−"), "css": "up" if profit > 0 else "down" if profit < 0 else "",
            "fees": f"{fees:,.2f}", "trades": f"{trades:,}"}  # fmt: skip


def csv_of(run: BacktestResult) -> str:
    """The trades (RFC 4180), times in UTC; what a spreadsheet would run as a formula is neutralised."""
    out = io.StringIO()
    rows = csv.writer(out)
    rows.writerow(run_words.CSV)
    rows.writerows([_cell(value) for value in row] for row in run_words.trade_values(run))
    return out.getvalue()


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat()
    return neutral(value) if isinstance(value, str) else repr(value) if isinstance(value, float) else str(value)


def json_of(run: BacktestResult) -> str:
    """Everything of a run with all digits; what is not a finite number is null, and times of bars are ns."""
    return json.dumps(_plain(asdict(run)), ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def _plain(value: object) -> object:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {name: _plain(held) for name, held in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(held) for held in value]
    return value.isoformat() if isinstance(value, datetime | date | time) else value
