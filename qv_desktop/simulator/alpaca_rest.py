"""The routes of Alpaca's trading API, /v2, on the simulator."""

from typing import TYPE_CHECKING

from aiohttp import web

from qv_desktop.simulator.alpaca_account_rest import AccountEndpoints
from qv_desktop.simulator.alpaca_answers import REQUESTS_PER_MINUTE, Gate, Handler, RequestLimit
from qv_desktop.simulator.alpaca_assets_rest import AssetEndpoints
from qv_desktop.simulator.alpaca_orders_rest import OrderEndpoints
from qv_desktop.simulator.alpaca_positions_rest import PositionEndpoints
from qv_desktop.simulator.alpaca_watchlists_rest import WatchlistEndpoints
from qv_desktop.simulator.exchange import Exchange
from qv_desktop.simulator.keys import Keys

if TYPE_CHECKING:
    from qv_desktop.simulator.market import Market

type Route = tuple[str, str, Handler]  # method, path, endpoint


def routes(
    exchange: Exchange, market: "Market", keys: Keys, requests_per_minute: int | None = None
) -> list[web.RouteDef]:
    """All trading routes; `requests_per_minute` refuses what comes faster (None: counted, never refused)."""
    if exchange.market is not market:
        raise ValueError("the exchange trades in another market")
    limit = RequestLimit(requests_per_minute or REQUESTS_PER_MINUTE, enforced=requests_per_minute is not None)
    gate = Gate(exchange, keys, limit)
    table = [*_orders(exchange), *_positions(exchange), *_account(exchange), *_assets(exchange), *_lists(exchange)]
    return [web.route(method, f"/v2{path}", gate.wrapped(handler)) for method, path, handler in table]


def _orders(exchange: Exchange) -> list[Route]:
    orders = OrderEndpoints(exchange)
    return [
        ("POST", "/orders", orders.place),
        ("GET", "/orders", orders.all),
        ("DELETE", "/orders", orders.cancel_all),
        ("GET", "/orders:by_client_order_id", orders.read_by_client_id),
        ("GET", "/orders/{order_id}", orders.read),
        ("PATCH", "/orders/{order_id}", orders.replace),
        ("DELETE", "/orders/{order_id}", orders.cancel),
    ]


def _positions(exchange: Exchange) -> list[Route]:
    positions = PositionEndpoints(exchange)
    return [
        ("GET", "/positions", positions.all),
        ("DELETE", "/positions", positions.close_all),
        ("GET", "/positions/{name}", positions.read),
        ("DELETE", "/positions/{name}", positions.close),
    ]


def _account(exchange: Exchange) -> list[Route]:
    account = AccountEndpoints(exchange)
    return [
        ("GET", "/account", account.read),
        ("GET", "/account/configurations", account.configuration),
        ("PATCH", "/account/configurations", account.configure),
        ("GET", "/account/activities", account.activities),
        ("GET", "/account/activities/{activity_type}", account.activities),
        ("GET", "/account/portfolio/history", account.portfolio),
    ]


def _assets(exchange: Exchange) -> list[Route]:
    assets = AssetEndpoints(exchange)
    return [
        ("GET", "/assets", assets.all),
        ("GET", "/assets/{name}", assets.read),
        ("GET", "/clock", assets.clock),
        ("GET", "/calendar", assets.calendar),
        ("GET", "/corporate_actions/announcements", assets.announcements),
        ("GET", "/corporate_actions/announcements/{id}", assets.announcement),
        ("GET", "/options/contracts", assets.option_contracts),
        ("GET", "/options/contracts/{name}", assets.option_contract),
    ]


def _lists(exchange: Exchange) -> list[Route]:
    lists = WatchlistEndpoints(exchange)
    table: list[Route] = [
        ("GET", "/watchlists", lists.all),
        ("POST", "/watchlists", lists.create),
        ("DELETE", "/watchlists/{watchlist_id}/{symbol}", lists.remove),
    ]
    for path in ("/watchlists/{watchlist_id}", "/watchlists:by_name"):
        table += [
            ("GET", path, lists.read),
            ("PUT", path, lists.update),
            ("POST", path, lists.append),
            ("DELETE", path, lists.delete),
        ]
    return table
