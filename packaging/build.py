"""Freezes the program into dist/qv-desktop and tries it: `bash packaging/dev build`. The exit code is that of the trial."""

import asyncio
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import frozen_worker
import smoke_test
import supply

ROOT = Path(__file__).resolve().parents[1]


def main() -> int:
    """Build, say how large it is, try it."""
    command = [sys.executable, "-m", "PyInstaller", "packaging/qv_desktop.spec", "--noconfirm", "--log-level", "WARN",
               "--distpath", "dist", "--workpath", "build"]  # fmt: skip
    print("Freezing; this takes some minutes …", flush=True)
    built = subprocess.run(command, cwd=ROOT, check=False).returncode
    if built:
        sys.stderr.write(f"PyInstaller ended with code {built}; its words are above.\n")
        return built
    folder = ROOT / "dist" / "qv-desktop"
    print(f"Compiled {compile_ahead(folder)} functions for the backtest worker.", flush=True)
    shutil.copy(supply.BILL, folder)
    supply.main(["sums", str(folder)])
    print(f"{folder.relative_to(ROOT)}: {smoke_test.size(folder) / 1e6:.0f} MB", flush=True)
    sys.argv[1:] = [str(folder)]
    return smoke_test.main()


def compile_ahead(folder: Path) -> int:
    """Let the frozen worker run every shipped strategy once and keep what it compiled in the build; how many functions."""
    inside, kept = folder / "_internal", 0
    with tempfile.TemporaryDirectory() as cache:
        asyncio.run(smoke_test.each_strategy(smoke_test.program(folder), Path(cache)))
        roots = [inside / name for name in frozen_worker.COMPILED]
        for sources in (folder for root in roots for folder in (root, *root.rglob("*/"))):
            found = Path(cache) / frozen_worker.name_in_cache(sources)
            if found.is_dir():
                shutil.copytree(found, inside / frozen_worker.SHIPPED / sources.relative_to(inside), dirs_exist_ok=True)
                kept += len(list(found.glob("*.nbi")))
    return kept


if __name__ == "__main__":
    sys.exit(main())
