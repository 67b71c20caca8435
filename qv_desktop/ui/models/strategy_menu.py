"""What the menu of the strategies panel offers for the strategy in view, each with why it cannot be done."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PySide6.QtWidgets import QMenu

from qv_desktop.domain.strategies import Strategy
from qv_desktop.ui.models.menu_button import entry

NONE = "Choose a strategy first"


@dataclass(frozen=True, slots=True)
class MenuDeeds:
    """What the entries do. ``new`` takes what it is for: signals or weights; ``archive`` whether it goes out of sight."""

    new: Callable[[str], object]
    clone: Callable[[], object]
    title: Callable[[], object]
    open_file: Callable[[], object]
    save_file: Callable[[], object]
    archive: Callable[[Strategy, bool], object]
    toggle_archived: Callable[[], object]


@dataclass(frozen=True, slots=True)
class MenuSight:
    """``typed``: something of it is not saved; ``archived``: such ones are in view; ``fixed``: why it cannot be changed."""

    shown: Strategy | None
    typed: bool
    archived: bool
    fixed: str
    lacking: Mapping[str, str]

    def right(self, name: str) -> str:
        """Why the person may not, or nothing."""
        return self.lacking.get(name, "")


def fill(menu: QMenu, sight: MenuSight, do: MenuDeeds) -> None:
    """Put the entries in."""
    create, none = sight.right("create"), "" if sight.shown is not None else NONE
    entry(menu, "New for one symbol…", lambda: do.new("signals"), create)
    entry(menu, "New for a universe…", lambda: do.new("weights"), create)
    entry(menu, "Clone…", do.clone, create or none)
    entry(menu, "Rename title…", do.title, none or sight.fixed)
    menu.addSeparator()
    entry(menu, "Open a .py file…", do.open_file, create and sight.right("change"))
    entry(menu, "Save as .py file…", do.save_file, sight.right("export") or none)
    menu.addSeparator()
    _fill_archive(menu, sight, do)
    menu.addSeparator()


def _fill_archive(menu: QMenu, sight: MenuSight, do: MenuDeeds) -> None:
    shown = sight.shown
    if shown is not None:
        gone = shown.archived
        why = sight.right("archive") or ("Save or discard what you typed first" if sight.typed and not gone else "")
        entry(menu, "Bring back" if gone else "Archive", lambda: do.archive(shown, not gone), why)
    entry(menu, "Hide archived ones" if sight.archived else "Show archived ones", do.toggle_archived)
