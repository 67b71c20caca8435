"""The audit trail, its signed bundles, and what waits to be written to it."""

from collections.abc import Callable, Collection
from datetime import datetime
from pathlib import Path
from typing import Protocol

from qv_desktop.domain.audit import Draft, Entry, Verification
from qv_desktop.domain.audit_query import AuditQuery, Installation


class Trail(Protocol):
    """The append-only audit trail."""

    async def append(self, draft: Draft) -> Entry:
        """Commit one row at the chain's head."""

    async def page(self, *, before: int | None = None, limit: int = 500, actor: str = "", action: str = "", outcome: str = "",
                   text: str = "") -> list[Entry]:  # fmt: skip
        """Rows newest first; ``action`` may end with * for a prefix."""

    async def found(self, query: AuditQuery, limit: int = 500) -> list[Entry]:
        """The page that ``query`` asks for, newest first."""

    async def count(self, query: AuditQuery) -> int:
        """How many rows ``query`` asks for."""

    async def head(self, chain: str = "") -> int:
        """The newest row's number, of this chain or another; 0 of an empty one."""

    async def installations(self) -> list[Installation]:
        """Everybody who records to this database, this installation first."""

    async def of(self, correlation: str) -> list[Entry]:
        """Every row of one correlation, oldest first."""

    async def verify(
        self, *, since_checkpoint: bool = False, progress: Callable[[int, int], None] | None = None
    ) -> Verification:
        """Check the chain, whole or since the last signed checkpoint."""


class Bundles(Protocol):
    """Writes signed files of rows."""

    async def write(self, first: int | None, last: int | None, start: datetime | None, end: datetime | None, by: str,
                    progress: Callable[[int, int], None]) -> Path:  # fmt: skip
        """The file with the rows asked for, the checkpoints over them and a signature over all. Raises BadInput, DatabaseDown."""


class Spool(Protocol):
    """Audit rows that wait on this machine until the database takes them."""

    def keep(self, draft: Draft) -> None:
        """Append one row. Raises DatabaseDown when it can be kept nowhere."""

    async def drain(self) -> None:
        """Write what waits, in order; what cannot be written stays."""

    def held(self) -> list[Draft]:
        """The rows that wait, oldest first."""

    def set_aside(self, drafts: Collection[Draft], why: str) -> None:
        """Keep those rows in a file beside: they are not to be written any more."""
