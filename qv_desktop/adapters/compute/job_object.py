"""On Windows a worker lives in a job object: what it begins ends with it, and its memory is bounded. Elsewhere nothing is done here.

Written after Microsoft's reference of job objects; it has never been run.
"""

import subprocess
import sys

LIMIT_PROCESSES, LIMIT_MEMORY, ENDS_WITH_HANDLE = 0x8, 0x100, 0x2000
EXTENDED_LIMITS = 9  # kind of information
MEMORY = 6 * 1024**3  # bytes of one worker


def around(process: "subprocess.Popen[bytes]") -> int:
    """The handle of a job object that holds ``process`` alone; 0 where there is none."""
    if sys.platform == "win32":
        import ctypes
        import struct

        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.CreateJobObjectW.restype = ctypes.c_void_p
        job = kernel.CreateJobObjectW(None, None)
        if not job:
            return 0
        flags = LIMIT_PROCESSES | LIMIT_MEMORY | ENDS_WITH_HANDLE
        # two times, flags, working set sizes, count of processes, affinity, priority class, scheduling class; six counters; four sizes
        limits = struct.pack("@qqIPPIPII6Q4P", 0, 0, flags, 0, 0, 1, 0, 0, 0, *(0,) * 6, MEMORY, 0, 0, 0)
        handle = ctypes.c_void_p(job)
        kernel.SetInformationJobObject(handle, EXTENDED_LIMITS, limits, len(limits))
        kernel.AssignProcessToJobObject(handle, ctypes.c_void_p(int(process._handle)))
        return int(job)
    return 0


def end(job: int) -> None:
    """End all that is in the job."""
    if sys.platform == "win32" and job:
        import ctypes

        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.TerminateJobObject(ctypes.c_void_p(job), 1)
        kernel.CloseHandle(ctypes.c_void_p(job))
