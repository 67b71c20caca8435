"""Alpaca's official REST clients with time limits and no retries of their own; imported only on the adapters' threads."""

from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from alpaca.common.exceptions import APIError
from alpaca.common.rest import RESTClient
from alpaca.data.historical.corporate_actions import CorporateActionsClient
from alpaca.data.historical.stock import StockHistoricalDataClient
from alpaca.trading.client import TradingClient
from requests import PreparedRequest, ReadTimeout, RequestException, Response
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

from qv_desktop.adapters.alpaca.outcomes import NO_ACCOUNT, REVOKED, Refusal, Unanswered, Unconnected, told_wait
from qv_desktop.adapters.websocket import is_loopback

CONNECT = 3.05  # seconds
PIECE = 65_536  # bytes

type Heard = Callable[[int, Mapping[str, str]], None]  # an answer's status and headers


class Patient(HTTPAdapter):
    """Gives every request the time limits that the client has none of, and takes no redirect for an answer.

    ``heard`` gets the status and the headers of each answer: what the plan still allows.
    """

    def __init__(self, read: float, heard: Heard | None = None) -> None:
        self._read, self._heard = read, heard
        super().__init__()

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        """Send once and read the whole answer. Raises RequestException."""
        kwargs["timeout"] = (CONNECT, self._read)
        answer = super().send(request, *args, **kwargs)
        if self._heard is not None:
            self._heard(answer.status_code, answer.headers)
        answer._content = _whole(answer, monotonic() + self._read)
        answer._content_consumed = True
        if 300 <= answer.status_code < 400:
            raise RequestException(f"redirected to {urlsplit(answer.headers.get('Location', '')).netloc or 'nowhere'}")
        return answer


def _whole(answer: Response, until: float) -> bytes:
    """The body. A read limit alone would wait for ever on a server that sends a byte a second. Raises ReadTimeout."""
    pieces: list[bytes] = []
    try:
        while piece := answer.raw.read1(PIECE, decode_content=True):
            pieces.append(piece)
            if monotonic() > until:
                answer.close()
                raise ReadTimeout("the answer trickles")
    except HTTPError as broken:
        raise ReadTimeout("the answer broke off") from broken
    return b"".join(pieces)


def trading_client(key: str, secret: str, url: str, read: float, token: str = "") -> RESTClient:
    """A trading client for one thread; with an OAuth ``token`` the keys are not used. Raises Refusal without either."""
    who = _who(key, secret, token)
    return _tamed(
        TradingClient(*who, raw_data=True, url_override=url.rstrip("/"), oauth_token=token or None), url, read
    )


def data_client(
    key: str, secret: str, url: str, read: float, heard: Heard | None = None, token: str = ""
) -> RESTClient:
    """A market-data client for one thread. Raises Refusal without keys or token."""
    who = _who(key, secret, token)
    client = StockHistoricalDataClient(*who, oauth_token=token or None, raw_data=True, url_override=url.rstrip("/"))
    return _tamed(client, url, read, heard)


def actions_client(
    key: str, secret: str, url: str, read: float, heard: Heard | None = None, token: str = ""
) -> RESTClient:
    """A client for splits and dividends, for one thread. Raises Refusal without keys or token."""
    who = _who(key, secret, token)
    client = CorporateActionsClient(*who, oauth_token=token or None, raw_data=True, url_override=url.rstrip("/"))
    return _tamed(client, url, read, heard)


def _who(key: str, secret: str, token: str) -> tuple[str | None, str | None]:
    """The pair to sign with, or none where the token does it. Raises Unconnected."""
    if token:
        return None, None
    if not (key and secret):
        raise Unconnected(NO_ACCOUNT)
    return key, secret


def _tamed(client: RESTClient, url: str, read: float, heard: Heard | None = None) -> RESTClient:
    # the client would post an order again after 504, blocking for seconds; what may be repeated is ours to decide
    client._retry = 0
    client._retry_codes = []
    client._session.trust_env = not is_loopback(url)
    client._session.auth = (
        _signed_already  # else a netrc file of the person's would take the place of what we sign with
    )
    for scheme in ("http://", "https://"):
        client._session.mount(scheme, Patient(read, heard))
    return client


def _signed_already(request: Any) -> Any:
    """As it is: keys and tokens are in its headers."""
    return request


def asked(client: RESTClient, method: str, path: str, data: dict[str, object] | None) -> Any:
    """The answer's JSON, None when it has no body. Raises Refusal, Unanswered."""
    try:
        return getattr(client, method)(path, data)
    except APIError as error:
        if error.status_code == 401 and client._oauth_token:
            raise Unconnected(REVOKED) from error
        answer = error.response
        raise Refusal(
            error.status_code or 0, str(error), None if answer is None else told_wait(answer.headers)
        ) from error
    except RequestException as error:
        raise Unanswered(_silence(error)) from error
    except (ValueError, RecursionError) as nonsense:  # too deep, or a number too long: no error of the library's own
        raise Unanswered("an answer that cannot be read") from nonsense


def _silence(error: RequestException) -> str:
    words = {"ReadTimeout": "no answer in time", "ConnectTimeout": "no connection in time",
             "JSONDecodeError": "an answer that cannot be read", "SSLError": "no secure connection"}  # fmt: skip
    return words.get(type(error).__name__, "the connection failed")
