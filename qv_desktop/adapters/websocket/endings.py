"""How a connection ends, and the words for it."""

from websockets.exceptions import ConnectionClosed


class Refused(Exception):
    """The vendor will not have us; its words say what to do, and asking again soon is pointless."""


class Evicted(Exception):
    """Another connection took our place; fighting over it would only evict that one."""


class Lost(Exception):
    """The connection ended or must end; another attempt may succeed."""


def judged(name: str, status: int) -> Exception:
    """What an HTTP ``status`` instead of an upgrade means."""
    if status in (401, 403):
        return Refused(f"{name} refused the key (HTTP {status}); enter a valid key in the settings.")
    if status == 429:
        return Evicted(f"{name} allows no further connection; close the other program that uses this key.")
    return Lost(f"the server answered HTTP {status}")


def reason(failure: BaseException) -> str:
    """Why a connection ended, in words for people."""
    match failure:
        case Lost() | Refused() | Evicted():
            return str(failure)
        case ConnectionClosed():
            return f"the server hung up (code {failure.rcvd.code})" if failure.rcvd else "the connection broke"
        case TimeoutError():
            return "the server did not answer in time"
        case ConnectionRefusedError():
            return "nothing answers at that address"
        case OSError():
            return "the network or the server cannot be reached"
        case _:
            return "the server spoke no websocket"
