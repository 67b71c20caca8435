"""The report of a day beside its backtest says the same in every form, to the last digit, and names all that it was made of."""

import csv
import io
import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import load_workbook

from qv_desktop.adapters.reports.live_backtests import LiveBacktestReports
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.live_backtest_report import TRADES, of_comparison
from qv_desktop.domain.reports import FORMS
from tests.ui.test_live_page import SPEC, a_comparison


def test_every_form_has_the_same_numbers_and_they_add_up(tmp_path: Path) -> None:
    told = a_comparison()
    paths = LiveBacktestReports(lambda document: document.hash.encode()).written(told, tmp_path, FORMS)
    assert sorted(path.suffix[1:] for path in paths) == sorted(FORMS)
    files = {path.suffix[1:]: path for path in paths}
    rows = list(csv.DictReader(io.StringIO(files["csv"].read_text(encoding="utf-8"), newline="")))
    assert tuple(rows[0]) == TRADES
    parts = [name for name in TRADES if name.endswith(", $") and name != "Total, $"]
    for row in rows:
        assert sum(Decimal(row[name]) for name in parts) == Decimal(row["Total, $"])
    assert sum(Decimal(row["Total, $"]) for row in rows) == told.parts.total
    book = load_workbook(files["xlsx"])
    table = list(book["Trades"].iter_rows(min_row=2, values_only=True))
    for place, name in enumerate(TRADES):
        if name in parts:
            assert [Decimal(repr(line[place])) for line in table] == [Decimal(row[name]) for row in rows]
    assert [line[3] for line in table] == [100, 100, "—"]  # what only the strategy traded has no shares there, not zero
    document = json.loads(files["json"].read_text(encoding="utf-8"))
    assert document["report_hash"] == files["pdf"].read_text() == of_comparison(told).hash
    assert Decimal(document["parts"]["delay"]) == told.parts.delay


def test_the_header_names_strategy_day_costs_sources_and_hashes() -> None:
    facts = dict(of_comparison(a_comparison()).facts)
    assert facts["Strategy"] == "sma_cross v3"
    assert facts["Account"] == "••••7Q2"
    assert facts["Backtest's costs"] == "1 bps of fees, 2 bps of slippage"
    assert (facts["Code hash"], facts["Input hash"]) == ("c" * 64, "d" * 64)
    assert facts["Pairs"] == "1 of both, 1 only live, 1 only backtest, at most 5 min apart"
    assert facts["Note"] == "The day is not over."


def test_a_strategy_of_any_name_writes_under_the_folder_only(tmp_path: Path) -> None:
    told = replace(a_comparison(), spec=replace(SPEC, strategy="../../=x", symbols=("BRK/B",)))
    (path,) = LiveBacktestReports().written(told, tmp_path / "exports", ["xlsx"])
    assert path.parent == tmp_path / "exports"
    with pytest.raises(BadInput, match="cannot be written here"):
        LiveBacktestReports().written(told, tmp_path / "exports", ["pdf"])
