"""One supervised, reconnecting websocket: a vendor brings its handshake and its words, this room brings the patience."""

from qv_desktop.adapters.websocket.counts import Counts
from qv_desktop.adapters.websocket.dialling import is_loopback
from qv_desktop.adapters.websocket.endings import Evicted, Lost, Refused
from qv_desktop.adapters.websocket.holes import OnGap
from qv_desktop.adapters.websocket.inbox import Frame
from qv_desktop.adapters.websocket.patience import Backoff, Patience
from qv_desktop.adapters.websocket.prices import PriceStream
from qv_desktop.adapters.websocket.socket import Now, OnState, Socket

__all__ = [
    "Backoff",
    "Counts",
    "Evicted",
    "Frame",
    "Lost",
    "Now",
    "OnGap",
    "OnState",
    "Patience",
    "PriceStream",
    "Refused",
    "Socket",
    "is_loopback",
]
