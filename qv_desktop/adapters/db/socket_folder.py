"""A short, closed folder for the server's socket: the path of a unix socket holds 107 bytes on Linux and 103 on macOS."""

import hashlib
import os
import stat
import tempfile
from pathlib import Path

from qv_desktop.adapters.db.os_account import OsAccount, give

LONGEST = 103 - len("/.s.PGSQL.5432")


def chosen(home: Path, account: OsAccount | None) -> Path:
    """``home/socket``, or when that is too long a folder under the system's temporary folder keyed by ``home``."""
    inside = home / "socket"
    folder = inside if len(os.fsencode(inside)) <= LONGEST else _temporary(home)
    owner = account.uid if account else os.geteuid()
    if not _ours(folder, owner):
        folder = Path(tempfile.mkdtemp(prefix="qv-"))  # somebody else sits on the name
        if account is not None:
            give(folder, account)
    return folder


def _temporary(home: Path) -> Path:
    key = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"qv-{os.geteuid()}-{key}"


def _ours(folder: Path, owner: int) -> bool:
    """Make the folder if need be; whether it is a real folder of ``owner`` that is closed to others."""
    try:
        folder.mkdir(mode=0o700)
        if owner != os.geteuid():
            os.chown(folder, owner, -1)
    except FileExistsError:
        pass  # checked next, whoever made it
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner:
        return False
    folder.chmod(0o700)
    return True
