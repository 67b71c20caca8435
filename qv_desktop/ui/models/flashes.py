"""Short coloured grounds behind numbers that changed."""

from PySide6.QtCore import QObject, QTimer, Signal

from qv_desktop.ui import theme

FLASH_MS = 250


class Flashes(QObject):
    """Grounds by key until they fade, all at once; ``faded`` says when."""

    faded = Signal()

    def __init__(self, ms: int = FLASH_MS) -> None:
        super().__init__()
        self.on = True  # off for people who asked for less motion
        self._grounds: dict[str, str] = {}  # key -> "#aarrggbb"
        self._timer = QTimer(self, interval=ms, singleShot=True)
        self._timer.timeout.connect(self._end)

    def of(self, key: str) -> str | None:
        """The ground behind ``key`` now, or None."""
        return self._grounds.get(key)

    def moved(self, key: str, before: float | None, after: float | None) -> None:
        """Flash up or down when a known value became another."""
        if before is not None and after is not None and before != after:
            self.start(key, theme.UP if after > before else theme.DOWN)

    def start(self, key: str, color: str) -> None:
        """Flash in ``color`` (#rrggbb)."""
        if not self.on:
            return
        self._grounds[key] = f"#40{color[1:]}"
        if not self._timer.isActive():
            self._timer.start()

    def _end(self) -> None:
        self._grounds.clear()
        self.faded.emit()
