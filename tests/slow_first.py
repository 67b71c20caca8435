"""A plugin of the tests that begins with the files that take longest, where files are dealt out to workers: one that came last would
leave the other workers idle to its end."""  # fmt: skip

from collections import Counter
from pathlib import PurePosixPath

import pytest

USUAL = 0.06  # seconds of a test
# file -> seconds on two cores beside others, of those that take much longer than their number of tests says; others need not stand here
SECONDS = {
    "stories/test_bad_input.py": 110,
    "cli/test_command.py": 90,
    "app/test_switching.py": 90,
    "stories/test_deployments.py": 70,
    "stories/test_chart_trading.py": 60,
    "stories/test_killed.py": 55,
    "wiring/test_hotkeys.py": 55,
    "adapters/db/test_server.py": 50,
    "stories/test_live_backtest.py": 48,
    "stories/test_outages.py": 46,
    "wiring/test_charts.py": 45,
    "stories/test_recovery.py": 37,
    "adapters/db/test_audit_writing.py": 36,
    "stories/test_kill_switch.py": 29,
    "adapters/db/test_database.py": 25,
    "stories/test_order_lifecycles.py": 25,
    "stories/test_personal_logins.py": 24,
    "services/test_who_may.py": 22,
    "stories/test_stayer.py": 21,
    "wiring/test_notifying.py": 21,
    "simulator/test_market.py": 20,
    "adapters/db/test_personal_logins.py": 20,
    "stories/test_keyless.py": 19,
    "adapters/polygon/test_stream.py": 19,
    "stories/test_entering.py": 18,
    "ui/test_further_panels.py": 18,
    "stories/test_charts.py": 16,
    "stories/test_planted.py": 16,
    "ui/test_main_window.py": 16,
    "adapters/db/test_tampering.py": 16,
    "simulator/test_alpaca_data_client_stream.py": 16,
    "ui/test_colors.py": 15,
    "stories/test_next_morning.py": 14,
    "adapters/polygon/test_rest.py": 14,
    "stories/test_people.py": 13,
    "adapters/db/test_attacks.py": 13,
    "stories/test_unreadable_start.py": 12,
    "wiring/test_charts_in_use.py": 12,
    "adapters/test_patience.py": 12,
    "stories/test_reconcile_size.py": 11,
}


def in_turn(files: list[str]) -> dict[str, int]:
    """The place of each file among those of ``files``, one entry for each test: the slowest first, then as they came."""
    number = Counter(files)
    slowest = sorted(number, key=lambda file: -_seconds(file, number[file]))
    return {file: place for place, file in enumerate(slowest)}


def _seconds(file: str, tests: int) -> float:
    return max(SECONDS.get(PurePosixPath(file).relative_to("tests").as_posix(), 0), tests * USUAL)


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False  # by the number of tests: whole stories of one test would come last


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):
        files = [item.nodeid.partition("::")[0] for item in items]
        place = in_turn(files)
        order = sorted(range(len(items)), key=lambda at: place[files[at]])
        items[:] = [items[at] for at in order]
