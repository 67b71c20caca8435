"""A fresh interpreter wears one theme, as the program does, builds every panel and dialog, and tells what it saw of them.

Run as ``python -m tests.ui.dressed THEME``.
"""

import asyncio
import json
import sys
from collections import Counter
from typing import cast

from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication, QWidget

from qv_desktop.app import running, session  # noqa: F401 - what a start has imported before it chooses its colours
from qv_desktop.ui import colors, theme


async def built() -> dict[str, QWidget]:
    """Everything with a ground of its own: name -> widget."""
    from qv_desktop import wiring
    from qv_desktop.domain.strategy_source import Problem
    from qv_desktop.strategies.built_in import built_in
    from qv_desktop.ui.connections_dialog import ConnectionsDialog
    from qv_desktop.ui.consent_dialog import ConsentDialog
    from qv_desktop.ui.import_dialog import ImportDialog
    from qv_desktop.ui.keys_dialog import KeysDialog
    from qv_desktop.ui.login_dialog import LoginDialog
    from qv_desktop.ui.main_window import MainWindow
    from qv_desktop.ui.models.key_map import KeyMap
    from qv_desktop.ui.notify_dialog import NotifyDialog
    from qv_desktop.ui.passphrase_dialog import PassphraseDialog
    from qv_desktop.ui.settings_dialog import SettingsDialog
    from tests.builders import NOW

    panels = (await wiring.panels("test", pause=lambda: asyncio.sleep(0))).by_name()
    window = MainWindow(panels)
    window.set_environment("PAPER")
    dialogs = {
        "log-in": LoginDialog("PAPER", "0"),
        "settings": SettingsDialog(),
        "connections": ConnectionsDialog("http://127.0.0.1:1/callback", "Somewhere safe."),
        "passphrase": PassphraseDialog(choosing=True),
        "import": ImportDialog(),
        "notify": NotifyDialog(),
        "keys": KeysDialog(KeyMap()),
        "consent": ConsentDialog(built_in(NOW)[0], "maria", [Problem(1, "Odd.", grave=False)]),
        "window": window,
    }
    return {**panels, **dialogs}


def grounds(picture: QImage) -> dict[str, float]:
    """Colour -> its share of the picture."""
    seen = Counter(picture.pixel(x, y) for x in range(picture.width()) for y in range(picture.height()))
    total = picture.width() * picture.height()
    return {QColor(pixel).name(): count / total for pixel, count in seen.most_common(20)}


def main() -> None:
    app = QApplication([])
    theme.apply(app, cast(colors.Theme, sys.argv[1]))
    told = {}
    for name, widget in asyncio.run(built()).items():
        widget.resize(480, 320)
        sheets = [part.styleSheet() for part in (widget, *widget.findChildren(QWidget)) if part.styleSheet()]
        told[name] = {"grounds": grounds(widget.grab().toImage()), "sheets": sheets}
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
