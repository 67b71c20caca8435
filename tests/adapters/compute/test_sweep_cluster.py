"""A sweep on a real cluster of two workers over TLS: the numbers of this machine, also when a worker is killed midway."""

import asyncio
import ipaddress
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from qv_desktop import paths
from qv_desktop.adapters.compute import sweep_cluster
from qv_desktop.adapters.compute.sweep_address import Cluster
from qv_desktop.adapters.compute.sweep_cluster import ClusterSweeps
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.sweeps import SweepResult, SweepRow, combinations
from tests.adapters.compute.sweeping import SPEC, alone, data_of, slow, strategy, walk

MANY = replace(SPEC, axes=(replace(SPEC.axes[0], step=1), replace(SPEC.axes[1], step=1)))
BARS = walk(3_000)


class Dask:
    """A scheduler and two workers as processes, with one certificate for all of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        _certificate(folder)
        self.files = {
            "ca": str(folder / "cluster.crt"),
            "certificate": str(folder / "cluster.crt"),
            "key": str(folder / "cluster.key"),
        }
        self.processes: list[subprocess.Popen[bytes]] = []
        host = ("--host", "127.0.0.1", "--port", "0", "--protocol", "tls", "--no-dashboard")
        self.address = self._said(self._started("scheduler", *host), r"Scheduler at:\s+(tls://\S+)")
        self.workers = [self._started("worker", self.address, "--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1",
                                      "--local-directory", str(folder), "--name", name) for name in ("one", "two")]  # fmt: skip
        for worker in self.workers:
            self._said(worker, r"Registered to:\s+(\S+)")

    def _started(self, *words: str) -> "subprocess.Popen[bytes]":
        tls = (
            "--tls-ca-file",
            self.files["ca"],
            "--tls-cert",
            self.files["certificate"],
            "--tls-key",
            self.files["key"],
        )
        environment = {
            **os.environ,
            "NUMBA_CACHE_DIR": str(paths.compiled()),
            "PYTHONPATH": str(Path(__file__).parents[3]),
        }
        log = (self.folder / f"{len(self.processes)}.log").open("wb")
        process = subprocess.Popen(
            [sys.executable, "-m", "dask", *words[:1], *tls, *words[1:]], stderr=log, stdout=log, env=environment
        )
        self.processes.append(process)
        return process

    def _said(self, process: "subprocess.Popen[bytes]", words: str) -> str:
        """What a process says of itself in its log, as soon as it does."""
        log = self.folder / f"{self.processes.index(process)}.log"
        for _ in range(1_200):
            if found := re.search(words, log.read_text(encoding="utf-8", errors="replace")):
                return found[1]
            assert process.poll() is None, log.read_text(encoding="utf-8", errors="replace")
            asyncio.run(asyncio.sleep(0.05))
        raise AssertionError(log.read_text(encoding="utf-8", errors="replace"))

    def close(self) -> None:
        for process in reversed(self.processes):
            process.kill()
            process.wait()


def _certificate(folder: Path) -> None:
    """One that signs itself, good for both sides of a connection on this machine."""
    key, name = (
        ec.generate_private_key(ec.SECP256R1()),
        x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sweeps")]),
    )
    now = datetime.now(UTC)
    made = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
            .sign(key, hashes.SHA256()))  # fmt: skip
    (folder / "cluster.crt").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "cluster.key").write_bytes(private)


@pytest.fixture(scope="module")
def dask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dask]:
    cluster = Dask(tmp_path_factory.mktemp("dask"))
    yield cluster
    cluster.close()


def swept(cluster: Cluster, source: str = "", after: int = 0, then: "object" = None) -> SweepResult:
    """The sweep on a cluster; ``then`` is called once, as soon as ``after`` rows are there."""
    seen: list[SweepRow] = []

    def show(first: int, part: tuple[SweepRow, ...]) -> None:
        known = len(seen)
        seen.extend(part)
        if callable(then) and known < after <= len(seen):
            then()

    async def story() -> SweepResult:
        engine = ClusterSweeps(cluster, 1024)
        return await engine.run("run", MANY, strategy(source), data_of(BARS), "test", combinations(MANY), show)

    found = asyncio.run(story())
    assert len(seen) == len(found.rows)
    return found


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    from qv_desktop.adapters.compute import sweep_plan

    monkeypatch.setattr(sweep_plan, "SHARE", 8)


def test_a_killed_worker_changes_no_number(dask: Dask, caplog: pytest.LogCaptureFixture) -> None:
    here = alone(MANY, strategy(), BARS)
    there = swept(Cluster(dask.address, **dask.files))
    assert there.rows_hash == here.rows_hash
    assert there.workers == f"2 workers of {dask.address}"

    victim = dask.workers[0]
    less = swept(Cluster(dask.address, **dask.files), slow(0.01), 40, lambda: os.kill(victim.pid, signal.SIGKILL))
    assert victim.wait() == -signal.SIGKILL
    assert less.rows_hash == here.rows_hash


def test_nobody_without_a_certificate_is_heard(dask: Dask) -> None:
    with pytest.raises(BadInput, match="No Dask scheduler answers"):
        swept(Cluster(dask.address.replace("tls://", "tcp://")))


def test_a_cancel_ends_a_sweep_on_a_cluster(dask: Dask) -> None:
    async def story() -> float:
        engine = ClusterSweeps(Cluster(dask.address, **dask.files), 1024)
        begun = asyncio.Event()
        work = engine.run(
            "run",
            MANY,
            strategy(slow(0.05)),
            data_of(BARS),
            "test",
            combinations(MANY),
            lambda first, part: begun.set(),
        )
        running = asyncio.ensure_future(work)
        await asyncio.wait_for(begun.wait(), 60)
        began = datetime.now(UTC)
        await engine.cancel("run")
        with pytest.raises(BadInput, match="cancelled"):
            await running
        return (datetime.now(UTC) - began).total_seconds()

    assert asyncio.run(story()) < 30


def test_a_strategy_that_fails_everywhere_says_so(dask: Dask) -> None:
    with pytest.raises(BadInput, match="failed at every combination, first with ValueError: no"):
        swept(Cluster(dask.address, **dask.files), "def signals(bars, params):\n    raise ValueError('no')")


@pytest.mark.parametrize(("address", "words"), [
    ("tcp://10.0.0.5:8786", "unprotected"), ("tcp://example.com:8786", "unprotected"), ("10.0.0.5:8786", "tls://HOST:PORT"),
    ("tls://10.0.0.5", "tls://HOST:PORT"), ("http://127.0.0.1:1", "tls://HOST:PORT"), ("tls://10.0.0.5:8786", "cluster_ca"),
])  # fmt: skip
def test_an_address_that_cannot_be_trusted_is_refused(address: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        Cluster(address).checked()


def test_a_sweep_on_such_a_cluster_is_refused_before_anything_is_sent() -> None:
    with pytest.raises(BadInput, match="unprotected"):
        swept(Cluster("tcp://10.0.0.5:8786"))


def test_a_certificate_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cluster_certificate"):
        Cluster("tls://10.0.0.5:8786", ca=__file__, certificate=str(tmp_path / "none.pem"), key=__file__).checked()


def test_without_dask_a_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(BadInput, match="extra “cluster”"):
        sweep_cluster._client(Cluster("tcp://127.0.0.1:1"))
