"""The program's entry: the simulator and the workers are this same program started with another word."""

import multiprocessing
import runpy
import sys

PROCESSES = {"simulate": "qv_desktop.simulator", "worker": "qv_desktop.adapters.compute.serving"}


def main() -> None:
    """Start what the first word names; every other word goes to the command line."""
    multiprocessing.freeze_support()  # first, or a frozen child would open a second window
    module = PROCESSES.get(sys.argv[1]) if len(sys.argv) > 1 else None
    if module is not None:
        sys.argv = [sys.argv[0], *sys.argv[2:]]
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        return
    try:
        from qv_desktop.cli import command

        sys.exit(command(sys.argv[1:]))
    except KeyboardInterrupt:  # while the command line itself was being loaded
        sys.exit(130)


if __name__ == "__main__":
    main()
