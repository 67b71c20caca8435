"""Polygon's REST surface: all its routes behind one key check."""

from aiohttp import web

from qv_desktop.simulator import polygon_aggs, polygon_indicators, polygon_reference, polygon_ticks
from qv_desktop.simulator.keys import Keys
from qv_desktop.simulator.market import Market
from qv_desktop.simulator.polygon_query import Asked, answered, not_found

ROOMS = (polygon_aggs, polygon_ticks, polygon_reference, polygon_indicators)
UNKNOWN = (
    "/v1/{rest:.*}",
    "/v2/aggs/{rest:.*}",
    "/v2/last/{rest:.*}",
    "/v2/snapshot/{rest:.*}",
    "/v3/{rest:.*}",
    "/vX/{rest:.*}",
)


def routes(market: Market, keys: Keys) -> list[web.RouteDef]:
    """Every Polygon REST route; other paths under its prefixes answer 404 in its words."""
    known = {path: answer for room in ROOMS for path, answer in room.answers(market).items()}
    return [
        *(web.get(path, answered(keys, answer)) for path, answer in known.items()),
        *(web.get(path, answered(keys, _nowhere)) for path in UNKNOWN),
    ]


def _nowhere(asked: Asked) -> object:
    raise not_found(f"Route '{asked.path}' was not found.")
