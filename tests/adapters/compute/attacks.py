"""Strategies that mean harm, as source: what searches for secrets, what takes too much, what breaks, what lies."""

from qv_desktop.adapters.compute.frames import PassedLimit, WorkerDied
from qv_desktop.domain.errors import BadInput

HEAD = "import ctypes, os, signal, socket, sys, threading, time\nimport numpy as np\n"


def body(code: str) -> str:
    """A strategy whose ``signals`` is ``code``."""
    lines = "".join(f"    {line}\n" for line in code.splitlines())
    return f"{HEAD}\ndef signals(bars, params):\n{lines}    return bars.close > 1e9, bars.close > 1e9\n"


SEARCH = """
got = []
def look(name, what):
    try:
        found = what()
    except (OSError, ValueError):
        return
    if found is None or CANARY in str(found):
        got.append(name)
def read(path):
    return open(path, 'rb').read(2_000_000)
look('environment', lambda: dict(os.environ))
look('arguments', lambda: sys.argv + sys.orig_argv)
for pid in {os.getppid(), 1, *range(max(os.getpid() - 400, 2), os.getpid() + 400)} - {os.getpid()}:
    for name in ('environ', 'cmdline', 'maps', 'mem', 'fd/0', 'fd/3', 'fd/4', 'root/etc/passwd'):
        look(f'{pid}/{name}', lambda: read(f'/proc/{pid}/{name}') and None)
look('own environ', lambda: read('/proc/self/environ'))
for handle in range(4, 2000):
    look(f'handle {handle}', lambda: os.fstat(handle) and None)
for folder in (SECRETS, '/root', '/home', '/tmp', '/var/lib', '/etc', '/dev/shm', '/work', '/proc', '/'):
    look(f'list {folder}', lambda: os.listdir(folder) and None)
for name in ('keyring.sealed', 'settings.toml', 'exports.csv', 'pgpass'):
    look(name, lambda: read(f'{SECRETS}/{name}'))
    look(f'write {name}', lambda: open(f'{SECRETS}/{name}', 'a') and None)
    look(f'link {name}', lambda: os.link(f'{SECRETS}/{name}', 'mine'))
    look(f'take {name}', lambda: os.rename(f'{SECRETS}/{name}', 'mine'))
    look(f'remove {name}', lambda: os.unlink(f'{SECRETS}/{name}'))
    look(f'open up {name}', lambda: os.chmod(f'{SECRETS}/{name}', 0o777))
    look(f'cut {name}', lambda: os.truncate(f'{SECRETS}/{name}', 0))
look('new file', lambda: open(f'{SECRETS}/new', 'w') and None)
look('symlink', lambda: (os.symlink(f'{SECRETS}/pgpass', 'way'), read('way')))
look('shared memory', lambda: open('/dev/shm/qv', 'w') and None)
"""

SOCKETS = """
for family, address in ((socket.AF_UNIX, f'{SECRETS}/.s.PGSQL.5432'), (socket.AF_INET, ('127.0.0.1', PORT)),
                        (socket.AF_INET, ('1.1.1.1', 53)), (socket.AF_UNIX, chr(0) + 'abstract'), (socket.AF_INET6, ('::1', PORT))):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        look(f'socket {family} {kind}', lambda: socket.socket(family, kind).connect(address))
look('pair', lambda: socket.socketpair() and None)
look('netlink', lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) and None)
look('raw', lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW) and None)
"""

PROCESSES = """
libc = ctypes.CDLL(None, use_errno=True)
def system(number, *values):
    if libc.syscall(number, *values) < 0:
        raise OSError(ctypes.get_errno(), 'refused')
look('fork', lambda: os._exit(0) if os.fork() == 0 else None)
look('spawn', lambda: os.posix_spawn('/bin/true', ['true'], {}) and None)
look('exec', lambda: os.execv('/bin/true', ['true']))
look('shell', lambda: os.popen('true') and None)
for pid in (os.getppid(), -1, 0, -os.getpgrp()):
    look(f'signal {pid}', lambda: os.kill(pid, 0))
look('group', lambda: os.setpgid(0, 0))
look('session', lambda: os.setsid() and None)
look('trace', lambda: system(101, 16, os.getppid(), 0, 0))
look('read memory', lambda: system(310, os.getppid(), None, 0, None, 0, 0))
look('ring', lambda: system(425, 8, ctypes.create_string_buffer(256)))
look('memory file', lambda: os.memfd_create('x') and None)
look('segment', lambda: system(29, 0, 4096, 0o1600))
look('keys of the kernel', lambda: system(250, 0, -3, 0, 0, 0))
look('parent death', lambda: libc.prctl(1, 0) and (_ for _ in ()).throw(OSError()))
look('dumpable', lambda: libc.prctl(4, 1) and (_ for _ in ()).throw(OSError()))
look('other numbers of calls', lambda: system(0x40000000 + 41, 2, 1, 0))
look('namespace', lambda: os.unshare(0x10000000))
look('priority', lambda: os.setpriority(os.PRIO_PROCESS, 0, -20))
import resource
for limit in (resource.RLIMIT_CPU, resource.RLIMIT_AS, resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE):
    look(f'limit {limit}', lambda: resource.setrlimit(limit, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)))
"""

# name -> code, error, words of the error; “seconds” and “processor” stand for attacks that would take for ever
ENDED = {
    "endless loop": ("while True: pass", PassedLimit, "seconds"),
    "endless in C": ("a = np.ones(4_000_000)\nwhile True: np.sort(np.sin(a))", PassedLimit, "seconds"),
    "endless in one call": ("int('9' * 3).__pow__(10 ** 9)", PassedLimit, "seconds"),
    "asleep": ("time.sleep(1000)", PassedLimit, "seconds"),
    "busy": ("while True: pass", PassedLimit, "processor"),
    "deaf to signals": (
        "for name in range(1, 32):\n    try: signal.signal(name, signal.SIG_IGN)\n    except (OSError, ValueError): pass\nwhile True: pass",
        PassedLimit, "seconds"),
    "ten gigabytes": ("np.ones(1_250_000_000)", BadInput, "1,024 MB of memory"),
    "ten gigabytes by and by": ("kept = []\nwhile True: kept.append(np.ones(1_000_000))", BadInput, "memory"),
    "threads without end": (
        "while True: threading.Thread(target=time.sleep, args=(100,), daemon=True).start()", BadInput, "threads?"),
    "a thread that stays": (
        "threading.Thread(target=lambda: [None for _ in iter(int, 1)]).start()\nraise ValueError('mine')", BadInput, "mine"),
    "fork bomb": ("while True: os.fork()", BadInput, "PermissionError"),
    "exit": ("os._exit(0)", WorkerDied, r"exit code 0"),
    "exit with another code": ("os._exit(3)", WorkerDied, r"exit code 3"),
    "sys.exit": ("sys.exit(3)", BadInput, "SystemExit"),
    "abort": ("os.abort()", WorkerDied, "crashed"),
    "broken memory": ("ctypes.string_at(0)", WorkerDied, "SIGSEGV"),
    "depth": (
        "sys.setrecursionlimit(10 ** 9)\ndef deeper(f): return sorted([1], key=lambda x: f(f))\ndeeper(deeper)",
        BadInput, "crashed|Recursion|memory"),
    "ends its parent": ("os.kill(os.getppid(), 9)", BadInput, "PermissionError"),
    "large file": ("open('x', 'wb').write(bytes(64_000_000))", BadInput, "OSError|SIGXFSZ"),
    "many files": (
        "for i in range(100):\n    open(str(i), 'wb').write(bytes(4_000_000))\n    time.sleep(0.02)", BadInput, "24 MB of files"),
    "an error without end": ("raise ValueError('x' * 100_000_000)", BadInput, "ValueError: xxx"),
    "an error that fails": (
        "class E(Exception):\n    def __str__(self): raise ValueError\nraise E", BadInput, "failed"),
}  # fmt: skip


# a whole result of a backtest, but for notes without end, one letter each
MANY = "many = bytes.fromhex('dd000f0000') + bytes([160]) * 0xF0000\n"
NOTES = "[[b'\\xa0'], [b'\\xcb' + bytes(8)], *[[b'']] * 5, *[[b'\\x90']] * 4, [many] * {}, *[[b'\\xa0']] * 2, [b'\\x90'], [b'\\xa0']]"


def forged(fields: str, before: str = "") -> str:
    """A frame of that content, written where answers go."""
    return (
        f"import msgspec\n{before}b = msgspec.msgpack.encode({fields})\nos.write(3, len(b).to_bytes(8))\n"
        "b = memoryview(b)\nwhile b: b = b[os.write(3, b):]\ntime.sleep(100)"
    )


def answered(body: str) -> str:
    """An answer with that body."""
    return f"{{'type': 'answered', 'number': 1, 'body': {body}, 'said': ''}}"


GARBAGE = {
    "noise": "os.write(3, os.urandom(100_000))",
    "a length without end": "os.write(3, (2 ** 62).to_bytes(8) + b'x')",
    "a false answer": forged(answered("[[b'zz']]")),
    "a deep answer": forged(answered("[[b'\\x91' * 1_000_000]] * 16")),
    "notes without end": forged(answered(NOTES.format(60)), MANY),
    "notes that fill what is allowed, in the wrong place": forged(
        answered("[[many] * 20, *" + NOTES.format(1) + "[1:]]"), MANY
    ),
    "false reports": forged("{'type': 'awake', 'seconds': 0.0, 'engine': '', 'kept': [], 'missing': []}").replace(
        "time.sleep(100)", "os.close(3)"
    ),
    "a closed pipe": "os.close(3)\ntime.sleep(100)",
}
LONG_NOTES = forged(answered(NOTES.format(20)), MANY)  # a result that is read, as slow to read as one can be
