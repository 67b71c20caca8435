"""The figures of a scan: each formula by hand, unknown where something is missing, and how they read."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from qv_desktop.domain.market import Quote, Snapshot, ns
from qv_desktop.domain.norms import Norms
from qv_desktop.domain.scan_fields import FIELDS, FLAGS, figure, figures, shown
from qv_desktop.domain.scan_rows import Row, moment, volume_share
from qv_desktop.domain.sessions import MarketSession


def at(hour: int, minute: int = 0, day: int = 20) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


SESSION = MarketSession(date(2026, 11, 20), at(9), at(14, 30), at(21), at(1, day=21))
HALF = MarketSession(date(2026, 11, 27), at(9, day=27), at(14, 30, 27), at(18, day=27), at(22, day=27))
NORMS = Norms(2e6, 2.0, 104.5, 90.0, 110.0, 80.0, 100.0)
SNAPSHOT = Snapshot(
    "AAPL", 104.0, ns(at(15)), 100.0, Quote("AAPL", ns(at(15)), 103.9, 1, 104.1, 1), 103.0, 105.0, 102.0, 3e6
)


def row_at(when: datetime, snapshot: Snapshot = SNAPSHOT, norms: Norms = NORMS, speed: float = 1.0) -> Row:
    return Row(snapshot, norms, moment(SESSION, when, speed))


def test_every_figure_is_its_formula() -> None:
    found = figures(row_at(at(17, 45)))
    assert found == pytest.approx(
        {
            "price": 104.0, "change%": 4.0, "change$": 4.0, "gap%": 3.0, "volume": 3e6, "average volume": 2e6, "rvol": 3.0,
            "dollar volume": 312e6, "range%": 3.0, "range atr": 1.5, "from high%": -100 / 105, "from low%": 200 / 102,
            "spread": 0.2 / 104 * 10_000, "spread$": 0.2, "bid": 103.9, "ask": 104.1, "age": 9900.0, "atr%": 2.0,
        }
    )  # fmt: skip


def test_of_an_unknown_symbol_every_figure_is_unknown() -> None:
    row = Row(Snapshot("NEW"), Norms(), moment(None, at(15)))
    assert set(figures(row).values()) == {None}
    told = {name: flag.of(row) for name, flag in FLAGS.items()}
    assert {name for name, so in told.items() if so is not None} == {"halted", "stale"}


def test_nothing_is_divided_by_nothing() -> None:
    nothing = Snapshot("X", 0.0, 1, 0.0, Quote("X", 1, 0.0, 0, 0.0, 0), 0.0, 0.0, 0.0, 0.0)
    found = figures(row_at(at(15), nothing, Norms(0.0, 0.0, previous_close=0.0)))
    assert {name for name, value in found.items() if value is not None} <= {
        "price", "volume", "average volume", "dollar volume", "change$", "age"
    }  # fmt: skip


def test_infinite_and_absurd_prices_are_unknown() -> None:
    assert figure(row_at(at(15), Snapshot("X", float("inf"))), "price") is None
    assert figure(row_at(at(15), Snapshot("X", float("nan"))), "price") is None


def test_before_the_open_the_gap_is_that_of_todays_last_price() -> None:
    early = Snapshot("AAPL", 106.0, ns(at(13)), 100.0, day_open=90.0)
    assert figure(row_at(at(13, 1), early), "gap%") == pytest.approx(6.0)
    assert figure(row_at(at(15), early), "gap%") == pytest.approx(-10.0)


def test_before_the_open_yesterdays_last_price_is_no_gap() -> None:
    left = Snapshot("AAPL", 106.0, ns(at(8, 59)), 100.0)
    assert figure(row_at(at(13), left), "gap%") is None


def test_on_the_sessions_day_the_daily_bars_name_the_previous_close_splits_divided_out() -> None:
    split = Norms(previous_close=25.0, split_today=4.0)
    assert figure(row_at(at(15), Snapshot("AAPL", 26.0, 1, 100.0), split), "change%") == pytest.approx(4.0)
    assert figure(row_at(at(15), Snapshot("AAPL", 26.0, 1, 25.0), Norms()), "change%") == pytest.approx(4.0)


def test_on_a_weekend_the_newest_daily_bar_is_no_previous_close() -> None:
    norms = Norms(previous_close=104.0)  # Friday's own
    assert figure(row_at(at(15, day=21), Snapshot("AAPL", 104.0, 1, 100.0), norms), "change%") == pytest.approx(4.0)
    assert figure(row_at(at(15, day=21), Snapshot("AAPL", 104.0, 1), norms), "change%") is None
    assert figure(Row(Snapshot("AAPL", 104.0, 1), norms, moment(None, at(15))), "change%") is None


@pytest.mark.parametrize(
    ("when", "share"),
    [
        (at(9), None),
        (at(9, 5), None),
        (at(9, 33), 0.005),
        (at(14, 30), 0.05),
        (at(17, 45), 0.5),
        (at(21), 0.95),
        (at(23), 0.975),
        (at(10, day=22), 1.0),
    ],
)
def test_the_usual_share_of_the_day_grows_with_the_session(when: datetime, share: float | None) -> None:
    assert volume_share(SESSION, when) == (None if share is None else pytest.approx(share))


def test_half_a_half_day_is_half_the_volume() -> None:
    assert volume_share(HALF, HALF.open + (HALF.close - HALF.open) / 2) == pytest.approx(0.5)


def test_relative_volume_is_unknown_without_a_calendar_and_at_the_first_minutes() -> None:
    assert figure(Row(SNAPSHOT, NORMS, moment(None, at(15))), "rvol") is None
    assert figure(row_at(at(9, 1)), "rvol") is None


def test_the_age_is_what_a_person_has_waited() -> None:
    assert figure(row_at(at(15) + timedelta(seconds=10), speed=5.0), "age") == pytest.approx(2.0)
    assert figure(row_at(at(14)), "age") == 0.0


def test_flags_compare_today_with_the_sessions_before() -> None:
    told = {name: flag.of(row_at(at(15))) for name, flag in FLAGS.items()}
    assert {name for name, so in told.items() if so} == {"20-day high", "regular hours"}
    assert {name for name, so in told.items() if so is None} == {"new high", "new low"}


@pytest.mark.parametrize(("when", "flag"), [(at(13), "pre-market"), (at(15), "regular hours"), (at(23), "post-market")])
def test_the_part_of_the_day_is_a_flag(when: datetime, flag: str) -> None:
    told = {name: FLAGS[name].of(row_at(when)) for name in ("pre-market", "regular hours", "post-market")}
    assert {name for name, so in told.items() if so} == {flag}


def test_every_field_and_flag_is_in_the_guide() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "guide" / "scanner.md").read_text(encoding="utf-8")
    words = [*FIELDS, *FLAGS, *(alias for field in FIELDS.values() for alias in field.aliases[:1])]
    assert not [word for word in words if f"`{word}`" not in guide]


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("gap%", 4.123, "+4.12 %"),
        ("gap%", -4.1, "−4.10 %"),
        ("range%", 4.1, "4.10 %"),
        ("price", 1234.5, "$1,234.50"),
        ("change$", -1.5, "−$1.50"),
        ("volume", 12_345, "12,345"),
        ("volume", 123_456, "123K"),
        ("volume", 1_250_000, "1.25M"),
        ("dollar volume", 3.2e9, "$3.20B"),
        ("rvol", 2.64, "2.6"),
        ("spread", 1.23, "1.2 bps"),
        ("age", 0.26, "0.3 s"),
    ],
)
def test_figures_read_with_their_units(field: str, value: float, text: str) -> None:
    assert shown(value, FIELDS[field]) == text
