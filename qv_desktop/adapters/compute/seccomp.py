"""A seccomp filter: the kernel refuses a run new processes, sockets, signals to others and what changes the machine."""

import ctypes
import errno
import platform
import struct
import sys

ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # column of REFUSED, the kernel's name for it
NEWER = 447  # calls from this number on are younger than this list, and answered as if the kernel did not know them
CLONE, CLONE3, PRCTL, PRLIMIT = (56, 220), (435, 435), (157, 167), (302, 261)
CLONE_THREAD = 0x10000
HARMLESS_PRCTL = (3, 15, 16, 0x53564D41)  # get dumpable, set and get a thread's name, name a mapping

# fmt: off
REFUSED: dict[str, tuple[int | None, int | None]] = {  # number on x86-64 and on AArch64, by the kernel's headers
    # processes and signals, sockets, memory of others, memory that no limit counts, what a file is rather than what is in it,
    # the machine's clock, mounts, modules and keys, priorities above ours, and ways round this filter
    "socket": (41, 198), "socketpair": (53, 199), "ptrace": (101, 117), "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271), "kcmp": (312, 272), "process_madvise": (440, 440), "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438), "pidfd_send_signal": (424, 424), "kill": (62, 129), "tkill": (200, 130), "tgkill": (234, 131),
    "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240), "fork": (57, None), "vfork": (58, None), "execve": (59, 221),
    "execveat": (322, 281), "setsid": (112, 157), "setpgid": (109, 154), "io_uring_setup": (425, 425), "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427), "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282),
    "seccomp": (317, 277), "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219), "mount": (165, 40),
    "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51), "unshare": (272, 97), "setns": (308, 268),
    "move_mount": (429, 429), "fsopen": (430, 430), "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433),
    "open_tree": (428, 428), "mount_setattr": (442, 442), "swapon": (167, 224), "swapoff": (168, 225), "reboot": (169, 142),
    "kexec_load": (246, 104), "kexec_file_load": (320, 294), "init_module": (175, 105), "finit_module": (313, 273),
    "delete_module": (176, 106), "settimeofday": (164, 170), "clock_settime": (227, 112), "clock_adjtime": (305, 266),
    "adjtimex": (159, 171), "sethostname": (170, 161), "setdomainname": (171, 162), "acct": (163, 89), "quotactl": (179, 60),
    "quotactl_fd": (443, 443), "syslog": (103, 116), "ioperm": (173, None), "iopl": (172, None), "open_by_handle_at": (304, 265),
    "name_to_handle_at": (303, 264), "personality": (135, 92), "vhangup": (153, 58), "memfd_create": (319, 279),
    "shmget": (29, 194), "shmat": (30, 196), "shmctl": (31, 195), "shmdt": (67, 197), "msgget": (68, 186), "msgsnd": (69, 189),
    "msgrcv": (70, 188), "msgctl": (71, 187), "semget": (64, 190), "semop": (65, 193), "semtimedop": (220, 192),
    "semctl": (66, 191), "mq_open": (240, 180), "mq_unlink": (241, 181), "chmod": (90, None), "fchmod": (91, 52),
    "fchmodat": (268, 53), "chown": (92, None), "fchown": (93, 55), "lchown": (94, None), "fchownat": (260, 54),
    "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7), "removexattr": (197, 14), "lremovexattr": (198, 15),
    "fremovexattr": (199, 16), "utime": (132, None), "utimes": (235, None), "futimesat": (261, None), "utimensat": (280, 88),
    "setrlimit": (160, 164), "setpriority": (141, 140), "ioprio_set": (251, 30), "sched_setscheduler": (144, 119),
    "sched_setparam": (142, 118), "sched_setattr": (314, 274), "sched_setaffinity": (203, 122), "mlockall": (151, 230),
    "setuid": (105, 146), "setgid": (106, 144), "setreuid": (113, 145), "setregid": (114, 143), "setresuid": (117, 147),
    "setresgid": (119, 149), "setfsuid": (122, 151), "setfsgid": (123, 152), "setgroups": (116, 159), "capset": (126, 91),
    "fanotify_init": (300, 262), "inotify_init": (253, None), "inotify_init1": (294, 26), "mknod": (133, None),
    "mknodat": (259, 33), "lookup_dcookie": (212, 18),
}
# fmt: on

LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06  # instructions of the kernel's filter machine
ALLOW, KILL, NOT_PERMITTED, UNKNOWN = 0x7FFF0000, 0x80000000, 0x50000 | errno.EPERM, 0x50000 | errno.ENOSYS
NUMBER, ARCHITECTURE = 0, 4  # offsets in the kernel's record of a call; arguments are eight bytes each from 16 on


def _argument(index: int, high: bool = False) -> int:
    return 16 + 8 * index + (4 if high else 0)


type Instruction = tuple[int, int, int, int]  # code, skip when true, skip when false, operand


def program(machine: str) -> list[Instruction]:
    """The filter for ``machine``. Raises KeyError for one whose numbers are not known here."""
    column, architecture = ARCHITECTURES[machine]
    steps: list[Instruction] = [
        (LOAD, 0, 0, ARCHITECTURE), (EQUAL, 1, 0, architecture), (RETURN, 0, 0, KILL),
        (LOAD, 0, 0, NUMBER), (AT_LEAST, 0, 1, NEWER), (RETURN, 0, 0, UNKNOWN),
        (EQUAL, 0, 1, CLONE3[column]), (RETURN, 0, 0, UNKNOWN),  # the C library then makes threads by clone
        (EQUAL, 0, 4, CLONE[column]), (LOAD, 0, 0, _argument(0)), (ANY_BIT, 0, 1, CLONE_THREAD), (RETURN, 0, 0, ALLOW),
        (RETURN, 0, 0, NOT_PERMITTED),
        (EQUAL, 0, 6, PRLIMIT[column]), (LOAD, 0, 0, _argument(2)), (EQUAL, 0, 3, 0), (LOAD, 0, 0, _argument(2, high=True)),
        (EQUAL, 0, 1, 0), (RETURN, 0, 0, ALLOW), (RETURN, 0, 0, NOT_PERMITTED),
    ]  # fmt: skip
    harmless = [step for option in HARMLESS_PRCTL for step in ((EQUAL, 0, 1, option), (RETURN, 0, 0, ALLOW))]
    steps += [(EQUAL, 0, 2 + len(harmless), PRCTL[column]), (LOAD, 0, 0, _argument(0)), *harmless,
              (RETURN, 0, 0, NOT_PERMITTED)]  # fmt: skip
    for numbers in REFUSED.values():
        if (number := numbers[column]) is not None:
            steps += [(EQUAL, 0, 1, number), (RETURN, 0, 0, NOT_PERMITTED)]
    return [*steps, (RETURN, 0, 0, ALLOW)]


def apply() -> bool:
    """Lay the filter on this process for good. False where this kernel or machine has none."""
    if sys.platform != "linux" or platform.machine() not in ARCHITECTURES or struct.calcsize("P") != 8:
        return False
    steps = program(platform.machine())
    packed = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in steps))
    filter_program = ctypes.create_string_buffer(struct.pack("@HP", len(steps), ctypes.addressof(packed)))
    libc = ctypes.CDLL(None, use_errno=True)
    no_new_privileges = int(libc.prctl(38, *map(ctypes.c_ulong, (1, 0, 0, 0)))) == 0
    return (
        no_new_privileges and int(libc.prctl(22, ctypes.c_ulong(2), filter_program, *map(ctypes.c_ulong, (0, 0)))) == 0
    )
