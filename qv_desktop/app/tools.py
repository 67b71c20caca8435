"""What the command line does without a window."""

import asyncio
import os
import platform
import sys
from datetime import UTC, datetime
from typing import Any

from qv_desktop import __version__, config, paths
from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.database import Database
from qv_desktop.app.backend import Store, audit_mark, demo_settings
from qv_desktop.app.identity import install_id
from qv_desktop.domain.audit import Verification


async def verified(*, demo: bool) -> Verification:
    """The whole audit chain, checked."""
    settings = demo_settings(config.load()) if demo else config.load()
    store = Store(settings, shared=True)
    try:
        database = await store.opened()
        await asyncio.to_thread(database.become_own)
        mark = audit_mark(settings, database).mark  # as it was before the rows are read
        trail = AuditTrail(database, install_id(settings.home), __version__, lambda: datetime.now(UTC), lambda entry: None,
                           lambda: mark)  # fmt: skip
        return await trail.verify()
    finally:
        store.close()


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
    }  # fmt: skip
