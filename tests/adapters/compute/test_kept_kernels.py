"""Kernels kept on the disk by several processes at once: each finds its own."""

import subprocess
import sys
from pathlib import Path

ROUNDS = 150
WRITER = """
import sys, time
from pathlib import Path
from numba.core.caching import IndexDataCacheFile
from qv_desktop.adapters.compute.kept_kernels import one_at_a_time

one_at_a_time()
folder, mine, rounds, writers = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
for number in range(rounds):
    Path(folder, f"{mine} at {number}").touch()
    while len(list(Path(folder).glob(f"* at {number}"))) < writers:
        assert not Path(folder, "wrong").exists(), "another one found what was not its own"
        time.sleep(0)
    kernels = IndexDataCacheFile(folder, f"kernel-{number}", "stamp")
    kernels.save(mine, f"code of {mine}" * 1000)
    found = kernels.load(mine)
    if found != f"code of {mine}" * 1000:
        Path(folder, "wrong").touch()
    assert found == f"code of {mine}" * 1000, f"{mine} found {None if found is None else found[:12]} in round {number}"
"""


def test_processes_that_keep_kernels_at_once_each_find_their_own(tmp_path: Path) -> None:
    names = ("one column", "two columns", "three columns")
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, tmp_path, name, str(ROUNDS), str(len(names))],
            stderr=subprocess.PIPE,
            text=True,
        )
        for name in names
    ]
    told = [writer.communicate(timeout=300)[1] for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0, 0], told
