"""Of which scope the limit is that refused an order: said where it is not the firm's, so that a person knows whom to ask."""

from collections.abc import Callable
from dataclasses import replace

from qv_desktop.domain.limits import Scope, ScopedLimits, whose
from qv_desktop.domain.risk import Check

type Whose = Callable[[str], ScopedLimits]  # the name of a limit -> whose it is that counts for this order

LIMITS_OF: dict[str, tuple[str, ...]] = {  # code of a rule -> the limits that it holds an order to
    "ORDER_QUANTITY": ("order_quantity",), "ORDER_VALUE": ("order_value",), "ORDER_VOLUME": ("order_volume_fraction",),
    "SINGLE_NAME": ("position_fraction",), "GROSS": ("gross_fraction",), "NET": ("net_fraction",), "SECTOR": ("sector_fraction",),
    "STRATEGY": ("strategy_fraction",), "COLLAR": ("collar",), "QUOTE_AGE": ("quote_age",), "ORDER_RATE": ("orders_per_minute",),
    "ORDERS_PER_SECOND": ("orders_per_second",), "CANCEL_RATE": ("cancels_per_minute",), "DUPLICATE": ("duplicate_seconds",),
    "HOURS": ("opens", "closes"), "DRAWDOWN": ("drawdown_fraction",),
}  # fmt: skip


def explained(check: Check, whose_is: Whose, user: str) -> Check:
    """A refusal with whose limit it is, and who set it; the firm's, and what passed, stay as they are."""
    if check.passed or check.code not in LIMITS_OF:
        return check
    of = [one for one in map(whose_is, LIMITS_OF[check.code]) if one.scope is not Scope.FIRM]
    if not of:
        return check
    by = f", set by {of[0].set_by}" if of[0].set_by else ""
    return replace(check, message=f"{check.message} That is {whose(of[0], user)}{by}.")
