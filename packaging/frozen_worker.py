"""Runs before everything else in the frozen program: gives a backtest worker the functions that were compiled with the build.

numba compiles some eighty of vectorbt's functions before the first backtest, for a minute. A build therefore carries them, compiled for
any processor of its kind, and the first worker after an installation or an update puts them where numba looks: in a folder of the
cache that is named for the path of the sources, which differs from one installation to the next.
"""

import hashlib
import os
import sys
from pathlib import Path

SOURCES, SHIPPED, MARK = "vectorbt", "compiled", "shipped-with"
COMPILED = (
    SOURCES,
    "qv_desktop/analytics",
    "qv_desktop/adapters/compute",
)  # folders of the bundle with compiled functions


def name_in_cache(folder: Path) -> str:
    """How numba names the cache of the sources in ``folder`` (numba/core/caching.py: get_suitable_cache_subpath)."""
    return f"{folder.name}_{hashlib.sha1(str(folder).encode(), usedforsecurity=False).hexdigest()}"


def unpack(bundle: Path, cache: Path, build: str) -> None:
    """Copy what ``bundle`` ships into ``cache``, unless the same ``build`` did so before."""
    mark = cache / MARK
    if mark.is_file() and mark.read_text(encoding="utf-8") == build:
        return
    for file in (bundle / SHIPPED).rglob("*.nb?"):
        sources = bundle / file.parent.relative_to(bundle / SHIPPED)
        _put(cache / name_in_cache(sources) / file.name, file.read_bytes())
    _put(mark, build.encode())


def _put(target: Path, content: bytes) -> None:
    """Write whole or not at all: another worker may be reading."""
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f"{target.name}.{os.getpid()}")
    draft.write_bytes(content)
    draft.replace(target)


def prepare() -> None:
    """Prepare this process, if it is a worker."""
    cache, bundle = os.environ.get("NUMBA_CACHE_DIR"), Path(getattr(sys, "_MEIPASS", ""))
    if sys.argv[1:2] != ["worker"] or not cache:
        return
    os.environ["NUMBA_CPU_NAME"] = "generic"
    program = Path(sys.executable).stat()
    try:
        unpack(bundle, Path(cache), f"{bundle} {program.st_size} {program.st_mtime_ns}")
    except OSError as full:
        sys.stderr.write(
            f"The compiled functions could not be unpacked ({full.strerror}); the first backtest will take a minute.\n"
        )


if getattr(sys, "frozen", False):
    prepare()
