"""Which keys mean which command for one person: the table's own, and what the person changed."""

import json
from collections.abc import Mapping, Sequence

from PySide6.QtGui import QKeySequence

from qv_desktop.ui.actions import COMMANDS, Command

CHANGEABLE = ("app", "armed", "held")  # scopes; the keys of a panel belong to it
KEEPS_ONE = "kill.key"  # the command that is never without a key


class KeyMap:
    """Keys by command id. Nothing is taken that Qt does not understand, nor by two commands at once."""

    def __init__(self, commands: Sequence[Command] = COMMANDS) -> None:
        self.commands = {command.id: command for command in commands}
        self._changes: dict[str, tuple[str, ...]] = {}  # command id -> keys in place of its own

    def keys(self, id_: str) -> tuple[str, ...]:
        """The keys of a command. Raises KeyError."""
        return self._changes.get(id_, self.commands[id_].keys)

    def all(self) -> dict[str, tuple[str, ...]]:
        """Every command's keys."""
        return {id_: self.keys(id_) for id_ in self.commands}

    def changeable(self, id_: str) -> bool:
        """Whether a person may give the command other keys."""
        return self.commands[id_].scope in CHANGEABLE

    def changed(self, id_: str) -> bool:
        """Whether the command has other keys than its own."""
        return id_ in self._changes

    def taken_by(self, id_: str, key: str) -> list[Command]:
        """Other commands that have this key already."""
        wanted = normal(key)
        return [c for c in self.commands.values() if c.id != id_ and wanted in map(normal, self.keys(c.id))]

    def complaint(self, id_: str, keys: Sequence[str]) -> str:
        """Why the command may not have these keys, naming who has them; nothing when it may."""
        if not self.changeable(id_):
            return "These keys belong to their panel and cannot be changed."
        if id_ == KEEPS_ONE and not keys:
            return "The kill switch always has a key; choose another one instead."
        for key in keys:
            if not normal(key):
                return f"“{key}” is no key; press another one."
            if self._typed(id_, key):
                return f"{key} alone would be pressed by typing; add Ctrl, Alt or a function key."
            if taken := self.taken_by(id_, key):
                return f"{key} is taken by “{taken[0].title}”."
        return ""

    def _typed(self, id_: str, key: str) -> bool:
        """Whether a person who types would press it; the letters that fill the ticket are heard where nobody types."""
        last = key.replace("Shift+", "")
        return len(last) == 1 and id_ not in ("keys.buy", "keys.sell")

    def give(self, id_: str, keys: Sequence[str]) -> str:
        """Give the command these keys, or the reason why not."""
        why = self.complaint(id_, keys)
        if not why:
            self._set(id_, tuple(dict.fromkeys(normal(key) for key in keys)))
        return why

    def take(self, id_: str, key: str) -> str:
        """Give the command this key alone and take it from whoever has it; or the reason why not."""
        takers = self.taken_by(id_, key)
        for other in takers:
            if not self.changeable(other.id):
                return f"{key} belongs to “{other.title}” in its panel and cannot be taken."
            if other.id == KEEPS_ONE:
                return f"{key} stops everything; give the kill switch another key first."
        for other in takers:
            self._set(other.id, tuple(k for k in self.keys(other.id) if normal(k) != normal(key)))
        return self.give(id_, [key])

    def reset(self, id_: str) -> str:
        """Give the command its own keys again, or the reason why not: another has one of them."""
        own = self.commands[id_].keys
        for key in own:
            if taken := self.taken_by(id_, key):
                return f"{key} is taken by “{taken[0].title}”; reset that one first."
        self._changes.pop(id_, None)
        return ""

    def reset_all(self) -> None:
        """Every command has its own keys."""
        self._changes.clear()

    def _set(self, id_: str, keys: tuple[str, ...]) -> None:
        if keys == tuple(map(normal, self.commands[id_].keys)):
            self._changes.pop(id_, None)
        else:
            self._changes[id_] = keys

    # ---- kept as text

    def written(self) -> str:
        """What was changed, as JSON."""
        return json.dumps({id_: list(keys) for id_, keys in self._changes.items()})

    def read(self, text: str) -> None:
        """Take what ``written`` gave; what no longer fits, such as a key that another command has by now, is left out."""
        self._changes.clear()
        try:
            found = json.loads(text)
        except ValueError:
            return
        known = {
            id_: tuple(map(str, keys))
            for id_, keys in _lists(found).items()
            if id_ in self.commands and self.changeable(id_)
        }
        self._changes = {id_: keys for id_, keys in known.items() if id_ != KEEPS_ONE or keys}
        for id_, keys in known.items():
            if id_ in self._changes and self.complaint(id_, keys):
                del self._changes[id_]


def _lists(found: object) -> Mapping[str, list[object]]:
    return {str(k): v for k, v in found.items() if isinstance(v, list)} if isinstance(found, dict) else {}


def normal(key: str) -> str:
    """A key as Qt writes it portably; nothing when it is none."""
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.PortableText)
