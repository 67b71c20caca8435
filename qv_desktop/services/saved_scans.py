"""Saved scans: a person's own, beside the ones that ship with the program."""

from dataclasses import replace

from qv_desktop.domain.access import Action, Permission, Resource
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.scans import PRESETS, Scan, checked
from qv_desktop.services.login import Login
from qv_desktop.services.ports import preferences

CHANGE = Permission(Resource.MARKET, Action.CHANGE)
MOST = 100


class SavedScans:
    """The signed-in person's scans as stored. A saved one of a preset's name stands in the preset's place until it is deleted."""

    def __init__(self, store: preferences.Scans, login: Login) -> None:
        self._store, self._login = store, login
        self._own: dict[str, Scan] = {}  # name -> scan

    async def load(self) -> None:
        """Read the person's scans. Raises DatabaseDown."""
        session = self._login.session
        self._own = {scan.name: scan for scan in await self._store.all(session.user.id)} if session else {}

    @property
    def all(self) -> tuple[Scan, ...]:
        """The person's own in order of name, then the presets that none of them replaces."""
        own = sorted(self._own.values(), key=lambda scan: scan.name.casefold())
        return (*own, *(preset for preset in PRESETS if preset.name not in self._own))

    @property
    def alerting(self) -> tuple[Scan, ...]:
        """The ones that tell of newcomers, shown or not; without those whose rule no version of ours can read any more."""
        return tuple(scan for scan in self._own.values() if scan.alert and _runs(scan))

    def named(self, name: str) -> Scan:
        """The scan of this name. Raises BadInput when there is none."""
        for scan in self.all:
            if scan.name == name:
                return scan
        raise BadInput(f"There is no scan “{name}”; choose another.")

    async def save(self, scan: Scan) -> Scan:
        """Keep a scan, new or known by its name; as it was kept. Raises BadInput, NotPermitted, DatabaseDown."""
        user = (await self._login.require(CHANGE)).user.id
        tidy = checked(scan)
        if len({*self._own, tidy.name}) > MOST:
            raise BadInput(f"You have {MOST} scans, which is the most; delete one first.")
        await self._store.save(user, tidy)
        self._own[tidy.name] = tidy
        return tidy

    async def follow(self, universe: str, new: str) -> None:
        """The scans over a watchlist go on over it under its new name. Raises NotPermitted, DatabaseDown."""
        for scan in [scan for scan in self._own.values() if scan.universe == universe]:
            user = (await self._login.require(CHANGE)).user.id
            moved = replace(scan, universe=new)
            await self._store.save(user, moved)
            self._own[scan.name] = moved

    async def delete(self, name: str) -> None:
        """Forget a scan of one's own; the presets stay. Raises BadInput, NotPermitted, DatabaseDown."""
        user = (await self._login.require(CHANGE)).user.id
        if name not in self._own:
            raise BadInput(f"“{name}” is not one of your own scans; the ones that ship with the program stay.")
        await self._store.delete(user, name)
        del self._own[name]


def _runs(scan: Scan) -> bool:
    try:
        checked(scan)
    except BadInput:
        return False
    return True
