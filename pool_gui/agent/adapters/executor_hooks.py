"""What is changed in the standard library to watch `ThreadPoolExecutor`, and undone.

For as long as the agent is there `ThreadPoolExecutor.__init__` notes the new executor
and gives it a queue that counts what is put; `_WorkItem.run`, in the worker's thread,
notes begin and end around the original. Neither stands in a task's traceback, whose
frames begin in the original `run`. Nobody's public call answers anything else.
"""

import functools
import queue
import sys
import threading
import weakref
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import thread as standard
from time import perf_counter_ns
from typing import Any, Final

from pool_gui.agent.adapters.places import place_of
from pool_gui.agent.adapters.recorded import RECORD
from pool_gui.agent.records import ThreadRecord

Met = Callable[[Any, str], None]
"""Called with a new executor and its name, in the thread that makes it."""

_DEFAULT_PREFIX: Final = "ThreadPoolExecutor-"
_Simple: Final = queue.SimpleQueue
"""As it is now: who patches the module later, as gevent does, has another one."""

_put: Final = queue.SimpleQueue.put


class CountingQueue(queue.SimpleQueue[Any]):
    """The queue of one executor: counts what is put, and notes when.

    `put` is called by `submit`, which holds the executor's lock: nobody counts at the
    same time. None, by which an executor wakes its workers, is no task. Nothing is
    noted on items or futures: an attribute more would make each dearer.
    """

    accepted = 0

    def __init__(self) -> None:
        self.pending: dict[int, tuple[int, int]] = {}
        """(task id, when it was put) by the identity of its future; the worker that
        takes it removes it, in one step."""
        self.records: deque[ThreadRecord] = deque()
        """Of the threads that have worked for it: each appends its own, once."""

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:  # noqa: FBT001, FBT002  # as the original
        """Put an item, as ever."""
        future = getattr(item, "future", None)  # what else is put is no task
        if future is not None:
            self.accepted += 1
            self.pending[id(future)] = self.accepted, perf_counter_ns()
        _put(self, item, block, timeout)


class _Here(threading.local):
    """The record of the thread that asks, and what its queue has noted."""

    def __init__(self) -> None:
        thread = threading.current_thread()
        reference = weakref.ref(thread)
        hash(reference)  # now: once the thread is gone it cannot be computed
        name, native_id = thread.name, threading.get_native_id()
        self.record = ThreadRecord(reference, name, native_id)
        setattr(thread, RECORD, self.record)
        source = _queue_of(thread)
        self.pending: dict[int, tuple[int, int]] = {}
        if source is not None:
            self.pending = source.pending
            source.records.append(self.record)


def _queue_of(thread: threading.Thread) -> CountingQueue | None:
    """Return the queue that a worker's loop was given to take from.

    By the thread's arguments, which it has while it runs: to look at the loop's frame
    would keep alive, up to Python 3.12, what its variables hold at that moment.
    """
    given = getattr(thread, "_args", ())
    return next((one for one in given if isinstance(one, CountingQueue)), None)


_here = _Here()


def _function_of(item: Any) -> Callable[..., Any]:
    """Return what an item of work calls, since 3.14: the first of its `task`."""
    task = getattr(item, "task", None)
    found: Callable[..., Any] = item.run
    if isinstance(task, tuple) and task:
        found = task[0]
    return found


def _recorded(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def run(item: Any, *context: Any) -> Any:
        here, future = _here, item.future
        told = here.pending.pop(id(future), None)
        if told is None:  # put by other means, or run by another thread
            return original(item, *context)
        record = here.record
        record.future = future
        try:
            function = item.fn
        except AttributeError:  # since 3.14
            function = _function_of(item)
        record.running = told[0], function, told[1], perf_counter_ns()
        del function
        try:
            original(item, *context)
        finally:
            # What the original has left there; asking takes a lock each time.
            record.end(perf_counter_ns(), future._state, future._exception)  # noqa: SLF001  # see above
            del future

    return run


class ExecutorHooks:
    """The changes to the standard library, and the executors that were made since."""

    def __init__(self, met: Met) -> None:
        self._met = met
        self._begin = ThreadPoolExecutor.__init__
        self._items: Any = vars(standard)["_WorkItem"]
        self._executors: Any = ThreadPoolExecutor
        self._run: Callable[..., Any] = self._items.run
        self._own_begin: Callable[..., None] | None = None
        self._own_run: Callable[..., Any] | None = None

    def install(self) -> None:
        """Begin; any thread."""
        hooks, begin = self, self._begin

        @functools.wraps(begin)
        def recorded_begin(executor: Any, *args: Any, **kwargs: Any) -> None:
            begin(executor, *args, **kwargs)
            hooks.note(executor, sys._getframe(1))  # noqa: SLF001  # who made it

        self._executors.__init__ = self._own_begin = recorded_begin
        self._items.run = self._own_run = _recorded(self._run)

    def remove(self) -> None:
        """Put everything back; what was noted stays where it is. Any thread.

        What somebody else has put around ours since stays, and ours inside of it.
        """
        if vars(self._executors)["__init__"] is self._own_begin:
            self._executors.__init__ = self._begin
        if vars(self._items)["run"] is self._own_run:
            self._items.run = self._run

    def note(self, executor: Any, frame: Any) -> None:
        """Note a new executor; in the thread that makes it."""
        own = getattr(executor, "_work_queue", None)
        if type(own) is _Simple and own.empty():
            executor._work_queue = CountingQueue()  # noqa: SLF001  # see the module
            self._met(executor, _name(executor, frame))


def _name(executor: Any, frame: Any) -> str:
    """Return what the program calls it, else where it was made."""
    prefix = str(getattr(executor, "_thread_name_prefix", ""))
    if prefix and not prefix.startswith(_DEFAULT_PREFIX):
        return prefix.rstrip("_-")
    return place_of(frame)
