"""The adapter for anyio's worker threads, on which FastAPI and Starlette run endpoints.

For as long as the agent is there, a new worker thread gets a queue that notes what is
taken from it, its report of a result notes the end, and the call that asks for a thread
notes when it was made: waiting for the limiter's turn is the queue of this pool. None
of that stands in a traceback. anyio has no public way to see its threads, so all of it
is looked for by name, and where it is not found nothing is changed (`install` says so).

The adapter belongs to the agent's thread; the rest says where it runs.
"""

import contextvars
import functools
import itertools
import math
import queue
import threading
import types
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from time import perf_counter_ns
from typing import Any, Final

from pool_gui.agent.adapters.base import Blocked, PoolReading, WatchedWorker
from pool_gui.agent.adapters.recorded import Workbook
from pool_gui.agent.records import ThreadRecord
from pool_gui.wire.messages import Counts

MODULE: Final = "anyio._backends._asyncio"
"""Loaded when an asyncio program first uses anyio."""

_FRAMEWORKS: Final = ("fastapi", "starlette")
_MOST_LIMITERS: Final = 64
_called_ns: contextvars.ContextVar[int] = contextvars.ContextVar("_called_ns")
_ids, _threads = itertools.count(1), itertools.count(1)


def _meant(function: Any) -> Any:
    """Return what the program means by a call: its endpoint, not what runs that.

    A web framework hands its own function over, bound to the endpoint.
    """
    if type(function) is functools.partial:
        own = getattr(function.func, "__module__", None)
        if isinstance(own, str) and own.partition(".")[0] in _FRAMEWORKS:
            for given in (*function.keywords.values(), *function.args):
                if type(given) in {types.FunctionType, types.MethodType}:
                    return given
    return function


class _TakingQueue(queue.Queue[Any]):
    """A worker thread's queue: what is taken from it begins."""

    def __init__(self, record: ThreadRecord) -> None:
        super().__init__(2)
        self._record = record

    def get(self, block: bool = True, timeout: float | None = None) -> Any:  # noqa: FBT001, FBT002  # as the original
        """Take an item, as ever; in the worker's thread."""
        item = super().get(block, timeout)
        if item is not None:
            try:
                self._note(item, perf_counter_ns())
            except (AttributeError, LookupError, TypeError):
                self._record.running = None  # of another version: the call goes on
        return item

    def _note(self, item: Any, began_ns: int) -> None:
        record = self._record
        if not record.native_id:
            record.native_id = threading.get_native_id()
        queued_ns = item[0].get(_called_ns, began_ns)
        record.running = next(_ids), _meant(item[1]), queued_ns, began_ns


class AnyioHooks:
    """The changes to anyio, and the one pool that its threads are."""

    def __init__(self, module: types.ModuleType) -> None:
        self._worker: Any = getattr(module, "WorkerThread", None)
        self._backend: Any = getattr(module, "AsyncIOBackend", None)
        self._replaced: list[tuple[Any, str, Any, Any]] = []
        self.adapter = AnyioAdapter()

    def install(self) -> bool:
        """Begin; return whether this anyio is one that is understood. Any thread."""
        worker, backend = self._worker, self._backend
        wanted = [
            (worker, "__init__"),
            (worker, "_report_result"),
            (backend, "run_sync_in_worker_thread"),
            (backend, "current_default_thread_limiter"),
        ]
        if not all(hasattr(owner, name) for owner, name in wanted):
            return False
        ask = vars(backend)["run_sync_in_worker_thread"]
        if not isinstance(ask, classmethod):
            return False
        self._replace(worker, "__init__", self._begun(worker.__init__))
        report = self._reported(worker._report_result)  # noqa: SLF001  # see the module
        self._replace(worker, "_report_result", report)
        asked = classmethod(self._asked(ask.__func__))
        self._replace(backend, "run_sync_in_worker_thread", asked)
        return True

    def remove(self) -> None:
        """Put back what nobody has put something else around since. Any thread."""
        for owner, name, original, new in self._replaced:
            if vars(owner)[name] is new:
                setattr(owner, name, original)
        self._replaced.clear()

    def _replace(self, owner: Any, name: str, new: Any) -> None:
        self._replaced.append((owner, name, vars(owner)[name], new))
        setattr(owner, name, new)

    def _begun(self, original: Callable[..., None]) -> Callable[..., None]:
        """In the event loop's thread."""
        records = self.adapter.records

        @functools.wraps(original)
        def begun(thread: Any, *args: Any, **kwargs: Any) -> None:
            original(thread, *args, **kwargs)
            reference = weakref.ref(thread)
            hash(reference)  # now: once the thread is gone it cannot be computed
            record = ThreadRecord(reference, f"AnyIO {next(_threads)}")
            thread.queue = _TakingQueue(record)
            thread._pool_gui_record = record  # noqa: SLF001  # ours
            records.append(record)

        return begun

    def _reported(self, original: Callable[..., None]) -> Callable[..., None]:
        """In the event loop's thread; only then the worker takes the next one."""

        @functools.wraps(original)
        def reported(thread: Any, future: Any, result: Any, error: Any) -> None:
            record = getattr(thread, "_pool_gui_record", None)
            if record is not None:
                record.end(perf_counter_ns(), "FINISHED", error)
            original(thread, future, result, error)

        return reported

    def _asked(self, original: Callable[..., Any]) -> Callable[..., Any]:
        """In the event loop's thread, in the context of who asks."""
        adapter = self.adapter

        @functools.wraps(original)
        def asked(backend: Any, *args: Any, **kwargs: Any) -> Any:
            _called_ns.set(perf_counter_ns())
            limiter = kwargs.get("limiter", args[3] if len(args) > 3 else None)
            if limiter is None:
                limiter = backend.current_default_thread_limiter()
            adapter.meet(limiter)
            return original(backend, *args, **kwargs)

        return asked


class AnyioAdapter:
    """anyio's worker threads as the agent reads them."""

    name = "anyio"
    type_name = "anyio.to_thread"

    def __init__(self) -> None:
        self.records: deque[ThreadRecord] = deque()
        """Of new threads, until the agent takes them."""
        self._limiters: dict[int, Any] = {}  # by identity; weak references
        self._book = Workbook()

    def meet(self, limiter: Any) -> None:
        """Note a limiter; in an event loop's thread, one step."""
        if id(limiter) not in self._limiters:
            if len(self._limiters) >= _MOST_LIMITERS:
                self._limiters.clear()
            self._limiters[id(limiter)] = weakref.ref(limiter)

    def _limits(self) -> tuple[int, int]:
        """Return how many wait for a turn, and how many may run at a time."""
        waiting, most = 0, 0.0
        for reference in list(self._limiters.values()):
            limiter = reference()
            if limiter is None:
                continue
            try:
                told = limiter.statistics()
            except RuntimeError:  # it changed while it was copied
                continue
            waiting += told.tasks_waiting
            most += told.total_tokens
        return waiting, int(most) if math.isfinite(most) else 0

    def _refresh(self) -> Workbook:
        for record in [self.records.popleft() for _ in range(len(self.records))]:
            self._book.meet(record.thread, record.thread(), record)
        return self._book

    def read(self) -> PoolReading:
        """Return its state, and the counts since the agent came."""
        waiting, most = self._limits()
        book = self._refresh()
        sums, alive = book.sums(), book.alive
        counts = Counts(sums.begun + waiting, sums.begun, sums.done, sums.failed)
        return PoolReading("running", alive, waiting, None, max(most, alive), counts)

    def take_peak(self) -> int:
        """Return how many wait now: what was between two looks is not known here."""
        return self._limits()[0]

    def workers(self) -> Sequence[WatchedWorker]:
        """Return the threads there are, then a bounded number that ended lately."""
        return self._refresh().all

    def stuck(self) -> Sequence[Blocked]:
        """Return nothing: its tasks do not wait for each other by futures."""
        return ()

    def watch(self, mask: int) -> None:
        """Let workers record a span when their count `& mask` is 0."""
        self._refresh().watch(mask)
