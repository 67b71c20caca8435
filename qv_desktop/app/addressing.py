"""The broker's addresses of an environment."""

import msgspec

from qv_desktop.adapters.alpaca.hosts import LIVE_HOST
from qv_desktop.config import Settings
from qv_desktop.domain.addresses import host_of
from qv_desktop.domain.connections import Traded

PAPER_URL, PAPER_STREAM = "https://paper-api.alpaca.markets", "wss://paper-api.alpaca.markets/stream"


def addressed(settings: Settings, environment: Traded) -> Settings:
    """The settings with the broker's addresses of ``environment``; an address that was set by hand for it counts."""
    web, socket = settings.alpaca_url, settings.alpaca_stream_url
    named_live = host_of(web) == LIVE_HOST
    if environment == "LIVE" and not named_live:
        web, socket = settings.alpaca_live_url, settings.alpaca_live_stream_url
    elif environment == "LIVE" and host_of(socket) != LIVE_HOST:
        socket = settings.alpaca_live_stream_url
    elif environment == "PAPER" and named_live:
        web, socket = PAPER_URL, PAPER_STREAM
    elif environment == "PAPER" and host_of(socket) == LIVE_HOST:
        socket = PAPER_STREAM
    return msgspec.structs.replace(settings, environment=environment, alpaca_url=web, alpaca_stream_url=socket)
