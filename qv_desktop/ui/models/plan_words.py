"""A plan to flatten or reverse in a trader's words, before it is done."""

from collections.abc import Sequence
from decimal import Decimal

from qv_desktop.domain.flattening import Plan
from qv_desktop.ui import format as words

ZERO = Decimal(0)


def plan_words(plan: Plan) -> str:
    """``Cancel 2 AAPL orders, then SELL 100 AAPL at the market: about $23,143.00, takes +$466.00.``"""
    if plan.refused:
        return f"{plan.refused} Nothing would be cancelled or sent."
    first = f"Cancel {_count(plan.cancels, f'{plan.symbol} order')}, then " if plan.cancels else ""
    size = f"{plan.side.upper()} {words.quantity(plan.quantity)} {plan.symbol}"
    worth = f": about {words.money(plan.value)}, takes {words.signed_money(plan.profit)}"
    after = f"; once that is filled, {size} again to stand on the other side" if plan.reverse else ""
    sentence = f"{first}{size} at the market{worth if plan.value is not None else ''}{after}."
    return sentence[0].upper() + sentence[1:]


def all_words(plans: Sequence[Plan]) -> str:
    """The same for every position at once, with the counts."""
    cancels = sum(plan.cancels for plan in plans)
    first = f"Cancel {_count(cancels, 'order')}, then close" if cancels else "Close"
    values = [plan.value for plan in plans if plan.value is not None]
    profits = [plan.profit for plan in plans if plan.profit is not None]
    worth = f": about {words.money(sum(values, ZERO))}, takes {words.signed_money(sum(profits, ZERO))}"
    unknown = len(plans) - len(values)
    rest = f"; {_count(unknown, 'price')} unknown" if unknown else ""
    return f"{first} {_count(len(plans), 'position')} at the market{worth}{rest}."


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
