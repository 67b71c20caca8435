"""Sectors by SIC code, and what a scenario does to a book."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.positions import Position
from qv_desktop.domain.risk_books import by_sector, line, whole
from qv_desktop.domain.risk_measures import MovedBy, Scenario, Shock
from qv_desktop.domain.sectors import RANGES, SECTORS, Listed, chosen, sector, sector_of
from qv_desktop.domain.stress import Held, own, stressed
from qv_desktop.domain.stress_history import HISTORY
from tests.builders import NOW

D = Decimal


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        (3571, "Technology"), (7372, "Technology"), (3674, "Technology"), (2834, "Health care"), (6324, "Health care"),
        (2911, "Energy"), (1311, "Energy"), (4813, "Communication"), (4911, "Utilities"), (6021, "Financials"),
        (6798, "Real estate"), (5331, "Consumer staples"), (2080, "Consumer staples"), (5812, "Consumer discretionary"),
        (3711, "Consumer discretionary"), (3721, "Industrials"), (4512, "Industrials"), (1040, "Materials"), (2821, "Materials"),
        (3845, "Health care"), (3531, "Industrials"), (1800, ""), (9995, ""), (-1, ""), (12_000, ""),
    ],
)  # fmt: skip
def test_a_code_tells_the_sector_that_a_trader_thinks_in(code: int, wanted: str) -> None:
    assert sector(code) == wanted


def test_every_range_names_a_known_sector_and_they_ascend() -> None:
    assert [first for first, _ in RANGES] == sorted({first for first, _ in RANGES})
    assert {name for _, name in RANGES if name} <= set(SECTORS)


def test_a_fund_is_a_fund_and_a_company_without_a_code_is_unknown() -> None:
    assert sector_of(Listed("SPY", None, "", "ETF", NOW, "Polygon")) == "Funds"
    assert sector_of(Listed("X", None, "", "CS", NOW, "Polygon")) == ""


def test_a_typed_sector_is_understood_or_refused_with_the_choices() -> None:
    assert chosen(" health CARE ") == "Health care"
    assert chosen(" ") == ""
    with pytest.raises(BadInput, match="Consumer staples"):
        chosen("Gambling")


def test_a_name_moves_by_its_own_shock_then_its_sectors_then_beta_times_the_market() -> None:
    scenario = Scenario("S", (Shock("market", "", -0.2), Shock("sector", "Energy", 0.1), Shock("symbol", "XOM", -0.5)))
    book = [
        Held("XOM", "Energy", D(1000), 0.7), Held("CVX", "Energy", D(1000), 0.7), Held("NVDA", "Technology", D(-1000), 2.0),
        Held("NEW", "", D(100), None), Held("DARK", "Energy", None, 1.0),
    ]  # fmt: skip
    found = stressed(scenario, book, D(10_000))
    told = {one.symbol: (one.move, one.profit, one.by) for one in found.lines}
    assert told == {
        "XOM": (-0.5, D(-500), MovedBy.SYMBOL), "CVX": (0.1, D(100), MovedBy.SECTOR),
        "NVDA": (-0.4, D(400), MovedBy.BETA), "NEW": (-0.2, D(-20), MovedBy.MARKET),
    }  # fmt: skip
    assert found.profit == D(-20)
    assert found.share == pytest.approx(-0.002)
    assert [one.symbol for one in found.lines] == ["XOM", "NEW", "CVX", "NVDA"]
    assert found.unpriced == ("DARK",)


@given(st.floats(-1, 10), st.floats(-5, 5), st.decimals(0, 10**6, places=2))
def test_a_long_never_loses_more_than_it_is_worth(move: float, beta: float, value: Decimal) -> None:
    found = stressed(Scenario("S", (Shock("market", "", move),)), [Held("A", "", value, beta)], None)
    assert found.profit >= -value
    assert found.share is None


@pytest.mark.parametrize("equity", [D(-5_000), D(0), None])
def test_a_loss_is_no_share_of_an_equity_that_is_not_there(equity: Decimal | None) -> None:
    """Divided by a negative equity a loss would read as a gain, and a long as a short."""
    found = stressed(Scenario("S", (Shock("market", "", -0.2),)), [Held("A", "", D(1_000), 1.0)], equity)
    assert (found.profit, found.share) == (D(-200), None)
    assert line(Position("A", D(100), D(10)), D(10), D(10), (D(0), D(0)), equity).share is None


def test_history_names_a_source_for_each_of_its_shocks() -> None:
    assert len(HISTORY) >= 10
    assert all(one.source and one.when and one.shocks[0].kind == "market" for one in HISTORY)
    assert all(shock.target in SECTORS for one in HISTORY for shock in one.shocks[1:])
    assert {one.name: one.shocks[0].move for one in HISTORY}["October 1987"] == pytest.approx(
        224.84 / 282.70 - 1, abs=5e-5
    )


@pytest.mark.parametrize(
    ("name", "shocks", "words"),
    [
        ("", [Shock("market", "", -0.1)], "Name"), ("October 1987", [Shock("market", "", -0.1)], "history"),
        ("Mine", [], "1 to"), ("Mine", [Shock("market", "", -1.5)], "−100 %"), ("Mine", [Shock("market", "", -20.0)], "−100 %"),
        ("Mine", [Shock("sector", "Gambling", -0.1)], "Gambling"), ("Mine", [Shock("symbol", " ", -0.1)], "which symbol"),
        ("Mine", [Shock("symbol", "a", 0.1), Shock("symbol", "A ", 0.2)], "twice"), ("Mine", [Shock("moon", "", 0.1)], "sector"),
        ("Mine", [Shock("market", "", float("nan"))], "−100 %"),
    ],
)  # fmt: skip
def test_a_scenario_that_makes_no_sense_is_refused_in_a_sentence(name: str, shocks: list[Shock], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        own(name, shocks)


def test_a_scenario_is_kept_cleaned() -> None:
    found = own("  My   crash ", [Shock("symbol", " aapl", -0.3), Shock("market", "anything", -0.1)])
    assert (found.name, found.custom) == ("My crash", True)
    assert found.shocks == (Shock("symbol", "AAPL", -0.3), Shock("market", "", -0.1))


def test_todays_dollars_are_the_change_of_what_was_held_and_what_was_traded() -> None:
    """100 held at a close of 10; 50 sold at 12, 20 bought at 11; now 13: 70 × 13 − 100 × 10 + 600 − 220."""
    held = Position("A", D(70), D(10), D(100))
    assert line(held, D(13), D(10), (D(-30), D(-380)), D(1000)).today == D(70 * 13 - 1000 + 380)
    assert line(held, D(13), None, (D(-30), D(-380)), D(1000)).today is None
    assert line(Position("A", D(5), D(10)), D(13), None, (D(5), D(50)), None).today == D(
        15
    )  # bought today: no close is needed
    assert line(Position("A", D(5), D(10)), None, D(9), (D(0), D(0)), D(1)).value is None


def test_exposure_by_sector_adds_up_to_the_book() -> None:
    rows = [line(Position(s, D(q), D(1)), D(p), None, (D(0), D(0)), D(1000), sector)
            for s, q, p, sector in (("A", 10, 50, "Energy"), ("B", -4, 100, "Energy"), ("C", 1, 30, ""))]  # fmt: skip
    energy, unknown = by_sector(rows, D(1000))
    assert (energy.name, energy.long, energy.short, energy.net, energy.gross, energy.share, energy.names) == (
        "Energy", D(500), D(-400), D(100), D(900), pytest.approx(0.9), 2)  # fmt: skip
    assert unknown.name == "Unknown"
    book = whole(rows, D(1000))
    assert (book.net, book.gross) == (energy.net + unknown.net, energy.gross + unknown.gross)
    assert whole(rows, D(0)).share is None
