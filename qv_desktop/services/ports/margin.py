"""Where an account's margin terms and its deficits are kept."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from qv_desktop.domain.audit import Draft
from qv_desktop.domain.margin import MarginTerms
from qv_desktop.domain.margin_log import MarginEvent


class MarginStore(Protocol):
    """The margin terms of an account, and the log of its deficits and violations. Raises DatabaseDown."""

    async def terms(self, account: str) -> tuple[MarginTerms, datetime | None]:
        """The account's terms and since when they count; the defaults and None while nobody has chosen any."""

    async def save_terms(self, account: str, terms: MarginTerms, draft: Draft, at: datetime) -> None:
        """Commit a new version of the terms that counts from ``at``."""

    async def events(self, account: str, since: datetime) -> list[MarginEvent]:
        """The account's rows since then, oldest first."""

    async def record(self, account: str, events: Sequence[MarginEvent], drafts: Sequence[Draft]) -> None:
        """Commit rows, each with its audit row. Raises NotPermitted too."""

    async def last_level(self, account: str, before: datetime) -> Decimal | None:
        """Equity above the maintenance requirement as the broker last told it before then, or None."""
