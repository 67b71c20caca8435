"""Writing report files: under one folder only, whole or not at all."""

import os
import tempfile
from pathlib import Path

from qv_desktop.domain.errors import BadInput

DEVICES = frozenset({"CON", "PRN", "AUX", "NUL", *(f"{port}{n}" for port in ("COM", "LPT") for n in range(10))})
_NEVER = frozenset('/\\:*?"<>|')


def written(folder: Path, name: str, content: str | bytes, *, overwrite: bool = True) -> Path:
    """The path of ``name`` under ``folder`` once it holds ``content``. Raises BadInput when it cannot be written there.

    A file of that name is replaced only if ``overwrite``; a link is never followed.
    """
    if not _plain(name):
        raise BadInput(f"“{name}” would be written outside {folder}, or is no name for a file; choose another name.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        target = folder.resolve() / name
        if target.parent != folder.resolve() or target.is_symlink():
            raise BadInput(f"“{name}” would be written outside {folder}; choose another name.")
        reserved = not overwrite and _reserved(target)
        try:
            _placed(folder, target, content.encode() if isinstance(content, str) else content)
        except BaseException:
            if reserved:
                target.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise BadInput(
            f"The report could not be written to {folder} ({error.strerror}); free some space or choose another folder."
        ) from error
    return target


def _plain(name: str) -> bool:
    """Whether a name is one file's on every system: no folder, drive, stream or device, and nothing that is dropped at its end."""
    stem = name.split(".")[0].strip().upper()
    return bool(name) and name[-1] not in ". " and not set(name) & _NEVER and stem not in DEVICES and name.isprintable()


def _reserved(target: Path) -> bool:
    """The name is ours from now on, for nobody had it. Raises BadInput."""
    try:
        target.touch(0o600, exist_ok=False)
    except FileExistsError:
        raise BadInput(
            f"{target} exists already; choose another name, or say that it may be replaced (--force)."
        ) from None
    return True


def _placed(folder: Path, target: Path, content: bytes) -> None:
    """Written beside it and then put in its place, so that a full disk leaves nothing half written."""
    handle, fresh = tempfile.mkstemp(dir=folder, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(fresh, target)
    except BaseException:
        Path(fresh).unlink(missing_ok=True)  # half a report on a full disk only takes more room
        raise
