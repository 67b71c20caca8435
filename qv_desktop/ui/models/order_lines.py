"""An order's preview and the rules' answers as lines to read."""

from decimal import Decimal

from qv_desktop.domain.risk import Check
from qv_desktop.ui import format as words
from qv_desktop.ui.models.ledger import Line
from qv_desktop.ui.models.order_preview import Preview, figure, figures, mark

_TITLES = ("Cost", "Power left", "Held after", "of equity", "Gross after", "of ADV", "Risk", "Loss room")
_LONG = Decimal(1_000)  # dollars, from which cents find no room
_TIPS = (
    "Shares times the price that is expected. Alpaca takes no commission; what exchanges and regulators take is not in it",
    "Buying power once this order is taken; selling what is held gives none back before it fills",
    "{held} shares held now",
    "The position after the order, of the account's equity",
    "Everything held long and short with this order, of equity; other working orders are not in it",
    "The order's shares of an average day's, over the last 20 sessions",
    "Lost if the stop loss fills at its price, and that of equity",
    "What the day may still lose before trading stops",
)


def effects(seen: Preview | None, held: Decimal) -> list[Line]:
    """Two columns of figures; em dashes while the order, a price or another input is unknown. ``held`` is signed shares now."""
    values = [words.UNKNOWN] * len(_TITLES) if seen is None else _values(seen)
    short = seen is not None and seen.power_after is not None and seen.power_after < 0
    tips = [tip.format(held=words.quantity(held)) for tip in _TIPS]
    tokens = ["TX2" if value == words.UNKNOWN else "TX0" for value in values]
    if short:
        tips[1], tokens[1] = "More than the account can pay", "BAD"
    return [
        Line(title, value, token, tip=tip)
        for title, value, token, tip in zip(_TITLES, values, tokens, tips, strict=True)
    ]


def _values(seen: Preview) -> list[str]:
    risk = _dollars(seen.risk) if seen.risk is not None and seen.risk >= _LONG else words.money(seen.risk)
    if seen.risk is not None and seen.risk_fraction is not None:
        risk = f"{risk} · {words.percent(seen.risk_fraction, 2, sign=False)}"
    power, room = seen.power_after, seen.loss_room
    return [
        words.money(seen.cost),
        words.UNKNOWN if power is None else _dollars(power),
        f"{words.quantity(seen.shares_after)} sh",
        words.percent(seen.fraction, 1, sign=False),
        words.percent(seen.gross_after, 1, sign=False),
        _small_percent(seen.of_volume),
        risk,
        words.UNKNOWN if room is None else _dollars(room),
    ]


def _small_percent(fraction: Decimal | None) -> str:
    """A hundredth of a percent is the least that is told."""
    tiny = fraction is not None and 0 < fraction < Decimal("0.0001")
    return "<0.01%" if tiny else words.percent(fraction, 2, sign=False)


def _dollars(value: Decimal) -> str:
    """Without cents, which matter to nobody in sums of this size."""
    return words.money(value).rpartition(".")[0]


def rule_line(check: Check) -> Line:
    """One rule with its numbers; a refusal offers the nearest value that would pass, and its sentence on hovering."""
    sign = mark(check)
    token = {"✓": "GOOD", "!": "WARN", "✗": "BAD"}[sign]
    offer = f"→ {check.nearest}" if (figure(check.nearest) or 0) > 0 else ""
    return Line(
        check.title,
        figures(check),
        "BAD" if sign == "✗" else "TX1",
        sign,
        token,
        check.message,
        offer=offer,
        key=check.code,
    )
