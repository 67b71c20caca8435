"""`audit`: checks the trail or a signed bundle of it, and signs it."""

import argparse
import asyncio
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from qv_desktop.domain.errors import BadInput

if TYPE_CHECKING:
    from qv_desktop.domain.audit import Verification

PORTION = 50_000  # audit rows between two words of progress


def add_words(parser: argparse.ArgumentParser) -> None:
    """What to check and with which key."""
    parser.add_argument(
        "step", choices=["verify", "sign", "new-key"],
        help="check it; sign a checkpoint now; change to a new key, which the old one names",
    )  # fmt: skip
    parser.add_argument("--demo", action="store_true", help="the demo's trail instead of the real one")
    parser.add_argument(
        "--since-checkpoint", action="store_true", help="only the rows that no signed checkpoint covers yet"
    )
    parser.add_argument(
        "--bundle", type=Path, default=None, metavar="FILE", help="a signed bundle instead of the database"
    )
    parser.add_argument(
        "--key", default="", metavar="KEY", help="the public key that must have signed, 64 hexadecimal digits"
    )
    parser.set_defaults(command=_audit)


def _audit(asked: argparse.Namespace) -> int:
    """Exit code 0 for what is whole, 1 for what is broken; 2, as ever, when it could not be checked."""
    from qv_desktop import app

    if asked.step != "verify":
        print(asyncio.run(app.sign_audit(demo=asked.demo, renew=asked.step == "new-key")))
        return 0
    key = asked.key.strip().lower()
    if key and not re.fullmatch(r"[0-9a-f]{64}", key):
        raise BadInput("The key is not one: give the 64 hexadecimal digits of the file audit-checkpoints/….pub.")
    if asked.bundle is not None:
        told, found, covers = app.verify_bundle(asked.bundle, key, lambda rows: _progress(rows, None))
        print(told)
        return _verdict("bundle", found, covers)
    work = app.verify_audit(demo=asked.demo, since_checkpoint=asked.since_checkpoint, key=key, progress=_progress)
    found = asyncio.run(work)
    return _verdict("audit trail", found, found.coverage)


def _verdict(what: str, found: "Verification", *coverage: str) -> int:
    """Say in a sentence what was found, and then what is not covered and what is odd."""
    if found.whole and found.unproven:
        head = f"{found.rows} rows up to #{found.head}, hash {found.head_hash}"
        print(f"The {what} fits itself ({head}), but it was not compared with {found.unproven}.")
    elif found.whole:
        print(f"The {what} is whole: {found.rows} rows up to #{found.head}, hash {found.head_hash}.")
    else:
        print(f"The {what} is broken at row {found.broken_at}: {found.reason}.")
    for sentence in (*coverage, *found.notes):
        print(sentence)
    if not found.whole:
        return 1
    return 2 if found.unproven else 0


def _progress(done: int, total: int | None) -> None:
    """Now and then a line on standard error, which others may throw away."""
    if done % PORTION == 0:
        of = "" if total is None else f" of {total:,}"
        sys.stderr.write(f"{done:,}{of} rows checked\n")
