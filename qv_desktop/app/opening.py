"""A desk that opens is recorded: whose it is, which account it trades, and under which settings."""

import hashlib
import json

import msgspec

from qv_desktop.config import Settings
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.connections import Connection, described
from qv_desktop.wiring import Desk

UNTOLD = ("home", "database_url")  # a path of this machine, and an address that may hold a password


async def opened(desk: Desk, settings: Settings, connection: Connection | None) -> None:
    """Record it. Raises DatabaseDown when the row could not even be spooled."""
    services = desk.services
    account = described(connection) if connection is not None else {}
    after = {"environment": settings.environment, "account": account, "settings": fingerprint(settings)}
    await services.kill.note(
        Draft(services.login.actor, "desk.open", "desk", settings.environment.lower(), after=json.dumps(after))
    )


def fingerprint(settings: Settings) -> str:
    """SHA-256 (hex) of the settings in force, so that two sittings can be told to have had the same."""
    told = {key: value for key, value in msgspec.structs.asdict(settings).items() if key not in UNTOLD}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
