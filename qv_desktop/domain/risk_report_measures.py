"""What the day's risk report says of exposure, value at risk and stress, and what could not be measured."""

from qv_desktop.domain.reports import Section
from qv_desktop.domain.risk_measures import Missing, RiskPicture, SlowMeasures
from qv_desktop.domain.risk_report_cells import cents, chance, part, rough, section


def exposures(picture: RiskPicture | None) -> tuple[Section, Section]:
    """What is held, by name and by sector."""
    names = tuple(
        (
            line.symbol,
            line.sector,
            line.quantity,
            cents(line.value),
            part(line.share),
            rough(line.beta),
            rough(line.liquidity_days),
        )
        for line in (picture.positions if picture else ())
        if line.quantity
    )
    sectors = tuple(
        (one.name, one.names, cents(one.long), cents(one.short), cents(one.net), cents(one.gross), part(one.share))
        for one in (picture.sectors if picture else ())
    )
    flat = "No positions are held." if picture else "Not measured yet."
    return (
        section(
            f"Exposure by name · {len(names):,}",
            ("Name", "Sector", "Shares", "Value, $", "Share", "Beta", "Days to leave"),
            names,
            flat,
        ),
        section(
            "Exposure by sector",
            ("Sector", "Names", "Long, $", "Short, $", "Net, $", "Gross, $", "Share"),
            sectors,
            flat,
        ),
    )


def vars_(slow: SlowMeasures | None) -> Section:
    """What may be lost, by each method."""
    values = tuple(
        (
            var.method.value,
            part(var.confidence),
            var.days,
            cents(var.var),
            cents(var.shortfall),
            var.observations,
            var.horizon.value,
        )
        for var in (slow.vars if slow else ())
    )
    return section(
        "Value at risk and expected shortfall",
        ("Method", "Confidence", "Days", "VaR, $", "Shortfall, $", "Observations", "Horizon"),
        values,
        _why(slow, "VaR", "Value at risk", "history") or "Not measured yet.",
    )


def backtests(slow: SlowMeasures | None) -> Section:
    """How often a day was worse than the VaR said."""
    values = tuple(
        (
            one.method.value,
            one.basis.value,
            part(one.confidence),
            one.days,
            one.exceptions,
            rough(one.expected),
            rough(one.kupiec),
            chance(one.kupiec_p),
            rough(one.christoffersen),
            chance(one.christoffersen_p),
            one.zone.value,
            one.sentence,
        )
        for one in (slow.backtests if slow else ())
    )
    columns = (
        "Method",
        "Days of",
        "Confidence",
        "Days",
        "Exceptions",
        "Expected",
        "Kupiec",
        "Kupiec p",
        "Christoffersen",
        "Christoffersen p",
        "Verdict",
        "In words",
    )
    return section("VaR against what days brought", columns, values, "No day of history to hold the VaR against yet.")


def stress(picture: RiskPicture | None) -> Section:
    """What each scenario would cost, the worst first."""
    results = sorted(picture.stress if picture else (), key=lambda one: one.profit)
    values = tuple(
        (
            one.scenario.name,
            one.scenario.when or None,
            cents(one.profit),
            part(one.share),
            one.lines[0].symbol if one.lines else None,
            cents(one.lines[0].profit) if one.lines else None,
            "own" if one.scenario.custom else one.scenario.source,
        )
        for one in results
    )
    return section(
        "Stress",
        ("Scenario", "When", "P&L, $", "Share", "Worst name", "Its P&L, $", "Source"),
        values,
        "No scenario was tried yet.",
    )


def missing(picture: RiskPicture | None, slow: SlowMeasures | None) -> tuple[Section, ...]:
    """What could not be measured, and why; no section where nothing is missing."""
    told: list[Missing] = [*(picture.missing if picture else ()), *(slow.missing if slow else ())]
    values = tuple(dict.fromkeys((one.what, one.why) for one in told))
    return (section("What is missing", ("What", "Why"), values),) if values else ()


def _why(slow: SlowMeasures | None, *words: str) -> str:
    told = slow.missing if slow else ()
    return next(
        (f"{one.what}: {one.why}" for one in told if any(word.casefold() in one.what.casefold() for word in words)), ""
    )
