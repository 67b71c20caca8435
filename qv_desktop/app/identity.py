"""What this installation is called, and which environment it trades."""

import getpass
import secrets
import socket
from pathlib import Path

from qv_desktop.adapters.connections import ConnectionFile
from qv_desktop.config import Settings
from qv_desktop.domain.accounts import Environment
from qv_desktop.domain.audit import Actor
from qv_desktop.domain.errors import BadInput


def install_id(home: Path) -> str:
    """Eight hexadecimal digits, made once, that name this installation in order ids and in the audit chain. Raises BadInput."""
    file = home / "install"
    try:
        if not file.exists():
            home.mkdir(parents=True, exist_ok=True)
            file.write_text(secrets.token_hex(4), encoding="utf-8")
        return file.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise BadInput(
            f"{file} cannot be written ({error.strerror}); free some space or choose another folder with QV_HOME."
        ) from None


def at_command_line() -> Actor:
    """Whoever works without the window, as the operating system names them and this machine; some accounts have no name."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = "somebody"
    return Actor(f"{name} (command line)", "human", host=socket.gethostname())


def shown_environment(settings: Settings) -> Environment:
    """What the log-in says before anything is opened: the active connection's environment, as far as it can be read."""
    try:
        known = ConnectionFile(settings.home).read()
    except BadInput:
        return settings.environment
    current = known.current if known else None
    return current.environment if current else settings.environment
