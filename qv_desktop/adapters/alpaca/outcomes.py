"""What Alpaca's answers and silences amount to. Only a definite no is a no; anything else is unknown until asked for."""

import json
import time
from collections.abc import Callable, Mapping

# answers after which an order provably does not exist: see “order outcome” in the broker's reference and our reliability notes
DEFINITE = frozenset({400, 401, 403, 422, 429})
EXTRAS = ("available", "buying_power", "cost_basis", "market_price", "reject_reason")

SENTENCES = {
    401: "Alpaca refused the API keys; enter valid keys under Connections.",
    429: "Alpaca took too many requests this minute and did not take this one; try again in a moment.",
}
NO_ACCOUNT = "No account is connected; add one or choose one under Connections, at the top of the window."
REVOKED = (
    "Alpaca no longer accepts this account's permission; connect it again under Connections, at the top of the window."
)


class Refusal(Exception):
    """Alpaca answered with an HTTP error. ``spoken`` tells whether the words are Alpaca's own rather than some proxy's page.

    ``wait``: the seconds after which it wants to be asked again, where it says so.
    """

    def __init__(self, status: int, body: str, wait: float | None = None) -> None:
        self.status, self.wait = status, wait
        self.message, self.spoken = _message(status, body)
        super().__init__(self.message)

    @property
    def definite(self) -> bool:
        """Whether the request certainly had no effect."""
        return self.status in DEFINITE

    @property
    def duplicate(self) -> bool:
        """Whether an order with this client order id exists already, which is success by another name."""
        return self.status == 422 and "must be unique" in self.message.lower()


class Unconnected(Refusal):
    """There is nothing to ask with: no keys, or a permission that Alpaca no longer accepts. ``words`` say which."""

    def __init__(self, words: str) -> None:
        super().__init__(401, "")
        self.message = words


class Unanswered(Exception):
    """No readable answer came; the request may or may not have had its effect."""


def told_wait(headers: Mapping[str, str], now: Callable[[], float] = time.time) -> float | None:
    """Seconds to wait by ``Retry-After``, or until ``X-RateLimit-Reset`` (unix seconds) once nothing remains; None when not told."""
    try:
        if "Retry-After" in headers:
            return max(0.0, float(headers["Retry-After"]))
        if headers.get("X-RateLimit-Remaining") == "0":
            return max(0.0, float(headers["X-RateLimit-Reset"]) - now())
    except (KeyError, ValueError):
        pass  # a date, or no number: it is as if nothing had been said
    return None


def _message(status: int, body: str) -> tuple[str, bool]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not found.get("message"):
        return SENTENCES.get(status, f"Alpaca answered with HTTP {status} and no reason."), False
    if status in SENTENCES:
        return SENTENCES[status], True
    return _with_numbers(found), True


def _with_numbers(found: Mapping[str, object]) -> str:
    extras = [f"{key.replace('_', ' ')} {found[key]}" for key in EXTRAS if found.get(key) is not None]
    return str(found["message"]) + (f" ({', '.join(extras)})" if extras else "")
