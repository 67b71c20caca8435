"""What every vendor's stream of prices does with its socket."""

from collections.abc import Sequence

from qv_desktop.adapters.websocket.socket import Socket


class PriceStream:
    """Over ``socket``; how to sign in and what frames say is the vendor's own."""

    def __init__(self, socket: Socket) -> None:
        self._socket = socket
        self.counts = socket.counts

    def want(self, symbols: Sequence[str]) -> None:
        """Replace the symbols to hear of, most wanted first; applied at once and after every reconnect."""
        self._socket.want(symbols)

    def backfilling(self, on: bool) -> None:
        """Show that holes are being filled, or no longer."""
        self._socket.backfilling(on)

    async def run(self) -> None:
        """Connect, listen, reconnect; returns after ``stop``."""
        await self._socket.run()

    async def stop(self) -> None:
        """Close and return within a second."""
        await self._socket.stop()
