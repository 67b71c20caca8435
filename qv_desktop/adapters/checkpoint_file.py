"""The audit trail's checkpoints outside the database: one JSON line each, appended and forced to the disk, never changed."""

import json
import os
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from qv_desktop.domain.checkpoints import Checkpoint
from qv_desktop.domain.errors import BadInput

LONGEST = 2_000  # bytes of one line


class CheckpointFile:
    """The checkpoints of the trail in the database ``where``, in ``folder``. Its methods block."""

    def __init__(self, folder: Path, where: str) -> None:
        name = re.sub(r"[^A-Za-z0-9.-]+", "_", where)
        self.path, self.public = folder / f"{name}.jsonl", folder / f"{name}.pub"  # the latter for the key that signs

    def read(self) -> list[Checkpoint]:
        """Every checkpoint, oldest first. Raises BadInput for a line that is none, except the last if it was never finished."""
        content, _ = self._end(None)
        return [self._point(f"Line {number}", text) for number, text in enumerate(content.splitlines(), 1)]

    def newest(self, count: int) -> list[Checkpoint]:
        """The last ``count`` checkpoints, oldest first, without reading those before. Raises BadInput like ``read``."""
        content, _ = self._end((count + 1) * LONGEST)
        return [self._point("The end", text) for text in content.splitlines()[-count:]]

    def append(self, points: Sequence[Checkpoint]) -> None:
        """Add the checkpoints and wait until the disk has them. Raises BadInput when it cannot."""
        _, whole = self._end(LONGEST)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab") as file:
                file.truncate(whole)  # a line that a crash cut off in the middle was never a checkpoint
                file.write(b"".join(line(point) for point in points))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise BadInput(
                f"The checkpoint file {self.path} cannot be written ({error.strerror}); free some space."
            ) from error

    def _end(self, length: int | None) -> tuple[bytes, int]:
        """The whole lines among the last ``length`` bytes, and the size of the file without a line that was never finished."""
        try:
            with self.path.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                begin = file.seek(max(0, size - length) if length else 0)
                content = file.read()
        except FileNotFoundError:
            return b"", 0
        except OSError as error:
            raise BadInput(
                f"The checkpoint file {self.path} cannot be read ({error.strerror}); see to its rights."
            ) from error
        end = content.rfind(b"\n") + 1
        first = content.find(b"\n") + 1 if begin else 0  # what is before it is the rest of a longer line
        return content[first:end], begin + end

    def _point(self, where: str, text: bytes) -> Checkpoint:
        try:
            return parsed(json.loads(text))
        except (ValueError, KeyError, TypeError) as error:
            raise BadInput(f"{where} of the checkpoint file {self.path} is no checkpoint: the file was changed; "
                           "put it back from a backup.") from error  # fmt: skip


def public_keys(folder: Path) -> set[str]:
    """Every public key that the files in ``folder`` name: those beside the checkpoints, and those that signed them. What cannot be
    read names none.
    """
    found: set[str] = set()
    for file in folder.glob("*.pub"):
        with suppress(OSError, ValueError):
            found.add(file.read_text(encoding="ascii").strip())
    for file in folder.glob("*.jsonl"):
        with suppress(OSError, ValueError, KeyError, TypeError):
            found |= {parsed(json.loads(content)).key for content in file.read_bytes().splitlines()}
    return found - {""}


def line(point: Checkpoint) -> bytes:
    """One checkpoint as a JSON line."""
    return (
        json.dumps({**asdict(point), "at": point.at.astimezone(UTC).isoformat(timespec="microseconds")}).encode()
        + b"\n"
    )


def parsed(found: dict[str, Any]) -> Checkpoint:
    """The checkpoint of a JSON object. Raises ValueError, KeyError, TypeError for what is none."""
    texts = {name: str(found[name]) for name in ("chain", "hash", "previous", "key", "successor", "signature")}
    at = datetime.fromisoformat(str(found["at"]))
    if at.tzinfo is None:
        raise ValueError("a time without a zone")
    return Checkpoint(number=int(found["number"]), sequence=int(found["sequence"]), at=at, **texts)
