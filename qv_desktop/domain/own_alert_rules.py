"""A person's own alert rules: a name, a condition in words, how grave it is."""

from dataclasses import dataclass
from datetime import datetime

from qv_desktop.domain.alert_rules import SEVERITIES, Rule, Severity
from qv_desktop.domain.alert_terms import LONGEST, Condition, read
from qv_desktop.domain.errors import BadInput

MOST, LONGEST_NAME = 50, 60  # rules of one person, characters
OWN = "own:"  # begins the code of a person's rule


@dataclass(frozen=True, slots=True)
class OwnRule:
    """A rule as its person wrote it; ``condition`` is what ``alert_terms.read`` understands."""

    id: str
    name: str
    condition: str
    severity: Severity
    on: bool
    made: datetime

    @property
    def code(self) -> str:
        """As which its alerts are known."""
        return f"{OWN}{self.id}"

    @property
    def rule(self) -> Rule:
        """Breached while the condition holds."""
        return Rule(
            self.code, self.name, self.condition, self.severity, "", 1, on=self.on, kind="alert", panel="alerts"
        )

    def read(self) -> Condition:
        """The condition. Raises BadInput."""
        return read(self.condition)


def checked(rule: OwnRule, others: int) -> OwnRule:
    """``rule`` if it can be kept beside ``others`` more, tidied. Raises BadInput with what to do."""
    name = " ".join(rule.name.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise BadInput(f"Give the alert a name of 1 to {LONGEST_NAME} printable characters.")
    if rule.severity not in SEVERITIES:
        raise BadInput(f"An alert's severity is one of {', '.join(SEVERITIES)}; choose one.")
    if others >= MOST:
        raise BadInput(f"You have {MOST} alert rules, which is the most; remove one that you no longer need.")
    condition = str(read(rule.condition))
    if len(condition) > LONGEST:  # as it is kept it must be read again
        raise BadInput(f"Written out, the condition has more than {LONGEST} characters; make two alerts of it.")
    return OwnRule(rule.id, name, condition, rule.severity, rule.on, rule.made)
