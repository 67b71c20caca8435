"""What a frozen worker does before it starts: it unpacks compiled functions to where numba will look."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

FILE = Path(__file__).parents[2] / "packaging" / "frozen_worker.py"


@pytest.fixture
def worker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("frozen_worker", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    shipped = tmp_path / "bundle" / "compiled" / "vectorbt" / "returns"
    shipped.mkdir(parents=True)
    (shipped / "nb.sharpe-7.py313.nbi").write_bytes(b"index")
    (shipped / "nb.sharpe-7.py313.1.nbc").write_bytes(b"code")
    return tmp_path / "bundle"


def test_the_folder_is_the_one_that_numba_looks_in(worker: ModuleType, tmp_path: Path) -> None:
    from numba.core.caching import UserProvidedCacheLocator

    sources = tmp_path / "vectorbt" / "returns"
    assert worker.name_in_cache(sources) == UserProvidedCacheLocator.get_suitable_cache_subpath(str(sources / "nb.py"))


def test_what_is_shipped_lies_where_it_is_looked_for(worker: ModuleType, bundle: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    worker.unpack(bundle, cache, "build 1")
    found = cache / worker.name_in_cache(bundle / "vectorbt" / "returns")
    assert (found / "nb.sharpe-7.py313.nbi").read_bytes() == b"index"
    assert (found / "nb.sharpe-7.py313.1.nbc").read_bytes() == b"code"


def test_a_worker_of_the_same_build_leaves_the_cache_alone(worker: ModuleType, bundle: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    worker.unpack(bundle, cache, "build 1")
    index = next(cache.rglob("*.nbi"))
    index.write_bytes(b"grown since")
    worker.unpack(bundle, cache, "build 1")
    assert index.read_bytes() == b"grown since"


def test_a_new_build_brings_its_own(worker: ModuleType, bundle: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    worker.unpack(bundle, cache, "build 1")
    index = next(cache.rglob("*.nbi"))
    index.write_bytes(b"of the old build")
    worker.unpack(bundle, cache, "build 2")
    assert index.read_bytes() == b"index"


def test_only_a_worker_is_prepared(worker: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("NUMBA_CPU_NAME", raising=False)
    monkeypatch.setattr(sys, "argv", ["qv-desktop", "simulate"])
    worker.prepare()
    assert not (tmp_path / "cache").exists()


def test_a_confined_worker_may_read_the_program_it_is_for_that_holds_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    from qv_desktop.adapters.compute import confining

    monkeypatch.setattr(sys, "executable", "/somewhere/qv-desktop")
    assert Path(sys.executable) not in confining.readable()
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert Path(sys.executable) in confining.readable()
