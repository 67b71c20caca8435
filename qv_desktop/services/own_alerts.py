"""A person's own alert rules: what they are, what they look at, and what they read now."""

from collections.abc import Iterable

import structlog

from qv_desktop.domain.alert_rules import Reading
from qv_desktop.domain.alert_terms import Condition, comparisons, decisive, judged
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.own_alert_rules import OwnRule, checked
from qv_desktop.services.alert_ports import OwnMeasures, Readings
from qv_desktop.services.alert_words import now_words

log = structlog.get_logger(__name__)


class OwnAlerts:
    """The rules by id, in the order of their making, over what ``measures`` follows."""

    def __init__(self, measures: OwnMeasures) -> None:
        self._measures = measures
        self.rules: dict[str, OwnRule] = {}  # id -> rule
        self._conditions: dict[str, Condition] = {}  # code -> what the person wrote

    def take(self, rules: Iterable[OwnRule]) -> None:
        """These and no others."""
        self.rules = {rule.id: rule for rule in sorted(rules, key=lambda one: (one.made, one.id))}
        self._conditions = {}
        for rule in self.rules.values():
            try:
                self._conditions[rule.code] = rule.read()
            except BadInput as error:  # written by an older program in other words
                log.warning("alert_rule_unread", rule=rule.id, reason=str(error))
        wanted = {one.quantity for rule in self.rules.values() if rule.on and rule.code in self._conditions
                  for one in comparisons(self._conditions[rule.code])}  # fmt: skip
        self._measures.follow(wanted)

    def put(self, rule: OwnRule) -> None:
        """Take one more, or one as it was changed."""
        self.take([*(one for one in self.rules.values() if one.id != rule.id), rule])

    def drop(self, id_: str) -> None:
        """Forget one."""
        self.take([one for one in self.rules.values() if one.id != id_])

    def checked(self, rule: OwnRule) -> OwnRule:
        """``rule`` as it may be kept. Raises BadInput."""
        found = checked(rule, len(self.rules.keys() - {rule.id}))
        self._measures.checked({one.quantity for one in comparisons(found.read())})
        return found

    def readings(self) -> Readings:
        """Whether each condition holds, with the figure that decides; None while that is unknown."""
        found: dict[str, list[Reading] | None] = {}
        for code, condition in self._conditions.items():
            values = {one.quantity: self._measures.value(one.quantity) for one in comparisons(condition)}
            holds, main = judged(condition, values), decisive(condition, values)
            found[code] = None if holds is None else [
                Reading("", float(holds), now_words(condition, values), shown=values[main.quantity], against=main.threshold)]  # fmt: skip
        return found
