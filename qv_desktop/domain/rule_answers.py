"""A rule of the gate: what it is called with, and the answer that it gives."""

from collections.abc import Callable
from decimal import Decimal

from qv_desktop.domain.limits import Limits
from qv_desktop.domain.orders import OrderRequest
from qv_desktop.domain.risk import Check, RiskView

type Rule = Callable[[OrderRequest, RiskView, Limits], Check | None]


def answer(code: str, title: str, passed: bool, value: str, limit: str, nearest: str = "", message: str = "") -> Check:
    return Check(code, title, passed, value, limit, "" if passed else nearest, "" if passed else message)


def percent(limit: Decimal) -> str:
    """A fraction as per cent with all of its digits: rounded, “12.6% is over 13%” would be said of a limit of 12.5 %."""
    return f"{(Decimal(limit) * 100).normalize():f}%"
