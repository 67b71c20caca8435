"""The broker account as last reported; every figure may be unknown, for the broker changes its schema."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

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

    @property
    def masked(self) -> str:
        """The account number with all but its last three characters hidden."""
        return "••••" + self.number[-3:]


def day_profit(account: Account) -> Decimal | None:
    """Dollars since the previous close, or None while either is unknown."""
    if account.equity is None or account.last_equity is None:
        return None
    return account.equity - account.last_equity


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
