"""Builds everything: the only room that knows the adapters."""

import os
import sys
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from qv_desktop.domain.audit import Verification
from qv_desktop.domain.people import Person
from qv_desktop.domain.reconciliation import Reconciliation


@dataclass(frozen=True, slots=True)
class Demo:
    """A simulated market and broker; ``headless`` runs the scripted trader for ``seconds`` and leaves its proof in ``out``.

    With ``load``, in events per second, there is no trader: the program is measured while it hears as many.
    """

    seed: int = 1
    replay: Path | None = None
    speed: float = 5.0
    headless: bool = False
    seconds: float = 60.0
    out: Path | None = None
    load: int = 0


@dataclass(frozen=True, slots=True)
class Options:
    """How the terminal is started."""

    demo: Demo | None = None


def has_screen() -> bool:
    """Whether a window could be seen: not on Linux without a display, nor where Qt is told to draw in memory."""
    if os.environ.get("QT_QPA_PLATFORM", "").partition(":")[0] in ("offscreen", "minimal"):
        return False
    return not sys.platform.startswith("linux") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def run(options: Options) -> int:
    """Open the terminal and return its exit code once it is closed. Raises QvError before a window could show it."""
    from qv_desktop.app.running import opened  # Qt and the rest are imported only when a window is wanted

    return opened(options)


async def verify_audit(
    *, demo: bool, since_checkpoint: bool = False, key: str = "", progress: Callable[[int, int], None] | None = None
) -> Verification:
    """Check the audit trail without a window. Raises QvError when it could not be checked."""
    from qv_desktop.app.tools import verified

    return await verified(demo=demo, since_checkpoint=since_checkpoint, key=key, progress=progress)


async def sign_audit(*, demo: bool, renew: bool) -> str:
    """Sign a checkpoint now, with ``renew`` by a new key, and say which. Raises QvError when nothing can be signed."""
    from qv_desktop.app.tools import signed

    point = await signed(demo=demo, renew=renew)
    if point is None:
        return "The audit trail has no rows yet, so there is nothing to sign."
    return f"Checkpoint {point.number} covers the rows up to #{point.sequence}, signed with key {point.key}."


def verify_bundle(file: Path, key: str, told: Callable[[int], None]) -> tuple[str, Verification, str]:
    """What a bundle says it is, in a sentence, whether it is, and what its checkpoints cover. Raises BadInput for a file that is none."""
    from qv_desktop.app.unbundling import verified

    return verified(file, key, told)


async def prepare_database() -> str:
    """Start or reach the database, migrate it, and say where it is."""
    from qv_desktop.app.tools import prepared

    return await prepared()


async def reset_code(name: str) -> str:
    """A code with which the user of that name sets a new password. Raises BadInput, DatabaseDown."""
    from qv_desktop.app.recovery import reset_code as made

    return await made(name)


async def grant(login: str, role: str, accounts: Sequence[str], *, remove: bool, new_password: bool) -> str:
    """Make the database agree with the roles, and let a person in or out."""
    from qv_desktop.app.granting import granted

    return await granted(login, role, accounts, remove=remove, new_password=new_password)


async def grant_anew() -> str:
    """Let the groups have what a migration brought; empty where there are no groups."""
    from qv_desktop.app.granting import granted_anew

    return await granted_anew()


async def change_database_password() -> str:
    """Give the login of the database's address another password."""
    from qv_desktop.app.granting import new_password

    return await new_password()


def circumstances() -> dict[str, object]:
    """What is set, where things lie and what is missing."""
    from qv_desktop.app.tools import circumstances as found

    return found()


async def reconcile(
    account: str, out: Path | None, formats: Collection[str]
) -> tuple[Reconciliation, tuple[Path, ...]]:
    """Compare our books with the broker's without a window; the run, and the reports in ``out``. Raises QvError when it could not."""
    from qv_desktop.app.reconciling import reconciled

    return await reconciled(account, out, formats)


async def everybody() -> list[Person]:
    """Every user, by name."""
    from qv_desktop.app.recovering import everybody as found

    return await found()


async def make_admin(name: str) -> str:
    """Make somebody an active Admin without asking one; the code with which they choose a password."""
    from qv_desktop.app.recovering import made_admin

    return await made_admin(name)
