"""A PostgreSQL server of the operating system, run by the test as somebody else's: TLS, scram, a port of its own."""

import ipaddress
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests import canaries, sweep

USER, PASSWORD, DATABASE = "trader", canaries.DATABASE_PASSWORD, "qv"
ACCESS = "local all all trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n"  # nobody comes in by network without TLS


def programs() -> Path:
    """The newest installed server's programs; the test is skipped where there are none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    if not found:
        pytest.skip("PostgreSQL is not installed on this machine (Debian: apt-get install postgresql)")
    return found[-1].parent


def account() -> dict[str, Any]:
    """Who runs the server: root may not."""
    if os.geteuid() != 0:
        return {}
    import pwd

    try:
        entry = pwd.getpwnam("postgres")
    except KeyError:
        pytest.skip("root needs the account postgres to run the server as")
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


@dataclass
class Remote:
    """A server in ``folder`` that can be killed and started again."""

    folder: Path
    port: int
    _process: "subprocess.Popen[bytes] | None" = field(default=None)

    def url(self, password: str = PASSWORD, **options: str) -> str:
        """The address a person would type; ``options`` replace the safe ones."""
        chosen = {"sslmode": "verify-full", "sslrootcert": str(self.folder / "server.crt"), **options}
        return f"postgresql://{USER}:{password}@127.0.0.1:{self.port}/{DATABASE}?" + "&".join(
            f"{key}={text}" for key, text in chosen.items()
        )

    def start(self) -> None:
        """Start it and wait until it answers."""
        line = [
            str(programs() / "postgres"),
            "-D",
            str(self.folder / "data"),
            "-p",
            str(self.port),
            "-k",
            str(self.folder),
        ]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(line, stdout=log, stderr=log, start_new_session=True, **account())
        end = time.monotonic() + 60
        while self.asks("SELECT 1").returncode:
            assert time.monotonic() < end, (self.folder / "log").read_text()
            time.sleep(0.1)

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(30)
        self._process = None

    def asks(self, statement: str, database: str = "postgres") -> subprocess.CompletedProcess[str]:
        """What its superuser is answered."""
        line = [str(programs() / "psql"), "-h", str(self.folder), "-p", str(self.port), "-U", "postgres",
                "-d", database, "-AtX"]  # fmt: skip
        return subprocess.run(line, input=statement, capture_output=True, text=True, check=False)

    def leaks(self) -> list[str]:
        """What of this run's secrets stands in its log, or in any row of the program's."""
        told = sweep.found((self.folder / "log").read_bytes(), "the server's log")
        tables = self.asks(sweep.TABLES, DATABASE).stdout.split()
        rows = self.asks(sweep.question(tables), DATABASE).stdout if tables else ""
        return [str(hit) for hit in [*told, *sweep.found(rows.encode(), "rows of the server's")]]

    def count(self, table: str) -> int:
        """How many rows the program keeps in ``table``."""
        return int(self.asks(f"SELECT count(*) FROM {table}", DATABASE).stdout)  # noqa: S608 - constants of tests


@contextmanager
def remote() -> Iterator[Remote]:
    """A running server with an empty database that belongs to an ordinary user."""
    if sys.platform == "win32":
        pytest.skip("Windows brings no PostgreSQL of its own")
    folder = Path(tempfile.mkdtemp(prefix="qvr-"))
    server = Remote(folder, free_port())
    try:
        make(folder)
        server.start()
        server.asks(f"CREATE ROLE {USER} LOGIN CREATEROLE PASSWORD '{PASSWORD}'")
        server.asks(f"CREATE DATABASE {DATABASE} OWNER {USER}")
        yield server
        assert not server.leaks(), server.leaks()
    finally:
        server.kill()
        shutil.rmtree(folder, ignore_errors=True)


def make(folder: Path) -> None:
    """Data, certificate and settings."""
    certify(folder)
    who = account()
    if who:
        for path in (folder, *folder.iterdir()):
            os.chown(path, who["user"], who["group"])
        folder.chmod(0o755)
    data = folder / "data"
    subprocess.run([str(programs() / "initdb"), "-D", str(data), "-U", "postgres", "--auth=trust", "--no-sync"], check=True,
                   capture_output=True, **who)  # fmt: skip
    (data / "pg_hba.conf").write_text(ACCESS)
    with (data / "postgresql.conf").open("a") as settings:
        settings.write(f"listen_addresses = '127.0.0.1'\nssl = on\nssl_cert_file = '{folder}/server.crt'\n"
                       f"ssl_key_file = '{folder}/server.key'\npassword_encryption = 'scram-sha-256'\nlog_connections = on\n")  # fmt: skip


def certify(folder: Path) -> None:
    """A certificate for 127.0.0.1 that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True).sign(key, hashes.SHA256())
    )  # fmt: skip
    (folder / "server.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "server.key").touch(mode=0o600)
    (folder / "server.key").write_bytes(private)


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
