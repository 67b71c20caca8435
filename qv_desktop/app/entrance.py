"""What a log-in needs, and no more: it is built while the rest of the program is still being loaded."""

import socket
from dataclasses import dataclass

from qv_desktop import __version__
from qv_desktop.adapters.audit_mark import AuditMark
from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.personal import PersonalUsers
from qv_desktop.adapters.db.tokens import AccessTokens
from qv_desktop.adapters.db.users import Users
from qv_desktop.app.sealing import Sealing
from qv_desktop.domain.audit import Entry
from qv_desktop.domain.events import AuditRecorded
from qv_desktop.services.bus import Bus
from qv_desktop.services.checkpoints import Checkpoints
from qv_desktop.services.clock import Clock
from qv_desktop.services.login import Login


@dataclass(frozen=True, slots=True)
class Entrance:
    """What a log-in needs, built before anybody is signed in."""

    chain: str
    bus: Bus
    clock: Clock
    trail: AuditTrail
    checkpoints: Checkpoints
    sealing: Sealing
    users: Users
    login: Login


def entrance(
    database: Database,
    clock: Clock,
    install: str,
    mark: AuditMark,
    seals: Sealing,
    tokens: AccessTokens | None = None,
) -> Entrance:
    """Trail, users and log-in on ``database``; ``install`` names this installation's audit chain, ``mark`` remembers its head,
    ``seals`` sign it. ``tokens`` are those of the desk that is being left, whose session goes on.
    """
    bus, host = Bus(), socket.gethostname()

    def recorded(entry: Entry) -> None:
        mark.heard(entry)
        checkpoints.heard(entry)
        bus.publish(AuditRecorded(entry))

    trail = AuditTrail(database, install, __version__, clock.now, recorded, lambda: mark.mark, seals.book)
    checkpoints = Checkpoints(seals, trail, clock.now)
    kind = PersonalUsers if database.acting.personal else Users
    users = kind(database, trail, clock.now, tokens)
    return Entrance(install, bus, clock, trail, checkpoints, seals, users, Login(users, trail, clock.now, host))
