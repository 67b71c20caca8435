"""Polygon's official REST client with time limits and plain refusals; imported only on the history's own threads."""

from time import monotonic
from typing import Any

import certifi
import urllib3
from polygon import RESTClient
from urllib3.util.retry import Retry

from qv_desktop.domain.errors import FeedDown

WHOLE = 30.0  # seconds for a whole answer
PIECE = 65_536  # bytes
TIMES = urllib3.Timeout(connect=4.0, read=10.0)
# a full plan answers 429 for minutes: waiting for it here would only hold up the thread
AGAIN = Retry(total=2, backoff_factor=0.2, status_forcelist=[500, 502, 503, 504], raise_on_status=False,
              respect_retry_after_header=False)  # fmt: skip

SENTENCES = {
    401: "Polygon refused the API key; enter a valid key in the settings.",
    403: "Your Polygon plan does not include this data; upgrade it, or choose Alpaca as the price source in the settings.",
    429: "Polygon's limit of requests per minute is reached; wait a minute, or upgrade the plan.",
}


class Pool(urllib3.PoolManager):
    """The client's pool: it keeps the time limits that the client ignores, and turns refusals into sentences."""

    def request(self, *args: Any, **kwargs: Any) -> Any:
        """Ask once, with patience for a passing fault. Raises FeedDown."""
        try:
            answer = _whole(super().request(*args, **kwargs, preload_content=False), monotonic() + WHOLE)
        except urllib3.exceptions.HTTPError as silence:
            raise FeedDown("Polygon's history cannot be reached; check the network and try again.") from silence
        if answer.status in SENTENCES:
            raise FeedDown(SENTENCES[answer.status])
        if answer.status >= 500:
            raise FeedDown(f"Polygon answers with a fault of its own (HTTP {answer.status}); try again in a minute.")
        return answer


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


def rest_client(key: str, base_url: str) -> RESTClient:
    """A client for ``base_url``; safe to share between threads."""
    client = RESTClient(key, base=base_url.rstrip("/"))
    client.client = Pool(num_pools=4, maxsize=4, headers=client.headers, ca_certs=certifi.where(),
                         cert_reqs="CERT_REQUIRED", retries=AGAIN, timeout=TIMES)  # fmt: skip
    return client
