"""What the headless story leaves behind: pictures of the window and of each panel, the report, and a summary."""

import asyncio
import json
from pathlib import Path
from typing import Any

from PySide6.QtGui import QPixmap

from qv_desktop.adapters.reports.files import written
from qv_desktop.adapters.reports.reconciliation import ReconciliationReports
from qv_desktop.app import Demo
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.reports import FORMS
from qv_desktop.services.health import percentile
from qv_desktop.ui.frames import LagProbe
from qv_desktop.ui.paper import pdf
from qv_desktop.wiring import Desk

WORKSPACES = ("trading", "markets", "charts", "compliance", "research", "risk")
WIDTH, HEIGHT = 1600, 900
SETTLE, LOAD = 0.4, 2.5  # seconds for a switched workspace to lay itself out, and for new charts to load


async def leave(desk: Desk, demo: Demo, probe: LagProbe, window_s: float, happened: dict[str, bool]) -> None:
    """Write everything under ``demo.out``. Raises BadInput when it cannot be written."""
    out = demo.out or Path("out")
    try:
        out.mkdir(parents=True, exist_ok=True)
        latencies = list(
            desk.services.market.latencies
        )  # before the pictures, whose taking is no part of the terminal's work
        reports = await _reports(desk, out)
        summary = await _summary(desk, probe, window_s, latencies)
        summary |= {"stages": happened, "screenshots": [], "reports": reports}
        _sum_up(out, summary)  # the figures stand even when the disk has no room for the pictures
        summary["screenshots"] = await _pictures(desk, out)
        _sum_up(out, summary)
    except OSError as error:
        raise BadInput(
            f"The proof could not be written to {out} ({error.strerror}); free some space or choose another --out."
        ) from error


def _sum_up(out: Path, summary: dict[str, Any]) -> None:
    written(out, "summary.json", json.dumps(summary, indent=2) + "\n")


async def _pictures(desk: Desk, out: Path) -> list[str]:
    window = desk.window
    window.resize(WIDTH, HEIGHT)
    window.clear_notices()  # the trader has read them; they stand in the alerts panel
    names = []
    for workspace in WORKSPACES:
        window.switch_workspace(workspace)
        await asyncio.sleep(SETTLE if workspace != "charts" else LOAD)
        names.append(_saved(window.grab(), out, f"window-{workspace}"))
    window.docks.maximise("risk")  # all of its cards, where they have room
    await asyncio.sleep(SETTLE)
    names.append(_saved(desk.panels.risk.grab(), out, "panel-risk"))
    window.docks.maximise("risk")
    window.switch_workspace("trading")
    await asyncio.sleep(SETTLE)
    for name in (name for name in desk.panels.by_name() if name != "risk"):
        window.raise_panel(name)
        await asyncio.sleep(0.05)
        names.append(_saved(window.grab_panel(name), out, f"panel-{name}"))
    return names


def _saved(picture: QPixmap, out: Path, name: str) -> str:
    fresh = out / f".{name}.part"
    if not picture.save(str(fresh), "PNG"):
        fresh.unlink(missing_ok=True)
        raise BadInput(
            f"The picture {name}.png could not be written to {out}; free some space or choose another --out."
        )
    fresh.replace(out / f"{name}.png")
    return f"{name}.png"


async def _reports(desk: Desk, out: Path) -> list[str]:
    run = desk.services.reconcile.last
    if run is None:
        return []
    exported = await desk.services.reconcile.export(run, FORMS)
    desk.panels.reconciliation.show_exported(exported)
    return [path.name for path in await ReconciliationReports(pdf).write(run, out, FORMS)]


async def _summary(desk: Desk, probe: LagProbe, window_s: float, latencies: list[float]) -> dict[str, Any]:
    services = desk.services
    await services.orders.records.written(10)
    while services.ticks.waiting:  # what arrived meanwhile too, so that the counts are of one moment
        await services.ticks.flush()
    run, verified = services.reconcile.last, services.audit.verified
    lag50, lag99 = probe.whole_run()
    return {
        "window_s": round(window_s, 3),
        "ticks_received": services.market.trades,
        "ticks_stored": services.ticks.stored,
        "messages": services.market.messages,
        "bars": services.ticks.stored_bars,
        "orders": len(services.orders.book),
        "fills": len(services.orders.fills),
        "positions": len(services.positions.held()),
        "breaks": len(run.breaks) if run else None,
        "audit_entries": verified.rows if verified else 0,
        "audit_verified": bool(verified and verified.whole),
        "feed_latency_ms": {"p50": _rounded(percentile(latencies, 0.5)), "p99": _rounded(percentile(latencies, 0.99))},
        "gui_lag_ms": {"p50": _rounded(lag50), "p99": _rounded(lag99)},
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
