"""The calls of a pool's failed tasks, so that a person can have them made once more."""

import threading
from random import Random
from typing import Any, Final

from pool_gui.demo.tasks import Call, Maker
from pool_gui.pool import Task

MOST_KEPT: Final = 10_000
"""Failed tasks; of more the oldest are forgotten."""


class FailedTasks:
    """See the module. Any thread; nothing of what was raised is kept alive."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards _calls
        self._calls: dict[int, Call] = {}

    def watching(self, maker: Maker) -> Maker:
        """Return a maker whose tasks are known here once they have failed."""

        def make(random: Random) -> Task:
            task = maker(random)
            task.add_done_callback(self._note)
            return task

        return make

    def _note(self, task: Any) -> None:  # Any: what a Future hands to its callbacks
        if task.cancelled() or task.exception() is None:
            return
        with self._lock:
            self._calls[task.id] = task.callable, task.args, task.kwargs
            if len(self._calls) > MOST_KEPT:
                del self._calls[next(iter(self._calls))]

    def take(self, number: int) -> list[Call]:
        """Return the call of the task with this id, or all for 0, and forget them."""
        with self._lock:
            if number:
                call = self._calls.pop(number, None)
                return [] if call is None else [call]
            calls = list(self._calls.values())
            self._calls.clear()
        return calls
