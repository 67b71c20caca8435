"""Polygon's official REST client with time limits, the plan's rate limit and plain refusals; imported only on the history's threads."""

import threading
from collections.abc import Callable
from http import HTTPStatus
from time import monotonic
from typing import Any

import certifi
import msgspec
import urllib3
from polygon import RESTClient
from urllib3.util.retry import Retry

from qv_desktop.adapters.rate_limit import PATIENCE, RateLimit, TooLong, too_long
from qv_desktop.domain.errors import FeedDown, NotInPlan

WHOLE = 30.0  # seconds for a whole answer
PIECE = 65_536  # bytes
TIMES = urllib3.Timeout(connect=4.0, read=10.0)
AGAIN = 2  # times after a passing fault
NONE = Retry(
    total=0, redirect=False, raise_on_status=False
)  # each request is counted, so the library may make none of its own
PASSING = {500, 502, 503, 504}

SENTENCES = {
    401: "Polygon refused the API key; enter a valid key in the settings.",
    403: "Your Polygon plan does not include this data; upgrade it, or choose Alpaca as the price source in the settings.",
    429: "Polygon's limit of requests per minute is reached; wait a minute, or upgrade the plan.",
}


class Pool(urllib3.PoolManager):
    """The client's pool: it keeps the limits that the client ignores, and turns refusals into sentences.

    Before a thread asks, it sets ``asking.cancelled`` (an event) and ``asking.told`` (hears how long the limit is waited for).
    """

    def __init__(self, limit: RateLimit, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._rate = limit
        self.asking = threading.local()

    def request(self, *args: Any, **kwargs: Any) -> Any:
        """Ask, and ask again after a passing fault or a full minute. Raises FeedDown, Cancelled."""
        faults = refusals = 0
        while True:
            try:
                answer = self._once(args, kwargs)
            except urllib3.exceptions.HTTPError as silence:
                faults += 1
                if faults > AGAIN:
                    raise FeedDown("Polygon's history cannot be reached; check the network and try again.") from silence
                self._breathe(faults)
                continue
            if answer.status == 429 and refusals < PATIENCE:
                refusals += 1
            elif _fails(answer) and faults < AGAIN:
                faults += 1
                self._breathe(faults)
            else:
                return _readable(answer)

    def _once(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> urllib3.HTTPResponse:
        try:
            self._rate.wait(self._cancelled(), self._told())
        except TooLong as long:
            raise FeedDown(too_long("Polygon", long.seconds)) from long
        answer = super().request(*args, **kwargs, preload_content=False)
        self._rate.heard(answer.status, answer.headers)
        return _whole(answer, monotonic() + WHOLE)

    def _breathe(self, faults: int) -> None:
        self._cancelled().wait(0.2 * 2**faults)

    def _cancelled(self) -> threading.Event:
        return getattr(self.asking, "cancelled", None) or threading.Event()

    def _told(self) -> Callable[[float], None]:
        return getattr(self.asking, "told", None) or (lambda _: None)


def _readable(answer: urllib3.HTTPResponse) -> urllib3.HTTPResponse:
    if answer.status in SENTENCES:
        raise (NotInPlan if answer.status == 403 else FeedDown)(SENTENCES[answer.status])
    if answer.status >= 500:
        raise FeedDown(f"Polygon answers with a fault of its own (HTTP {answer.status}); try again in a minute.")
    if _fails(answer):
        raise FeedDown("Polygon's answer cannot be read; try again in a minute.")
    return answer


def _fails(answer: urllib3.HTTPResponse) -> bool:
    """Whether it is a fault that may pass. The client takes a body that is no JSON for an answer without rows, which it is not."""
    if answer.status != HTTPStatus.OK:
        return answer.status in PASSING
    try:
        msgspec.json.decode(answer.data, type=msgspec.Raw)
    except msgspec.DecodeError:
        return True
    return False


def _whole(answer: Any, until: float) -> urllib3.HTTPResponse:
    """The answer with its body. A read limit alone would wait for ever on a server that sends a byte a second."""
    pieces: list[bytes] = []
    while piece := answer.read1(PIECE, decode_content=True):
        pieces.append(piece)
        if monotonic() > until:
            answer.close()
            raise urllib3.exceptions.TimeoutError
    answer.release_conn()
    return urllib3.HTTPResponse(b"".join(pieces), status=answer.status)


def rest_client(key: str, base_url: str, limit: RateLimit) -> RESTClient:
    """A client for ``base_url``; safe to share between threads."""
    client = RESTClient(key, base=base_url.rstrip("/"))
    client.client = Pool(limit, num_pools=4, maxsize=4, headers=client.headers, ca_certs=certifi.where(),
                         cert_reqs="CERT_REQUIRED", retries=NONE, timeout=TIMES)  # fmt: skip
    return client
