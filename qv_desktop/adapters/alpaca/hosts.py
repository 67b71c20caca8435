"""Alpaca's hosts: real money and play money have one each, for questions and for the stream of orders alike."""

from qv_desktop.domain.accounts import Environment
from qv_desktop.domain.addresses import host_of, is_here
from qv_desktop.domain.errors import BadInput

LIVE_HOST, PAPER_HOST = "api.alpaca.markets", "paper-api.alpaca.markets"


def held_to(url: str, environment: Environment) -> str:
    """``url``, which names the host of ``environment`` or this machine, from which no money leaves. Raises BadInput otherwise."""
    host = host_of(url)
    if host != (LIVE_HOST if environment == "LIVE" else PAPER_HOST) and not is_here(host):
        raise BadInput(f"The account is set to {environment}, yet the address is {url}; correct the settings.")
    return url
