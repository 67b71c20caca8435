"""The kill switch: button, key, palette and tray in; strip, notices and blotter out."""

from qv_desktop.domain.errors import QvError
from qv_desktop.domain.events import KillChanged, TradingStateChanged
from qv_desktop.domain.killing import UNPROTECTED, Killing, counted, outcome_words
from qv_desktop.domain.risk import TradingState
from qv_desktop.wiring import Desk


class KillWiring:
    """Every hand that can kill does the same, at once; stopping asks nothing."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._told = ""  # the stage that was last told as a notice
        safety, window = desk.window.safety, desk.window
        safety.kill.held.connect(lambda: self.kill("button"))
        safety.watch.held.connect(lambda id_: self.kill("key") if id_ == "kill.key" else None)
        safety.strip.resume_asked.connect(lambda: window.raise_panel("risk"))
        window.command.connect(self._command)
        desk.services.bus.subscribe(KillChanged, self._changed)
        desk.services.bus.subscribe(TradingStateChanged, self._state)
        self.tick()

    def kill(self, hand: str) -> None:
        """Use it; ``hand`` says how. It works while the desk is locked, too, which is then part of the record."""
        locked = ", while locked" if self._desk.window.isHidden() else ""
        self._desk.tasks.spawn(self._kill(hand + locked))

    async def _kill(self, hand: str) -> None:
        try:
            await self._desk.services.kill.kill(hand)
        except QvError as error:
            self._shout("Kill switch", str(error), f"kill failed {error}")

    def _shout(self, title: str, text: str, key: str) -> None:
        self._desk.services.notices.tell("critical", title, text, key, kind="risk", panel="risk")

    def _state(self, event: TradingStateChanged) -> None:
        if event.state is not TradingState.HALTED:
            self._desk.services.kill.resumed()

    def _command(self, id_: str) -> None:
        """From the palette the hand goes to the button: a held Enter or Space kills, a stray one does not."""
        if id_ == "kill":
            self._desk.window.safety.kill.setFocus()
            self._desk.services.notices.tell(
                "warning",
                "Kill switch",
                f"Hold Enter or Space for one second. {self._desk.services.kill.intent()}",
                "kill hint",
            )

    def _changed(self, event: KillChanged) -> None:
        killing = event.killing
        self._desk.window.safety.strip.show_killing(killing)
        if killing.stage != self._told and killing.stage in ("unproven", "done", "resumed", "failed"):
            self._tell(killing)
        self._told = killing.stage

    def _tell(self, killing: Killing) -> None:
        title = {
            "unproven": "Kill switch: no proof yet",
            "done": "Killed",
            "resumed": "Kill switch: ended by a resume",
            "failed": "Kill switch: nothing could be cancelled",
        }[killing.stage]
        halted = f"Trading is halted. {UNPROTECTED}" if killing.halted else "Trading is NOT halted."
        why = f" {killing.detail.rstrip('.')}." if killing.stage == "failed" and killing.detail else ""
        left = f" Still open: {', '.join(killing.left)}." if killing.left else ""
        text = (
            f"{outcome_words(killing).capitalize()}.{why}{left} {halted if killing.stage != 'resumed' else ''}".strip()
        )
        self._shout(title, text, f"kill {killing.stage} {killing.at.isoformat()}")

    def tick(self) -> None:
        """Once a second: the button says what it would do, and what came to life after a kill is cancelled."""
        kill = self._desk.services.kill
        self._desk.window.safety.kill.show_intent(kill.intent(), kill.lacking())
        if kill.following and not kill.running:
            self._desk.tasks.spawn(self._follow())

    async def _follow(self) -> None:
        try:
            count = await self._desk.services.kill.follow_up()
        except QvError as error:
            self._shout("Kill switch: what opens now is not cancelled", str(error), f"kill follow failed {error}")
            return
        if count:
            orders = counted(count, "order")
            text = f"{orders[:1].upper()}{orders[1:]} turned out to be open after the kill; asked to cancel while trading is halted."
            self._shout("Kill switch: more was open", text, "kill follow")
