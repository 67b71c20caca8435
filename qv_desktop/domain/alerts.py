"""Notices: what a person should hear of, how urgent it is, what it is about, and who has acknowledged it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

type Urgency = Literal["info", "good", "warning", "critical"]
type Kind = Literal["fill", "refused", "rejected", "unresolved", "cancel", "feed", "broker", "database", "risk", "reconciliation",
                    "alert", "other"]  # fmt: skip

GRAVITY: dict[Urgency, int] = {"info": 0, "good": 0, "warning": 1, "critical": 2}


@dataclass(frozen=True, slots=True)
class Notice:
    """One message for the person at the screen; equal ``key``s within a short time are one notice that counts.

    ``panel`` is what a click opens and ``about`` the row in it, such as a client order id. ``at`` is when it last happened,
    ``first`` when it first did.
    """

    at: datetime
    urgency: Urgency
    title: str
    text: str
    key: str = ""
    kind: Kind = "other"
    panel: str = ""
    about: str = ""
    id: str = ""
    count: int = 1
    first: datetime | None = None
    acknowledged_by: str = ""
    acknowledged_at: datetime | None = None

    @property
    def waits(self) -> bool:
        """Whether a person has yet to acknowledge it."""
        return self.urgency in ("warning", "critical") and self.acknowledged_at is None

    @property
    def weight(self) -> int:
        """How much it matters that it stays: 0 for what does not wait, more the graver what waits is."""
        return GRAVITY[self.urgency] if self.waits else 0
