"""A service of advisories in small: answers POSTs as OSV does, for tests."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@contextmanager
def service(known: Mapping[tuple[str, str], list[dict[str, Any]]], asked: list[tuple[str, str]]) -> Iterator[str]:
    """The address at which it answers; ``known`` is by name and version, and ``asked`` hears every question."""

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            about = (question["package"]["name"], question["version"])
            asked.append(about)
            found = known.get(about)
            body = json.dumps({"vulns": found} if found else {}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1/query"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def advisory(package: str, name: str, alias: str, fixed: str) -> dict[str, Any]:
    """One record in the form of OSV."""
    events = [{"introduced": "0"}, {"fixed": fixed}]
    return {
        "schema_version": "1.6.0", "id": name, "aliases": [alias], "summary": "Something can be broken from afar.",
        "modified": "2026-01-02T00:00:00Z", "published": "2026-01-01T00:00:00Z",
        "affected": [{"package": {"ecosystem": "PyPI", "name": package}, "ranges": [{"type": "ECOSYSTEM", "events": events}]}],
    }  # fmt: skip
