"""Rules about what the book would add up to with the order in it."""

from decimal import Decimal

from qv_desktop.domain.exposure import (
    committed,
    held,
    in_sector,
    of_strategy,
    reduces,
    reference_price,
    room_to_reduce,
    whole_shares,
)
from qv_desktop.domain.exposure import (
    gross as gross_of,
)
from qv_desktop.domain.exposure import (
    net as net_of,
)
from qv_desktop.domain.limits import Limits
from qv_desktop.domain.orders import OrderRequest
from qv_desktop.domain.risk import Check, RiskView
from qv_desktop.domain.rule_answers import answer, percent

ZERO = Decimal(0)


def equity(request: OrderRequest, view: RiskView, limits: Limits) -> Check | None:
    """Bounds that are parts of the equity hold nothing back while there is none: then nothing is opened."""
    found = view.account.equity if view.account else None
    if (found is not None and found > 0) or reduces(request, view):
        return None
    if found is None:
        why = "The account's equity is not known, so that exposure cannot be bounded; wait until the broker tells it."
    else:
        why = "The account has no equity left; only orders that reduce a position are taken."
    return answer("EQUITY", "Equity", False, "—" if found is None else f"${found:,.0f}", "> $0", message=why)


def single_name(request: OrderRequest, view: RiskView, limits: Limits) -> Check | None:
    price, equity = reference_price(request, view), view.account.equity if view.account else None
    if price is None or equity is None or equity <= 0 or reduces(request, view):
        return None
    sign, side = request.side.sign, request.side
    before = held(view, request.symbol) + committed(view, request.symbol, side) * sign
    share = abs(before + request.quantity * sign) * price / equity
    most = max(whole_shares(equity * limits.position_fraction, price) - before * sign, ZERO)
    return answer(
        "SINGLE_NAME",
        "Single-name exposure",
        share <= limits.position_fraction,
        f"{share:.1%}",
        f"{percent(limits.position_fraction)}",
        f"{most:,}",
        f"{request.symbol} would be {share:.1%} of equity, over {percent(limits.position_fraction)}: at most {most:,} shares.",
    )


def gross(request: OrderRequest, view: RiskView, limits: Limits) -> Check | None:
    price, equity = reference_price(request, view), view.account.equity if view.account else None
    if price is None or equity is None or equity <= 0 or reduces(request, view):
        return None
    before, free = gross_of(view), room_to_reduce(view, request.symbol, request.side)
    share = (before + max(request.quantity - free, ZERO) * price) / equity
    most = max(whole_shares(equity * limits.gross_fraction - before, price), ZERO) + free
    return answer(
        "GROSS",
        "Gross exposure",
        share <= limits.gross_fraction,
        f"{share:.0%}",
        f"{percent(limits.gross_fraction)}",
        f"{most:,}",
        f"Gross exposure would be {share:.0%} of equity, over {percent(limits.gross_fraction)}.",
    )


def net(request: OrderRequest, view: RiskView, limits: Limits) -> Check | None:
    """Long less short, once every working order on the order's side has traded; a move towards zero is free."""
    price, equity = reference_price(request, view), view.account.equity if view.account else None
    if price is None or equity is None or equity <= 0 or reduces(request, view):
        return None
    sign = request.side.sign
    before = net_of(view, request.side) * sign
    share = (before + request.quantity * price) / equity
    most = max(whole_shares(equity * limits.net_fraction - before, price), ZERO)
    way = "long" if sign > 0 else "short"
    return answer(
        "NET",
        f"Net exposure · {way}",
        share <= limits.net_fraction,
        f"{share:.0%}".replace("-", "−"),
        f"{percent(limits.net_fraction)}",
        f"{most:,}",
        f"Net exposure would be {share:.0%} of equity {way}, over {percent(limits.net_fraction)}: at most {most:,} shares.",
    )


def sector(request: OrderRequest, view: RiskView, limits: Limits) -> Check | None:
    """Long and short of a sector together, with what open orders may add; a symbol of no known sector is bounded by the others."""
    name = view.sectors.get(request.symbol, "")
    if not name or reduces(request, view):
        return None
    return _part(request, view, limits.sector_fraction, "SECTOR", f"Sector · {name}", name, in_sector(view, name))


def strategy(request: OrderRequest, view: RiskView, limits: Limits) -> Check | None:
    """What one strategy holds and has ordered; it may always close what is its own."""
    if view.strategy_held is None or reduces(request, view):
        return None
    own = view.strategy_held.get(request.symbol, ZERO)
    if own * request.side.sign < 0 and request.quantity <= abs(own):
        return None
    before = of_strategy(view, request.source)
    return _part(request, view, limits.strategy_fraction, "STRATEGY", "Strategy exposure", "The strategy", before)


def _part(
    request: OrderRequest, view: RiskView, fraction: Decimal, code: str, title: str, name: str, before: Decimal
) -> Check | None:
    """Gross dollars of a part of the book against a fraction of the equity."""
    price, equity = reference_price(request, view), view.account.equity if view.account else None
    if price is None or equity is None or equity <= 0:
        return None
    free = room_to_reduce(view, request.symbol, request.side)
    share = (before + max(request.quantity - free, ZERO) * price) / equity
    most = max(whole_shares(equity * fraction - before, price), ZERO) + free
    words = f"{name} would be {share:.1%} of equity, over {percent(fraction)}: at most {most:,} shares."
    return answer(code, title, share <= fraction, f"{share:.1%}", f"{percent(fraction)}", f"{most:,}", words)
