"""Running as root: Postgres refuses to, so an unprivileged account owns its data, and both must be reachable for it."""

import hashlib
import os
import shutil
import stat
import sys
from dataclasses import dataclass
from pathlib import Path

from qv_desktop.domain.errors import BadInput

CANDIDATES = ("qv-desktop", "postgres", "nobody", "daemon")
SHARED = Path("/var/lib/qv-desktop")


@dataclass(frozen=True, slots=True)
class OsAccount:
    """An account of the operating system."""

    name: str
    uid: int
    gid: int


def service_account(folder: Path) -> OsAccount | None:
    """The account that the server on ``folder`` runs as: None for our own; for root the folder's owner, else an unprivileged one."""
    if sys.platform == "win32" or os.geteuid() != 0:
        return None
    import pwd  # absent on Windows

    known = {found.pw_name: found for found in pwd.getpwall() if found.pw_uid}
    owner = folder.stat().st_uid if folder.exists() else 0
    owners = [found.pw_name for found in known.values() if found.pw_uid == owner]
    for name in (*owners, *CANDIDATES):
        if name in known:
            return OsAccount(name, known[name].pw_uid, known[name].pw_gid)
    raise BadInput(
        "Postgres does not run as root and no account “nobody” exists; create a system user named qv-desktop."
    )


def reachable(path: Path, account: OsAccount) -> bool:
    """Whether ``account`` may pass through every existing folder above ``path``, by the permission bits."""
    return all(_passable(parent, account) for parent in path.absolute().parents if parent.exists())


def _passable(folder: Path, account: OsAccount) -> bool:
    found = folder.stat()
    if found.st_uid == account.uid:
        return bool(found.st_mode & stat.S_IXUSR)
    if found.st_gid == account.gid:
        return bool(found.st_mode & stat.S_IXGRP)
    return bool(found.st_mode & stat.S_IXOTH)


def home(folder: Path, account: OsAccount | None) -> Path:
    """``folder``, or for root whose folders are closed to ``account``, a folder of its own under /var/lib/qv-desktop."""
    if account is None or reachable(folder, account):
        return folder
    key = hashlib.sha256(os.fsencode(folder.absolute())).hexdigest()[:16]
    return SHARED / key


def make_home(folder: Path, account: OsAccount | None) -> None:
    """Make ``folder`` with mode 0700; for root it is handed to ``account``."""
    if account is None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    else:
        folder.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        give(folder, account)
    folder.chmod(0o700)


def give(path: Path, account: OsAccount) -> None:
    """Make ``account`` the owner of ``path``."""
    os.chown(path, account.uid, account.gid)


def readable_tree(tree: Path, account: OsAccount | None) -> Path:
    """The program tree, copied with its libraries to /var/lib/qv-desktop when ``account`` cannot reach it."""
    if account is None or (reachable(tree / "bin" / "postgres", account)):
        return tree
    source = tree.parent
    stamp = hashlib.sha256(f"{source} {(tree / 'bin' / 'postgres').stat().st_mtime_ns}".encode()).hexdigest()[:16]
    target = SHARED / f"programs-{stamp}"
    if not target.exists():
        _copy(source, target)
    return target / source.name / tree.name


def _copy(source: Path, target: Path) -> None:
    SHARED.mkdir(mode=0o755, parents=True, exist_ok=True)
    fresh = target.with_name(f"{target.name}.{os.getpid()}")
    libraries = source.with_name(f"{source.name}.libs")  # beside the package: the programs look for them there
    try:
        shutil.copytree(source, fresh / source.name, ignore=shutil.ignore_patterns("pginstall16", "__pycache__"))
        if libraries.is_dir():
            shutil.copytree(libraries, fresh / libraries.name)
        fresh.chmod(0o755)
        fresh.rename(target)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
