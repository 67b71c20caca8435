"""Where things lie: resources that ship with the program, and the folders that it keeps."""

import hashlib
import os
import platform
import sys
from pathlib import Path

APP = "QuantVision"


def frozen() -> bool:
    """Whether this is a PyInstaller build."""
    return bool(getattr(sys, "frozen", False))


def resources() -> Path:
    """The shipped resources: beside the package in a checkout, inside it in a wheel, in the bundle when frozen."""
    if frozen():
        return Path(getattr(sys, "_MEIPASS", Path(sys.executable).parent)) / "resources"
    package = Path(__file__).parent
    inside = package / "resources"
    return inside if inside.is_dir() else package.parent / "resources"


def home() -> Path:
    """The folder of everything that the program keeps; ``QV_HOME`` overrides it.

    As root it lies outside root's own home, which the database's unprivileged account could not enter.
    """
    chosen = os.environ.get("QV_HOME")
    if chosen:
        return Path(chosen).expanduser().absolute()
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return Path("/var/lib") / APP.lower()
    from platformdirs import user_data_path  # only needed where no folder is given

    return user_data_path(APP, appauthor=False, roaming=False)


def database(home_folder: Path) -> Path:
    """The embedded database's folder."""
    return home_folder / "postgres"


def settings_file(home_folder: Path) -> Path:
    """The settings file."""
    return home_folder / "settings.toml"


def terminal(home_folder: Path) -> str:
    """What tells this program from others of the same person: its machine's name, and a mark of its home."""
    return f"{platform.node() or 'this machine'} {hashlib.sha256(str(home_folder).encode()).hexdigest()[:8]}"


def spool(home_folder: Path) -> Path:
    """The file of audit rows that wait for the database."""
    return home_folder / "audit-waiting.jsonl"


def deployment_brakes(home_folder: Path) -> Path:
    """The file of pauses of deployments that wait for the database."""
    return home_folder / "deployments-waiting.jsonl"


def checkpoints(home_folder: Path) -> Path:
    """The folder of the audit trail's checkpoints, the second place beside the database."""
    return home_folder / "audit-checkpoints"


def tick_spool(home_folder: Path) -> Path:
    """The folder of trades and bars that wait for the database."""
    return home_folder / "ticks-waiting"


def logs(home_folder: Path) -> Path:
    """The folder of log files."""
    return home_folder / "logs"


def compiled() -> Path:
    """Where workers keep compiled code: one folder for all of a person's homes, for compiling takes a minute."""
    from platformdirs import user_cache_path  # only needed once a worker is wanted

    return user_cache_path(APP, appauthor=False) / "numba"


def exports(home_folder: Path) -> Path:
    """The folder of exported reports, the only one that exports are written to unless a person names another."""
    return home_folder / "exports"


def relaunch() -> list[str]:
    """The command line that starts this program again: the frozen program itself, or Python with the package."""
    return [sys.executable] if frozen() else [sys.executable, "-m", "qv_desktop"]
