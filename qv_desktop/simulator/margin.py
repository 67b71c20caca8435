"""What the account is worth and what it may spend: equity, Regulation T and maintenance margin, buying power.

Formulas: Alpaca's Account schema (buying_power, regt_buying_power, options_buying_power) and its margin documentation.
Since 2026-07-06 the intraday multiplier of 4 needs $2,000 of equity instead of the pattern day trader's $25,000.
"""

from collections.abc import Callable
from decimal import Decimal

from qv_desktop.simulator.accounts import Account, Position
from qv_desktop.simulator.alpaca_format import cents, utc_text
from qv_desktop.simulator.orders import ZERO, Order

MARGIN_FLOOR = Decimal(2000)  # dollars of equity below which the account has no margin
INITIAL = Decimal("0.5")
MAINTENANCE = Decimal("0.3")
MARKET_BUFFER = Decimal("1.025")  # a market buy is valued above the ask
SHORT_BUFFER = Decimal("1.03")

type Price = Callable[[str], Decimal]  # symbol -> last price in dollars


def equity(account: Account, price: Price) -> Decimal:
    """Cash plus the signed market value of all positions."""
    return account.cash + sum((p.qty * price(p.symbol) for p in account.positions.values()), ZERO)


def maintenance(account: Account, price: Price) -> Decimal:
    """Dollars of equity that the positions demand to be kept."""
    return sum((_position_maintenance(p, price(p.symbol)) for p in account.positions.values()), ZERO)


def _position_maintenance(position: Position, price: Decimal) -> Decimal:
    shares, value = abs(position.qty), abs(position.qty) * price
    if position.qty > 0:
        return value if price < Decimal("2.5") else value * MAINTENANCE
    if price < 5:
        return max(value, shares * Decimal("2.5"))
    return max(value * MAINTENANCE, shares * 5)


def multiplier(account: Account, worth: Decimal) -> int:
    """1, 2 or 4, by the account's equity and its own configuration."""
    allowed = int(str(account.configuration["max_margin_multiplier"]))
    return min(allowed, 4) if worth >= MARGIN_FLOOR else 1


def opened_today(account: Account) -> Decimal:
    """Dollars (at cost) by which today's trades have grown the positions."""
    return sum((max(ZERO, abs(p.cost) - p.overnight_cost) for p in account.positions.values()), ZERO)


def buying_power(account: Account, price: Price, held: Decimal) -> Decimal:
    """Dollars that a new order may cost; `held` is what open orders already claim."""
    worth = equity(account, price)
    times = multiplier(account, worth)
    if times == 4:
        base = account.last_equity + min(ZERO, account.realised_today) - account.last_maintenance
        return max(ZERO, base * 4 - opened_today(account) - held)
    if times == 2:
        return max(ZERO, (worth - _initial(account, price)) * 2 - held)
    return max(ZERO, account.cash - held)


def _initial(account: Account, price: Price) -> Decimal:
    return sum((abs(p.qty) * price(p.symbol) * INITIAL for p in account.positions.values()), ZERO)


def order_value(order: Order, ask: Decimal, last: Decimal, opening: Decimal) -> Decimal:
    """What `opening` shares (those that do not close a position) of an order claim of the buying power."""
    if order.notional is not None and order.side == "buy":
        return order.notional - order.filled_value
    if order.side == "sell":
        return opening * max(order.limit_price or ZERO, ask * SHORT_BUFFER)
    fixed = order.limit_price or order.stop_price
    return opening * (fixed if fixed is not None else max(ask, last) * MARKET_BUFFER)


def account_json(account: Account, price: Price, held: Decimal) -> dict[str, object]:
    """The account as GET /v2/account writes it; the day-trading fields that Alpaca removed in July 2026 are absent."""
    worth, initial, kept = equity(account, price), _initial(account, price), maintenance(account, price)
    values = {p.symbol: p.qty * price(p.symbol) for p in account.positions.values()}
    long_value = sum((v for v in values.values() if v > 0), ZERO)
    short_value = sum((v for v in values.values() if v < 0), ZERO)
    excess, times = max(ZERO, worth - initial), multiplier(account, worth)
    suspended = account.configuration["suspend_trade"]
    return {
        "id": account.id,
        "account_number": account.number,
        "status": "ACTIVE",
        "crypto_status": "ACTIVE",
        "currency": "USD",
        "buying_power": cents(buying_power(account, price, held)),
        "regt_buying_power": cents(max(ZERO, excess * 2 - held)),
        "options_buying_power": cents(max(ZERO, excess - held)),
        "non_marginable_buying_power": cents(max(ZERO, account.cash - held)),
        "cash": cents(account.cash),
        "accrued_fees": "0",
        "pending_transfer_in": "0",
        "pending_transfer_out": "0",
        "portfolio_value": cents(worth),
        "trading_blocked": False,
        "transfers_blocked": False,
        "account_blocked": False,
        "trade_suspended_by_user": suspended,
        "created_at": utc_text(account.created_at),
        "multiplier": str(times),
        "shorting_enabled": can_short(account, worth),
        "equity": cents(worth),
        "last_equity": cents(account.last_equity),
        "long_market_value": cents(long_value),
        "short_market_value": cents(short_value),
        "position_market_value": cents(long_value - short_value),
        "initial_margin": cents(initial),
        "maintenance_margin": cents(kept),
        "last_maintenance_margin": cents(account.last_maintenance),
        "sma": cents(excess),
        "balance_asof": account.balance_asof,
        "intraday_adjustments": cents(account.adjusted_today),
        "pending_reg_taf_fees": "0",
        "options_approved_level": 0,
        "options_trading_level": 0,
        "user_configurations": None,
    }


def can_short(account: Account, worth: Decimal) -> bool:
    """Whether the account may sell shares it does not have."""
    return not account.configuration["no_shorting"] and multiplier(account, worth) > 1
