"""The commands in packaging/dev, run as shell with stand-ins for the machine's own tools."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(os.name == "nt", reason="stand-ins for tools are shell scripts")


class Machine:
    """A checkout in ``folder`` whose tools are scripts that write down how they were called."""

    def __init__(self, folder: Path) -> None:
        self.checkout, self.tools, self.calls = folder / "checkout", folder / "tools", folder / "calls"
        (self.checkout / "packaging").mkdir(parents=True)
        (self.checkout / ".venv" / "bin").mkdir(parents=True)
        self.tools.mkdir()
        for name in (
            "packaging/dev",
            "packaging/requirements-dev.txt",
            "packaging/requirements-bench.txt",
            ".python-version",
        ):
            shutil.copy(ROOT / name, self.checkout / name)
        self.lock()
        for name in ("bash", "cat", "cmp", "cp", "dirname", "env", "grep", "mkdir", "rm", "sed"):
            (self.tools / name).symlink_to(str(shutil.which(name)))
        self.tool("uv", "exit 0")
        self.python(qt=True)

    def lock(self) -> None:
        """Make the environment look as locked."""
        parts = (self.checkout / name for name in (".python-version", "packaging/requirements-dev.txt"))
        (self.checkout / ".venv" / "locked").write_bytes(b"".join(part.read_bytes() for part in parts))

    def tool(self, name: str, body: str, folder: Path | None = None) -> None:
        script = (folder or self.tools) / name
        script.write_text(f'#!/bin/bash\necho "{name} $*" >> {self.calls}\n{body}\n')
        script.chmod(0o755)

    def python(self, *, qt: bool) -> None:
        loads = "exit 0" if qt else "exit 1"
        body = f'case "$*" in *PySide6*) {loads} ;; *version_info*) cat {self.checkout}/.python-version ;; esac'
        self.tool("python", body, self.checkout / ".venv" / "bin")

    def debian(self, *, root: bool, installed: bool = False) -> None:
        self.tool("id", f"echo {0 if root else 1000}")
        self.tool("dpkg-query", "echo install ok installed" if installed else "exit 1")
        self.tool("apt-get", "exit 0")

    def dev(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [str(shutil.which("bash")), "packaging/dev", *words]
        environment = {"PATH": str(self.tools), "HOME": "/nowhere"}
        return subprocess.run(command, cwd=self.checkout, env=environment, capture_output=True, text=True, check=False)

    def called(self, name: str) -> list[str]:
        lines = self.calls.read_text().splitlines() if self.calls.exists() else []
        return [line.removeprefix(f"{name} ") for line in lines if line.startswith(f"{name} ")]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_an_unknown_command_is_answered_with_the_known_ones(machine: Machine) -> None:
    done = machine.dev("dance")
    assert done.returncode == 2
    assert "demo | run | test | check | audit | bench" in done.stderr


def test_the_demo_gets_its_words_once_everything_is_there(machine: Machine) -> None:
    machine.debian(root=False, installed=True)
    assert machine.dev("demo", "--headless", "--for", "5").returncode == 0
    assert machine.called("python")[-1] == "-m qv_desktop demo --headless --for 5"
    assert not machine.called("uv")
    assert not machine.called("apt-get")


def test_root_installs_exactly_what_is_missing(machine: Machine) -> None:
    machine.debian(root=True)
    machine.tool("dpkg-query", 'case "$*" in *libegl1*) exit 1 ;; *) echo install ok installed ;; esac')
    assert machine.dev("demo").returncode == 0
    assert machine.called("apt-get")[-1] == "install -y -qq --no-install-recommends libegl1"


def test_sudo_without_a_password_is_used_where_there_is_one(machine: Machine) -> None:
    machine.debian(root=False)
    machine.tool("sudo", 'shift; "$@"')
    assert machine.dev("demo").returncode == 0
    assert len(machine.called("apt-get")) == 2


def test_without_root_the_missing_packages_are_named(machine: Machine) -> None:
    machine.debian(root=False)
    machine.python(qt=False)
    done = machine.dev("demo")
    assert done.returncode == 2
    assert re.search(r"apt-get install .*libegl1 .*libxcb-cursor0", done.stderr)
    assert not any("qv_desktop" in call for call in machine.called("python"))


def test_without_root_a_qt_that_starts_anyway_is_enough(machine: Machine) -> None:
    machine.debian(root=False)
    done = machine.dev("demo")
    assert done.returncode == 0
    assert "libxcb-cursor0" in done.stderr


def test_a_package_manager_that_fails_does_not_stop_a_qt_that_starts(machine: Machine) -> None:
    machine.debian(root=True)
    machine.tool("apt-get", "exit 100")
    assert machine.dev("demo").returncode == 0


def test_a_changed_lock_is_installed_with_hashes_and_only_once(machine: Machine) -> None:
    machine.debian(root=False, installed=True)
    (machine.checkout / ".venv" / "locked").unlink()
    assert machine.dev("demo").returncode == 0
    assert machine.dev("demo").returncode == 0
    (sync,) = machine.called("uv")
    assert sync.startswith("pip sync")
    assert "--require-hashes" in sync


def test_an_environment_of_another_python_is_made_anew(machine: Machine) -> None:
    machine.debian(root=False, installed=True)
    (machine.checkout / ".venv" / "locked").unlink()
    machine.tool("python", "echo 3.9", machine.checkout / ".venv" / "bin")
    machine.dev("demo")
    assert machine.called("uv")[0].startswith("venv --quiet --clear --python 3.13")


def test_a_failed_installation_is_not_taken_for_done(machine: Machine) -> None:
    machine.debian(root=False, installed=True)
    (machine.checkout / ".venv" / "locked").unlink()
    machine.tool("uv", "exit 1")
    done = machine.dev("demo")
    assert done.returncode == 2
    assert "package index" in done.stderr
    assert not (machine.checkout / ".venv" / "locked").exists()


def test_the_peers_of_the_chart_get_an_environment_of_their_own_with_hashes_and_only_once(machine: Machine) -> None:
    machine.debian(root=False, installed=True)
    machine.tool("uv", 'case "$1" in venv) mkdir -p .bench ;; esac')
    assert machine.dev("bench", "chart").returncode == 0
    assert machine.dev("bench", "chart", "--json").returncode == 0
    made, sync = machine.called("uv")
    assert made == "venv --quiet --clear --python .venv/bin/python .bench"
    assert sync == "pip sync --quiet --require-hashes --python .bench packaging/requirements-bench.txt"
    assert machine.called("python")[-1] == "-m tests.benchmarks chart --json"


def test_another_benchmark_installs_no_peers(machine: Machine) -> None:
    machine.debian(root=False, installed=True)
    assert machine.dev("bench", "startup").returncode == 0
    assert not machine.called("uv")


def test_the_chart_is_measured_alone_where_its_peers_cannot_be_installed(machine: Machine) -> None:
    machine.debian(root=False, installed=True)
    machine.tool("uv", 'case "$1" in venv) mkdir -p .bench ;; *) exit 1 ;; esac')
    assert machine.dev("bench", "chart").returncode == 0
    assert machine.called("python")[-1] == "-m tests.benchmarks chart"
    assert not (machine.checkout / ".bench" / "locked").exists()


@pytest.mark.parametrize(
    "name", ["requirements.txt", "requirements-dev.txt", "requirements-bench.txt", "requirements-uv.txt"]
)
def test_every_locked_version_has_hashes_and_no_index_is_named(name: str) -> None:
    text = (ROOT / "packaging" / name).read_text()
    pins = re.split(r"\n(?=[a-zA-Z0-9])", text)[1:]
    assert pins
    assert not [pin.splitlines()[0] for pin in pins if "--hash=sha256:" not in pin]
    assert "://" not in text
    assert "--index" not in text
