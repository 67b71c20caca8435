"""Questions may be asked again, orders never: a few quick attempts at what only reads."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from qv_desktop.adapters.alpaca.outcomes import Refusal, Unanswered

if TYPE_CHECKING:
    from tenacity import RetryCallState

ATTEMPTS = 3
FIRST, CEILING = 0.1, 1.0  # seconds: the first pause is at most FIRST, later ones double up to CEILING
PATIENCE = 3.0  # seconds; no pause is longer, and after so long nothing is asked again


async def asked_again(ask: Callable[[], Awaitable[Any]]) -> Any:
    """The answer of ``ask``, a question without effect at the broker. Raises what the last attempt raised: Refusal, Unanswered.

    Asked again are silence, 429 and 5xx, after a random pause, or the one that the broker asks for when that is short.
    """
    from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt, stop_after_delay

    asking = AsyncRetrying(stop=stop_after_attempt(ATTEMPTS) | stop_after_delay(PATIENCE), wait=_pause,
                           retry=retry_if_exception(passing), reraise=True)  # fmt: skip
    async for attempt in asking:
        with attempt:
            return await ask()
    raise AssertionError("the last attempt either answers or raises")


def passing(failure: BaseException) -> bool:
    """Whether another attempt soon may fare better."""
    if isinstance(failure, Refusal):
        return (failure.status == 429 or failure.status >= 500) and (failure.wait or 0.0) <= PATIENCE
    return isinstance(failure, Unanswered)


def _pause(state: "RetryCallState") -> float:
    from tenacity import wait_random_exponential

    failure = state.outcome.exception() if state.outcome is not None else None
    told = failure.wait if isinstance(failure, Refusal) else None
    return wait_random_exponential(FIRST, CEILING)(state) + (told or 0.0)
