"""Bundles of audit rows as the command line verifies them: whose key signed, and what its checkpoints cover."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from qv_desktop import config, paths
from qv_desktop.adapters.checkpoint_file import public_keys
from qv_desktop.adapters.reports import audit_bundle
from qv_desktop.domain.audit import Verification

WHOSE = ("a key that you know, because nobody has said whose key this is; say --key with the public key of whoever made it, which you "
         "have from them on another way")  # fmt: skip


def verified(file: Path, key: str, told: Callable[[int], None]) -> tuple[str, Verification, str]:
    """What the bundle says it is, whether it is, and what its checkpoints cover; blocking.

    Without ``key`` the public keys of this installation say who signed it; else nobody does. Raises BadInput.
    """
    head, found = audit_bundle.verified(file, key, told)
    if found.whole and not key:
        found = _compared(head, found, config.load().home)
    made = f"{head.at:%Y-%m-%d %H:%M:%S} UTC"
    words = f"Rows {head.first} to {head.last} of chain {head.chain}, bundled {made} by {head.by}, signed with key {head.key}."
    return words, found, _coverage(head, found)


def _compared(head: audit_bundle.Head, found: Verification, home: Path) -> Verification:
    if head.key in (ours := public_keys(paths.checkpoints(home))):
        return found
    if ours and head.chain == _chain(home):
        reason = f"it says that it is of this installation, and the key {head.key} is none of this installation's"
        return replace(found, broken_at=head.first, reason=reason)
    return replace(found, unproven=WHOSE)


def _chain(home: Path) -> str:
    """What this installation is called, if it was ever started."""
    try:
        return (home / "install").read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return ""


def _coverage(head: audit_bundle.Head, found: Verification) -> str:
    if found.covered_at is None:
        return "No checkpoint covers its rows: the signature over the bundle alone stands for them."
    if found.covered < head.last:
        return f"No checkpoint covers the rows after #{found.covered}: the signature over the bundle alone stands for them."
    return "Signed checkpoints cover all of its rows."
