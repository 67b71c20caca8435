"""A real simulator process for tests, its addresses and its control endpoint."""

import http.client
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests import canaries

LOOPBACK = "127.0.0.1,localhost"


@dataclass(frozen=True)
class Simulator:
    """A running simulator: where it listens and which keys it takes."""

    host: str
    ready: dict[str, Any]
    pid: int
    key: str = canaries.ALPACA_KEY
    secret: str = field(default=canaries.ALPACA_SECRET, repr=False)
    polygon_key: str = field(default=canaries.POLYGON_KEY, repr=False)
    client_secret: str = field(default=canaries.CLIENT_SECRET, repr=False)
    oauth_token: str = field(default=canaries.OAUTH_TOKEN, repr=False)

    @property
    def url(self) -> str:
        """The base of all REST addresses, without a final slash."""
        return f"http://{self.host}"

    @property
    def ws(self) -> str:
        """The base of all WebSocket addresses, without a final slash."""
        return f"ws://{self.host}"

    def control(self, method: str, path: str, body: object = None, wanted: int = 200) -> dict[str, Any]:
        """What /sim/... answers; fails when the status is not the wanted one."""
        connection = http.client.HTTPConnection(self.host, timeout=30)
        try:
            connection.request(method, path, None if body is None else json.dumps(body))
            answer = connection.getresponse()
            found: dict[str, Any] = json.loads(answer.read())
            assert answer.status == wanted, f"{method} {path} answered {answer.status}: {found}"
            return found
        finally:
            connection.close()


@contextmanager
def running(*flags: str, **keys: str) -> Iterator[Simulator]:
    """A simulator process with these flags, ended at the end; ``keys`` are variables in the place of the usual VENDORS."""
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = LOOPBACK
    command = [sys.executable, "-m", "qv_desktop.simulator", "--port", "0", "--parent", str(os.getpid()), *flags]
    around = {**os.environ, **canaries.surroundings(), **canaries.VENDORS, **keys}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=around)
    try:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline() or "{}")
        assert "port" in ready, f"the simulator did not start: exit code {process.wait(10)}"
        yield Simulator(f"127.0.0.1:{ready['port']}", ready, process.pid)
    finally:
        process.terminate()
        process.communicate(timeout=20)
