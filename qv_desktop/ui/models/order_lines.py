"""An order's preview and the rules' answers as lines to read."""

from decimal import Decimal

from qv_desktop.domain.risk import Check
from qv_desktop.ui import format as words
from qv_desktop.ui.models.ledger import Line
from qv_desktop.ui.models.order_preview import Preview, figures, mark

_TITLES = ("Estimated cost", "Buying power after", "Position after", "Risk to stop")


def effects(seen: Preview | None, held: Decimal) -> list[Line]:
    """The four preview lines; em dashes while the order or a price is unknown. ``held`` is signed shares now."""
    if seen is None:
        return [Line(title, words.UNKNOWN, "TX2") for title in _TITLES]
    short = seen.power_after is not None and seen.power_after < 0
    share = "" if seen.fraction is None else f" · {words.percent(seen.fraction, 1, sign=False)} of equity"
    risk = (
        f"{words.money(seen.risk)} · {words.percent(seen.risk_fraction, 2, sign=False)}"
        if seen.risk is not None
        else words.UNKNOWN
    )
    values = (
        words.money(seen.cost),
        words.money(seen.power_after),
        f"{words.quantity(seen.shares_after)} sh{share}",
        risk,
    )
    tokens = ("TX0", "BAD" if short else "TX0", "TX0", "TX0" if seen.risk is not None else "TX2")
    tips = (
        "",
        "More than the account can pay" if short else "",
        f"{words.quantity(held)} shares held now",
        "Lost if the stop loss fills at its price",
    )
    return [
        Line(title, value, token, tip=tip)
        for title, value, token, tip in zip(_TITLES, values, tokens, tips, strict=True)
    ]


def rule_line(check: Check) -> Line:
    """One rule with its numbers; a refusal says the nearest value that would pass, and its sentence on hovering."""
    sign = mark(check)
    token = {"✓": "GOOD", "!": "WARN", "✗": "BAD"}[sign]
    nearest = f" → {check.nearest}" if check.nearest else ""
    return Line(check.title, figures(check) + nearest, "BAD" if sign == "✗" else "TX1", sign, token, check.message)
