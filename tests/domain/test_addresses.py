"""An address names one host to every reader, and keeps secrets unless it stays on this machine."""

import pytest

from qv_desktop.domain.addresses import host_of
from qv_desktop.domain.errors import BadInput


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://api.alpaca.markets", "api.alpaca.markets"),
        ("https://API.Alpaca.Markets./v2", "api.alpaca.markets"),
        ("wss://stream.data.alpaca.markets/v2/iex", "stream.data.alpaca.markets"),
        ("http://127.0.0.1:8080", "127.0.0.1"),
        ("ws://[::1]:9/stream", "::1"),
        ("http://localhost", "localhost"),
    ],
)
def test_a_plain_address_has_one_host(url: str, host: str) -> None:
    assert host_of(url) == host


@pytest.mark.parametrize(
    "url",
    [
        "https://api.alpaca.markets\\@127.0.0.1/..", "https://127.0.0.1@api.alpaca.markets", "https://a/../b", "https://a.example?x=1",
        "https://a.example#@b", "https:// a.example", "ftp://a.example", "api.alpaca.markets", "", "https://", "https://[::1",
        "https://a.example:port", "https://аpi.alpaca.markets", "https://a.example\n",
    ],
)  # fmt: skip
def test_an_address_that_could_be_read_in_two_ways_is_refused(url: str) -> None:
    with pytest.raises(BadInput, match="address"):
        host_of(url)


@pytest.mark.parametrize(
    "url", ["http://api.alpaca.markets", "ws://stream.data.alpaca.markets/v2/iex", "http://10.0.0.1"]
)
def test_what_leaves_this_machine_is_encrypted(url: str) -> None:
    with pytest.raises(BadInput, match="not encrypted"):
        host_of(url)
