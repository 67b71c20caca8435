"""A broker that accepts every order and then answers as the test says: the source of unknown outcomes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

ORDER = {"id": "b-1", "client_order_id": "", "symbol": "AAPL", "side": "buy", "qty": "1", "type": "market", "status": "accepted",
         "submitted_at": "2026-01-05T15:30:00Z"}  # fmt: skip


class FaultyBroker:
    """Keeps what was posted. ``answer`` is a status with a body, or one of the ways not to answer."""

    def __init__(self) -> None:
        self.posted: list[dict] = []
        self.other: list[tuple[str, str]] = []
        self.answer: tuple[int, str, str] | str = (200, "", "")
        self.url = ""

    async def change(self, request: web.Request) -> web.StreamResponse:
        """An order, a replacement or a cancellation."""
        self.other.append((request.method, request.path))
        if request.method == "POST":
            self.posted.append(await request.json())
        return await self._answered(request)

    async def by_client_id(self, request: web.Request) -> web.Response:
        """Whatever order was posted with that id."""
        found = [body for body in self.posted if body["client_order_id"] == request.query["client_order_id"]]
        if not found:
            return web.json_response({"code": 40410000, "message": "order not found"}, status=404)
        return web.json_response({**ORDER, "client_order_id": found[0]["client_order_id"], "status": "filled"})

    async def _answered(self, request: web.Request) -> web.StreamResponse:
        match self.answer:
            case (status, body, kind):
                headers = {"Location": "http://127.0.0.1:9/"} if 300 <= status < 400 else None
                return web.Response(status=status, text=body, content_type=kind or "application/json", headers=headers)
            case "reset":
                assert request.transport is not None
                request.transport.abort()
                return web.Response()
            case _:
                await asyncio.sleep(30)
                return web.Response()


@asynccontextmanager
async def faulty_broker() -> AsyncIterator[FaultyBroker]:
    """One at a free port."""
    broker = FaultyBroker()
    app = web.Application()
    app.router.add_get("/v2/orders:by_client_order_id", broker.by_client_id)
    app.router.add_post("/v2/orders", broker.change)
    app.router.add_route("*", "/v2/orders/{id}", broker.change)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    broker.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield broker
    finally:
        await runner.cleanup()
