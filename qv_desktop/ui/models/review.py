"""How long what was read before sending counts: not for ever, not out of sight, and not at another price."""

from decimal import Decimal

from PySide6.QtCore import QObject, QTimer, Signal

SECONDS = 30
MOVE = Decimal("0.01")  # of the price that stood there when the order was read


class ReviewWatch(QObject):
    """Emits ``stale`` with a sentence when an order that was read must be read again."""

    stale = Signal(str)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._price: Decimal | None = None
        self.timer = QTimer(self, singleShot=True, interval=SECONDS * 1000)
        self.timer.timeout.connect(
            lambda: self._end(f"Not sent within {SECONDS} s of reading; the market moves, so read the order again.")
        )

    def begin(self, price: Decimal | None) -> None:
        """The order was read now, with the market at ``price``; None where the order names its own price."""
        self._price = price
        self.timer.start()

    def stop(self) -> None:
        """Nothing waits any more."""
        self._price = None
        self.timer.stop()

    def follow(self, price: Decimal | None) -> None:
        """The market is at ``price`` now."""
        was = self._price
        if was and price is not None and abs(price - was) > was * MOVE:
            self._end(f"The price moved from {was} to {price} since you read the order; read it again.")

    def hide(self) -> None:
        """The order went out of sight."""
        if self.timer.isActive():
            self._end("The ticket was out of sight; read the order again.")

    def _end(self, why: str) -> None:
        self.stop()
        self.stale.emit(why)
