"""Whether the process that started the simulator still lives."""

import os
import sys
from collections.abc import Callable

if sys.platform == "win32":
    import ctypes

    def watch(pid: int) -> Callable[[], bool]:
        """A question to ask again and again: is the process `pid` gone?

        On Windows a signal 0 would not ask but interrupt, so the process is opened and waited for, for no time.
        """
        synchronize, signalled = 0x00100000, 0
        kernel = ctypes.WinDLL("kernel32")
        handle = kernel.OpenProcess(synchronize, False, pid)
        return lambda: not handle or kernel.WaitForSingleObject(handle, 0) == signalled

else:

    def watch(pid: int) -> Callable[[], bool]:
        """A question to ask again and again: is the process `pid` gone?"""
        if os.getppid() == pid:
            # An orphan has another parent at once, even while its dead parent waits to be collected.
            return lambda: os.getppid() != pid
        return lambda: not _lives(pid)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
