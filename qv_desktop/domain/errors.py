"""Errors that are shown to people as they read; everything else that is raised is a bug."""


class QvError(Exception):
    """A sentence for the person at the screen that says what happened and what to do."""


class BadInput(QvError):
    """Something that a person typed, chose or imported cannot be used."""


class Superseded(BadInput):
    """Somebody else saved meanwhile: ``newest`` is what is stored now, nothing was overwritten."""

    def __init__(self, sentence: str, newest: object) -> None:
        super().__init__(sentence)
        self.newest = newest


class ConsentNeeded(QvError):
    """Code that does not ship with the program has not been allowed by this person: ``strategy`` is what would run."""

    def __init__(self, sentence: str, strategy: object) -> None:
        super().__init__(sentence)
        self.strategy = strategy


class NotPermitted(QvError):
    """The signed-in user's role lacks a permission."""


class TokenOutdated(NotPermitted):
    """An access token was good, and is not any more: it has run out, or the role has changed since. The next one may do."""


class BrokenTrail(QvError):
    """The audit trail or its checkpoints do not fit: nothing is signed over it until a person has looked."""


class DatabaseDown(QvError):
    """The database cannot be reached; nothing was written."""


class RowRefused(DatabaseDown):
    """The database is there and does not take this row of the audit trail, so that nothing was written; others may be taken."""


class BrokerDown(QvError):
    """The broker cannot be reached for a question; nothing is known, nothing is changed."""


class Denied(BrokerDown):
    """The broker answered, and will not have us: there are no keys, or it does not accept them or the permission that was given."""


class Incomplete(BrokerDown):
    """The broker answered, and part of its answer cannot be read: ``readable`` is the rest, which must not be taken for all."""

    def __init__(self, sentence: str, readable: object = None) -> None:
        super().__init__(sentence)
        self.readable = readable


class Garbled(BrokerDown):
    """The broker answered, and nothing of its answer can be read: asking again at once brings the same."""


class FeedDown(QvError):
    """A market-data vendor cannot be reached or refuses the request."""


class NotInPlan(FeedDown):
    """The vendor has the data, but not for this plan: asking again is of no use."""


class IllegalMove(Exception):
    """An order was told something that its present state cannot follow."""
