"""The rules that every desk needs, with the thresholds that they start with, and under which keys notices tell the same."""

from qv_desktop.domain.alert_rules import Rule

LIMIT = "% of the limit"

RULES: dict[str, Rule] = {rule.code: rule for rule in (
    Rule("feed_stale", "Feed stale", "How many symbols that trade busily are silent on a feed that says it is live.", "warning",
         "", 1, hold=3, kind="feed", panel="data"),
    Rule("feed_mute", "Feed mute", "A feed is connected and says nothing.", "warning", "", 1, kind="feed", panel="data", fixed=True),
    Rule("feed_evicted", "Feed evicted", "A feed's vendor gave our place to another connection.", "warning", "", 1, kind="feed",
         panel="data", fixed=True),
    Rule("feed_lost", "Feed lost", "The connection to a feed was lost or refused.", "warning", "", 1, kind="feed", panel="data",
         fixed=True),
    Rule("order_unresolved", "Order unresolved", "Nobody knows whether an order is at the broker.", "critical", "s", 0,
         kind="unresolved", panel="orders", clears=0),
    Rule("reject_rate", "Reject rate", "Share of the orders of five minutes that the broker rejected, of three or more.", "warning",
         "%", 25, 10, clears=30, kind="rejected", panel="orders"),
    Rule("slippage", "Slippage", "What the fills of five minutes cost beyond the mid at which their orders were sent, or their stops.",
         "warning", "bps", 25, 10, clears=30, kind="risk", panel="fills"),
    Rule("position_limit", "Position limit", "The largest positions against the limit of one name.", "critical", LIMIT, 100, 80,
         hold=2, slack=0.02),
    Rule("exposure_limit", "Exposure limit", "Gross, net and sector exposure against their limits.", "critical", LIMIT, 100, 80,
         hold=2, slack=0.02),
    Rule("exposure_unknown", "Exposure not known", "What is held cannot be laid against its limits: the equity, or a price, is missing.",
         "critical", "", 1, hold=60, fixed=True),
    Rule("loss_limit", "Loss limit", "The day's loss against its limit.", "critical", LIMIT, 100, 80, slack=0.02),
    Rule("drawdown_limit", "Drawdown limit", "How far the equity is below its highest, against the limit.", "critical", LIMIT, 100, 80,
         slack=0.02),
    Rule("margin", "Margin", "Maintenance requirement as a share of the equity; at 100 % there is a deficit.", "critical",
         "% of the equity", 100, 80, hold=2, slack=0.02),
    Rule("value_at_risk", "Value at risk", "What one day may lose with 99 % confidence, as a share of the equity.", "critical",
         "% of the equity", 5, 4, hold=5, slack=0.02),
    Rule("reconciliation_break", "Reconciliation break", "How many differences there are from the broker's books.", "critical", "", 1,
         kind="reconciliation", panel="reconciliation", clears=0),
    Rule("audit_broken", "Audit trail broken", "The chain of the audit trail does not hold.", "critical", "", 1, panel="audit",
         fixed=True, clears=0),
    Rule("clock_skew", "Clock skew", "How far this machine's clock and the broker's differ.", "critical", "s", 1, 0.25,
         panel="health"),
    Rule("broker_silent", "Broker silent", "For how long the broker has answered nothing.", "critical", "s", 5, kind="broker",
         panel="log"),
    Rule("database_down", "Database down", "Nothing can be written down.", "critical", "", 1, kind="database", panel="log", fixed=True),
    Rule("database_lag", "Database slow", "How long the database takes to answer a question of nothing.", "warning",
         "ms", 2000, 500, hold=20, clears=15, kind="database", panel="log"),
    Rule("disk_low", "Disk space low", "Room that is left on the disk that holds our data.", "critical", "GB", 1, 5, below=True,
         hold=5, slack=0.02, kind="other", panel="log"),
)}  # fmt: skip

_JOINED = {"broker down": "broker_silent", "database down": "database_down", "breaks": "reconciliation_break",
           "audit broken": "audit_broken", "clock skew": "clock_skew"}  # fmt: skip
_FEED = {"mute": "feed_mute", "evicted": "feed_evicted", "backing off": "feed_lost", "off": "feed_lost"}


def told_by(key: str) -> tuple[str, str] | None:
    """The rule and subject of which a notice with this key tells already; None of every other notice.

    These notices come with the event itself, a moment before the rule looks: the alert joins them, and tells nothing again.
    """
    if key in _JOINED:
        return _JOINED[key], ""
    if key.startswith("margin deficit "):
        return "margin", ""
    if key.startswith("unresolved "):
        return "order_unresolved", key.removeprefix("unresolved ")
    for state, code in _FEED.items():
        if key.endswith(f" {state}"):
            return code, key.removesuffix(f" {state}")
    return None


def notice_key(code: str, subject: str) -> str:
    """The key under which the alert of a rule is told where no notice has told it."""
    joined = next((key for key, rule in _JOINED.items() if rule == code), "")
    return joined or f"alert {code} {subject}".strip()
