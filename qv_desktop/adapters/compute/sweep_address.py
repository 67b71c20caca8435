"""Where a cluster is and how it is spoken to: TLS with certificates of both sides, but for one on this machine."""

import ipaddress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from qv_desktop.domain.errors import BadInput

HOW = "write it as tls://HOST:PORT"


@dataclass(frozen=True, slots=True)
class Cluster:
    """A Dask scheduler's ``address``, and the files of its authority, of our certificate and of its key (empty: none)."""

    address: str
    ca: str = ""
    certificate: str = ""
    key: str = ""

    def checked(self) -> "Cluster":
        """Itself. Raises BadInput for an address that would send strategies and prices in the open, and for missing files."""
        parts = urlsplit(self.address)
        try:
            port = parts.port
        except ValueError:
            port = None
        if parts.scheme not in ("tls", "tcp") or not parts.hostname or not port:
            raise BadInput(f"The cluster's address {self.address!r} cannot be used; {HOW}.")
        if parts.scheme == "tcp" and not _here(parts.hostname):
            raise BadInput(
                f"{self.address} would send strategies and prices unprotected; {HOW} and start its scheduler with TLS."
            )
        if parts.scheme == "tls":
            self._check_files()
        return self

    def _check_files(self) -> None:
        for setting, name in (
            ("cluster_ca", self.ca),
            ("cluster_certificate", self.certificate),
            ("cluster_key", self.key),
        ):
            if not name:
                raise BadInput(f"A cluster with TLS needs the setting {setting}; name the PEM file there.")
            if not Path(name).expanduser().is_file():
                raise BadInput(f"The file {name} of the setting {setting} is not there; correct the path.")

    @property
    def secure(self) -> bool:
        """Whether it is TLS."""
        return self.address.startswith("tls://")


def _here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
