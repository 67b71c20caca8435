"""One break of the queue: both sides, what is proposed, what can be done about it, and its story."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from qv_desktop.domain.breaks import DECIDED, WORKED, BreakItem, Remark, standing
from qv_desktop.domain.entries import unbookable
from qv_desktop.domain.syncing import POLICY, settled_by
from qv_desktop.ui import format as words
from qv_desktop.ui import theme
from qv_desktop.ui.models.break_words import MEANINGS, age_since, signed, stamp
from qv_desktop.ui.models.flow import Flow
from qv_desktop.ui.models.json_difference import DifferenceView
from qv_desktop.ui.models.layouts import forbid
from qv_desktop.ui.models.ledger import Ledger, Line

ACTIONS = {  # action -> its button, and what pressing it does
    "take": ("Take", "Be the one who looks after it"),
    "comment": ("Comment…", "Add a line to its story"),
    "book": ("Book entry…", "See the entry that makes our books the broker's, and book it for a reason"),
    "explain": ("Explain…", "The difference stays, and is understood"),
    "resolve": ("Resolve…", "It is settled; a comparison that still finds it opens it again"),
    "carry": ("Carry forward…", "Leave it to the next weekday, when it opens again by itself"),
    "reopen": ("Reopen…", "Take back what was decided"),
    "sign": ("Sign off", "Agree with what somebody else decided; both names go into the audit trail"),
}
VERBS = {"take": "took it", "book": "booked", "comment": "said", "explain": "explained", "resolve": "resolved", "carry": "carried forward",
         "reopen": "reopened", "sign": "signed off", "refused": "was refused"}  # fmt: skip


class BreakDetails(QWidget):
    """Emits ``wanted(str)`` with an action. ``now`` tells ages."""

    wanted = Signal(str)

    def __init__(self, now: Callable[[], datetime]) -> None:
        super().__init__()
        self._now = now
        self._item: BreakItem | None = None
        self._lacking: Mapping[str, str] = {}
        self.me = ""
        self.policy = POLICY  # what is booked without a person
        self.heading, self.meaning = theme.label("", "title"), theme.label("")
        self.compared = DifferenceView("Our row and the broker's row")
        self.facts, self.story = Ledger("The break"), theme.label("", "hint")
        self.buttons = {action: theme.button(text) for action, (text, _) in ACTIONS.items()}
        self.eyes = theme.label(
            "A decision takes a reason and a second person's sign-off. Both names go into the audit trail.", "hint"
        )
        self._lay_out()

    def _lay_out(self) -> None:
        for sentence in (self.meaning, self.story, self.eyes, self.heading):
            sentence.setWordWrap(True)
            sentence.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.story.setAccessibleName("Story of the break")
        self.compared.setFixedHeight(68)
        for action, button in self.buttons.items():
            button.clicked.connect(lambda _=False, action=action: self.wanted.emit(action))
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 8)
        column.setSpacing(6)
        for part in (
            self.heading,
            self.meaning,
            self.compared,
            Flow(*self.buttons.values(), sides=0),
            self.facts,
            self.eyes,
            self.story,
        ):
            column.addWidget(part)
        column.addStretch(1)

    # ---- in

    def show_item(self, item: BreakItem | None) -> None:
        """Another item, or the same one anew."""
        if item is None or self._item is None or item.id != self._item.id:
            self.story.setText("")
        self._item = item
        self.heading.setText("No break is chosen" if item is None else f"{item.section.capitalize()} · {item.key}")
        self.meaning.setText("" if item is None else MEANINGS[item.kind])
        self.compared.setVisible(item is not None)
        self.facts.show_lines([] if item is None else self._facts(item))
        if item is not None:
            here, there = f"here   {item.internal}", f"there  {item.external}"
            self.compared.show_lines([("-", here), ("+", there), (" ", f"       {signed(item.difference)}")])
        self._judge()

    def show_story(self, id_: str, remarks: Sequence[Remark]) -> None:
        """What happened to the item of this id, oldest first; the newest is read first."""
        if self._item is not None and self._item.id == id_:
            self.story.setText("\n".join(map(_told, reversed(remarks))))

    def forbid(self, lacking: Mapping[str, str]) -> None:
        """Why the person may not ``change`` or ``approve``."""
        self._lacking = lacking
        self._judge()

    # ---- eyes

    def _facts(self, item: BreakItem) -> list[Line]:
        lines = [
            Line("Class", f"{item.kind} · {item.severity}"),
            Line("At risk", words.money(item.at_risk)),
            Line("Proposed entry", item.proposal, "ACCENT", tip=item.proposal),
            Line("Settled by", settled := settled_by(item.section, item.kind, self.policy), tip=settled),
            Line("First seen ET", stamp(item.first_seen)),
            Line("Last found ET", stamp(item.last_seen), tip=f"By the run {item.last_run}"),
            Line(
                "Age",
                words.age(age_since(item, self._now())) + (f" · came {item.times} times" if item.times > 1 else ""),
            ),
            Line("Owner", item.owner or words.UNKNOWN),
            Line("State", standing(item), "WARN" if item.waits else "TX0"),
        ]
        if item.decided_by:
            lines.append(
                Line("Decided by", f"{item.decided_by} · {words.clock(item.decided_at)}", tip=stamp(item.decided_at))
            )
            lines.append(Line("Reason", item.reason, tip=item.reason))
            signer = f"{item.signed_by} · {words.clock(item.signed_at)}" if item.signed_by else "not yet"
            lines.append(Line("Signed off by", signer, "TX0" if item.signed_by else "WARN", tip=stamp(item.signed_at)))
        return lines

    def _judge(self) -> None:
        item = self._item
        for action, button in self.buttons.items():
            button.setVisible(item is not None and _fits(action, item, self.me))
            permission = "approve" if action in ("sign", "book") else "change"
            why = self._lacking.get(permission, "")
            if not why and action == "sign" and item is not None and item.decided_by == self.me:
                why = "Four eyes: you decided this yourself; somebody else signs it off."
            if action == "book" and item is not None:
                why = unbookable(item.section, item.key, item.kind) or why
            forbid(button, why)
            if not why:
                button.setToolTip(ACTIONS[action][1])
        self.eyes.setVisible(item is not None and not item.closed)


def _fits(action: str, item: BreakItem, me: str) -> bool:
    """Whether an action makes sense in the state that the item is in."""
    match action:
        case "take":
            return not item.closed and item.owner != me
        case "explain" | "resolve" | "carry" | "book":
            return item.state in WORKED and not (action == "explain" and item.state == "explained")
        case "reopen":
            return item.state in DECIDED
        case "sign":
            return item.waits
    return True


def _told(remark: Remark) -> str:
    if remark.actor == "system":
        return f"{stamp(remark.at)}  {remark.words}"
    verb = VERBS.get(remark.what, remark.what)
    return f"{stamp(remark.at)}  {remark.actor} {verb}" + (f": {remark.words}" if remark.words else "")
