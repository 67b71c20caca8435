"""Ticket presets: what a person last used in each symbol and what they keep under names, across restarts."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from statistics import median
from typing import Any

import structlog

from qv_desktop.domain.audit import SYSTEM, Actor, Draft
from qv_desktop.domain.errors import BadInput, DatabaseDown
from qv_desktop.domain.ticket_presets import STANDARD, TicketPreset, read_preset
from qv_desktop.services.ports.preferences import Preferences

log = structlog.get_logger(__name__)

SYMBOLS, NAMED = "ticket.symbols", "ticket.presets"  # settings
MOST_SYMBOLS = 500  # that are remembered; the longest unused are forgotten
MOST_NAMED = 50
LONGEST = 30  # characters of a name
SIZES = 5  # sizes of which the middle one is usual
USUAL = Decimal(100)  # shares, where nothing was sent yet
SETTLED = 3  # sizes from which a person's habit counts alone: one slip is none


@dataclass(frozen=True, slots=True)
class _Used:
    """What a symbol's ticket last was, and the shares of its newest orders, oldest first."""

    preset: TicketPreset
    sizes: tuple[Decimal, ...] = field(default=())


class TicketPresets:
    """Everything is in memory at once and written behind it: no outage of the database stands between a person and the ticket.

    Nothing is written before what is stored was read. ``user`` gives the id of who is signed in, empty for nobody.
    """

    def __init__(
        self, preferences: Preferences, user: Callable[[], str], actor: Callable[[], Actor] = lambda: SYSTEM
    ) -> None:
        self._preferences, self._user, self._actor = preferences, user, actor
        self._stored = "{}"  # the named presets as they are kept
        self._used: dict[str, _Used] = {}  # symbol -> the longest unused first
        self._named: dict[str, TicketPreset] = {}
        self._loaded = False
        self._unwritten: set[str] = set()  # settings that have changed

    @property
    def named(self) -> Mapping[str, TicketPreset]:
        """The presets that have names, in alphabetical order."""
        return dict(sorted(self._named.items(), key=lambda item: item[0].casefold()))

    @property
    def waiting(self) -> bool:
        """Whether something is not yet stored, or not yet read."""
        return not self._loaded or bool(self._unwritten)

    def last(self, symbol: str) -> TicketPreset | None:
        """What was last sent in ``symbol``."""
        found = self._used.get(symbol)
        return found.preset if found else None

    def usual(self, symbol: str) -> Decimal:
        """Shares that are usual in ``symbol``: the middle one of the newest sizes, where the first ones count beside 100."""
        found = self._used.get(symbol)
        sizes = found.sizes if found else ()
        return median((*[USUAL] * (SETTLED - len(sizes)), *sizes))

    def remember(self, symbol: str, preset: TicketPreset, shares: Decimal) -> None:
        """An order in ``symbol`` was sent."""
        before = self._used.pop(symbol, None)
        self._used[symbol] = _Used(preset, ((*before.sizes, shares) if before else (shares,))[-SIZES:])
        while len(self._used) > MOST_SYMBOLS:
            del self._used[next(iter(self._used))]
        self._unwritten.add(SYMBOLS)

    def keep(self, name: str, preset: TicketPreset) -> None:
        """Keep ``preset`` under ``name``, in place of one of that name. Raises BadInput."""
        tidy = name.strip()
        if not 0 < len(tidy) <= LONGEST or not tidy.isprintable():
            raise BadInput(f"Give the preset a name of up to {LONGEST} characters.")
        if tidy not in self._named and len(self._named) >= MOST_NAMED:
            raise BadInput(f"There are {MOST_NAMED} presets already; delete one first.")
        self._named[tidy] = preset
        self._unwritten.add(NAMED)

    def forget(self, name: str) -> None:
        """Delete the preset of that name; nothing happens when there is none."""
        if self._named.pop(name, None) is not None:
            self._unwritten.add(NAMED)

    async def sync(self) -> bool:
        """Read what is stored, once, and write what changed; whether all is done. The database may be away: nothing is lost."""
        try:
            if not self._loaded:
                await self._load()
            await self._write()
        except DatabaseDown as error:
            log.info("ticket_presets_wait", reason=str(error))
        return not self.waiting

    async def _load(self) -> None:
        """What was remembered meanwhile is newer than what is stored."""
        user = self._user()
        symbols = _object(await self._preferences.setting(user, SYMBOLS))
        self._stored = await self._preferences.setting(user, NAMED) or "{}"
        named = _object(self._stored)
        self._used = {name: used for name, raw in symbols.items() if (used := _read_used(raw))} | self._used
        self._named = {name: preset for name, raw in named.items() if (preset := read_preset(raw))} | self._named
        self._loaded = True

    async def _write(self) -> None:
        for setting in sorted(self._unwritten):
            self._unwritten.discard(setting)  # before the wait: a change meanwhile is to be written again
            try:
                await self._save(setting, self._text(setting))
            except BaseException:
                self._unwritten.add(setting)
                raise

    async def _save(self, setting: str, text: str) -> None:
        """What was last used is a habit; what is kept under a name decides what an order will be, and is recorded."""
        if setting != NAMED:
            await self._preferences.save_setting(self._user(), setting, text)
            return
        draft = Draft(self._actor(), "settings.presets", "settings", NAMED, before=self._stored, after=text)
        await self._preferences.save_setting(self._user(), setting, text, draft)
        self._stored = text

    def _text(self, setting: str) -> str:
        if setting == NAMED:
            return json.dumps({name: _changed(preset) for name, preset in self._named.items()})
        return json.dumps(
            {
                symbol: {**_changed(used.preset), "sizes": [str(size) for size in used.sizes]}
                for symbol, used in self._used.items()
            }
        )


def _changed(preset: TicketPreset) -> dict[str, object]:
    """The preset's fields that are not standard."""
    standard = asdict(STANDARD)
    return {name: value for name, value in asdict(preset).items() if value != standard[name]}


def _read_used(raw: object) -> _Used | None:
    preset = read_preset(raw)
    if preset is None or not isinstance(raw, dict):
        return None
    return _Used(preset, _sizes(raw.get("sizes")))


def _sizes(raw: object) -> tuple[Decimal, ...]:
    texts = raw if isinstance(raw, list) else []
    good = [
        text
        for text in texts
        if isinstance(text, str) and text.replace(".", "", 1).isascii() and text.replace(".", "", 1).isdigit()
    ]
    return tuple(Decimal(text) for text in good if Decimal(text) > 0)[-SIZES:]


def _object(text: str | None) -> dict[str, Any]:
    """A JSON object; an empty one where the text is none."""
    try:
        value = json.loads(text or "{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
