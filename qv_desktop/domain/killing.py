"""The kill switch: what the broker said to “cancel everything”, and how far a kill has come."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

# cancelling: under way · following: nothing is left, but an order in flight may yet turn out to live · unproven: too long without
# proof, and going on · done: proved · resumed: somebody resumed trading before there was proof · failed: it could not cancel at all
type Stage = Literal["cancelling", "following", "unproven", "done", "resumed", "failed"]

UNPROTECTED = (
    "Orders that close positions are refused too, and the stops were cancelled: positions are unprotected until trading "
    "is set to REDUCING or ACTIVE in Risk."
)


@dataclass(frozen=True, slots=True)
class Standing:
    """An order that is open at the broker, whoever made it; ``cancelling`` once its cancel was taken."""

    broker_id: str
    client_order_id: str
    words: str  # such as “BUY 100 AAPL”
    cancelling: bool = False


@dataclass(frozen=True, slots=True)
class Swept:
    """The answer to one “cancel everything”: broker ids whose cancel was taken, and those refused with the broker's reason.

    ``answered`` is False when no readable answer came; ``definite`` says that the broker refused the question itself.
    """

    taken: frozenset[str] = frozenset()
    refused: tuple[tuple[str, str], ...] = ()  # (broker id, reason)
    answered: bool = True
    definite: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Killing:
    """How far a kill has come. ``left`` is None until the broker has told what is still open."""

    at: datetime
    by: str
    stage: Stage
    halted: bool
    cancelled: int = 0
    filled: int = 0
    left: tuple[str, ...] | None = None  # words of each order that is still open
    in_flight: int = 0
    detail: str = ""

    @property
    def over(self) -> bool:
        """Whether nothing more is done about it."""
        return self.stage in ("done", "resumed", "failed")


def counted(count: int, one: str, many: str = "") -> str:
    """``1 order``, ``2 orders``, ``no orders``."""
    return (
        f"{count:,} {one}" if count == 1 else f"{count:,} {many or one + 's'}" if count else f"no {many or one + 's'}"
    )


def outcome_words(killing: Killing) -> str:
    """What became of the orders: ``12 cancelled, 1 had filled, 0 left``."""
    parts = [f"{killing.cancelled:,} cancelled"]
    if killing.filled:
        parts.append(f"{killing.filled:,} had filled")
    parts.append("what is left is not known" if killing.left is None else f"{len(killing.left):,} left")
    if killing.in_flight:
        parts.append(f"{killing.in_flight:,} in flight, followed")
    return ", ".join(parts)
