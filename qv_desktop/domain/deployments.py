"""Deployments: a version of a strategy at work on an account, what it may do there, and the table of legal steps."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time
from decimal import Decimal
from enum import StrEnum

from qv_desktop.domain.accounts import Environment
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.market import Timeframe, timeframe
from qv_desktop.domain.sizing import Sizing

ZERO = Decimal(0)
DAY, OPENING = Timeframe(1, "D"), time(9, 30)
MOST_SYMBOLS = 50
SOURCE = "strategy:"  # begins the source of a deployment's orders
MEANWHILE = "Somebody else changed this deployment meanwhile; look at it again."
LONGEST = 500  # characters of a reason


class Stage(StrEnum):
    """How far it has come on the way to real money."""

    DRAFT = "draft"
    PAPER = "paper"
    ASKED = "approval asked"
    APPROVED = "approved"  # by a second person; still on paper until it is taken live
    LIVE = "live"


class State(StrEnum):
    """What it does."""

    IDLE = "not started"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    FAILED = "failed"


class Step(StrEnum):
    """What a person, or for the last two the program too, does to it."""

    DEPLOY = "deploy"  # a draft to paper
    CHANGE = "change"  # its terms
    ASK = "ask approval"
    APPROVE = "approve"
    DECLINE = "decline"
    GO_LIVE = "go live"
    START = "start"
    STOP = "stop"
    PAUSE = "pause"
    FAIL = "fail"


_RESTING = (State.IDLE, State.STOPPED)
_NOT_RUNNING = (State.IDLE, State.PAUSED, State.STOPPED, State.FAILED)
_DEPLOYED = (Stage.PAPER, Stage.ASKED, Stage.APPROVED, Stage.LIVE)

type Move = tuple[Stage, State]

MOVES: dict[tuple[Stage, State, Step], Move] = {
    (Stage.DRAFT, State.IDLE, Step.DEPLOY): (Stage.PAPER, State.IDLE),
    (Stage.DRAFT, State.IDLE, Step.CHANGE): (Stage.DRAFT, State.IDLE),
    # what was approved is what was looked at: other terms have to be approved anew
    **{(stage, state, Step.CHANGE): (Stage.PAPER, state) for stage in (Stage.PAPER, Stage.ASKED, Stage.APPROVED) for state in _RESTING},
    **{(Stage.PAPER, state, Step.ASK): (Stage.ASKED, state) for state in State},
    **{(Stage.ASKED, state, Step.APPROVE): (Stage.APPROVED, state) for state in State},
    **{(stage, state, Step.DECLINE): (Stage.PAPER, state) for stage in (Stage.ASKED, Stage.APPROVED) for state in State},
    **{(Stage.APPROVED, state, Step.GO_LIVE): (Stage.LIVE, State.IDLE) for state in _RESTING},
    **{(stage, state, Step.START): (stage, State.RUNNING) for stage in _DEPLOYED for state in _NOT_RUNNING},
    **{(stage, State.RUNNING, Step.PAUSE): (stage, State.PAUSED) for stage in _DEPLOYED},
    **{(stage, state, Step.STOP): (stage, State.STOPPED) for stage in _DEPLOYED for state in (State.RUNNING, State.PAUSED, State.FAILED)},
    **{(stage, state, Step.FAIL): (stage, State.FAILED) for stage in _DEPLOYED for state in (State.RUNNING, State.PAUSED)},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one deployment may do beside the account's own limits, which count as well.

    ``value`` is dollars of a position, ``shares`` its size, ``orders`` a New York day, ``loss`` dollars a day; entries are made from
    ``begins`` up to ``ends``, New York time. ``trade_late``: signals of bars that came after their time trade too.
    """

    value: Decimal = Decimal(10_000)
    shares: Decimal = Decimal(500)
    orders: int = 20
    loss: Decimal = Decimal(500)
    begins: time = time(9, 30)
    ends: time = time(15, 55)
    shorts: bool = False
    trade_late: bool = False


@dataclass(frozen=True, slots=True)
class Terms:
    """What is deployed. ``parameters`` holds every one of the strategy's; ``amount`` is sized as ``sizing`` says."""

    strategy: str  # id
    name: str
    version: int
    symbols: tuple[str, ...]
    timeframe: str
    parameters: tuple[tuple[str, float], ...]
    sizing: Sizing = Sizing.NOTIONAL
    amount: Decimal = Decimal(5_000)
    bounds: Bounds = Bounds()

    @property
    def frame(self) -> Timeframe:
        """The bars whose close makes signals."""
        return timeframe(self.timeframe)

    @property
    def digest(self) -> str:
        """SHA-256 of all of it: what an approval is of."""
        return hashlib.sha256(told_terms(self).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Deployment:
    """One deployment as it stands; times are UTC. ``account`` is the broker's id, and nothing is sent to any other.

    ``reason`` says why it is in its state. ``anchor`` is the first bar (ns) of what its signals are reckoned on, ``evaluated`` up to
    when (ns) they have been. ``revision`` rises with every step.
    """

    id: str
    terms: Terms
    account: str
    environment: Environment
    created_by: str
    created: datetime
    stage: Stage = Stage.DRAFT
    state: State = State.IDLE
    reason: str = ""
    started_by: str = ""
    started: datetime | None = None
    asked_by: str = ""
    asked_at: datetime | None = None
    approved_by: str = ""
    approved_at: datetime | None = None
    anchor: int = 0
    evaluated: int = 0
    revision: int = 1

    @property
    def source(self) -> str:
        """The source of its orders."""
        return f"{SOURCE}{self.id}"

    @property
    def label(self) -> str:
        """The strategy and its version, such as ``sma_cross v3``."""
        return f"{self.terms.name} v{self.terms.version}"

    @property
    def running(self) -> bool:
        """Whether it is to make orders."""
        return self.state is State.RUNNING

    @property
    def live(self) -> bool:
        """Whether it trades real money."""
        return self.stage is Stage.LIVE


@dataclass(frozen=True, slots=True)
class Told:
    """A line of a deployment's story."""

    at: datetime
    actor: str
    step: str
    words: str = ""


def owns(deployment: str, order: str, source: str) -> bool:
    """Whether an order is the deployment's: by its source, or by its id where another desk made it and the source is not known here."""
    return source == f"{SOURCE}{deployment}" or order.startswith(f"{deployment}-")


def moved(deployment: Deployment, step: Step) -> Deployment:
    """The deployment after a step. Raises BadInput when its state does not allow that."""
    to = MOVES.get((deployment.stage, deployment.state, step))
    if to is None:
        raise BadInput(_no(deployment, step))
    return replace(deployment, stage=to[0], state=to[1], revision=deployment.revision + 1)


def hindered(deployment: Deployment, step: Step) -> str:
    """Why the table does not allow it now, or nothing."""
    return "" if (deployment.stage, deployment.state, step) in MOVES else _no(deployment, step)


def _no(deployment: Deployment, step: Step) -> str:
    at = f"{deployment.label} is “{deployment.stage}” and {deployment.state}"
    todo = {
        Step.START: "deploy it to paper first" if deployment.stage is Stage.DRAFT else "it runs already",
        Step.GO_LIVE: "stop it first" if deployment.stage is Stage.APPROVED else "a second person has to approve it first",
        Step.CHANGE: "pause and stop it first" if not deployment.live else "deploy other terms as a new deployment",
        Step.ASK: "approval is asked for what runs on paper and was not asked for yet",
        Step.APPROVE: "there is nothing to approve",
        Step.DECLINE: "there is nothing to decline",
        Step.PAUSE: "only what runs can be paused",
        Step.STOP: "there is nothing to stop",
        Step.DEPLOY: "it is deployed already",
    }.get(step, "that is not possible now")  # fmt: skip
    return f"{at}; {todo}."


def asked(deployment: Deployment, by: str, at: datetime) -> Deployment:
    """Approval is asked for the terms as they are. Raises BadInput."""
    return replace(moved(deployment, Step.ASK), asked_by=by, asked_at=at, approved_by="", approved_at=None)


def approved(deployment: Deployment, by: str, at: datetime) -> Deployment:
    """A second person approves. Raises BadInput for whoever asked, made or started it."""
    after = moved(deployment, Step.APPROVE)
    if why := own(deployment, by):
        raise BadInput(why)
    return replace(after, approved_by=by, approved_at=at)


def own(deployment: Deployment, by: str) -> str:
    """Why ``by`` may not approve it, or nothing: four eyes are of two people."""
    name = by.casefold()
    for did, who in (("asked for its approval", deployment.asked_by), ("made it", deployment.created_by)):
        if name == who.casefold():
            return f"You {did} yourself; somebody else has to approve it."
    return ""


def declined(deployment: Deployment) -> Deployment:
    """Back to paper, with nothing approved. Raises BadInput."""
    return replace(moved(deployment, Step.DECLINE), asked_by="", asked_at=None, approved_by="", approved_at=None)


def changed(deployment: Deployment, terms: Terms) -> Deployment:
    """With other terms, for which nothing is approved. Raises BadInput."""
    after = moved(deployment, Step.CHANGE)
    return replace(after, terms=terms, asked_by="", asked_at=None, approved_by="", approved_at=None)


def gone_live(deployment: Deployment, account: str, environment: Environment) -> Deployment:
    """Bound to an account with real money. Raises BadInput."""
    after = moved(deployment, Step.GO_LIVE)
    if environment != "LIVE":
        raise BadInput(f"This desk trades {environment}; take it live at a desk of the LIVE account it is for.")
    return replace(after, account=account, environment=environment, started_by="", started=None, anchor=0, evaluated=0,
                   reason="")  # fmt: skip


def elsewhere(deployment: Deployment, account: str, environment: Environment) -> str:
    """Why it may send nothing from a desk of this account, or nothing when it is its own."""
    if deployment.live != (environment == "LIVE"):
        mine = "real money" if deployment.live else "paper"
        return f"It is deployed to {mine}, and this desk trades {environment}."
    if deployment.environment != environment or not account or deployment.account != account:
        return "It is bound to another account than this desk's."
    return ""


def sensible(terms: Terms, known: Mapping[str, tuple[float, float]], *, weighs: bool = False) -> Terms:
    """The terms in order; ``known`` has the strategy's parameters with their ranges, ``weighs``: it weighs a universe.

    Raises BadInput with what to correct.
    """
    frame, bounds = terms.frame, terms.bounds
    symbols = tuple(dict.fromkeys(symbol.strip().upper() for symbol in terms.symbols if symbol.strip()))
    if not symbols or len(symbols) > MOST_SYMBOLS:
        raise BadInput(f"Name 1 to {MOST_SYMBOLS} symbols, with commas between them.")
    if frame.unit not in ("m", "h") and frame != DAY:
        raise BadInput(
            f"Signals are made from bars of minutes, hours or a day, and {frame} is none; choose 1m to 4h, or 1D."
        )
    for name, value in terms.parameters:
        low, high = known.get(name, (value, value))
        if not low <= value <= high:
            raise BadInput(f"{name} lies between {low:g} and {high:g}; {value:g} does not.")
    for title, figure in (("Size", terms.amount), ("Largest position", bounds.value), ("Most shares", bounds.shares),
                          ("Orders a day", Decimal(bounds.orders)), ("Loss a day", bounds.loss)):  # fmt: skip
        if not figure.is_finite() or figure <= 0:
            raise BadInput(f"“{title}” must be a number above 0.")
    _fitting(terms, weighs)
    return replace(terms, symbols=symbols, timeframe=str(frame))


def _fitting(terms: Terms, weighs: bool) -> None:
    """That size and hours fit what is deployed. Raises BadInput."""
    frame, bounds = terms.frame, terms.bounds
    if terms.sizing is Sizing.RISK:
        raise BadInput("A deployment has no stop to size by risk from; size by shares, dollars or percent of equity.")
    if weighs and terms.sizing is Sizing.SHARES:
        raise BadInput(
            "It weighs a universe: its size is the capital that it spreads, in dollars or percent of equity, not shares."
        )
    if frame == DAY and bounds.begins > OPENING:
        raise BadInput(
            "What a day's bar says trades at the next open; let the trading window begin at 09:30 or before."
        )
    if bounds.begins >= bounds.ends:
        raise BadInput("The trading window ends before it begins; correct its times.")


def told_terms(terms: Terms) -> str:
    """The terms as JSON, the same text for the same terms."""
    b = terms.bounds
    plain = {
        "strategy": terms.strategy, "name": terms.name, "version": terms.version, "symbols": list(terms.symbols),
        "timeframe": terms.timeframe, "parameters": dict(terms.parameters), "sizing": terms.sizing.value, "amount": _plain(terms.amount),
        "value": _plain(b.value), "shares": _plain(b.shares), "orders": b.orders, "loss": _plain(b.loss),
        "begins": f"{b.begins:%H:%M}", "ends": f"{b.ends:%H:%M}", "shorts": b.shorts, "trade_late": b.trade_late,
    }  # fmt: skip
    return json.dumps(plain, sort_keys=True)


def read_terms(text: str) -> Terms:
    """The terms that ``told_terms`` wrote."""
    raw = json.loads(text)
    bounds = Bounds(Decimal(raw["value"]), Decimal(raw["shares"]), int(raw["orders"]), Decimal(raw["loss"]),
                    time.fromisoformat(raw["begins"]), time.fromisoformat(raw["ends"]), raw["shorts"], raw["trade_late"])  # fmt: skip
    parameters = tuple((name, float(value)) for name, value in raw["parameters"].items())
    return Terms(raw["strategy"], raw["name"], raw["version"], tuple(raw["symbols"]), raw["timeframe"], parameters,
                 Sizing(raw["sizing"]), Decimal(raw["amount"]), bounds)  # fmt: skip


def told(deployment: Deployment) -> str:
    """What the audit trail keeps of it, as JSON."""
    return json.dumps({
        "stage": deployment.stage.value, "state": deployment.state.value, "account": deployment.account,
        "environment": deployment.environment, "terms": json.loads(told_terms(deployment.terms)), "asked_by": deployment.asked_by,
        "approved_by": deployment.approved_by, "started_by": deployment.started_by, "revision": deployment.revision,
    }, sort_keys=True)  # fmt: skip


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"
