"""The stacks of the workers in scope, equal ones together. Session thread only."""

from collections import Counter
from collections.abc import Sequence

from pool_gui.monitor.model.program import History
from pool_gui.monitor.model.stacks import LastStack
from pool_gui.monitor.model.workers import Worker
from pool_gui.monitor.states import STATE_NAMES
from pool_gui.monitor.view.facts import CodeLine, StackGroup
from pool_gui.monitor.view.scope import InScope

Seen = tuple[Worker, LastStack, History, int]
"""A worker, where it is, the model it stands in, and the time there."""


def stack_groups(chosen: InScope) -> tuple[StackGroup, ...]:
    """Return them, those of most workers first; workers never told are left out."""
    groups: dict[tuple[CodeLine, ...], list[Seen]] = {}
    for one in chosen.sources:
        history = one.history
        for worker in history.workers.living:
            stack = history.stacks.of(worker.key)
            if stack is not None and chosen.has(worker.pool):
                seen = worker, stack, history, one.now_ns
                groups.setdefault(stack.lines, []).append(seen)
    told = [_group(lines, seen) for lines, seen in groups.items()]
    return tuple(sorted(told, key=_rank))


def _group(lines: tuple[CodeLine, ...], seen: Sequence[Seen]) -> StackGroup:
    states = Counter(
        STATE_NAMES[state]
        for worker, _, history, _ in seen
        if (state := history.states.seen(worker)) is not None
    )
    return StackGroup(
        tuple(worker.key for worker, *_ in seen),
        tuple(worker.name for worker, *_ in seen),
        lines,
        min(stack.seen_ns - stack.since_ns for _, stack, _, _ in seen) / 1e9,
        max(now_ns - stack.seen_ns for _, stack, _, now_ns in seen) / 1e9,
        dict(states.most_common()),
    )


def _rank(group: StackGroup) -> tuple[int, int]:
    return -len(group.workers), min(group.workers)
