"""Freezes the program into dist/qv-desktop and tries it: `bash packaging/dev build`. The exit code is that of the trial."""

import subprocess
import sys
from pathlib import Path

import smoke_test

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
    print(f"{folder.relative_to(ROOT)}: {smoke_test.size(folder) / 1e6:.0f} MB", flush=True)
    sys.argv[1:] = [str(folder)]
    return smoke_test.main()


if __name__ == "__main__":
    sys.exit(main())
