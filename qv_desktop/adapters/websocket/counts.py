"""What passed through a socket since it was made."""

from collections import deque
from dataclasses import dataclass, field

SAMPLES = 10_000


@dataclass(slots=True)
class Counts:
    """Messages and bad ones are counted by the vendor's parser; ``delays`` are ms from receipt to the model, one per portion."""

    messages: int = 0
    bad: int = 0
    reconnects: int = 0
    gaps: int = 0
    overflows: int = 0
    probes: int = 0
    heard_at: float | None = None  # loop time of the last frame
    delays: deque[float] = field(default_factory=lambda: deque(maxlen=SAMPLES))
