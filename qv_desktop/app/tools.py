"""What the command line does without a window."""

import asyncio
import os
import platform
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from getpass import getpass
from typing import Any

from qv_desktop import __version__, config, paths
from qv_desktop.adapters.compute import confining
from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.secrets import Secret, Secrets
from qv_desktop.app.backend import Store, audit_mark, demo_settings
from qv_desktop.app.identity import at_command_line, install_id
from qv_desktop.app.sealing import LOCKED, Sealing, recall, sealing
from qv_desktop.domain.audit import Verification
from qv_desktop.domain.checkpoints import Checkpoint
from qv_desktop.services.checkpoints import Checkpoints

UNSIGNED_BY = "the key that you gave, because no checkpoint signs it; put the checkpoints back if there were any"


async def verified(
    *, demo: bool, since_checkpoint: bool = False, key: str = "", progress: Callable[[int, int], None] | None = None
) -> Verification:
    """The audit chain, checked whole or since its last checkpoint; ``key`` is the public key that signs it, if it is known.

    Without it the secrets are asked, and at a terminal their passphrase. Raises BadInput, DatabaseDown when it could not be checked.
    """
    settings = demo_settings(config.load()) if demo else config.load()
    store = Store(settings, shared=True)
    try:
        database = await store.opened()
        await asyncio.to_thread(database.become_own)
        mark = audit_mark(settings, database).mark  # as it was before the rows are read
        chain = install_id(settings.home)
        secrets = Secrets(settings.home, (lambda: None) if key else _passphrase)
        seals = sealing(settings, database, chain, secrets, _now, lambda: mark)
        unknown = await asyncio.to_thread(recall, seals)
        seals.book.key = key or seals.book.key
        trail = AuditTrail(database, chain, __version__, _now, lambda entry: None, lambda: mark, seals.book)
        found = await trail.verify(since_checkpoint=since_checkpoint, progress=progress)
        return replace(found, unproven=_unproven(found, key, unknown, seals))
    finally:
        store.close()


def _unproven(found: Verification, key: str, unknown: str, seals: Sealing) -> str:
    """With what it was not compared and why, or nothing: where nothing was ever signed there is nothing to compare."""
    signed = found.covered_at is not None
    if key:
        return "" if signed else UNSIGNED_BY
    ever = signed or seals.public.exists() or seals.book.filed
    return unknown if unknown == LOCKED or ever else ""


async def signed(*, demo: bool, renew: bool) -> Checkpoint | None:
    """The checkpoint over all that was recorded until now; with ``renew`` the first one of a new key. None of an empty trail.

    Raises BrokenTrail, BadInput where the key cannot be opened or kept, DatabaseDown.
    """
    settings = demo_settings(config.load()) if demo else config.load()
    store = Store(settings, shared=True)
    try:
        database = await store.opened()
        await asyncio.to_thread(database.become_own)
        mark, chain = audit_mark(settings, database), install_id(settings.home)
        seals = sealing(settings, database, chain, Secrets(settings.home, _passphrase), _now, lambda: mark.mark)
        trail = AuditTrail(database, chain, __version__, _now, mark.heard, lambda: mark.mark, seals.book)
        checkpoints = Checkpoints(seals, trail, _now, by=at_command_line())
        point = await (checkpoints.renew() if renew else checkpoints.sign())
        mark.write()
        return point
    finally:
        store.close()


def _passphrase() -> Secret | None:
    """What opens the locked file of secrets, if somebody sits there."""
    if not sys.stdin.isatty():
        return None
    return Secret(getpass("Passphrase of your secrets: "))


def _now() -> datetime:
    return datetime.now(UTC)


async def prepared() -> str:
    """Where the database is, once it is reached and migrated."""
    store = Store(config.load(), shared=True)
    try:
        database: Database = await store.opened()
        sys.stderr.writelines(f"{words}\n" for words in database.warnings)
        acting = database.acting
        whose = f", with the personal login {acting.login}" if acting.personal else ""
        return f"The database is ready: {database.url.render_as_string(hide_password=True)}{whose}"
    finally:
        store.close()


def circumstances() -> dict[str, Any]:
    """Version, folders and settings; never a key."""
    settings = config.load()
    return {
        "version": __version__, "python": sys.version.split()[0], "system": platform.platform(), "frozen": paths.frozen(),
        "home": settings.home, "home_exists": settings.home.is_dir(), "resources": paths.resources(), "environment": settings.environment,
        "database": "remote" if settings.database_url else "embedded", "logs": paths.logs(settings.home),
        "exports": paths.exports(settings.home), "display": os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or "none",
        "strategies": confining.here(settings.home),
    }  # fmt: skip
