"""The walls by themselves: the filter's decisions, call by call; what stands here; a folder of the program's inside Python's is told."""

import platform
import subprocess
import sys
from pathlib import Path

import pytest

from qv_desktop.adapters.compute import confining, seccomp

X86, ARM = "x86_64", "aarch64"
THREAD, FORK = 0x3D0F00, 0x1200011  # flags with which the C library makes a thread, and a process


def decided(machine: str, number: int, *arguments: int, architecture: int | None = None) -> int:
    """What the filter says of a call: the kernel's filter machine, step by step."""
    steps = seccomp.program(machine)
    values = {seccomp.NUMBER: number, seccomp.ARCHITECTURE: architecture or seccomp.ARCHITECTURES[machine][1]}
    for index, argument in enumerate(arguments):
        values |= {16 + 8 * index: argument & 0xFFFFFFFF, 20 + 8 * index: argument >> 32}
    place = register = 0
    while True:
        code, true, false, operand = steps[place]
        place += 1
        if code == seccomp.RETURN:
            return operand
        if code == seccomp.LOAD:
            register = values.get(operand, 0)
            continue
        held = {seccomp.EQUAL: register == operand, seccomp.AT_LEAST: register >= operand,
                seccomp.ANY_BIT: bool(register & operand)}[code]  # fmt: skip
        place += true if held else false


@pytest.mark.parametrize("machine", [X86, ARM])
def test_every_call_on_the_list_is_refused_and_others_are_not(machine: str) -> None:
    column = seccomp.ARCHITECTURES[machine][0]
    listed = {numbers[column] for numbers in seccomp.REFUSED.values()} - {None}
    special = {pair[column] for pair in (seccomp.CLONE, seccomp.CLONE3, seccomp.PRCTL, seccomp.PRLIMIT)}
    for number in range(seccomp.NEWER):
        if number not in special:
            assert decided(machine, number) == (seccomp.NOT_PERMITTED if number in listed else seccomp.ALLOW)
    assert decided(machine, seccomp.NEWER) == decided(machine, 0x40000000 + 41) == seccomp.UNKNOWN


@pytest.mark.parametrize("machine", [X86, ARM])
def test_threads_may_begin_and_processes_may_not(machine: str) -> None:
    column = seccomp.ARCHITECTURES[machine][0]
    assert decided(machine, seccomp.CLONE[column], THREAD) == seccomp.ALLOW
    assert decided(machine, seccomp.CLONE[column], FORK) == seccomp.NOT_PERMITTED
    assert decided(machine, seccomp.CLONE3[column]) == seccomp.UNKNOWN


@pytest.mark.parametrize("machine", [X86, ARM])
def test_limits_may_be_read_and_not_set_and_few_process_options_stand(machine: str) -> None:
    column = seccomp.ARCHITECTURES[machine][0]
    assert decided(machine, seccomp.PRLIMIT[column], 0, 7, 0, 0x7FFE_0000_0000) == seccomp.ALLOW
    for address in (0x1000, 0x7FFE_0000_0000, 1 << 32):
        assert decided(machine, seccomp.PRLIMIT[column], 0, 7, address, 0) == seccomp.NOT_PERMITTED
    assert decided(machine, seccomp.PRCTL[column], 15) == seccomp.ALLOW
    assert {decided(machine, seccomp.PRCTL[column], option) for option in (1, 4, 35, 36, 59)} == {seccomp.NOT_PERMITTED}


def test_another_machines_numbers_end_the_process() -> None:
    assert decided(X86, 0, architecture=0x40000003) == seccomp.KILL  # calls of 32 bits


@pytest.mark.skipif(platform.machine() != X86 or sys.platform != "linux", reason="compares with this machine's headers")
def test_the_numbers_are_those_of_the_kernels_headers() -> None:
    header = Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h")
    if not header.exists():
        pytest.skip("the kernel's headers are not installed")
    lines = (line.split() for line in header.read_text().splitlines() if line.startswith("#define __NR_"))
    known = {words[1].removeprefix("__NR_"): int(words[2]) for words in lines}
    assert {name: numbers[0] for name, numbers in seccomp.REFUSED.items() if numbers[0] is not None} == {
        name: known[name] for name, numbers in seccomp.REFUSED.items() if numbers[0] is not None
    }


TRIED = """
import sys
from pathlib import Path
from qv_desktop.adapters.compute import confining
base, home, python = map(Path, sys.argv[1:])
allowed = confining.readable()
print(confining.tried(base, allowed, home) == list(confining.WALLS))
print(confining.FILES in confining.tried(base, [*allowed, python], home))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the walls are Linux's")
def test_a_folder_that_python_may_read_is_told_as_open(tmp_path: Path) -> None:
    base, python = tmp_path / "base", tmp_path / "python"
    base.mkdir()
    (python / "home").mkdir(parents=True)
    found = subprocess.run(
        [sys.executable, "-c", TRIED, base, python / "home", python], capture_output=True, text=True, check=True
    )
    assert found.stdout.split() == ["True", "False"]


def test_what_is_missing_is_told() -> None:
    assert "has not: no files" in confining.told(["limits"], ["no files"])
