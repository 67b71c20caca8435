"""The report of a strategy's day beside its backtest: what explains the difference, and every trade of either."""

from decimal import Decimal

from qv_desktop.domain.live_backtest import Comparison, Pair, Parts
from qv_desktop.domain.live_backtest_pairs import profits
from qv_desktop.domain.market import NEW_YORK
from qv_desktop.domain.report_values import Value
from qv_desktop.domain.reports import Document, Section, Values, money, stamp

CAUSES: dict[str, tuple[str, str]] = {  # part -> its name, and what it is
    "delay": ("Delay", "the price moved between the open at which the backtest trades and the order"),
    "execution": ("Execution", "spread and impact: from the price when the order was made to its executions"),
    "price": ("Price", "both together, of orders of which no price is stored of when they were made"),
    "allowed": ("Allowed for", "slippage that the backtest had allowed for"),
    "quantity": ("Quantity", "shares that traded in one of the two only, at the day's last price"),
    "fees": ("Fees", "those of the backtest less those that were charged"),
}
TRADES = ("At", "Found", "Side", "Backtest shares", "Backtest price", "Wanted", "Live shares", "Live price", "Late, s", "Slip, bps",
          *(f"{name}, $" for name, _ in CAUSES.values()), "Total, $", "Order", "Status", "Arrival price")  # fmt: skip


def of_comparison(told: Comparison) -> Document:
    """The whole report."""
    spec, parts = told.spec, told.parts
    live, paper = profits(told.pairs, told.mark)
    facts = (
        ("Strategy", f"{spec.strategy} v{spec.version}"), ("Symbol", spec.symbol), ("Day", str(told.asked.day)), ("Account", told.account),
        ("Timeframe", f"{spec.timeframe}: {told.bars:,} bars of the day, {told.warm:,} before it"),
        ("Parameters", ", ".join(f"{name} {value:g}" for name, value in spec.parameters) or "—"),
        ("Backtest's costs", f"{spec.fees:g} bps of fees, {spec.slippage:g} bps of slippage"),
        ("Backtest's shares", f"{told.shares:,f} a trade" if told.shares else f"{spec.sizing}, ${spec.cash:,.0f} at first"),
        ("Marked at", f"{money(told.mark)}, {stamp(told.marked_at)}"),
        ("Pairs", f"{told.count('both'):,} of both, {told.count('only live'):,} only live, {told.count('only backtest'):,} only backtest, "
                  f"at most {told.window.total_seconds() / 60:g} min apart"),
        ("Live profit", money(live)), ("Backtest's profit", money(paper)), ("Operator", told.by), ("Made at", stamp(told.at)),
        ("Sources", "this program's journal of orders and executions; stored bars and prints"), ("Engine", told.engine),
        ("Code hash", told.code_hash), ("Input hash", told.data_hash), *(("Note", note) for note in told.notes),
    )  # fmt: skip
    days: tuple[tuple[str, Value], ...] = (("Day", told.asked.day), ("Made at", told.at))
    exact: tuple[tuple[str, Value], ...] = (*days, ("Live profit", live), ("Backtest's profit", paper))
    subtitle = f"{spec.strategy} in {spec.symbol} on {told.asked.day}"
    return Document("Live and backtest", subtitle, verdict(parts.total, told), parts.total >= 0, facts,
                    (_causes(parts), _trades(told)), exact)  # fmt: skip


def verdict(difference: Decimal, told: Comparison) -> str:
    """What the day came to, in one sentence."""
    if not told.pairs:
        return "Neither the strategy's orders nor its backtest traded on this day."
    if not difference:
        return "The day made exactly what its backtest would have made."
    way = "less" if difference < 0 else "more"
    return f"The day made {money(abs(difference))} {way} than its backtest would have made."


def _causes(parts: Parts) -> Section:
    values = [(name, getattr(parts, part), what) for part, (name, what) in CAUSES.items()]
    values.append(("All", parts.total, "live profit less the backtest's"))
    rows = tuple((name, precise(amount), what) for name, amount, what in values)
    return Section("What explains it", ("Cause", "Amount, $", "What it is"), rows, values=tuple(values))


def _trades(told: Comparison) -> Section:
    values = tuple(row(pair) for pair in told.pairs)
    rows = tuple(tuple(_text(name, value) for name, value in zip(TRADES, cells, strict=True)) for cells in values)
    return Section(f"Trades · {len(rows):,}", TRADES, rows, "Neither traded on this day.", values)


def row(pair: Pair) -> Values:
    """One pair under ``TRADES``; what one side does not have is unknown, not zero."""
    model, sent, parts = pair.modelled, pair.sent, pair.parts
    average, late = sent.average if sent else None, pair.late
    return (
        pair.at, pair.kind, str(pair.side), model.quantity if model else None, model.price if model else None,
        sent.wanted if sent else None, sent.filled if sent else None, average.quantize(_MICRO) if average is not None else None,
        Decimal(f"{late.total_seconds():.1f}") if late is not None else None,
        pair.slippage.quantize(_TENTH) if pair.slippage is not None else None,
        *(getattr(parts, part) for part in CAUSES), parts.total, sent.id if sent else None, sent.status if sent else None,
        f"{sent.arrival.normalize():f} ({sent.arrived})" if sent and sent.arrival is not None else (sent.arrived if sent else None) or None,
    )  # fmt: skip


_MICRO, _TENTH = Decimal("0.000001"), Decimal("0.1")


def precise(amount: Decimal) -> str:
    """Dollars to the cent."""
    return f"{amount:,.2f}"


def _text(name: str, value: Value) -> str:
    if value is None:
        return "—"
    if isinstance(value, Decimal) and name.endswith(", $"):
        return precise(value) if value else "—"
    if isinstance(value, Decimal):
        plain = f"{value.quantize(_MICRO):,f}"
        return plain.rstrip("0").rstrip(".") if "." in plain else plain
    return f"{value.astimezone(NEW_YORK):%H:%M:%S} ET" if hasattr(value, "astimezone") else str(value)
