"""The broker account as last reported; every figure may be unknown, for the broker changes its schema."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

ZERO = Decimal(0)

type Environment = Literal["PAPER", "LIVE", "REPLAY", "SIMULATION"]


@dataclass(frozen=True, slots=True)
class Account:
    """Balances in dollars at ``at`` (UTC)."""

    id: str
    number: str
    status: str
    at: datetime
    currency: str = "USD"
    equity: Decimal | None = None
    last_equity: Decimal | None = None  # at the previous close
    cash: Decimal | None = None
    buying_power: Decimal | None = None
    long_value: Decimal | None = None
    short_value: Decimal | None = None
    initial_margin: Decimal | None = None
    maintenance_margin: Decimal | None = None
    multiplier: Decimal | None = None
    shorting_enabled: bool | None = None
    trading_blocked: bool | None = None
    regt_buying_power: Decimal | None = None  # overnight, under Regulation T
    non_marginable_buying_power: Decimal | None = None  # cash for what cannot be bought on margin
    options_buying_power: Decimal | None = None
    accrued_fees: Decimal | None = None
    pending_fees: Decimal | None = None  # regulatory ones that the broker has not taken yet
    pending_in: Decimal | None = None  # transfers on their way
    pending_out: Decimal | None = None
    adjustments: Decimal | None = None  # what deposits, fees and the like did to today's equity
    last_maintenance_margin: Decimal | None = None  # at the previous close
    sma: Decimal | None = None  # special memorandum account
    transfers_blocked: bool | None = None
    account_blocked: bool | None = None
    suspended: bool | None = None  # by the user's own setting
    created: datetime | None = None
    balances_of: str = ""  # the day that the “last” figures are of

    @property
    def masked(self) -> str:
        """The account number with all but its last three characters hidden."""
        return "••••" + self.number[-3:]


def day_profit(account: Account) -> Decimal | None:
    """Dollars earned since the previous close, or None while either equity is unknown.

    What deposits, withdrawals and the like did to the equity is neither profit nor loss, as far as the broker tells it apart
    (Alpaca's ``intraday_adjustments``): money that comes in must not hide a loss from the limits.
    """
    if account.equity is None or account.last_equity is None:
        return None
    return account.equity - account.last_equity - (account.adjustments or ZERO)


MAINTENANCE = Decimal("0.25")  # of a long position's value: the least that FINRA Rule 4210(c)(1) asks


def intraday_headroom(account: Account) -> Decimal | None:
    """Dollars of long positions that may be added before equity falls short of the maintenance requirement during the day.

    The maintenance excess over the least requirement, never below zero and never above the buying power; the broker may ask
    for more on single names. None while unknown.
    """
    excess = margin_headroom(account)
    if excess is None:
        return None
    room = max(Decimal(0), excess) / MAINTENANCE
    return room if account.buying_power is None else min(room, account.buying_power)


def margin_headroom(account: Account) -> Decimal | None:
    """Equity above the maintenance requirement, in dollars."""
    if account.equity is None or account.maintenance_margin is None:
        return None
    return account.equity - account.maintenance_margin


def margin_used(account: Account) -> Decimal | None:
    """The share of the equity that the maintenance requirement binds (1 is all of it), or None while either is unknown."""
    if account.equity is None or account.maintenance_margin is None or account.equity <= 0:
        return None
    return account.maintenance_margin / account.equity
