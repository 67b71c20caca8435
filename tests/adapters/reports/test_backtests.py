"""A backtest's report: one page that stands alone and runs nothing, cells that run nothing, and JSON with every digit."""

import asyncio
import csv
import io
import json
import math
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from qv_desktop.adapters.reports import svg
from qv_desktop.adapters.reports.backtests import MOST_TRADES, BacktestReports, csv_of, file_name, html_of, json_of
from qv_desktop.domain.backtest_statistics import NAMES
from qv_desktop.domain.errors import BadInput
from tests.a_run import SPEC, a_run

HOSTILE = "<script>alert(1)</script>😀\"'><img src=x onerror=alert(2)>"


class Page(HTMLParser):
    """Every tag with its attributes, the texts, and what was left open."""

    VOID = frozenset({"meta", "br", "img", "input", "hr", "link"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(word.strip() for word in self.words if word.strip())


def test_the_page_is_whole_and_says_everything_that_a_reader_needs() -> None:
    page = Page(html_of(a_run()))
    assert page.open == []
    for words in ("sma_cross v3 · SPY, QQQ · 1D", "QQQ has no bars from 2020-03-02", "Max drawdown", "Fills at the next bar's open.",
                  "5bec" * 16, "c0de" * 16, "da7a" * 16, "warming up", "loss 8%", "numpy", "vectorbt 1.2"):  # fmt: skip
        assert words in page.text
    for name in NAMES:
        assert name.partition(",")[0] in page.text
    assert sum(tag == "svg" for tag, _ in page.tags) == 4
    assert sum(tag == "tr" for tag, _ in page.tags) == 1 + 12 + 1 + 2


def test_the_page_loads_nothing_from_elsewhere_and_runs_nothing() -> None:
    text = html_of(a_run())
    page = Page(text)
    assert not {tag for tag, _ in page.tags} & {"script", "iframe", "link", "img", "object", "embed", "form", "base"}
    names = {name for _, attributes in page.tags for name in attributes}
    assert not names & {"src", "href", "action", "xlink:href", "srcset"}
    assert not any(name.startswith("on") for name in names)
    assert "http://" not in text
    assert "https://" not in text
    assert "@import" not in text
    assert not re.search(r"url\s*\(", text)
    policy = next(
        a["content"] for tag, a in page.tags if tag == "meta" and a.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy is not None
    assert "default-src 'none'" in policy
    assert "script-src 'none'" in policy


def test_hostile_names_stay_texts_wherever_they_stand() -> None:
    spec = replace(SPEC, strategy=HOSTILE, benchmark=HOSTILE, symbols=(HOSTILE,), parameters=((HOSTILE, 1.0),))
    run = a_run(
        spec=spec,
        user=HOSTILE,
        log=HOSTILE,
        missing=(HOSTILE,),
        notes=(HOSTILE,),
        versions=((HOSTILE, HOSTILE),),
        engine=HOSTILE,
    )
    trades = tuple(replace(trade, symbol=HOSTILE) for trade in run.trades)
    page = Page(html_of(replace(run, trades=trades)))
    tags = {tag for tag, _ in page.tags}
    assert "script" not in tags
    assert "img" not in tags
    assert page.text.count("alert(1)") >= 20
    assert "😀" in page.text


def test_every_drawing_is_well_formed_and_holds_finite_numbers_only() -> None:
    equity = (math.nan, *a_run().equity[1:-1], math.inf)
    text = html_of(a_run(equity=equity, monthly=()))
    drawings = re.findall(r"<svg.*?</svg>", text, re.S)
    assert len(drawings) == 4
    for drawing in drawings:
        root = ElementTree.fromstring(drawing)  # noqa: S314 - our own drawing
        assert root.get("aria-label")
        for shape in root.iter():
            assert "nan" not in (shape.get("points") or "")
            assert "inf" not in (shape.get("points") or "")


def test_a_long_run_is_thinned_but_keeps_its_lowest_and_highest() -> None:
    values = np.sin(np.arange(500_000) / 9_000.0)
    values[123_456], values[321_000] = 9.0, -9.0
    places, shown = svg.thinned(values)
    assert len(places) <= 2 * svg.COLUMNS + 1
    assert shown.max() == 9.0
    assert shown.min() == -9.0
    assert (np.diff(places) > 0).all()
    assert places[-1] == len(values) - 1


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-0.32, 0.0), (99_000.0, 260_000.0), (5.0, 5.0), (1e-9, 2e-9)])
def test_an_axis_has_a_few_round_values_within_what_is_shown(low: float, high: float) -> None:
    values = svg.steps(low, high)
    assert 1 <= len(values) <= 8
    assert all(low - 1e-12 <= value <= high + 1e-12 for value in values)


def test_a_run_without_trades_months_or_exposure_has_a_page_too() -> None:
    page = Page(html_of(a_run(trades=0, exposure=(), contributions=(), missing=(), log="")))
    assert "The run made no trades." in page.text
    assert "Data was missing" not in page.text
    assert page.open == []


def test_more_trades_than_a_page_holds_are_counted_and_said() -> None:
    page = Page(html_of(a_run(bars=5_000, trades=MOST_TRADES + 5)))
    assert f"The first {MOST_TRADES} of {MOST_TRADES + 5}" in page.text


def test_trades_as_csv_are_every_one_with_all_digits() -> None:
    run = a_run(bars=5_000, trades=MOST_TRADES + 5)
    rows = list(csv.DictReader(io.StringIO(csv_of(run))))
    assert len(rows) == MOST_TRADES + 5
    assert float(rows[1]["profit"]) == run.trades[1].profit
    assert rows[0]["entered"] == "2020-01-02T15:00:00+00:00"
    assert rows[-1]["open"] == "True"


@pytest.mark.parametrize("name", ['=HYPERLINK("x")', "+1", "-1", "@SUM(A1)", "\t=1", "a;=1", "＝1"])
def test_a_symbol_that_a_spreadsheet_would_run_is_neutralised(name: str) -> None:
    run = a_run()
    trades = tuple(replace(trade, symbol=name) for trade in run.trades)
    rows = list(csv.reader(io.StringIO(csv_of(replace(run, id=name, trades=trades)))))
    for cell in (rows[1][0], rows[1][2]):
        assert cell != name
        assert "'" in cell
    assert rows[2][10].startswith("-"), "figures stay figures"


def test_json_holds_every_number_of_the_run_and_is_strict() -> None:
    run = a_run(statistics=(("Profit factor", math.inf), ("Calmar", math.nan), ("Sharpe", 0.1 + 0.2)))
    told = json.loads(json_of(run), parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    assert told["equity"] == list(run.equity)
    assert dict(map(tuple, told["statistics"])) == {"Profit factor": None, "Calmar": None, "Sharpe": 0.1 + 0.2}
    assert told["spec"]["first"] == "2020-01-02"
    assert told["trades"][3]["mae"] == -0.02
    assert told["data_hash"] == run.data_hash


@pytest.mark.parametrize("name", ["<script>😀", "../../etc/passwd", "CON", "a" * 300, "", "..", "x\0y"])
def test_files_are_named_safely_whatever_the_strategy_is_called(name: str, tmp_path: Path) -> None:
    run = a_run(id_="../x", spec=replace(SPEC, strategy=name))
    assert re.fullmatch(r"[A-Za-z0-9_-]+", file_name(run))
    files = asyncio.run(BacktestReports().write(run, tmp_path, ("html", "csv", "json")))
    assert [file.suffix for file in files] == [".html", ".csv", ".json"]
    assert all(file.parent == tmp_path for file in files)
    assert sorted(tmp_path.iterdir()) == sorted(files)


def test_another_form_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="“exe” cannot be written"):
        BacktestReports().written(a_run(), tmp_path, ("html", "exe"))
    assert list(tmp_path.iterdir()) == []
