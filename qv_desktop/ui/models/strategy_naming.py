"""The strip that asks what a new strategy, a clone or another title is called."""

from collections.abc import Callable, Collection

from PySide6.QtCore import Signal

from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.strategies import Strategy, free_name, tidy_name
from qv_desktop.domain.strategy_template import template
from qv_desktop.ui.models.name_bar import NameBar


class StrategyNaming(NameBar):
    """Offers a name that is free, and takes only one that orders can carry; ``wrong`` says why one is not taken."""

    created = Signal(str, str)  # name, source
    cloned = Signal(object, str)  # Strategy, name
    retitled = Signal(str)
    wrong = Signal(str)  # empty once a name is taken

    def ask_new(self, kind: str, taken: Collection[str]) -> None:
        """A name for a new one from the template of this kind."""
        self.ask_source("my_strategy" if kind == "signals" else "my_rotation", template(kind), taken)

    def ask_source(self, wanted: str, source: str, taken: Collection[str]) -> None:
        """A name for a new one with this source; ``wanted`` is made one that can be."""
        self._ask(as_name(wanted), "Create", taken, lambda name: self.created.emit(name, source))

    def ask_clone(self, of: Strategy, taken: Collection[str]) -> None:
        """A name for one with the source of another."""
        self._ask(f"my_{of.name}", "Clone", taken, lambda name: self.cloned.emit(of, name))

    def ask_title(self, of: Strategy) -> None:
        """Another title."""
        self.ask_name("Title", "Put it in", self.retitled.emit, old=of.title)

    def _ask(self, wanted: str, answer: str, taken: Collection[str], done: Callable[[str], None]) -> None:
        def named(name: str) -> None:
            try:
                tidy = tidy_name(name)
            except BadInput as error:
                self.wrong.emit(str(error))
                return
            self.wrong.emit("")
            done(tidy)

        self.ask_name("Name", answer, named, old=free_name(wanted, frozenset(taken)), taken=taken)


def as_name(stem: str) -> str:
    """A file's or another name as near as a strategy's can be."""
    letters = (each if each.isascii() and (each.isalnum() or each == "_") else "_" for each in stem.lower())
    kept = "".join(letters).strip("_")
    return kept if kept[:1].isalpha() else f"s_{kept}".rstrip("_")
