"""Landlock: the kernel lets a run read only what Python needs, and write only into its own folder. It needs no rights."""

import ctypes
import os
import stat
import struct
import sys
from collections.abc import Iterable
from pathlib import Path

CREATE, ADD, RESTRICT = 444, 445, 446  # the same numbers on every machine
VERSION_ASKED = 1
BENEATH = 1  # kind of rule: a path and what lies under it
READ_FILE, READ_FOLDER = 1 << 2, 1 << 3
WRITE_FILE, TRUNCATE = 1 << 1, 1 << 14
ALL_BY_VERSION = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1, 5: (1 << 16) - 1}
NETWORK_FROM, SCOPES_FROM = 4, 6  # versions that know TCP; abstract sockets and signals to others
TCP, SCOPES = 0b11, 0b11

_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def version() -> int:
    """The kernel's Landlock version, 0 without it."""
    if _libc is None:
        return 0
    return max(int(_libc.syscall(CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(VERSION_ASKED))), 0)


def apply(readable: Iterable[Path], usable: Iterable[Path], own: Path) -> bool:
    """Close all files but these to this process for good: ``usable`` devices are read and written, all is allowed in ``own``.

    False where the kernel has no Landlock or would not.
    """
    known = version()
    if known == 0 or _libc is None:
        return False
    everything = ALL_BY_VERSION[min(known, 5)]
    asked = struct.pack("=QQQ", everything, TCP if known >= NETWORK_FROM else 0, SCOPES if known >= SCOPES_FROM else 0)
    size = 24 if known >= SCOPES_FROM else 16 if known >= NETWORK_FROM else 8
    rules = int(_libc.syscall(CREATE, asked, ctypes.c_size_t(size), ctypes.c_uint32(0)))
    if rules < 0:
        return False
    try:
        for path in readable:
            _allow(rules, path, READ_FILE | READ_FOLDER)
        for path in usable:
            _allow(rules, path, READ_FILE | WRITE_FILE)
        _allow(rules, own, everything)
        _libc.prctl(38, *map(ctypes.c_ulong, (1, 0, 0, 0)))  # no new privileges, which the kernel wants first
        return int(_libc.syscall(RESTRICT, rules, ctypes.c_uint32(0))) == 0
    finally:
        os.close(rules)


def _allow(rules: int, path: Path, rights: int) -> None:
    """One more path; one that is not there needs no rule."""
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(handle).st_mode):
            rights &= READ_FILE | WRITE_FILE | TRUNCATE
        if _libc is not None:
            _libc.syscall(ADD, rules, BENEATH, struct.pack("=Qi", rights, handle), ctypes.c_uint32(0))
    finally:
        os.close(handle)
