"""Who computes sweeps: this machine's workers, or the cluster that the settings or the command line name."""

from dataclasses import dataclass

from qv_desktop import paths
from qv_desktop.adapters.compute.limits import limits_of
from qv_desktop.adapters.compute.sweep_address import Cluster
from qv_desktop.adapters.compute.sweep_backtests import BacktestSweeps
from qv_desktop.adapters.compute.sweep_cluster import ClusterSweeps
from qv_desktop.adapters.compute.sweep_pool import LocalSweeps, sweep_pool
from qv_desktop.adapters.compute.workers import WorkerPool
from qv_desktop.config import Settings
from qv_desktop.services.ports.sweeps import SweepEngine


@dataclass(frozen=True, slots=True)
class SweepWork:
    """The engine, and its own workers where it has any."""

    engine: SweepEngine
    pool: WorkerPool | None

    def warm(self) -> None:
        """Start the workers in idle time, so that the first sweep finds them ready."""
        if self.pool is not None:
            self.pool.warm()

    async def close(self) -> None:
        """End the workers."""
        if self.pool is not None:
            await self.pool.close()


def sweep_work(settings: Settings, backtests: WorkerPool, cluster: str = "", workers: int = 0) -> SweepWork:
    """The engine that ``settings`` ask for; ``cluster`` and ``workers`` come before what they say.

    ``backtests`` are the workers for sweeps that only whole backtests can do.
    """
    if cluster or settings.cluster:
        named = Cluster(
            cluster or settings.cluster, settings.cluster_ca, settings.cluster_certificate, settings.cluster_key
        )
        return SweepWork(ClusterSweeps(named, settings.sweep_megabytes, BacktestSweeps(backtests)), None)
    pool = sweep_pool([*paths.relaunch(), "worker"], paths.compiled(), workers or settings.sweep_workers, limits_of(settings),
                      closed=settings.home)  # fmt: skip
    return SweepWork(LocalSweeps(pool, settings.sweep_megabytes, BacktestSweeps(backtests)), pool)
