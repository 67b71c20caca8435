"""What a person asks of deployments, in the panel and in its dialogs, done."""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from qv_desktop.domain.backtests import BacktestSpec
from qv_desktop.domain.deployments import Deployment, Step, Terms
from qv_desktop.services.deployment_runs import TRADE
from qv_desktop.services.deployments import APPROVING, LIVE
from qv_desktop.ui.deploy_dialog import DeployDialog, with_version
from qv_desktop.ui.holdings_dialog import HoldingsDialog
from qv_desktop.ui.reason_dialog import ReasonDialog
from qv_desktop.ui.stop_dialog import StopDialog
from qv_desktop.ui.story_dialog import StoryDialog
from qv_desktop.wiring import Desk
from qv_desktop.wiring.answering import Asks, answer, do
from qv_desktop.wiring.consent import consented
from qv_desktop.wiring.permissions import why
from qv_desktop.wiring.stepping_up import stepped_up

NO_STRATEGIES = "There is no strategy to deploy; the built-in ones appear once the database is ready."


class DeploymentAsking:
    """Opens the dialogs; why something was not done is said where it was asked."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._panel, self._service = desk, desk.panels.signals, desk.services.deployments
        panel = self._panel
        panel.deploy_asked.connect(lambda: self.ask_deploy())
        panel.step_asked.connect(self._step)
        panel.discard_asked.connect(lambda one: self._do(self._discard(one)))
        panel.close_asked.connect(self.ask_close)
        panel.story_asked.connect(lambda one: self._do(self._story(one)))
        panel.order_asked.connect(self._show_order)
        desk.panels.strategies.deploy_asked.connect(lambda name: self.ask_deploy(name))
        desk.panels.backtests.deploy_asked.connect(self.ask_deploy_of)
        desk.window.command.connect(self._command)

    def _do(self, work: Coroutine[Any, Any, object]) -> None:
        do(self._desk, self._panel, work)

    def _command(self, id_: str) -> None:
        if id_ == "deployments.deploy":
            self.ask_deploy()

    def ask_deploy(self, name: str = "") -> DeployDialog | None:
        """The dialog for a new deployment, of a strategy where it is named; None when there is nothing to deploy."""
        strategies = self._desk.services.strategies.all()
        if not strategies:
            self._panel.show_failed(NO_STRATEGIES)
            return None
        dialog = DeployDialog(strategies, self._symbol(), self._desk.window)
        if name:
            dialog.strategy.setCurrentText(name)
        dialog.given.connect(lambda asked, at_once: self._answer(dialog, lambda: self._create(asked, at_once)))
        dialog.open()
        return dialog

    def ask_deploy_of(self, spec: BacktestSpec) -> DeployDialog | None:
        """The dialog with what a backtest ran, at the newest version of its strategy."""
        dialog = self.ask_deploy(spec.strategy)
        if dialog is not None:
            dialog.symbols.setText(", ".join(spec.symbols))
            dialog.frame.setCurrentText(spec.timeframe)
            dialog.shorts.setChecked(spec.direction == "both")
            dialog.show_parameters(dict(spec.parameters))
        return dialog

    def _symbol(self) -> str:
        return self._desk.services.market.wanted[0] if self._desk.services.market.wanted else ""

    async def _create(self, terms: Terms, at_once: bool) -> None:
        made = await self._service.create(terms, deploy=at_once)
        self._desk.window.raise_panel("signals")
        self._panel.select(made.id)
        self._panel.show_failed(f"{made.label} is {made.stage}; press Start to run it." if at_once else f"{made.label} is kept as a draft.",
                                good=True)  # fmt: skip

    def _step(self, step: str, deployment: Deployment) -> None:
        match Step(step):
            case Step.START:
                self._do(self._start(deployment))
            case Step.PAUSE:
                self._do(self._plain(self._service.pause(deployment)))
            case Step.DEPLOY:
                self._do(self._plain(self._service.deploy(deployment)))
            case Step.STOP:
                self.ask_stop(deployment)
            case Step.CHANGE:
                self.ask_change(deployment)
            case Step.GO_LIVE:
                self._do(self._go_live(deployment))
            case other:
                self.ask_reason(other, deployment)

    async def _plain(self, work: Awaitable[object]) -> None:
        await work

    async def _start(self, deployment: Deployment) -> None:
        """Code that the person has not allowed yet is shown first."""
        await consented(self._desk, lambda: self._service.start(deployment))

    def ask_change(self, deployment: Deployment) -> DeployDialog:
        """The dialog with the terms as they are; the newest version of the strategy is what is deployed from then on."""
        strategy = self._desk.services.strategies.named(deployment.terms.name)
        dialog = DeployDialog([strategy], "", self._desk.window, title=f"Change {deployment.label}", action="Change")
        dialog.show_terms(deployment.terms)
        dialog.fix_strategy()
        dialog.given.connect(
            lambda terms, _: self._answer(
                dialog, lambda: self._service.change(deployment, with_version(terms, strategy))
            )
        )
        dialog.open()
        return dialog

    def ask_stop(self, deployment: Deployment) -> StopDialog:
        """Leave what it holds, or close it: with what that would send."""
        shown = self._service.closing(deployment)
        dialog = StopDialog(deployment.label, shown.words, why(self._desk.services.login, TRADE), self._desk.window)
        dialog.given.connect(
            lambda flat: self._answer(dialog, lambda: self._service.stop(deployment, flatten=flat, shown=shown))
        )
        dialog.open()
        return dialog

    def ask_reason(self, step: Step, deployment: Deployment) -> ReasonDialog:
        """Asking, approving and declining take words; approving takes the password too."""
        terms = deployment.terms
        what = f"{deployment.label} on {', '.join(terms.symbols)}, {terms.timeframe} bars, up to ${terms.bounds.value:,.0f} a position."
        title, words, action = {
            Step.ASK: ("Ask for approval", f"A second person looks at {what} Then it may be taken to an account with real money.",
                       "Ask approval"),
            Step.APPROVE: ("Approve for real money", f"{what} Asked by {deployment.asked_by}. Just these terms are approved.", "Approve…"),
            Step.DECLINE: ("Decline", f"{what} It stays on paper.", "Decline"),
        }[step]  # fmt: skip
        dialog = ReasonDialog(title, words, action, (), self._desk.window)
        deeds = {Step.ASK: self._service.ask, Step.DECLINE: self._service.decline, Step.APPROVE: self._approve}
        dialog.given.connect(lambda _, reason: self._answer(dialog, lambda: deeds[step](deployment, reason)))
        dialog.open()
        return dialog

    async def _approve(self, deployment: Deployment, reason: str) -> Deployment:
        words = f"{deployment.label} may then trade real money, with these terms, in the name of whoever starts it."
        if not await self._password(APPROVING, "Approve for real money", words, "Approve"):
            return deployment
        return await self._service.approve(deployment, reason)

    async def _go_live(self, deployment: Deployment) -> None:
        """What it holds on paper stays there, and nobody at a desk of real money can sell it: that is said before."""
        left = await self._service.left_on_paper(deployment)
        if not left:
            await self._taken_live(deployment)
            return
        held = ", ".join(f"{shares:f} {symbol}" for symbol, shares in left.items())
        dialog = HoldingsDialog(
            f"Take {deployment.label} live?",
            (f"On its {deployment.environment} account {deployment.account} it still holds {held}. That stays there: this desk trades "
             "another account and cannot sell it, and once it is live the paper desk does not list it any more.",
             "To close it first, open a desk of that account, select it there, and choose ⋯ → Close what it holds…"),
            "Take it live, leave them", "Not yet, close them first", self._desk.window,
        )  # fmt: skip
        dialog.given.connect(lambda: self._answer(dialog, lambda: self._taken_live(deployment)))
        dialog.other_given.connect(
            lambda: self._panel.show_failed(f"{deployment.label} was not taken live: it holds {held} on paper.")
        )
        dialog.open()

    async def _taken_live(self, deployment: Deployment) -> None:
        words = f"{deployment.label} is bound to this desk's account and trades real money once it is started."
        if await self._password(LIVE, "Take it live", words, "Take live"):
            await self._service.go_live(deployment)

    def ask_close(self, deployment: Deployment) -> HoldingsDialog:
        """Close what a stopped one still holds, with what that would send."""
        shown = self._service.closing(deployment)
        dialog = HoldingsDialog(
            f"Close what {deployment.label} holds?", (shown.words,), "Close positions", "", self._desk.window
        )
        dialog.given.connect(lambda: self._answer(dialog, lambda: self._service.close(deployment, shown=shown)))
        dialog.open()
        return dialog

    async def _password(self, deed: str, title: str, words: str, action: str) -> bool:
        return await stepped_up(self._desk.services.login, deed, title, words, action, self._desk.window)

    def _answer(self, dialog: Asks, deed: Callable[[], Awaitable[object]]) -> None:
        answer(self._desk, dialog, deed)

    async def _discard(self, deployment: Deployment) -> None:
        await self._service.discard(deployment)

    async def _story(self, deployment: Deployment) -> None:
        lines = await self._service.story(deployment.id)
        StoryDialog(f"{deployment.label}: its story", lines, self._desk.window).open()

    def _show_order(self, order: str) -> None:
        if self._desk.window.raise_panel("orders"):
            self._desk.panels.orders.table.select_key(order)
