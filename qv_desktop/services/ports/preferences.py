"""What each person keeps: layouts and settings, watchlists, drawings, alerts and scans."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from qv_desktop.domain.audit import Draft
from qv_desktop.domain.drawings import Drawing
from qv_desktop.domain.price_alerts import PriceAlert
from qv_desktop.domain.scans import Scan


class Preferences(Protocol):
    """What a user keeps between sessions: workspaces and settings."""

    async def workspace(self, user: str, name: str) -> bytes | None:
        """The window's saved layout."""

    async def workspaces(self, user: str) -> list[str]:
        """The names of the saved layouts, in order."""

    async def rename_workspace(self, user: str, name: str, new: str) -> None:
        """Give a layout another name. Raises BadInput when that is taken, or when the layout is gone."""

    async def forget_workspace(self, user: str, name: str) -> None:
        """Forget a layout."""

    async def save_workspace(self, user: str, name: str, layout: bytes) -> None:
        """Keep the layout."""

    async def setting(self, user: str, key: str) -> str | None:
        """One setting's text."""

    async def save_setting(self, user: str, key: str, value: str, draft: Draft | None = None) -> None:
        """Keep one setting, together with its row in the audit trail where there is one."""


class Watchlists(Protocol):
    """A person's watchlists. Raises DatabaseDown."""

    async def all(self, user: str) -> dict[str, tuple[str, ...]]:
        """Symbols in order by the list's name; the lists in the order in which the person keeps them."""

    async def save(self, user: str, name: str, symbols: Sequence[str]) -> None:
        """Keep a list, new or known."""

    async def rename(self, user: str, name: str, new: str) -> None:
        """Give a list another name. Raises BadInput when that is taken."""

    async def delete(self, user: str, name: str) -> None:
        """Forget a list."""


class Drawings(Protocol):
    """A person's drawings. Raises DatabaseDown when nothing was read or written."""

    async def of(self, user: str, symbol: str) -> tuple[list[Drawing], int]:
        """The last changed last, and how many more are stored that cannot be read."""

    async def keep(self, user: str, changes: Mapping[str, Drawing | None], at: datetime) -> None:
        """Commit all at once: by id the drawing as it now stands, or None where it is gone."""


class PriceAlerts(Protocol):
    """A person's price alerts. Raises DatabaseDown."""

    async def all(self, user: str) -> list[PriceAlert]:
        """Oldest first."""

    async def save(self, user: str, alert: PriceAlert) -> None:
        """Keep an alert, new or known by its id."""

    async def delete(self, user: str, id: str) -> None:
        """Forget an alert."""


class Scans(Protocol):
    """A person's saved scans. Raises DatabaseDown."""

    async def all(self, user: str) -> list[Scan]:
        """In order of name."""

    async def save(self, user: str, scan: Scan) -> None:
        """Keep a scan, new or known by its name."""

    async def delete(self, user: str, name: str) -> None:
        """Forget a scan."""
