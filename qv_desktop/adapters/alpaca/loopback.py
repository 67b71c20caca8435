"""The door on 127.0.0.1 through which the browser brings OAuth's answer: it takes one answer, from the one who was asked."""

import asyncio
import contextlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from urllib.parse import parse_qsl, urlsplit

import structlog

from qv_desktop.domain.errors import BadInput

log = structlog.get_logger()

HOST, PATH = "127.0.0.1", "/callback"
LONGEST_HEAD = 8_192  # bytes
SLOWEST = 5.0  # seconds for a whole request; a browser on this machine takes milliseconds
LINGER = 0.2  # seconds
MOST = 8  # connections at once

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>QuantVision</title>
<body style="font: 16px/1.5 system-ui, sans-serif; max-width: 32em; margin: 20vh auto; padding: 0 1em">
<h1 style="font-size: 1.3em">{title}</h1><p>{text}</p></body></html>
"""
HEADERS = ("Content-Type: text/html; charset=utf-8", "Cache-Control: no-store", "Referrer-Policy: no-referrer",
           "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'", "X-Content-Type-Options: nosniff",
           "Connection: close")  # fmt: skip
REASONS = {200: "OK", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed", 408: "Request Timeout", 410: "Gone",
           431: "Request Header Fields Too Large", 503: "Service Unavailable"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answer:
    """What the browser brought with the right state: a ``code``, or an ``error`` with the vendor's words."""

    code: str = ""
    error: str = ""
    words: str = ""

    def __repr__(self) -> str:
        return f"Answer(code={'••••' if self.code else ''}, error={self.error!r})"


@dataclass(frozen=True, slots=True)
class _Page:
    """What the browser is shown."""

    status: int
    title: str
    text: str


NOT_OURS = _Page(
    400, "Nothing was changed", "This request does not belong to the connection that QuantVision asked for."
)
NOWHERE = _Page(404, "Nothing here", "QuantVision listens at this address only while an account is being connected.")
TOO_LATE = _Page(410, "Already answered", "QuantVision has its answer; you may close this tab.")
DONE = _Page(200, "Connected", "QuantVision has Alpaca's answer. You may close this tab and go back to it.")
DECLINED = _Page(200, "Not connected", "QuantVision was told that access was not given. You may close this tab.")


class Loopback:
    """Listens on 127.0.0.1 from ``open`` to ``close``; ``answer`` waits for the one redirect that carries ``state``."""

    def __init__(self, state: str, port: int = 0) -> None:
        self._state, self._port = state, port
        self._answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._server: asyncio.Server | None = None
        self._guests: dict[asyncio.Task[None] | None, None] = {}  # in the order in which they came

    async def open(self) -> None:
        """Listen. Raises BadInput when the port is taken."""
        try:
            self._server = await asyncio.start_server(self._arrived, HOST, self._port, limit=LONGEST_HEAD)
        except OSError as error:
            raise BadInput(
                f"Port {self._port} on this machine is taken ({error.strerror}); close what uses it, or set another oauth_port."
            ) from None
        self._port = int(self._server.sockets[0].getsockname()[1])

    @property
    def url(self) -> str:
        """The redirect address, once open."""
        return f"http://{HOST}:{self._port}{PATH}"

    async def answer(self) -> Answer:
        """The browser's answer."""
        return await self._answer

    async def close(self) -> None:
        """Listen no longer, and let nobody wait; a page that is being sent still arrives."""
        if self._server is not None:
            self._server.close()
        if self._guests:
            _, slow = await asyncio.wait({guest for guest in self._guests if guest}, timeout=LINGER)
            for task in slow:
                task.cancel()
            await asyncio.gather(*slow, return_exceptions=True)

    async def _arrived(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if len(self._guests) >= MOST and (oldest := next(iter(self._guests))) is not None:
            oldest.cancel()  # who dawdles gives way: the one that is waited for may be at the door
        self._guests[task] = None
        try:
            page = await self._heard(reader)
            await asyncio.wait_for(_shown(reader, writer, page), SLOWEST)
        except (OSError, TimeoutError):
            log.info("oauth_guest_left")
        finally:
            self._guests.pop(task, None)
            writer.close()

    async def _heard(self, reader: asyncio.StreamReader) -> _Page:
        try:
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), SLOWEST)
        except TimeoutError:
            return _Page(408, "Too slow", "The request did not arrive in time.")
        except asyncio.LimitOverrunError:
            return _Page(431, "Too long", "The request is too long.")
        except asyncio.IncompleteReadError:
            return NOT_OURS
        return self._judged(head)

    def _judged(self, head: bytes) -> _Page:
        """What a request is answered; only one with the right host, path and state is an answer."""
        line, *fields = head.decode("latin-1").split("\r\n")
        words = line.split(" ")
        hosts = [field.partition(":")[2].strip() for field in fields if field.lower().startswith("host:")]
        if len(words) != 3 or hosts != [f"{HOST}:{self._port}"]:
            return NOT_OURS  # a name that some DNS points here is not this address
        if words[0] != "GET":
            return _Page(405, "Not that way", "Only a browser's redirect is taken here.")
        try:
            target = urlsplit(words[1])
        except ValueError:
            return NOT_OURS
        if target.path != PATH or target.netloc:
            return NOWHERE
        return self._taken(_query(target.query))

    def _taken(self, query: Mapping[str, str]) -> _Page:
        if not hmac.compare_digest(query.get("state", "").encode(), self._state.encode()):
            log.warning("oauth_state_wrong")
            return NOT_OURS
        found = Answer(query.get("code", ""), query.get("error", ""), query.get("error_description", ""))
        if not (found.code or found.error):
            return NOT_OURS
        if self._answer.done():
            return TOO_LATE
        self._answer.set_result(found)
        return DECLINED if found.error else DONE


def _query(text: str) -> Mapping[str, str]:
    """The parameters; one that is given twice counts as none, for it is not clear which is meant."""
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=20)
    except ValueError:
        return {}
    names = [name for name, _ in pairs]
    return {name: value for name, value in pairs if names.count(name) == 1}


async def _shown(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, page: _Page) -> None:
    body = PAGE.format(title=escape(page.title), text=escape(page.text)).encode()
    head = [f"HTTP/1.1 {page.status} {REASONS[page.status]}", *HEADERS, f"Content-Length: {len(body)}", "", ""]
    with contextlib.suppress(ConnectionError):
        writer.write("\r\n".join(head).encode() + body)
        await writer.drain()
        writer.write_eof()
        with contextlib.suppress(TimeoutError):  # closed over unread words, the page would be lost with them
            await asyncio.wait_for(reader.read(LONGEST_HEAD), LINGER)
