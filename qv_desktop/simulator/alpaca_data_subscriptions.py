"""What a client of Alpaca's market-data stream has subscribed to, and what it may subscribe to."""

from collections.abc import Mapping
from dataclasses import dataclass, field

STOCK_CHANNELS = ("trades", "quotes", "bars", "updatedBars", "dailyBars", "statuses", "lulds", "imbalances")
NEWS_CHANNELS = ("news",)
KNOWN_CHANNELS = {*STOCK_CHANNELS, *NEWS_CHANNELS, "orderbooks"}
FOLLOWING_TRADES = ("corrections", "cancelErrors")  # subscribed automatically with trades
IEX_LIMIT = 30  # trades and quotes together on the free feed

ERRORS = {  # code -> message, as the vendor documents them
    400: "invalid syntax",
    401: "not authenticated",
    402: "auth failed",
    403: "already authenticated",
    404: "auth timeout",
    405: "symbol limit exceeded",
    406: "connection limit exceeded",
    407: "slow client",
    408: "v2 not enabled",
    409: "insufficient subscription",
    410: "invalid subscribe action for this feed",
    500: "internal error",
}


class Denied(Exception):
    """A request of the client that the stream answers with an error frame; nothing has changed."""

    def __init__(self, code: int) -> None:
        super().__init__(ERRORS[code])
        self.code = code


@dataclass(frozen=True, slots=True)
class Subscriptions:
    """The channels of one feed and the symbols wanted on each; "*" wants them all."""

    feed: str
    wanted: Mapping[str, frozenset[str]] = field(default_factory=dict)  # channel -> symbols

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels that this feed has."""
        return NEWS_CHANNELS if self.feed == "news" else STOCK_CHANNELS

    def wants(self, channel: str, symbol: str) -> bool:
        """Whether a message on `channel` about `symbol` is to be sent."""
        names = self.wanted.get(channel)
        return names is not None and (symbol in names or "*" in names)

    def changed(self, request: Mapping[str, object]) -> "Subscriptions":
        """After a subscribe or unsubscribe request; raises Denied 400, 405 or 410."""
        adding = request["action"] == "subscribe"
        named = {channel: _symbols(value) for channel, value in request.items() if channel in KNOWN_CHANNELS}
        if named.keys() - set(self.channels):
            raise Denied(410)
        if not named:
            raise Denied(400)
        wanted = dict(self.wanted)
        for channel, symbols in named.items():
            before = wanted.get(channel, frozenset())
            wanted[channel] = before | symbols if adding else before - symbols
        changed = Subscriptions(self.feed, {channel: symbols for channel, symbols in wanted.items() if symbols})
        if adding and changed.over_limit():
            raise Denied(405)
        return changed

    def over_limit(self) -> bool:
        """Whether the free feed's limit is passed; a wildcard always passes it."""
        ticks = [self.wanted.get(channel, frozenset()) for channel in ("trades", "quotes")]
        return self.feed == "iex" and (sum(map(len, ticks)) > IEX_LIMIT or any("*" in names for names in ticks))

    def words(self) -> dict[str, object]:
        """The answer to every subscription request: the whole list as it is now."""
        lists = {channel: sorted(self.wanted.get(channel, ())) for channel in self.channels}
        if self.feed != "news":
            lists |= dict.fromkeys(FOLLOWING_TRADES, lists["trades"])
        return {"T": "subscription", **lists}


def _symbols(value: object) -> frozenset[str]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise Denied(400)
    return frozenset(value)
