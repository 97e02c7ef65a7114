"""Finds finished tasks among all that are kept. Session thread only.

Columns are compared, not rows: a question over 200,000 tasks takes some milliseconds,
and rows are made of those alone that can be shown.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from pool_gui.monitor.model.program import History
from pool_gui.monitor.model.spans import Outcome, SpanField
from pool_gui.monitor.view.snapshot import Ints
from pool_gui.monitor.view.task_query import Bound, TaskFilter, TaskOrder, TaskQuery

Truths = NDArray[np.bool_]

OUTCOMES: Final = {
    Outcome.DONE: "done",
    Outcome.FAILED: "failed",
    Outcome.RUNNING: "running",
    Outcome.ENDED: "ended",
}


def search(
    history: History, pool: int, query: TaskQuery, most: int
) -> tuple[Ints, int]:
    """Return the tasks that match, in the order asked for, and how many there are.

    Args:
        history: of a source.
        pool: the key of the pool whose tasks are meant; 0: all.
        query: what is asked for.
        most: return no more than this.

    Returns:
        A matrix of spans, (len(SpanField), at most `most`), and the whole number.
    """
    if query.state == "running":
        return history.details.newest(0), 0
    # Failed ones are kept longer than all others, among the coarse.
    ring = history.coarse if query.state == "failed" else history.details
    spans = ring.newest(len(ring))
    holds = np.ones(spans.shape[1], np.bool_)
    if pool:
        holds &= spans[SpanField.POOL] == pool
    if query.state:
        holds &= spans[SpanField.OUTCOME] == _outcome(query.state)
    holds &= _Matches(history, spans).of(query.filter)
    places = np.flatnonzero(holds)
    found = places.size
    if query.order is not TaskOrder.NEWEST:
        values = _values(spans[:, places], query.order)
        order = np.argsort(values if query.rising else -values, kind="stable")
        places = places[order]
    return spans[:, places[:most]], found


def is_plain(query: TaskQuery) -> bool:
    """Whether the newest tasks of all kinds are asked for."""
    return query == TaskQuery()


def _outcome(state: str) -> int:
    return next(code for code, name in OUTCOMES.items() if name == state)


def _values(spans: Ints, order: TaskOrder) -> Ints:
    field = SpanField
    if order is TaskOrder.NUMBER:
        values: Ints = spans[field.TASK]
    elif order is TaskOrder.RAN:
        values = spans[field.ENDED_NS] - spans[field.STARTED_NS]
    else:
        values = spans[field.STARTED_NS] - spans[field.QUEUED_NS]
    return values


class _Matches:
    """Which of some spans hold what a filter asks for."""

    def __init__(self, history: History, spans: Ints) -> None:
        self._history = history
        self._spans = spans

    def of(self, wanted: TaskFilter) -> Truths:
        spans = self._spans
        holds = np.ones(spans.shape[1], np.bool_)
        if wanted.tasks:
            holds &= np.isin(spans[SpanField.TASK], wanted.tasks)
        for bound in wanted.bounds:
            holds &= self._bound(bound)
        for field, word in wanted.named:
            holds &= self._has(field, word)
        for word in wanted.words:
            found = np.zeros_like(holds)
            for field in ("state", "function", "worker", "error"):
                found |= self._has(field, word)
            holds &= found
        return holds

    def _bound(self, bound: Bound) -> Truths:
        order = TaskOrder.WAITED if bound.of_wait else TaskOrder.RAN
        seconds = _values(self._spans, order) / 1e9
        held: Truths = (
            seconds > bound.seconds if bound.is_least else seconds < bound.seconds
        )
        return held

    def _has(self, field: str, word: str) -> Truths:
        spans, history = self._spans, self._history
        if field == "state":
            codes = [code for code, name in OUTCOMES.items() if word in name]
            return np.isin(spans[SpanField.OUTCOME], codes)
        if field == "function":
            # One more for what has no name, whose index is -1.
            known = [*history.names.names, ""]
            named = np.asarray([word in name.casefold() for name in known], np.bool_)
            chosen: Truths = named[spans[SpanField.FUNCTION]]
            return chosen
        if field == "worker":
            keys = [w.key for w in history.workers if word in w.name.casefold()]
            return np.isin(spans[SpanField.WORKER], keys)
        return self._has_error(word)

    def _has_error(self, word: str) -> Truths:
        spans, tasks = self._spans, dict[int, list[int]]()
        for (pool, task), text in self._history.failures:
            if word in text.casefold():
                tasks.setdefault(pool, []).append(task)
        holds = np.zeros(spans.shape[1], np.bool_)
        for pool, numbers in tasks.items():
            ours = spans[SpanField.POOL] == pool
            holds |= ours & np.isin(spans[SpanField.TASK], numbers)
        return holds
