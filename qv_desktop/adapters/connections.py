"""The file with this installation's connections; it holds no secret."""

import os
from dataclasses import asdict
from pathlib import Path

import msgspec

from qv_desktop.domain.connections import Connection, Known
from qv_desktop.domain.errors import BadInput

SCHEMA = 1
FILE = "connections.json"


class _Written(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    schema: int
    active: str
    connections: tuple[Connection, ...]


class ConnectionFile:
    """Connections in ``folder``; blocking, a few milliseconds."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE

    def read(self) -> Known | None:
        """What is written, None when nothing ever was. Raises BadInput for a file that cannot be used."""
        try:
            found = msgspec.json.decode(self._path.read_bytes(), type=_Written)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise BadInput(f"{self._path} cannot be read ({error.strerror}); check its permissions.") from None
        except (msgspec.MsgspecError, ValueError):
            raise BadInput(f"{self._path} is damaged; move it away and add the connections again.") from None
        if found.schema != SCHEMA:
            raise BadInput(f"{self._path} was written by a newer QuantVision; use that one, or move the file away.")
        return Known(found.connections, found.active)

    def write(self, known: Known) -> None:
        """Replace the file whole. Raises BadInput when it cannot be written."""
        value = {"schema": SCHEMA, "active": known.active, "connections": [asdict(one) for one in known.connections]}
        fresh = self._path.with_suffix(".new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with fresh.open("wb") as file:
                file.write(msgspec.json.format(msgspec.json.encode(value)) + b"\n")
                file.flush()
                os.fsync(file.fileno())
            os.replace(fresh, self._path)
        except OSError as error:
            raise BadInput(
                f"The connections could not be written to {self._path} ({error.strerror}); free some space or choose QV_HOME."
            ) from error
