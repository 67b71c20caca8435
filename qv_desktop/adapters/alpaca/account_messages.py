"""Alpaca's words about the account itself, translated: balances, settings, activities and the equity of a period.

Every field may be absent, null, of another type, or hold a new word: it is then unknown, and never zero. Shapes follow Alpaca's
Trading API (Account, AccountConfigurations, TradingActivities, NonTradeActivities, PortfolioHistory).
"""

import uuid
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal

from qv_desktop.adapters.alpaca.fields import YEARS, Raw, Unreadable, flag, moment, needed, number, text
from qv_desktop.domain.account_history import MOVED, Activity, Curve, Period, Point, funded
from qv_desktop.domain.account_standing import Configuration
from qv_desktop.domain.accounts import Account

ZERO = Decimal(0)
MILLISECONDS = 100_000_000_000  # a time of day above this is told in ms; in seconds it would lie beyond the year 5000
SIDES = {"buy": 1, "sell": -1, "sell_short": -1}
LEVELS = range(10)


def account(raw: Raw, at: datetime) -> Account:
    """Balances as of ``at``. Raises Unreadable without an id."""
    return Account(needed(raw, "id"), text(raw, "account_number"), text(raw, "status"), at, text(raw, "currency") or "USD",
                   equity=number(raw, "equity"), last_equity=number(raw, "last_equity"), cash=number(raw, "cash"),
                   buying_power=number(raw, "buying_power"), long_value=number(raw, "long_market_value"),
                   short_value=number(raw, "short_market_value"), initial_margin=number(raw, "initial_margin"),
                   maintenance_margin=number(raw, "maintenance_margin"), multiplier=number(raw, "multiplier"),
                   shorting_enabled=flag(raw, "shorting_enabled"), trading_blocked=flag(raw, "trading_blocked"),
                   regt_buying_power=number(raw, "regt_buying_power"),
                   non_marginable_buying_power=number(raw, "non_marginable_buying_power"),
                   options_buying_power=number(raw, "options_buying_power"), accrued_fees=number(raw, "accrued_fees"),
                   pending_fees=number(raw, "pending_reg_taf_fees"), pending_in=number(raw, "pending_transfer_in"),
                   pending_out=number(raw, "pending_transfer_out"), adjustments=number(raw, "intraday_adjustments"),
                   last_maintenance_margin=number(raw, "last_maintenance_margin"), sma=number(raw, "sma"),
                   transfers_blocked=flag(raw, "transfers_blocked"), account_blocked=flag(raw, "account_blocked"),
                   suspended=flag(raw, "trade_suspended_by_user"), created=moment(raw, "created_at"),
                   balances_of=text(raw, "balance_asof"))  # fmt: skip


def configuration(raw: Raw) -> Configuration:
    """The account's settings; what is not told is None or empty."""
    level = number(raw, "max_options_trading_level")
    return Configuration(flag(raw, "suspend_trade"), flag(raw, "no_shorting"), flag(raw, "fractional_trading"),
                         text(raw, "max_margin_multiplier"), text(raw, "trade_confirm_email"), flag(raw, "ptp_no_exception_entry"),
                         int(level) if level is not None and level in LEVELS else None, flag(raw, "disable_overnight_trading"))  # fmt: skip


def activity(raw: Raw) -> Activity:
    """One entry. Raises Unreadable only for what is no entry at all; an entry without an id gets one of its own content."""
    if not raw:
        raise Unreadable("An activity is no object.")
    id_ = text(raw, "id") or f"?{uuid.uuid5(uuid.NAMESPACE_OID, repr(sorted(raw.items(), key=lambda item: item[0])))}"
    quantity, price, net = number(raw, "qty"), number(raw, "price"), number(raw, "net_amount")
    reckoned = _reckoned(raw, quantity, price) if net is None else None
    at = moment(raw, "transaction_time") or moment(raw, "created_at")
    return Activity(id_, text(raw, "activity_type"), at, _day(raw, "date"), text(raw, "symbol"), text(raw, "side"), quantity,
                    price if price is not None else number(raw, "per_share_amount"), reckoned if net is None else net,
                    text(raw, "description"), text(raw, "status") or text(raw, "order_status"), reckoned is not None)  # fmt: skip


def _reckoned(raw: Raw, quantity: Decimal | None, price: Decimal | None) -> Decimal | None:
    """What a fill moved, which Alpaca leaves to be reckoned: out for a buy, in for a sell; before fees."""
    sign = SIDES.get(text(raw, "side"))
    if text(raw, "activity_type") != "FILL" or sign is None or quantity is None or price is None:
        return None
    return -sign * abs(quantity) * price


def _day(raw: Raw, key: str) -> date | None:
    """The day a text begins with, within ``YEARS``, or None."""
    value = raw.get(key)
    try:
        found = date.fromisoformat(value[:10]) if isinstance(value, str) else None
    except ValueError:
        return None
    return found if found is not None and found.year in YEARS else None


# ---- the equity of a period


def curve(raw: Raw, period: Period) -> Curve:
    """Arrays side by side become points. A missing value is a hole; a point without a time, or whose time does not rise, is left out.

    Times come in seconds, and in Alpaca's older answers in milliseconds. Raises Unreadable without an array of times.
    """
    times = raw.get("timestamp")
    if not isinstance(times, list):
        raise Unreadable("The equity history has no times.")
    equity, flows = _column(raw, "equity"), _flows(raw, len(times))
    base = number(raw, "base_value")
    drawn: list[Point] = []
    told: dict[int, tuple[tuple[str, Decimal], ...]] = {}
    waiting: list[tuple[str, Decimal]] = []  # flows of points that were left out
    for place, stamp in enumerate(times):
        waiting += flows.get(place, [])
        at = _moment(stamp)
        if at is None or (drawn and at <= drawn[-1].at):
            continue
        if waiting:
            told[len(drawn)] = tuple(waiting)
        value = number({"": equity[place]}, "") if place < len(equity) else None
        drawn.append(Point(at, value, sum((dollars for code, dollars in waiting if code in MOVED), ZERO)))
        waiting = []
    bad = len(times) - len(drawn) + _garbage(equity)
    return Curve(period, funded(drawn, base), base, _day(raw, "base_value_asof"), text(raw, "timeframe"), told, bad)


def _column(raw: Raw, key: str) -> list[object]:
    found = raw.get(key)
    return found if isinstance(found, list) else []


def _garbage(values: list[object]) -> int:
    """How many values were told and are no numbers; null is a hole that Alpaca itself tells."""
    return sum(value is not None and number({"": value}, "") is None for value in values)


def _flows(raw: Raw, count: int) -> dict[int, list[tuple[str, Decimal]]]:
    """What moved, by the place of its point: (code, dollars)."""
    told = raw.get("cashflow")
    found: dict[int, list[tuple[str, Decimal]]] = {}
    for code, values in told.items() if isinstance(told, Mapping) else ():
        for place, value in enumerate(values[:count] if isinstance(values, list) else ()):
            dollars = number({"": value}, "")
            if dollars:
                found.setdefault(place, []).append((str(code), dollars))
    return found


def _moment(stamp: object) -> datetime | None:
    seconds = number({"": stamp}, "")
    if seconds is None:
        return None
    try:
        found = datetime.fromtimestamp(float(seconds / 1000 if seconds > MILLISECONDS else seconds), UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return found if found.year in YEARS else None
