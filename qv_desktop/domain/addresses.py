"""Addresses that a person may set by hand: which host they name, beyond what any reader of addresses could take otherwise."""

import ipaddress
from urllib.parse import SplitResult, urlsplit

from qv_desktop.domain.errors import BadInput

SECRET = ("https", "wss")
OPEN = ("http", "ws")


def host_of(url: str) -> str:
    """The host of ``url``, in small letters.

    Raises BadInput when it is not plain: with a user's name, a backslash or steps upwards in it two readers can see two hosts;
    or when it is not encrypted, unless it names this machine.
    """
    parts = _read(url)
    host = (parts.hostname or "").rstrip(".")
    plain = url.isascii() and url.isprintable() and not any(sign in url for sign in (" ", "\\", "@", "..", "?", "#"))
    if not plain or not host or parts.scheme not in (*SECRET, *OPEN):
        raise BadInput(f"The address “{url}” is not a plain one; write it such as https://api.example.com.")
    if parts.scheme in OPEN and not is_here(host):
        secure = SECRET[OPEN.index(parts.scheme)]
        raise BadInput(f"The address “{url}” is not encrypted; write {secure}:// in its place.")
    return host


def is_here(host: str) -> bool:
    """Whether ``host`` is this machine."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _read(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise BadInput(f"The address “{url}” cannot be read; write it such as https://api.example.com.") from None
    return parts
