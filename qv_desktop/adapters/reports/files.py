"""Writing report files: under one folder only, whole or not at all."""

import os
import tempfile
from pathlib import Path

from qv_desktop.domain.errors import BadInput


def written(folder: Path, name: str, text: str) -> Path:
    """The path of ``name`` under ``folder`` once it holds ``text``. Raises BadInput when it cannot be written there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        target = folder.resolve() / name
        if target.parent != folder.resolve() or target.is_symlink():
            raise BadInput(f"“{name}” would be written outside {folder}; choose another name.")
        handle, fresh = tempfile.mkstemp(dir=folder, prefix=".", suffix=".part")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                file.write(text)
            os.replace(fresh, target)
        except BaseException:
            Path(fresh).unlink(missing_ok=True)  # half a report on a full disk only takes more room
            raise
    except OSError as error:
        raise BadInput(
            f"The report could not be written to {folder} ({error.strerror}); free some space or choose another folder."
        ) from error
    return target
