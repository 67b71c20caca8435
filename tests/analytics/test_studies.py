"""Every study equals independent figures, grows bar by bar as it would in one piece, and reads few bars for it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qv_desktop.analytics import studies
from qv_desktop.analytics.indicators import Floats, volume_profile
from qv_desktop.analytics.studies import KINDS, Bars, Computation, Settings, checked, label
from qv_desktop.domain.errors import BadInput
from tests.analytics.test_indicators import assert_same, expected, needs_vectors, quotes

DAY = 86_400 * 10**9
PROFILES = {kind.id for kind in KINDS.values() if kind.profile}
REFERENCES: dict[str, tuple[str, dict[str, float], tuple[str, ...]]] = {  # kind -> reference, settings, fields of its outputs
    "sma": ("sma", {}, ("sma",)), "ema": ("ema", {}, ("ema",)), "wma": ("wma", {"period": 14}, ("wma",)),
    "hma": ("hma", {"period": 14}, ("hma",)), "dema": ("dema", {"period": 14}, ("dema",)), "tema": ("tema", {}, ("tema",)),
    "vwma": ("vwma", {"period": 14}, ("vwma",)), "vwap_anchored": ("vwap", {}, ("vwap",)),
    "bollinger": ("bb", {}, ("upperBand", "sma", "lowerBand")), "keltner": ("keltner", {}, ("upperBand", "centerline", "lowerBand")),
    "donchian": ("donchian", {}, ("upperBand", "centerline", "lowerBand")),
    "ichimoku": ("ichimoku", {}, ("tenkanSen", "kijunSen", "senkouSpanA", "senkouSpanB", "chikouSpan")),
    "supertrend": ("supertrend", {}, ("lowerBand", "upperBand")), "adx": ("adx", {}, ("pdi", "mdi", "adx")),
    "aroon": ("aroon", {}, ("aroonUp", "aroonDown")), "rsi": ("rsi", {}, ("rsi",)),
    "macd": ("macd", {}, ("macd", "signal", "histogram")), "stochastic": ("stoch", {}, ("k", "d")), "cci": ("cci", {}, ("cci",)),
    "williams_r": ("willr", {}, ("williamsR",)), "atr": ("atr", {}, ("atr",)), "deviation": ("stdev", {}, ("stdDev",)),
    "obv": ("obv", {}, ("obv",)), "mfi": ("mfi", {}, ("mfi",)),
}  # fmt: skip


class Grown:
    """Bars as a source; ``read`` is how many have been asked for."""

    def __init__(self, bars: Bars, count: int | None = None) -> None:
        self._bars, self.count, self.read = bars, len(bars.close) if count is None else count, 0

    def __len__(self) -> int:
        return self.count

    def part(self, first: int, last: int) -> Bars:
        self.read += last - first
        return Bars(*(getattr(self._bars, name)[first:last] for name in Bars.__slots__))


def whole(bars: Bars, kind: str, wanted: Settings) -> tuple[Floats, ...]:
    """The study of all bars: the last of them counts as closed when one more, unread, follows."""
    computation = Computation(KINDS[kind], wanted)
    computation.rebuild(Grown(bars, len(bars.close) + 1))
    return computation.values


def reference_bars() -> Bars:
    q = quotes()
    numbers = np.arange(len(q["close"]), dtype=np.int64)
    return Bars(numbers * DAY, numbers, q["open"], q["high"], q["low"], q["close"], q["volume"])


@needs_vectors
@pytest.mark.parametrize("kind", sorted(REFERENCES))
def test_it_equals_the_reference(kind: str) -> None:
    name, given_settings, fields = REFERENCES[kind]
    wanted = checked(kind, given_settings)
    outputs = whole(reference_bars(), kind, wanted)
    for output, ours, field in zip(KINDS[kind].outputs, outputs, fields, strict=True):
        shift = output.shift(wanted) if output.shift is not None else 0
        placed = np.full(len(ours), np.nan)
        if shift >= 0:
            placed[shift:] = ours[: len(ours) - shift]
        else:
            placed[:shift] = ours[-shift:]
        theirs = expected(name, field)
        assert_same(placed[: len(theirs)], theirs)


@needs_vectors
def test_the_parabolic_stop_equals_the_reference_on_both_sides() -> None:
    below, above = whole(reference_bars(), "psar", checked("psar", {}))
    assert_same(np.where(np.isnan(below), above, below), expected("psar", "sar"))
    assert not (np.isfinite(below) & np.isfinite(above)).any()


def test_every_kind_but_those_of_our_own_making_has_a_reference() -> None:
    own = {
        "psar",
        "vwap",
        "stoch_rsi",
        "roc",
    } | PROFILES  # the first stands above; the others are checked by their definition
    assert set(KINDS) == set(REFERENCES) | own


def test_rate_of_change_and_the_stochastic_of_the_index_follow_their_definition() -> None:
    bars = walked(300, 3)
    rate = whole(bars, "roc", checked("roc", {"period": 5}))[0]
    assert rate[200] == pytest.approx((bars.close[200] / bars.close[195] - 1) * 100)
    strength = whole(bars, "rsi", checked("rsi", {}))[0]
    k = whole(bars, "stoch_rsi", checked("stoch_rsi", {"slowing": 1, "signal": 1}))[0]
    newest = strength[200 - 13 : 201]
    assert k[200] == pytest.approx((strength[200] - newest.min()) / (newest.max() - newest.min()) * 100)


def walked(count: int, seed: int, calm: float = 0.1, quiet: float = 0.1) -> Bars:
    """A random walk of five-minute bars with ``calm`` bars that do not move and ``quiet`` ones without volume, over several days."""
    rng = np.random.default_rng(seed)
    moves = rng.normal(0, 0.3, count) * (rng.random(count) >= calm)
    close = 50 + np.abs(np.cumsum(moves))
    open_ = np.concatenate((close[:1], close[:-1]))
    reach = rng.uniform(0, 0.2, (2, count)) * (rng.random(count) >= calm)
    volume = rng.integers(1, 1000, count) * (rng.random(count) >= quiet)
    number = np.arange(count, dtype=np.int64)
    return Bars(number * 300 * 10**9, number // 78, open_, np.maximum(open_, close) + reach[0], np.minimum(open_, close) - reach[1], close,
                volume.astype(np.float64))  # fmt: skip


@pytest.mark.parametrize("kind", sorted(set(KINDS) - PROFILES))
@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    count=st.integers(2, 400),
    begin=st.integers(1, 400),
    calm=st.sampled_from([0.0, 0.3, 1.0]),
)
def test_grown_bar_by_bar_it_equals_the_whole(kind: str, seed: int, count: int, begin: int, calm: float) -> None:
    bars, wanted = walked(count, seed, calm), checked(kind, {})
    source, computation = Grown(bars, min(begin, count)), Computation(KINDS[kind], wanted)
    computation.rebuild(source)
    rng = np.random.default_rng(seed)
    live: list[tuple[int, tuple[float, ...]]] = []
    while source.count < count:
        live.append((source.count - 1, computation.live(source)))
        source.count = min(count, source.count + int(rng.integers(1, 4)))
        computation.extend(source)
    everything = whole(bars, kind, wanted)
    for place, (ours, theirs) in enumerate(zip(computation.values, everything, strict=True)):
        np.testing.assert_allclose(ours, theirs[: len(ours)], rtol=1e-9, atol=1e-9)
        for bar, values in live:
            np.testing.assert_allclose(values[place], theirs[bar], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("kind", sorted(set(KINDS) - PROFILES))
def test_the_newest_value_reads_few_bars_of_a_million(kind: str) -> None:
    bars = walked(1_000_000 if kind in ("ema", "rsi") else 50_000, 1)
    source, computation = Grown(bars, len(bars.close) - 1), Computation(KINDS[kind], checked(kind, {}))
    computation.rebuild(source)
    source.read = 0
    computation.live(source)
    source.count += 1
    computation.extend(source)
    assert source.read <= 300


def test_a_label_names_what_was_set() -> None:
    assert label(KINDS["ema"], checked("ema", {"period": 9})) == "EMA 9"
    assert label(KINDS["bollinger"], checked("bollinger", {"width": 2.5})) == "Bollinger 20 2.5"
    assert label(KINDS["vwap_anchored"], checked("vwap_anchored", {})) == "Anchored VWAP"


@pytest.mark.parametrize(("kind", "bad", "said"), [
    ("crystal", {}, "choose one from the list"), ("ema", {"period": 0}, "goes from 1 to 1000"), ("ema", {"period": "ten"}, "goes from"),
    ("ema", {"period": float("nan")}, "goes from"), ("ema", {"period": 9.5}, "whole number"), ("ema", {"period": True}, "goes from"),
    ("macd", {"fast": 26}, "below the slow one"), ("psar", {"step": 7}, "goes from 0.001 to 1"),
])  # fmt: skip
def test_settings_that_cannot_be_used_are_told_in_a_sentence(kind: str, bad: dict[str, object], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        checked(kind, bad)


@given(seed=st.integers(0, 1000), count=st.integers(1, 300), rows=st.integers(8, 100))
def test_a_profile_holds_all_volume_and_its_area_the_share(seed: int, count: int, rows: int) -> None:
    bars = walked(count, seed)
    found = volume_profile(bars.high, bars.low, bars.close, bars.open, bars.volume, rows)
    assert (found.up + found.down).sum() == pytest.approx(bars.volume.sum())
    traded = found.up + found.down
    inside = (found.edges[:-1] >= found.low - 1e-12) & (found.edges[1:] <= found.high + 1e-12)
    assert traded[inside].sum() >= 0.7 * traded.sum() - 1e-6
    assert found.low <= found.point <= found.high


def test_a_profile_spreads_a_bar_over_its_range() -> None:
    one = (
        np.array([10.0, 10.0]),
        np.array([0.0, 5.0]),
        np.array([9.0, 5.0]),
        np.array([1.0, 9.0]),
        np.array([100.0, 50.0]),
    )
    high, low, close, open_, volume = one
    found = volume_profile(high, low, close, open_, volume, 10)
    assert found.up == pytest.approx(np.full(10, 10.0))
    assert found.down == pytest.approx([0.0] * 5 + [10.0] * 5)
    assert (found.low, found.high) == pytest.approx((3.0, 10.0), abs=1.01)


def test_one_price_alone_has_a_profile() -> None:
    one = np.array([10.0])
    found = volume_profile(one, one, one, one, np.array([7.0]), 8)
    assert found.up.sum() == pytest.approx(7.0)


@pytest.mark.parametrize("kind", sorted(set(KINDS) - PROFILES))
def test_computed_in_blocks_it_equals_what_is_computed_at_once(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    bars, wanted = walked(700, 7), checked(kind, {})
    at_once = whole(bars, kind, wanted)
    monkeypatch.setattr(studies, "BLOCK", 111)
    for ours, theirs in zip(whole(bars, kind, wanted), at_once, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9)
