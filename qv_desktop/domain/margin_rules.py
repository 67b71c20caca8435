"""What the margin regime, and a limit of one's own on day trades, say to an order; what only reduces stays possible where it can.

A check that passes with a message is a warning: the ticket marks it and shows the sentence.
"""

from decimal import Decimal

from qv_desktop.domain.exposure import (
    added,
    committed,
    held,
    reduces,
    reference_price,
    room_to_reduce,
    touch,
    whole_shares,
    working,
)
from qv_desktop.domain.flattening import CLOSING
from qv_desktop.domain.limits import Limits
from qv_desktop.domain.margin import (
    PATTERN,
    MarginStanding,
    Regime,
    is_pattern,
    small,
)
from qv_desktop.domain.orders import OrderRequest, Side
from qv_desktop.domain.risk import Check, RiskView, TradingState

ZERO = Decimal(0)
CODES = frozenset({  # of checks that warn when they pass with a message
    "INTRADAY_MARGIN", "RESTRICTED", "DAY_TRADE", "DAY_TRADING_POWER", "SETTLED_CASH", "CASH_SHORT", "GOOD_FAITH", "OWN_DAY_TRADES",
})  # fmt: skip


def _check(code: str, title: str, passed: bool, value: str, limit: str, nearest: str = "", message: str = "") -> Check:
    """Unlike other rules' answers, one that passed keeps its message: it is a warning."""
    return Check(code, title, passed, value, limit, "" if passed else nearest, message)


def _price(request: OrderRequest, view: RiskView) -> Decimal | None:
    """What the order is valued at; a short at the higher of its own price and 3 % over the ask, as Alpaca does."""
    price = reference_price(request, view)
    if price is None or request.side is Side.BUY:
        return price
    return max(price, (touch(view, Side.BUY) or ZERO) * Decimal("1.03"))


def _opening(request: OrderRequest, view: RiskView) -> Decimal:
    """Shares of the order that open or enlarge a position."""
    return max(request.quantity - room_to_reduce(view, request.symbol, request.side), ZERO)


def intraday_margin(request: OrderRequest, view: RiskView, limits: Limits) -> Check | None:
    """No order may create or enlarge an intraday margin deficit, FINRA Rule 4210(d)(2): working orders count in full."""
    standing = view.margin
    if standing is None or standing.regime is not Regime.INTRADAY_MARGIN or reduces(request, view):
        return None
    price, opening, terms = _price(request, view), _opening(request, view), standing.terms
    if price is None or standing.level is None:
        why = (
            "there is no price to value the order at"
            if price is None
            else "the broker has not told the account's margin"
        )
        return _check("INTRADAY_MARGIN", "Intraday margin", not terms.blocks, "—", "$0 deficit", "",
                      f"What margin the order needs is not known: {why}. Wait; if it stays so, let “Margin regime” only warn.")  # fmt: skip
    rate = terms.long_rate if request.side is Side.BUY else terms.short_rate
    waiting = added(view) * max(terms.long_rate, terms.short_rate)
    free = standing.level - waiting
    needs = opening * price * rate
    if needs <= free:
        return _check("INTRADAY_MARGIN", "Intraday margin", True, f"${needs:,.0f}", f"${free:,.0f}")
    lacking = needs - free
    most = max(whole_shares(max(free, ZERO) / rate, price), ZERO) + (request.quantity - opening)
    excepted = small(terms, standing.equity, lacking)
    words = (f"The order needs ${needs:,.0f} of margin and ${max(free, ZERO):,.0f} is free"
             f"{f' beside working orders that may need ${waiting:,.0f}' if waiting else ''}: it would leave an intraday margin deficit of "
             f"${lacking:,.0f}, to be met by {standing.days.later(standing.day, terms.deadline_days):%d %b}. "
             f"At most {most:,f} shares pass.")  # fmt: skip
    return _check("INTRADAY_MARGIN", "Intraday margin", excepted or not terms.blocks, f"${needs:,.0f}", f"${max(free, ZERO):,.0f}",
                  f"{most:,f}", words)  # fmt: skip


def restriction(request: OrderRequest, view: RiskView, limits: Limits) -> Check | None:
    """While an account is restricted no short position and no debit is created or increased, 4210(d)(2); a cash account
    buys with settled money alone, 12 CFR 220.8(c)."""
    standing = view.margin
    if standing is None or standing.restricted_until is None or reduces(request, view):
        return None
    until = f"The account is restricted until {standing.restricted_until:%d %b %Y}: {standing.restriction}."
    if request.side is Side.SELL:
        longs = max(held(view, request.symbol) - committed(view, request.symbol, Side.SELL), ZERO)
        return _check("RESTRICTED", "Restriction", False, f"{_opening(request, view):,f} short", "0", f"{longs:,f}",
                      f"{until} No short position may be opened or enlarged; at most {longs:,f} shares can be sold.")  # fmt: skip
    price, cash = reference_price(request, view), _money(standing)
    if price is None or cash is None:
        return _check(
            "RESTRICTED", "Restriction", False, "—", "cash", "", f"{until} The cash it may use is not known yet."
        )
    free = max(cash - added(view), ZERO)
    cost, most = request.quantity * price, whole_shares(free, price)
    kind = "settled cash" if standing.regime is Regime.CASH else "cash"
    words = f"{until} It may buy with {kind} alone, ${free:,.0f} now: at most {most:,} shares."
    return _check("RESTRICTED", "Restriction", cost <= free, f"${cost:,.0f}", f"${free:,.0f}", f"{most:,}",
                  "" if cost <= free else words)  # fmt: skip


def _money(standing: MarginStanding) -> Decimal | None:
    if standing.regime is Regime.CASH:
        return None if standing.purse is None else standing.purse.settled
    return standing.cash


def becomes_day_trade(request: OrderRequest, view: RiskView, standing: MarginStanding) -> bool:
    """Whether the order, once it trades, is a day trade that does not count yet."""
    today = standing.opened.get(request.symbol)
    if today is None or not today.opened or today.closing:
        return False
    return today.held * request.side.sign < 0


def _on_their_way(request: OrderRequest, view: RiskView, standing: MarginStanding) -> int:
    """Day trades that orders of other symbols, working already, will make: brokers count such pairs too."""
    return sum(
        symbol != request.symbol
        and bool(today.opened)
        and not today.closing
        and bool(working(view, symbol, Side.SELL if today.held > 0 else Side.BUY))
        for symbol, today in standing.opened.items()
    )


def pattern_day_trade(request: OrderRequest, view: RiskView, limits: Limits) -> Check | None:
    """Below the minimum equity no order may make, or be one more day trade of, a pattern day trader: former 4210(f)(8)(B).

    Flattening by hand, and every way out while trading is reduced or halted, passes with a warning.
    """
    standing = view.margin
    if standing is None or standing.regime is not Regime.LEGACY_PDT:
        return None
    waiting = _on_their_way(request, view, standing) if standing.below_minimum else 0  # else nothing is refused
    count = standing.day_trades + waiting + 1
    minimum, frees = f"${standing.terms.minimum_equity:,.0f}", standing.frees()
    bad = standing.below_minimum and (standing.pattern or is_pattern(count, standing.trades + waiting + 1))
    numbers = (f"{count}", f"{PATTERN - 1}")
    have = "is not known" if standing.prior_equity is None else f"was ${standing.prior_equity:,.0f}"
    because = (
        f"The account is a pattern day trader, and its equity at the last close {have}, below {minimum}"
        if standing.pattern
        else f"It would be day trade {count} within five business days, more than 6 % of all trades, which makes a pattern day trader; "
        f"equity at the last close {have}, below {minimum}"
    )
    later = f"the window lets one more pass from {frees:%a %d %b}" if frees else f"day trade with {minimum} or more"
    if becomes_day_trade(request, view, standing):
        if not bad:
            return _check("DAY_TRADE", "Day trades", True, *numbers)
        way_out = request.source == CLOSING or view.state is not TradingState.ACTIVE or bool(view.closed)
        next_day = standing.days.later(standing.day, 1)
        words = f"This closes {request.symbol}, opened today: {because}. Keep it until {next_day:%a %d %b}; {later}."
        return _check("DAY_TRADE", "Day trades", way_out or not standing.terms.blocks, *numbers, "", words)
    if reduces(request, view) or not bad or _open_already(request, standing):
        return None
    words = f"If you close {request.symbol} again today: {because}. It could then be closed from the next day on only."
    return _check("DAY_TRADE", "Day trades", True, *numbers, "", words)


def _open_already(request: OrderRequest, standing: MarginStanding) -> bool:
    """Whether the order only adds to what was opened today and is not being closed: that stays one pair."""
    today = standing.opened.get(request.symbol)
    return today is not None and bool(today.opened) and not today.closing and today.held * request.side.sign > 0


def day_trading_power(request: OrderRequest, view: RiskView, limits: Limits) -> Check | None:
    """What a pattern day trader opens within a day is at most four times the prior day's maintenance excess."""
    standing = view.margin
    if standing is None or standing.regime is not Regime.LEGACY_PDT or not standing.pattern or reduces(request, view):
        return None
    price, most = _price(request, view), standing.power
    if price is None or most is None or standing.below_minimum:
        return None
    used = sum((today.cost for today in standing.opened.values()), ZERO) + added(view)
    cost, free = _opening(request, view) * price, max(most - used, ZERO)
    shares = whole_shares(free, price) + request.quantity - _opening(request, view)
    words = f"${used:,.0f} of ${most:,.0f} day-trading buying power is in use; the order needs ${cost:,.0f}: at most {shares:,f} shares."
    passed = cost <= free
    return _check("DAY_TRADING_POWER", "Day-trading power", passed or not standing.terms.blocks, f"${cost:,.0f}", f"${free:,.0f}",
                  f"{shares:,f}", "" if passed else words)  # fmt: skip


def settled_cash(request: OrderRequest, view: RiskView, limits: Limits) -> Check | None:
    """A cash account buys with settled money: what is bought with other money and sold before that is settled breaks good faith."""
    standing = view.margin
    if standing is None or standing.regime is not Regime.CASH:
        return None
    if request.side is Side.SELL:
        return _sale(request, view, standing)
    price, purse = reference_price(request, view), standing.purse
    if reduces(request, view):
        return None
    if price is None or purse is None:
        why = (
            "there is no price to value the order at" if price is None else "the broker has not told the account's cash"
        )
        return _check(
            "SETTLED_CASH", "Settled cash", False, "—", "settled cash", "", f"{why[0].upper()}{why[1:]}; wait a moment."
        )
    waiting = added(view)
    free, cost = max(purse.settled - waiting, ZERO), request.quantity * price
    if cost <= free:
        return _check("SETTLED_CASH", "Settled cash", True, f"${cost:,.0f}", f"${free:,.0f}")
    most, everything = whole_shares(free, price), max(purse.settled + purse.unsettled - waiting, ZERO)
    if cost > everything:
        words = (f"The order needs ${cost:,.0f}, and the account has ${everything:,.0f}, settled or not: sold before it is paid for, that "
                 f"would be free-riding. At most {most:,} shares pass on settled money.")  # fmt: skip
        return _check("SETTLED_CASH", "Settled cash", False, f"${cost:,.0f}", f"${free:,.0f}", f"{most:,}", words)
    when = _paid_by(purse.coming, cost - free)
    words = (f"The order needs ${cost:,.0f} and ${free:,.0f} is settled; the rest comes from sales that settle on {when:%a %d %b}. Sold "
             f"before then, it would be a good-faith violation. At most {most:,} shares pass now.")  # fmt: skip
    return _check(
        "SETTLED_CASH", "Settled cash", not standing.terms.blocks, f"${cost:,.0f}", f"${free:,.0f}", f"{most:,}", words
    )


def _paid_by(coming: tuple[tuple[object, Decimal], ...], lacking: Decimal) -> object:
    """The day on which enough of what is coming is settled."""
    for when, amount in coming:
        lacking -= amount
        if lacking <= 0:
            return when
    return coming[-1][0]


def _sale(request: OrderRequest, view: RiskView, standing: MarginStanding) -> Check | None:
    """A cash account cannot be short; a sale that breaks good faith passes, for the way out stays open, and is warned of."""
    holds = held(view, request.symbol)
    if not reduces(request, view):
        most = max(holds - committed(view, request.symbol, Side.SELL), ZERO)
        return _check("CASH_SHORT", "Short in a cash account", False, f"{request.quantity:,f}", f"{most:,f}", f"{most:,f}",
                      f"A cash account cannot be short; at most {most:,f} shares of {request.symbol} can be sold.")  # fmt: skip
    if standing.purse is None:
        return None
    lots = standing.purse.lots.get(request.symbol, ())
    unpaid = sum((lot.quantity for lot in standing.purse.unpaid(request.symbol)), ZERO)
    gone = committed(view, request.symbol, Side.SELL)
    clean = max(holds - unpaid - gone, ZERO)  # the oldest go first, and those are paid for
    if not unpaid or request.quantity <= clean:
        return None
    days = [lot.paid for lot in lots if lot.paid is not None and lot.paid > standing.day]
    kind = "a good-faith violation" if days else "free-riding"
    when = f" until {max(days):%a %d %b}" if days else " until it is paid for"
    has = len([one for one in standing.violations if one.kind == "good-faith violation"])
    words = (f"{min(request.quantity - clean, unpaid):,f} of these shares were bought with money that is not settled: selling them now is "
             f"{kind} (there {'is' if has == 1 else 'are'} {has} within a year, {standing.terms.good_faith} restrict the account). "
             f"Keep them{when}, or sell at most {clean:,f}.")  # fmt: skip
    return _check("GOOD_FAITH", "Good faith", True, f"{request.quantity:,f}", f"{clean:,f} paid for", "", words)


def own_day_trades(request: OrderRequest, view: RiskView, limits: Limits) -> Check | None:
    """A person's own limit on day trades within five business days, in every regime.

    It keeps nobody in a position: beyond it entries are refused, for each could become one more, and exits pass with a warning.
    """
    standing = view.margin
    if standing is None or limits.day_trades >= 1_000:  # as good as none
        return None
    most, frees = limits.day_trades, standing.frees()
    again = f" Entries pass again from {frees:%a %d %b}." if frees else ""
    if reduces(request, view):
        count = standing.day_trades + becomes_day_trade(request, view, standing)
        if count <= most:
            return None
        words = f"This is day trade {count} within five business days, beyond your own limit of {most}; it passes, for it reduces.{again}"
        return _check("OWN_DAY_TRADES", "Own day trades", True, f"{count}", f"{most}", "", words)
    pairs = sum(bool(today.opened) and not today.closing for today in standing.opened.values())
    new = 0 if _open_already(request, standing) else 1
    count = standing.day_trades + pairs + new
    words = (f"You have made {standing.day_trades} of the {most} day trades that you allow yourself within five business days"
             f"{f', and {pairs} more if what was opened today is closed today' if pairs else ''}: what opens a position is refused, what "
             f"reduces one passes.{again}")  # fmt: skip
    passed = count <= most or not new
    return _check("OWN_DAY_TRADES", "Own day trades", passed, f"{count}", f"{most}", "", "" if passed else words)


MARGIN_RULES = (
    intraday_margin,
    restriction,
    pattern_day_trade,
    day_trading_power,
    settled_cash,
    own_day_trades,
)
