"""How a connection is made and ended."""

import asyncio
import contextlib
import ipaddress
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus, InvalidURI

from qv_desktop.adapters.websocket.endings import Refused, judged
from qv_desktop.adapters.websocket.patience import Patience

MAX_FRAME = 16 * 1024 * 1024  # bytes; an auction's burst comes in frames of a few megabytes
READ_AHEAD = 1024  # frames that the library holds before it stops reading; ours are taken from it at once


async def dialled(name: str, url: str, patience: Patience) -> ClientConnection:
    """An open connection to ``url``. Raises what kept it from opening."""
    try:
        return await connect(url, proxy=None if is_loopback(url) else True, max_size=MAX_FRAME, max_queue=READ_AHEAD,
                             open_timeout=patience.opening, ping_interval=patience.ping, ping_timeout=patience.ping,
                             close_timeout=patience.hang_up)  # fmt: skip
    except InvalidURI:
        raise Refused(f"{name}: {url} is no websocket address; correct it in the settings.") from None
    except InvalidStatus as answer:
        raise judged(name, answer.response.status_code) from answer


async def hang_up(connection: ClientConnection, patience: Patience) -> None:
    """Close in order if the peer answers soon, and anyhow."""
    try:
        async with asyncio.timeout(patience.hang_up):
            await connection.close()
    except TimeoutError:
        pass  # a half-open peer answers nothing
    finally:
        with contextlib.suppress(AttributeError):  # no transport is left once it closed by itself
            connection.transport.abort()


def is_loopback(url: str) -> bool:
    """Whether ``url`` names this machine; proxies must not stand between us and ourselves."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
