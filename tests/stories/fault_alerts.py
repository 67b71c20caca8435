"""Which alert each fault of the simulator raises at a terminal, and why some raise none."""

from dataclasses import dataclass, field

FEEDS = {
    "polygon_stream": "Polygon",
    "alpaca_data": "Alpaca prices",
    "trade_updates": "Alpaca orders",
}  # target -> feed
LOST, MUTE, EVICTED = "feed_lost", "feed_mute", "feed_evicted"
UNRESOLVED, REJECTS, BREAK, SILENT = "order_unresolved", "reject_rate", "reconciliation_break", "broker_silent"

AGAIN = "the request is made again, and its answer is the same as if it had come at once"
BOOKED = "executions and states are taken in whatever their order, each of them once"
CORRECTED = "the print is corrected in the store and on the chart, as on any day"
TOLD = "the order is known and stands; what was refused is told as a notice of that order"
SHOWN = "what is shown is marked as unknown; nothing that is ours differs from it"
REFUSED = "whoever asked for these bars is told that the plan does not include them, and nothing that flows stops"
NEVER = "this vendor has no such fault: the simulator keeps it, and nothing happens"


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault and the rule that it raises; ``rules`` are empty where ``why`` says that the program recovers by itself.

    ``dialling``: it meets the next connection, so the one that stands is broken first, which is a lost feed of its own.
    """

    target: str
    kind: str
    rules: frozenset[str] = frozenset()
    why: str = ""
    dialling: bool = False
    params: dict[str, object] = field(default_factory=dict)
    count: int = 1
    perhaps: bool = (
        False  # another link may tell what the fault withholds before anybody misses it; then nothing is raised
    )

    @property
    def expected(self) -> frozenset[tuple[str, str]]:
        """Rule and subject of each alert; an order's subject is its own."""
        feed = FEEDS.get(self.target, "")
        return frozenset((rule, "an order" if rule == UNRESOLVED else feed) for rule in self.rules)


def raising(target: str, kind: str, *rules: str, dialling: bool = False, count: int = 1, **params: object) -> Fault:
    """A fault with its alert."""
    return Fault(target, kind, frozenset(rules), "", dialling, params, count)


def perhaps(target: str, kind: str, rule: str, **params: object) -> Fault:
    """A fault with its alert, unless what it withholds comes by another link in the same moment."""
    return Fault(target, kind, frozenset((rule,)), "", params=params, perhaps=True)


def silent(target: str, kind: str, why: str, *, dialling: bool = False, count: int = 1, **params: object) -> Fault:
    """A fault that the program recovers from by itself."""
    return Fault(target, kind, frozenset(), why, dialling, params, count)


LINKS = (
    *(raising(target, kind, LOST) for kind in ("abort", "close", "slow_client") for target in FEEDS),
    *(raising(target, "upgrade_429", LOST, EVICTED, dialling=True) for target in FEEDS),  # somebody else is connected
)
DIALLING = (
    raising(
        "polygon_stream", "connection_limit", LOST, EVICTED, dialling=True
    ),  # lost first: that is what makes it dial
    raising("alpaca_data", "connection_limit", LOST, EVICTED, dialling=True),
    raising("trade_updates", "connection_limit", LOST, dialling=True),  # Alpaca says that the keys are refused
)
REFUSALS = (raising("alpaca_data", "error", LOST, dialling=True, code=500),)
EVICTIONS = (raising("polygon_stream", "max_connections", EVICTED), silent("alpaca_data", "max_connections", NEVER),
             silent("trade_updates", "max_connections", NEVER))  # fmt: skip
MUTES = tuple(raising(target, "mute", MUTE) for target in FEEDS)
ORDERS = (
    # the broker took these, and its stream may say so before the request is given up
    perhaps("trading", "accept_then_504", UNRESOLVED, method="POST"), perhaps("trading", "lose_answer", UNRESOLVED, method="POST"),
    raising("trading", "lose_request", UNRESOLVED, method="POST"), raising("trading", "html_502", UNRESOLVED, method="POST"),
    raising("trading", "hang", UNRESOLVED, method="POST"), silent("trading", "rate_limit", TOLD, method="POST", retry_after=1),
)  # fmt: skip
REJECTED = (raising("trading", "reject_next", REJECTS, count=3),)
QUIET_ORDERS = (
    silent("trading", "partial_fills", BOOKED), silent("trading", "take_duplicates", BOOKED),
    silent("trading", "read_lag", BOOKED, seconds=2), silent("trade_updates", "replay_events", BOOKED),
    silent("trade_updates", "reorder", BOOKED), silent("trade_updates", "unknown_enums", BOOKED),
    silent("trading", "unknown_enums", SHOWN), silent("trading", "cancel_rejected", TOLD),
)  # fmt: skip
ACCOUNT = (
    silent("trading", "alter_account", SHOWN, fields={"status": "QUANTUM"}), silent("trading", "alter_settings", SHOWN),
    silent("trading", "alter_activity", SHOWN), silent("trading", "alter_portfolio", SHOWN),
)  # fmt: skip
REST = ("rate_limit", "accept_then_504", "html_502", "hang", "lose_request", "lose_answer")
HISTORY = tuple(silent("polygon", kind, AGAIN, method="GET", retry_after=1, seconds=1) for kind in REST)
PRINTS = (silent("polygon_stream", "late_trade", CORRECTED),)
# at a desk without Polygon, with the feed of Alpaca's that costs money: else nothing asks for these
ALPACA_HISTORY = (*(silent("data", kind, AGAIN, method="GET", retry_after=1, seconds=1) for kind in REST),
                  silent("data", "unknown_enums", SHOWN), silent("data", "free_plan", REFUSED))  # fmt: skip
ALPACA_PRINTS = (silent("alpaca_data", "correction", CORRECTED), silent("alpaca_data", "cancel_error", CORRECTED),
                 silent("alpaca_data", "late_trade", CORRECTED))  # fmt: skip
ALPACA_PLAN = (raising("alpaca_data", "free_plan", LOST, dialling=True),)
BROKER = (raising("trading", "html_502", SILENT, method="GET", count=200),)

EVERY: tuple[Fault, ...] = (
    *LINKS, *DIALLING, *REFUSALS, *EVICTIONS, *MUTES, *ORDERS, *REJECTED, *QUIET_ORDERS, *ACCOUNT, *HISTORY, *PRINTS,
    *ALPACA_HISTORY, *ALPACA_PRINTS, *ALPACA_PLAN, *BROKER,
)  # fmt: skip
