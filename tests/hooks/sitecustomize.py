"""Random secrets that begin with the run's mark: loaded by every Python program of a story, and by the tests' own process.

The rest of each stays random. Only what is listed here is changed, by who asks: identifiers stay as they are.
"""

import json
import os
import secrets
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

VERIFIER = 64  # bytes asked for; the state beside it, which the browser is shown, is shorter
# module that asks, and how -> name of the secret in tests/canaries.py
KINDS = {
    ("qv_desktop.simulator.alpaca_oauth", "token_hex"): "oauth_code",
    ("qv_desktop.simulator.keys", "token_urlsafe"): "oauth_token",
    ("qv_desktop.adapters.alpaca.oauth", "token_urlsafe"): "oauth_verifier",
    ("qv_desktop.services.tokens", "token_urlsafe"): "refresh_token",
    ("qv_desktop.adapters.db.sessions", "token_urlsafe"): "refresh_token",
    ("qv_desktop.adapters.db.tokens", "token_bytes"): "access_key",
    ("qv_desktop.adapters.audit_signatures", "token_bytes"): "checkpoint_key",
    ("qv_desktop.adapters.db.server", "token_urlsafe"): "embedded_password",
    ("qv_desktop.app.signing_in", "token_urlsafe"): "demo_password",
    ("qv_desktop.services.people", "token_urlsafe"): "unguessable_password",
    ("qv_desktop.adapters.db.recovery", "token_urlsafe"): "unguessable_password",
}
RESETS = "qv_desktop.adapters.db.resets"  # asks letter by letter
CODE = 20  # letters of a reset code


def install(folder: Path) -> None:
    """Mark what the secrets' module makes from now on."""
    marks = json.loads((folder / "marks.json").read_text(encoding="utf-8"))
    numbers = marks["numbers"]

    def marking[T: (str, bytes)](name: str, made: Callable[..., T]) -> Callable[..., T]:
        def make(*size: Any) -> T:
            kind = KINDS.get((sys._getframe(1).f_globals.get("__name__", ""), name))
            plain = made(*size)
            if kind is None or (kind == "oauth_verifier" and size != (VERIFIER,)):
                return plain
            front = f"{marks['mark']}{numbers[kind]:02}"
            return front + plain if isinstance(plain, str) else front.encode() + plain[len(front) :]  # type: ignore[return-value]

        return make

    for name in ("token_urlsafe", "token_hex", "token_bytes"):
        setattr(secrets, name, marking(name, getattr(secrets, name)))
    choose, given = secrets.choice, [0]

    def choice[T](among: Sequence[T]) -> T:
        plain = choose(among)
        if _asker() != RESETS:
            return plain
        at, given[0] = given[0] % CODE, given[0] + 1
        return marks["code"][at] if at < len(marks["code"]) else plain  # type: ignore[return-value]

    secrets.choice = choice


def _asker() -> str:
    """Which module asked, whatever expressions within it did."""
    return str(sys._getframe(2).f_globals.get("__name__", ""))


if "CANARIES_OF_THE_TEST" in os.environ and __name__ == "sitecustomize":
    install(Path(os.environ["CANARIES_OF_THE_TEST"]))
