"""What a person types into a table's filter."""

from decimal import Decimal

import pytest

from qv_desktop.ui.models.row_filter import passing
from tests.ui.test_table import COLUMNS, Row

ROWS = [Row("AAPL", Decimal(231)), Row("MSFT", Decimal("1400.5"), "filled"), Row("NVDA", None, "partial fill")]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "AAPL MSFT NVDA"),
        ("  aapl ", "AAPL"),
        ("fill", "MSFT NVDA"),
        ("fill ms", "MSFT"),
        ("symbol:a", "AAPL NVDA"),
        ("sym:a status:work", "AAPL"),
        ("price>231", "MSFT"),
        ("price>=231 price<1,000", "AAPL"),
        (">1000", "MSFT"),
        ("price=1400.5", "MSFT"),
        ('status:"partial fill"', "NVDA"),
        ("nothing:here", ""),
        ("price>cheap", ""),
    ],
)
def test_words_columns_and_numbers_all_must_hold(text: str, found: str) -> None:
    passes = passing(text, COLUMNS)
    assert [row.symbol for row in ROWS if passes is None or passes(row)] == found.split()
