"""What the broker tells of the account beside its balances, and which balances were kept."""

from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

from qv_desktop.domain.account_history import Activity, Curve, Page, Period, Wanted
from qv_desktop.domain.account_standing import Configuration
from qv_desktop.domain.accounts import Account


class AccountReads(Protocol):
    """What the broker tells about the account beside its balances. Raises BrokerDown."""

    async def configuration(self) -> Configuration:
        """The account's settings."""

    async def curve(self, period: Period, since: datetime | None) -> Curve:
        """The equity of ``period``; all of it begins at ``since``, when the account was made."""

    async def activities(self, wanted: Wanted, token: str = "") -> Page:
        """A page, newest first; ``token`` is that of the page before."""


class Movements(Protocol):
    """What the broker booked to the account besides executions."""

    async def movements(self, since: date) -> list[Activity]:
        """Every fee, interest, dividend, transfer and corporate action since that New York day. Raises BrokerDown, Incomplete."""


class CashMarks(Protocol):
    """Balances that were kept. Raises DatabaseDown."""

    async def save_account(self, account: Account) -> None:
        """Append a snapshot of the account; the same moment is kept once."""

    async def agreed(self, account: str, *, looked: bool) -> tuple[datetime, Decimal] | None:
        """When a comparison, at whichever terminal, last kept the account's balances, and its cash then; None when none ever did.

        ``looked``: also one that books nothing.
        """
