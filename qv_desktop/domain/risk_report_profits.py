"""What the day's risk report says of profit: who lost and won most, and what each strategy earned."""

from collections.abc import Iterable
from decimal import Decimal

from qv_desktop.domain.reports import Section, Values
from qv_desktop.domain.risk_measures import PositionLine, RiskPicture
from qv_desktop.domain.risk_report_cells import cents, section

MOST = 20  # losers and winners that are listed


def profits(picture: RiskPicture | None) -> tuple[Section, ...]:
    """Losers, winners and strategies."""
    lines = [line for line in (picture.positions if picture else ()) if line.today is not None]
    lines.sort(key=lambda line: line.today or Decimal(0))

    def rows(some: Iterable[PositionLine]) -> tuple[Values, ...]:
        return tuple(
            (one.symbol, one.sector, cents(one.today), cents(one.unrealised), cents(one.realised)) for one in some
        )

    losers = [line for line in lines if (line.today or 0) < 0][:MOST]
    winners = [line for line in reversed(lines) if (line.today or 0) > 0][:MOST]
    columns = ("Name", "Sector", "Today, $", "Open, $", "Realised, $")
    earned = tuple(
        (one.name, cents(one.total), cents(one.realised), cents(one.unrealised), one.positions)
        for one in (picture.profit.by_strategy if picture else ())
    )
    return (
        section("Largest losers", columns, rows(losers), "No position lost today."),
        section("Largest winners", columns, rows(winners), "No position gained today."),
        section(
            "P&L by strategy",
            ("Strategy", "Total, $", "Realised, $", "Open, $", "Positions"),
            earned,
            "Nothing was traded today.",
        ),
    )
