"""Which order is which trade of the backtest, and what made the difference between the two, in dollars."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from qv_desktop.domain.live_backtest import ZERO, Modelled, Pair, Parts, Sent, exactly
from qv_desktop.domain.orders import Side


def paired(models: Sequence[Modelled], sent: Sequence[Sent], window: timedelta, mark: Decimal) -> tuple[Pair, ...]:
    """Each trade of the backtest with the order that is the same decision: of the same side, in order, as near as can be in all.

    Orders that traded are paired first, so that none is beaten by one that was rejected just before it.
    """
    pairs: list[Pair] = []
    for side in Side:
        ours = [one for one in models if one.side is side]
        for some in (
            [one for one in sent if one.side is side and bool(one.filled) is traded] for traded in (True, False)
        ):
            met = aligned([one.at for one in ours], [one.at for one in some], window)
            pairs += [_pair(ours[i], some[j], mark) for i, j in met]
            lone = set(range(len(some))) - {j for _, j in met}
            pairs += [_pair(None, some[j], mark) for j in sorted(lone)]
            ours = [one for i, one in enumerate(ours) if i not in {i for i, _ in met}]
        pairs += [_pair(one, None, mark) for one in ours]
    return tuple(sorted(pairs, key=lambda pair: (pair.at, pair.side, pair.sent.id if pair.sent else "")))


def aligned(left: Sequence[datetime], right: Sequence[datetime], window: timedelta) -> list[tuple[int, int]]:
    """Places of ``left`` and ``right`` (both in order of time) that belong together: none crosses another, none is further apart than
    ``window``, as many as can be, and of those the ones with the least time between in all."""
    best: list[list[tuple[int, timedelta]]] = [[(0, timedelta())] * (len(right) + 1) for _ in range(len(left) + 1)]
    for i, one in enumerate(left, 1):
        for j, other in enumerate(right, 1):
            options = [best[i - 1][j], best[i][j - 1]]
            if abs(one - other) <= window:
                pairs, apart = best[i - 1][j - 1]
                options.append((pairs - 1, apart + abs(one - other)))
            best[i][j] = min(options)
    return _way_back(best)


def _way_back(best: list[list[tuple[int, timedelta]]]) -> list[tuple[int, int]]:
    i, j, found = len(best) - 1, len(best[0]) - 1, list[tuple[int, int]]()
    while i and j:
        if best[i][j] == best[i - 1][j]:
            i -= 1
        elif best[i][j] == best[i][j - 1]:
            j -= 1
        else:
            i, j = i - 1, j - 1
            found.append((i, j))
    return found[::-1]


def _pair(model: Modelled | None, sent: Sent | None, mark: Decimal) -> Pair:
    return Pair(model, sent, explained(model, sent, mark))


@exactly
def explained(model: Modelled | None, sent: Sent | None, mark: Decimal) -> Parts:
    """What made the difference; see the formulas above."""
    if model is None:
        return (
            Parts()
            if sent is None
            else Parts(quantity=sent.side.sign * (sent.filled * mark - sent.value), fees=-sent.fees)
        )
    sign, filled = model.side.sign, sent.filled if sent else ZERO
    quantity = -sign * (model.quantity - filled) * (mark - model.price)
    if sent is None:
        return Parts(quantity=quantity, fees=model.fee)
    parts = Parts(allowed=sign * filled * (model.price - model.open), quantity=quantity, fees=model.fee - sent.fees)
    if sent.arrival is None:
        return replace(parts, price=-sign * (sent.value - filled * model.open))
    return replace(parts, delay=-sign * filled * (sent.arrival - model.open),
                   execution=-sign * (sent.value - filled * sent.arrival))  # fmt: skip


@exactly
def profits(pairs: Iterable[Pair], mark: Decimal) -> tuple[Decimal, Decimal]:
    """Dollars that the day made live and in the backtest, each execution valued at ``mark``; positions from before are not counted."""
    live = paper = ZERO
    for pair in pairs:
        sign, sent, model = pair.side.sign, pair.sent, pair.modelled
        if sent is not None:
            live += sign * (sent.filled * mark - sent.value) - sent.fees
        if model is not None:
            paper += sign * model.quantity * (mark - model.price) - model.fee
    return live, paper
