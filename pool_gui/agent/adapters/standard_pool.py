"""The adapter for `multiprocessing.pool.ThreadPool`, joblib's threading backend too.

For as long as the agent is there, a new pool gets queues that note what workers take
and what they hand back; nothing of that stands in a task's traceback. A chunk of a
`map` is one task, called after the function that is mapped. A pool of processes is none
of our concern: its workers are not here.

The adapter belongs to the agent's thread; the rest says where it runs.
"""

import functools
import itertools
import queue
import sys
import threading
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from time import perf_counter_ns
from types import ModuleType
from typing import Any, Final

from pool_gui.agent.adapters.base import Blocked, PoolReading, WatchedWorker
from pool_gui.agent.adapters.places import place_of
from pool_gui.agent.adapters.recorded import RECORD, Workbook
from pool_gui.agent.records import ThreadRecord
from pool_gui.wire.messages import Counts

MODULE: Final = "multiprocessing.pool"
_Simple: Final = queue.SimpleQueue
"""As it is now: who patches the module later, as gevent does, has another one."""

_CHUNKS: Final = ("mapstar", "starmapstar")
_ids = itertools.count(1)

Met = Callable[[Any, str, "TakenQueue"], None]
"""Called with a new pool, its name and queue, in the thread that makes it."""


class TakenQueue(queue.SimpleQueue[Any]):
    """What workers take their tasks from: notes when each was put, and taken by whom.

    One thread of the pool puts, and when the pool ends another one empties it, which
    `is_worker` tells from a worker.
    """

    accepted = 0

    def __init__(self, is_worker: Callable[[threading.Thread], bool]) -> None:
        self._is_worker = is_worker
        self._times: deque[int] = deque()
        self._here = threading.local()
        self.records: deque[ThreadRecord] = deque()
        """Of the threads that have worked for it: each appends its own, once."""

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:  # noqa: FBT001, FBT002  # as the original
        """Put an item, as ever."""
        if item is not None:
            self.accepted += 1
            self._times.append(perf_counter_ns())
        super().put(item, block, timeout)

    def get(self, block: bool = True, timeout: float | None = None) -> Any:  # noqa: FBT001, FBT002  # as the original
        """Take an item, as ever; in a worker's thread that is a task's begin."""
        item = super().get(block, timeout)
        if item is None:
            return item
        began_ns = perf_counter_ns()
        # Two workers at once may swap their tasks' times, which differ by microseconds.
        queued_ns = self._times.popleft() if self._times else began_ns
        record = self.record()
        if record is not None:
            try:
                record.running = next(_ids), _meant(item), queued_ns, began_ns
            except (LookupError, TypeError):
                record.running = None  # of another version: the call goes on
        return item

    def record(self) -> ThreadRecord | None:
        """Return the record of the worker that asks; None for who is none."""
        here = self._here
        if not hasattr(here, "record"):
            thread = threading.current_thread()
            here.record = None
            if self._is_worker(thread):
                reference = weakref.ref(thread)
                hash(reference)  # now: once the thread is gone it cannot be computed
                native_id = threading.get_native_id()
                here.record = ThreadRecord(reference, thread.name, native_id)
                setattr(thread, RECORD, here.record)
                self.records.append(here.record)
        found: ThreadRecord | None = here.record
        return found


class _GivenQueue(queue.SimpleQueue[Any]):
    """What workers hand their results back by: a task's end."""

    def __init__(self, taken: TakenQueue) -> None:
        self._taken = taken

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:  # noqa: FBT001, FBT002  # as the original
        """Put a result, as ever."""
        record = None if item is None else self._taken.record()
        if record is not None:
            try:
                _, _, (succeeded, value) = item
            except (TypeError, ValueError):  # of another version: the call goes on
                succeeded, value = True, None
            is_error = not succeeded and isinstance(value, BaseException)
            record.end(perf_counter_ns(), "FINISHED", value if is_error else None)
        super().put(item, block, timeout)


def _meant(item: Any) -> Any:
    """Return the function of an item (job, place, function, arguments, keywords)."""
    function, arguments = item[2], item[3]
    if getattr(function, "__name__", "") in _CHUNKS and arguments:
        return arguments[0][0]
    return function


class ThreadPoolHooks:
    """The change to the standard library."""

    def __init__(self, module: ModuleType, met: Met) -> None:
        self._pools: Any = getattr(module, "ThreadPool", None)
        self._set_up: Any = None
        self._own: Any = None
        self._met = met

    def install(self) -> bool:
        """Begin; return whether it was understood. Any thread."""
        self._set_up = vars(self._pools).get("_setup_queues")
        if not callable(self._set_up):
            return False
        original, met = self._set_up, self._met

        @functools.wraps(original)
        def set_up(pool: Any) -> None:
            original(pool)
            if type(pool._inqueue) is not _Simple:  # noqa: SLF001  # no public way
                return
            taken = TakenQueue(_is_worker)
            given = _GivenQueue(taken)
            pool._inqueue, pool._outqueue = taken, given  # noqa: SLF001  # see the module
            pool._quick_put, pool._quick_get = taken.put, given.get  # noqa: SLF001  # likewise
            met(pool, place_of(sys._getframe(1)), taken)  # noqa: SLF001  # who made it

        self._pools._setup_queues = self._own = set_up  # noqa: SLF001  # see the module
        return True

    def remove(self) -> None:
        """Put it back, unless somebody has put another around it. Any thread."""
        if self._own is not None and vars(self._pools)["_setup_queues"] is self._own:
            self._pools._setup_queues = self._set_up  # noqa: SLF001  # see the module


def _is_worker(thread: threading.Thread) -> bool:
    """Whether a thread is one that the pool calls a process."""
    return type(thread).__name__ == "DummyProcess"


class StandardPoolAdapter:
    """A pool of `multiprocessing.pool.ThreadPool` as the agent reads it."""

    type_name = "multiprocessing.pool.ThreadPool"

    def __init__(self, pool: Any, name: str, taken: TakenQueue) -> None:
        self.name = name
        self._pool = weakref.ref(pool)
        self._queue = taken
        self._book = Workbook()
        self._most = 0

    @property
    def is_over(self) -> bool:
        """Whether nothing more can happen to it."""
        pool = self._pool()
        ending = pool is None or getattr(pool, "_state", "RUN") not in {"INIT", "RUN"}
        return ending and not self._refresh().alive

    def _refresh(self) -> Workbook:
        pool: Any = self._pool()
        threads = [] if pool is None else list(getattr(pool, "_pool", ()) or ())
        self._most = int(getattr(pool, "_processes", 0) or 0) or self._most
        del pool
        for thread in threads:
            self._book.meet(weakref.ref(thread), thread, None)
        for record in list(self._queue.records):
            self._book.meet(record.thread, record.thread(), record)
        return self._book

    def read(self) -> PoolReading:
        """Return its state and exact counts."""
        over = self.is_over
        book = self._refresh()
        sums, alive = book.sums(), book.alive
        accepted = self._queue.accepted
        waiting = max(accepted - sums.begun, 0)
        state = "stopped" if over else "running"
        cancelled = waiting if over else 0
        counts = Counts(accepted, sums.begun, sums.done, sums.failed, cancelled)
        depth = 0 if over else waiting
        return PoolReading(state, alive, depth, None, max(self._most, alive), counts)

    def take_peak(self) -> int:
        """Return the depth now: what was between two looks is not known here."""
        return self.read().depth

    def workers(self) -> Sequence[WatchedWorker]:
        """Return the threads there are, then a bounded number that ended lately."""
        return self._refresh().all

    def stuck(self) -> Sequence[Blocked]:
        """Return nothing: its results are no futures."""
        return ()

    def watch(self, mask: int) -> None:
        """Let workers record a span when their count `& mask` is 0."""
        self._refresh().watch(mask)
