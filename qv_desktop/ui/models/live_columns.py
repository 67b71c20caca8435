"""A strategy's orders beside its backtest's trades, as the columns of a table."""

from decimal import Decimal

from qv_desktop.domain.live_backtest import Pair
from qv_desktop.domain.live_backtest_report import CAUSES
from qv_desktop.ui import format as words
from qv_desktop.ui.models.table_model import Column

FOUND = {"both": "Both", "only live": "Only live", "only backtest": "Only backtest"}


def live_columns() -> tuple[Column[Pair], ...]:
    """Each pair: what both did, how late and how much worse the live one was, and what made the difference in dollars."""
    return (
        Column("At ET", lambda p: words.clock(p.at), key=lambda p: p.at, width=66),
        Column("Found", lambda p: FOUND[p.kind], width=92, color=lambda p: "TX0" if p.kind == "both" else "WARN", tip=why),
        Column("Side", lambda p: p.side.upper(), width=44, color=lambda p: "UP" if p.side.sign > 0 else "DOWN", bold=True),
        Column("Total, $", lambda p: words.signed(p.parts.total), key=lambda p: p.parts.total, right=True, width=76, bold=True,
               color=lambda p: words.trend(p.parts.total)),
        Column("Backtest", _modelled, key=lambda p: p.modelled.price if p.modelled else None, right=True, width=106),
        Column("Live", _live, key=lambda p: p.sent.average if p.sent else None, right=True, width=106),
        Column("Late", lambda p: words.UNKNOWN if p.late is None else f"{p.late.total_seconds():.1f} s", key=lambda p: p.late, right=True,
               width=58),
        Column("Slip, bps", lambda p: words.signed(p.slippage, 1), key=lambda p: p.slippage, right=True, width=66,
               color=lambda p: words.trend(-p.slippage) if p.slippage is not None else None),
        *(_part(part, name, what) for part, (name, what) in CAUSES.items()),
        Column("Status", lambda p: p.sent.status if p.sent else words.UNKNOWN, width=90, tip=why, stretch=True),
    )  # fmt: skip


def why(pair: Pair) -> str:
    """What is behind a row, in a few lines."""
    model, sent = pair.modelled, pair.sent
    lines = []
    if model is not None:
        lines.append(
            f"Backtest: {_shares(model.quantity)} at the open {model.open:,f}, with its slippage {model.price:,f}"
        )
    else:
        lines.append("The backtest does not trade on this side near this order.")
    if sent is not None:
        lines.append(f"Order {sent.id}: {_shares(sent.filled)} of {_shares(sent.wanted)} traded; {sent.status}")
        arrival = "" if sent.arrival is None else f"{sent.arrival.normalize():,f}, "
        lines.append(f"When it was made: {arrival}{sent.arrived}")
    else:
        lines.append("No order of the strategy was made on this side near this trade.")
    return "\n".join(lines)


def _modelled(pair: Pair) -> str:
    return (
        words.UNKNOWN
        if pair.modelled is None
        else f"{_shares(pair.modelled.quantity)} @ {words.price(pair.modelled.price)}"
    )


def _live(pair: Pair) -> str:
    if pair.sent is None:
        return words.UNKNOWN
    average = pair.sent.average
    return "0" if average is None else f"{_shares(pair.sent.filled)} @ {words.price(average)}"


def _shares(quantity: Decimal) -> str:
    return words.quantity(quantity)


def _part(part: str, name: str, what: str) -> Column[Pair]:
    def amount(pair: Pair) -> Decimal:
        found: Decimal = getattr(pair.parts, part)
        return found

    return Column(f"{name}, $", lambda p: words.signed(amount(p)) if amount(p) else words.UNKNOWN, key=amount, right=True, width=78,
                  color=lambda p: words.trend(amount(p)), tip=lambda p: f"{name}: {what}")  # fmt: skip
