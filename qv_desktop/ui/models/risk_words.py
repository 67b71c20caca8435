"""What the risk panels say of a picture: figures, bars and lines as words; unknown is a dash, and too little history a sentence."""

import math
from collections.abc import Sequence
from decimal import Decimal

from qv_desktop.domain.risk_measures import (
    DRAWN,
    Backtest,
    Concentration,
    Exposure,
    Horizon,
    LiquidityBook,
    Method,
    PositionLine,
    RiskPicture,
    SlowMeasures,
    ValueAtRisk,
    VarHistory,
    Zone,
)
from qv_desktop.ui import format
from qv_desktop.ui.models.ledger import Line
from qv_desktop.ui.models.risk_bars import BarRow, dollars, short_dollars
from qv_desktop.ui.models.risk_figures import Cell, GridLine, Tile

WIDEST = 9_999_999  # dollars that are written out by themselves; more are shortened
CRAMPED = 99_999  # and in a grid, all of it
ZONES: dict[Zone, tuple[str, str]] = {  # zone -> its mark and token
    Zone.SHORT: ("", "TX2"),
    Zone.SOUND: ("✓", "GOOD"),
    Zone.DOUBTFUL: ("!", "WARN"),
    Zone.REJECTED: ("✗", "BAD"),
}
HEADS = ("", "95% 1 d", "99% 1 d", "95% 10 d", "99% 10 d")
ASKED = ((0.95, 1), (0.99, 1), (0.95, 10), (0.99, 10))  # confidence and days of the columns


def known(value: Decimal | float | None) -> float:
    """A figure as a float; NaN where it is not known."""
    if value is None:
        return math.nan
    return float(value)


def fraction(value: float | None, decimals: int = 1, *, sign: bool = False) -> str:
    """A fraction as percent; unknown or endless is a dash."""
    return format.percent(value if value is not None and math.isfinite(value) else None, decimals, sign=sign)


def plain(value: float | None, decimals: int = 2) -> str:
    """A bare number; unknown or endless is a dash."""
    return format.price(value, decimals) if value is not None and math.isfinite(value) else format.UNKNOWN


def exact(value: Decimal | float | None) -> str:
    """Signed dollars and cents; unknown is a dash."""
    number = known(value)
    return format.signed_money(value) if math.isfinite(number) else format.UNKNOWN


def cents(value: Decimal | float | None) -> str:
    """Dollars and cents; unknown or endless is a dash."""
    return format.money(value) if math.isfinite(known(value)) else format.UNKNOWN


def loss(value: float, *, short: bool = False) -> str:
    """Dollars of a possible loss, whole, or ``short``; a possible gain has a minus."""
    if not math.isfinite(value):
        return format.UNKNOWN
    return (
        short_dollars(value)
        if short or abs(value) > WIDEST
        else f"{format.MINUS if round(value) < 0 else ''}${abs(round(value)):,}"
    )


def days(value: float | None) -> str:
    """Days to leave a position."""
    if value is None or math.isnan(value):
        return format.UNKNOWN
    if math.isinf(value):
        return "never"
    return "< 0.1 d" if 0 < value < 0.05 else f"{value:,.1f} d"


# ---- tiles


def tiles(picture: RiskPicture) -> tuple[Tile, ...]:
    """The figures that are looked at first."""
    day, equity = picture.profit.day, picture.equity
    share = picture.profit.share
    slow = picture.slow
    var = best(slow.vars, 0.99, 1) if slow else None
    beta = slow.beta if slow else None
    fall = picture.drawdown
    gross = fraction(picture.book.share, 0)
    return (
        Tile(
            "Equity",
            whole(equity),
            ink="TX0" if equity is None or equity > 0 else "BAD",
            tip=f"The account's equity: {format.money(equity)}",
        ),
        Tile(
            "Day P&L",
            dollars(known(day)),
            fraction(share, 2, sign=True) if share is not None else "",
            format.trend(day) if day else "TX0",
            f"{exact(day)} since the previous close, as the broker tells it",
        ),
        Tile(
            "Gross",
            whole(picture.book.gross),
            gross,
            tip="Long and short positions added up, and as a share of the equity",
        ),
        Tile("Net", dollars(float(picture.book.net)), tip="Long positions less short ones"),
        Tile(
            "VaR 99% 1 d", loss(var.var) if var else format.UNKNOWN, var.method.value if var else "", tip=_var_tip(var)
        ),
        Tile(
            "Shortfall 99%",
            loss(var.shortfall) if var else format.UNKNOWN,
            "1 day" if var else "",
            tip="The mean of the losses beyond the VaR",
        ),
        Tile(
            "Beta",
            plain(beta.book if beta else None),
            f"to {beta.benchmark}" if beta else "",
            tip=f"Moves like {loss(beta.dollars) if beta.dollars is not None else format.UNKNOWN} of {beta.benchmark}; "
            f"known for {beta.covered:.0%} of the gross"
            if beta
            else "The book against its benchmark",
        ),
        Tile(
            "Drawdown",
            fraction(fall.now if fall else None, 2),
            f"worst {fraction(fall.worst, 1)}" if fall else "",
            "BAD" if fall and fall.now < 0 else "TX0",
            f"{exact(fall.dollars)} below the highest equity" if fall else "Below the highest equity",
        ),
    )


def whole(value: Decimal | None) -> str:
    """Dollars without cents; unknown is a dash."""
    return format.UNKNOWN if value is None else f"{format.MINUS if value < 0 else ''}${abs(value):,.0f}"


def best(vars: Sequence[ValueAtRisk], confidence: float, days: int) -> ValueAtRisk | None:
    """The one that is shown by itself: historical before parametric before Monte Carlo."""
    found = {var.method: var for var in vars if (var.confidence, var.days) == (confidence, days)}
    return next((found[method] for method in Method if method in found), None)


def _var_tip(var: ValueAtRisk | None) -> str:
    if var is None:
        return "The loss of one day that 99 of 100 days do not pass"
    return f"{cents(var.var)}: the loss of one day that 99 of 100 days do not pass; {of(var)}"


def of(var: ValueAtRisk) -> str:
    """What a VaR was made of."""
    what = "paths" if var.method in DRAWN else "days"
    how = "" if var.horizon is Horizon.OWN else f", {var.horizon.value}"
    tails = "" if var.freedom is None else f", {_tails(var.freedom)}"
    return f"{var.method.value}, {var.observations:,} {what}{how}{tails}"


def _tails(freedom: float) -> str:
    """The fewer the degrees of freedom, the fatter."""
    return "tails of a normal" if math.isinf(freedom) else f"{freedom:.1f} degrees of freedom"


# ---- bars


def name_row(line: PositionLine) -> BarRow:
    """A name's exposure."""
    tip = [
        f"{line.symbol} · {line.sector}",
        f"{format.quantity(line.quantity)} shares, {exact(line.value)}",
        f"{fraction(line.share, 2, sign=True)} of the equity · beta {plain(line.beta)} · out in {days(line.liquidity_days)}",
    ]
    return BarRow(
        line.symbol,
        dollars(known(line.value)),
        fraction(line.share, 1),
        "\n".join([*tip, *([line.note] if line.note else [])]),
    )


def sector_row(sector: Exposure) -> BarRow:
    """A sector's exposure: its net, and its gross as a share of the equity."""
    tip = (
        f"{sector.name} · {sector.names} name{'' if sector.names == 1 else 's'}\n"
        f"long {exact(sector.long)} · short {exact(sector.short)}\n"
        f"net {exact(sector.net)} · gross {cents(sector.gross)}, {fraction(sector.share, 2)} of the equity"
    )
    return BarRow(sector.name, dollars(float(sector.net)), fraction(sector.share, 1), tip)


def earner_row(line: PositionLine) -> BarRow:
    """What a position earned today."""
    tip = f"{line.symbol} today {exact(line.today)}\nrealised {exact(line.realised)} · open {exact(line.unrealised)}"
    return BarRow(line.symbol, dollars(known(line.today)), "", tip)


def liquidity_row(book: LiquidityBook, at: int) -> BarRow:
    """How long a position takes to leave."""
    line = book.lines[at]
    volume = "unknown" if line.average_volume is None else f"{format.volume(line.average_volume)} shares a day"
    tip = f"{line.symbol}: {format.quantity(line.shares)} shares at {book.participation:.0%} of the volume, {volume}"
    token = "TX2" if line.days is None else "BAD" if line.days > 5 else "WARN" if line.days > 1 else "ACCENT"
    return BarRow(line.symbol, days(line.days), "", tip, token)


# ---- grids and lines


def var_grid(slow: SlowMeasures) -> list[GridLine]:
    """VaR and, under it, expected shortfall of each method."""
    lines = []
    short = any(abs(value) > CRAMPED for var in slow.vars for value in (var.var, var.shortfall) if math.isfinite(value))
    for method in Method:
        found = {(var.confidence, var.days): var for var in slow.vars if var.method is method}
        if not found:
            continue
        cells = [found.get(asked) for asked in ASKED]
        lines.append(GridLine(method.value, tuple(_cell(var, shortfall=False, short=short) for var in cells)))
        lines.append(GridLine("shortfall", tuple(_cell(var, shortfall=True, short=short) for var in cells), quiet=True))
    return lines


def _cell(var: ValueAtRisk | None, *, shortfall: bool, short: bool) -> Cell:
    if var is None:
        return Cell(format.UNKNOWN, "Not told", "TX2")
    value = var.shortfall if shortfall else var.var
    name = "Expected shortfall" if shortfall else "VaR"
    return Cell(
        loss(value, short=short),
        f"{name} {var.confidence:.0%}, {var.days} day{'' if var.days == 1 else 's'}: {cents(value)}\n{of(var)}",
    )


def tests(backtest: Backtest) -> list[GridLine]:
    """The likelihood ratios with their probabilities."""
    asked = (
        ("Kupiec", backtest.kupiec, backtest.kupiec_p),
        ("Christoffersen", backtest.christoffersen, backtest.christoffersen_p),
        ("Both together", backtest.conditional, backtest.conditional_p),
    )
    return [GridLine(name, (Cell(plain(ratio)), _chance(p))) for name, ratio, p in asked]


def _chance(p: float | None) -> Cell:
    if p is None or math.isnan(p):
        return Cell(format.UNKNOWN, "The test does not exist for these days", "TX2")
    token, mark = ("BAD", " ✗") if p < 0.01 else ("WARN", " !") if p < 0.05 else ("GOOD", " ✓")
    return Cell(
        f"{p:.3f}{mark}", "How likely so much or more is when the model is right; under 0.05 it is rejected", token
    )


def verdict(backtest: Backtest) -> tuple[str, str]:
    """What the backtest says in a few words, and the token of its ink."""
    mark, token = ZONES[backtest.zone]
    return f"{mark} {backtest.zone.value}".strip(), token


def chosen_history(
    slow: SlowMeasures, confidence: float, method: Method = Method.HISTORICAL
) -> tuple[VarHistory | None, Backtest | None]:
    """The history of a method that is shown, the account's own before a hypothetical one, and the backtest of the same days."""
    histories = [h for h in slow.histories if (h.confidence, h.method) == (confidence, method) and h.days]
    history = max(histories, key=lambda h: (_tested(slow, h), h.basis.value.startswith("the account")), default=None)
    tests = [b for b in slow.backtests if (b.confidence, b.method) == (confidence, method)]
    return history, next((b for b in tests if history and b.basis == history.basis), next(iter(tests), None))


def _tested(slow: SlowMeasures, history: VarHistory) -> bool:
    """Whether there are days enough for a verdict."""
    return any(
        b.zone is not Zone.SHORT
        for b in slow.backtests
        if (b.basis, b.confidence, b.method) == (history.basis, history.confidence, history.method)
    )


def concentration(found: Concentration) -> tuple[Line, ...]:
    """How few names the book hangs on."""
    return (
        Line(f"Largest name · {found.largest_name}", fraction(found.largest), tip="Its share of the gross exposure"),
        Line("Five largest", fraction(found.top_five), tip="Their share of the gross exposure"),
        Line("Herfindahl index", plain(found.hhi, 3), tip="The sum of the squared shares: 1 is one name alone"),
        Line(
            "Counts as",
            f"{plain(found.effective_names, 1)} names",
            tip="So many names of one size would be as concentrated",
        ),
    )


def liquidity_note(book: LiquidityBook) -> str:
    """How much of the book is out when."""
    parts = " · ".join(f"{share:.0%} in {n} d" for n, share in book.within)
    return f"{parts} at {book.participation:.0%} of volume" if parts else ""


def why(picture: RiskPicture, *words: str) -> str:
    """The first reason told for what is missing of a measure that one of ``words`` names, in its name or else its reason; or nothing."""
    told = [*picture.missing, *(picture.slow.missing if picture.slow else ())]
    named = [one for one in told if _speaks(one.what, words)] or [one for one in told if _speaks(one.why, words)]
    return f"{named[0].what}: {named[0].why}" if named else ""


def _speaks(text: str, words: Sequence[str]) -> bool:
    return any(word.casefold() in text.casefold() for word in words)
