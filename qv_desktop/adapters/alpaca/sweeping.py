"""“Cancel everything”, read: what the broker said of each order, and what is still open there."""

from collections.abc import Sequence

from qv_desktop.adapters.alpaca.fields import Raw, needed, text
from qv_desktop.domain.killing import Standing, Swept

_TAKEN = frozenset({"200", "204"})


def swept(found: Sequence[Raw]) -> Swept:
    """The rows of Alpaca's 207: each order's own status decides. Rows without an id say nothing."""
    known = [(text(raw, "id"), text(raw, "status"), raw.get("body")) for raw in found if text(raw, "id")]
    taken = frozenset(key for key, status, _ in known if status in _TAKEN)
    return Swept(taken, tuple((key, _reason(status, body)) for key, status, body in known if status not in _TAKEN))


def _reason(status: str, body: object) -> str:
    said = text(body, "message") if isinstance(body, dict) else ""
    return said or f"HTTP {status or 'unknown'} and no reason"


def standing(raw: Raw) -> Standing:
    """An open order of any kind, in words. Raises Unreadable without an id."""
    quantity = text(raw, "qty") or (text(raw, "notional") and f"${text(raw, 'notional')}")
    parts = (text(raw, "side").upper(), quantity, text(raw, "symbol") or text(raw, "asset_class"))
    return Standing(needed(raw, "id"), text(raw, "client_order_id"), " ".join(part for part in parts if part),
                    text(raw, "status") == "pending_cancel")  # fmt: skip
