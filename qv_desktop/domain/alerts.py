"""Notices: what a person should hear of, how urgent it is, and when."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

type Urgency = Literal["info", "good", "warning", "critical"]


@dataclass(frozen=True, slots=True)
class Notice:
    """One message for the person at the screen; equal ``key``s within a short time are shown once."""

    at: datetime
    urgency: Urgency
    title: str
    text: str
    key: str = ""
