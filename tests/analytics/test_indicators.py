"""Indicators agree with an independent library's published outputs, and stay lazy."""

import csv
import gzip
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from qv_desktop.analytics import indicators

VECTORS = Path(__file__).parents[2] / ".." / "shared" / "indicators" / "skender"
needs_vectors = pytest.mark.skipif(not VECTORS.is_dir(), reason="the reference vectors are not beside this checkout")


def quotes() -> dict[str, indicators.Floats]:
    with (VECTORS / "quotes_default.csv").open() as file:
        rows = list(csv.DictReader(file))
    return {name: np.array([float(row[name]) for row in rows]) for name in ("open", "high", "low", "close", "volume")}


def expected(name: str, field: str) -> indicators.Floats:
    rows = json.loads(gzip.decompress((VECTORS / f"{name}.standard.json.gz").read_bytes()))
    return np.array([np.nan if row[field] is None else row[field] for row in rows], dtype=np.float64)


def assert_same(ours: indicators.Floats, theirs: indicators.Floats) -> None:
    np.testing.assert_array_equal(np.isnan(ours), np.isnan(theirs))
    np.testing.assert_allclose(ours, theirs, rtol=1e-6)


@needs_vectors
def test_sma_matches_the_reference() -> None:
    assert_same(indicators.sma(quotes()["close"], 20), expected("sma", "sma"))


@needs_vectors
def test_ema_matches_the_reference() -> None:
    assert_same(indicators.ema(quotes()["close"], 20), expected("ema", "ema"))


@needs_vectors
def test_rsi_matches_the_reference() -> None:
    assert_same(indicators.rsi(quotes()["close"]), expected("rsi", "rsi"))


@needs_vectors
def test_atr_matches_the_reference() -> None:
    q = quotes()
    assert_same(indicators.atr(q["high"], q["low"], q["close"]), expected("atr", "atr"))


@needs_vectors
def test_bollinger_matches_the_reference() -> None:
    upper, middle, lower = indicators.bollinger(quotes()["close"])
    for ours, field in ((upper, "upperBand"), (middle, "sma"), (lower, "lowerBand")):
        assert_same(ours, expected("bb", field))


@needs_vectors
def test_vwap_over_one_session_matches_the_reference() -> None:
    q = quotes()
    session = np.zeros(len(q["close"]), dtype=np.int64)
    assert_same(indicators.vwap(q["high"], q["low"], q["close"], q["volume"], session), expected("vwap", "vwap"))


def test_vwap_begins_anew_with_each_session() -> None:
    price, volume = np.array([10.0, 20.0, 50.0, 70.0]), np.array([1.0, 3.0, 2.0, 2.0])
    got = indicators.vwap(price, price, price, volume, np.array([1, 1, 2, 2]))
    np.testing.assert_allclose(got, [10.0, 17.5, 50.0, 60.0])


def test_vwap_is_unknown_until_the_first_volume_of_a_session() -> None:
    price, volume = np.array([10.0, 20.0]), np.array([0.0, 3.0])
    got = indicators.vwap(price, price, price, volume, np.array([1, 1]))
    np.testing.assert_allclose(got, [np.nan, 20.0])


def test_the_next_ema_is_what_the_whole_array_would_give() -> None:
    values = np.cumsum(np.random.default_rng(4).normal(size=80)) + 100
    whole = indicators.ema(values, 9)
    assert indicators.next_ema(whole[-2], values[-1], 9) == pytest.approx(whole[-1], rel=1e-12)


@pytest.mark.parametrize("size", [0, 1, 5])
def test_too_few_bars_give_unknown_everywhere(size: int) -> None:
    bars = np.arange(size, dtype=np.float64) + 1
    outputs = [indicators.sma(bars, 9), indicators.ema(bars, 9), indicators.rsi(bars), indicators.atr(bars, bars, bars),
               *indicators.bollinger(bars)]  # fmt: skip
    for out in outputs:
        assert out.shape == (size,)
        assert np.isnan(out).all()


def test_importing_the_room_brings_neither_talib_nor_pandas_and_using_it_brings_no_pandas() -> None:
    code = (
        "import sys, numpy as np\n"
        "from qv_desktop.analytics import indicators\n"
        "assert 'talib' not in sys.modules\n"
        "indicators.ema(np.arange(400.0), 9)\n"
        "assert 'talib' in sys.modules and 'pandas' not in sys.modules\n"
        "import pandas\n"
        "assert indicators.sma(np.arange(4.0), 2)[-1] == 2.5\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
