"""A task: one call, to be made by a worker, and its future. Any thread may hold one.

A task ends once, however many threads want to end it, and nobody holds a lock for that.

**Who decides that it runs, or never does.** The runner (the one worker that took the
task off its queue, or its caller) announces itself by storing `started_ns`, then looks
whether somebody has touched the task. Whoever wants to end it unrun (cancel, expire,
drop, hand back) touches it, then looks whether it has begun. So at least one of the two
sees the other. A runner that sees nobody runs: whoever comes later sees that it has
begun. Where somebody was seen, all leave their mark in one list, and the first mark
decides (`atomic.first`): the runner always marks RUNS, the others mark RUNS if they saw
that it has begun, else their own verdict. A runner that saw nobody leaves no mark; then
all others saw that it has begun, and all marks say RUNS. So all agree, each knows who
has decided, and who decided alone counts, tells and calls back.

**Who decides what came out of the run** (the runner, or somebody who calls `set_result`
meanwhile) is settled in the same way, with `ended_ns` as the announcement.

**Who waits** registers (`_parked`, `_callbacks`), says so (`_awaited`), then looks at
`_phase`. Who ends the task stores `_phase`, then looks at `_awaited`, and takes out
what is registered, one after the other. One of the two sees the other; `list.pop` gives
each entry to one thread alone.
"""

from __future__ import annotations

from concurrent.futures import CancelledError, Future, InvalidStateError
from contextlib import suppress
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NoReturn, Self, TypeGuard

from pool_gui.pool.atomic import HAS_GIL, Once, first
from pool_gui.pool.clocks import perf_counter_ns
from pool_gui.pool.events import tell_callback
from pool_gui.pool.limits import Limits
from pool_gui.pool.names import function_name, text, type_name
from pool_gui.pool.standard import StandardWaiters
from pool_gui.pool.states import TaskState
from pool_gui.pool.verdicts import RAN, RUNS, UNRUN, Verdict
from pool_gui.pool.waiting import await_release, locked_lock

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import SupportsIndex

    CallBack = Callable[[Callable[[], object]], object]
    """Is given what calls the callbacks of a task, and has it called somewhere."""

NO_KEYWORDS: Mapping[str, Any] = MappingProxyType({})
"""Shared by all tasks without keyword arguments: a dict of its own costs 64 bytes."""


def _gone() -> None:
    """Stand for what a call that is over has called."""


NO_CALL: Final = (_gone, (), NO_KEYWORDS)
"""What a call that is over holds on to: nothing of what it was."""

# The standard library's own names, which `concurrent.futures.wait` compares with.
PENDING: Final = "PENDING"
RUNNING: Final = "RUNNING"
CANCELLED: Final = "CANCELLED_AND_NOTIFIED"
FINISHED: Final = "FINISHED"


class _Fork:
    """What a forked child knows of its fork.

    Attributes:
        at_ns: when it was, by `clocks.perf_counter_ns`; 0 in a process without.
        survivors: the ids of the tasks that the forking thread runs, and ends here.
    """

    at_ns = 0
    survivors: frozenset[int] = frozenset()


class Task(Future[Any]):
    """One call of `callable` with the given arguments, and its future.

    It is a `concurrent.futures.Future`, and works wherever one does: `wait`,
    `as_completed`, `asyncio.wrap_future`. Any thread may call anything, finalizers and
    signal handlers too. `cancel` wakes who waits at once, in `wait` too; the standard
    class does so only when a worker comes upon the cancelled call (cpython#109934). A
    cancelled task stays in the queue, and is counted there, until a worker comes to it
    or `ThreadPool.purge` takes it out; it is never run.

    A task runs once. Put a second time, a copy of it is queued, with an outcome of its
    own, and `put` returns the copy.

    Attributes:
        callable: what is called.
        args: its positional arguments.
        kwargs: its keyword arguments.
        id: serial number in its pool, given when it is put; 0 before.
        queued_ns: when it was put, by `time.perf_counter_ns`; 0 before.
        started_ns: when it began to run, likewise.
        ended_ns: when it ended, likewise.
        limits: its priority and time limits, if it has any; see `with_limits`.
        is_call: whether `submit` made it. What such a task calls, and with what, is
            let go when it is over, for its maker holds only a future.
        logs_failure: whether the pool logs what it raises. `submit` clears it, as the
            exception is in the future that it returns.

    Raises:
        TypeError: `callable` cannot be called.
    """

    __slots__ = (
        "_awaited",
        "_exception",
        "_phase",
        "_result",
        "_unput" if HAS_GIL else "_unput_list",
        "_untouched",
        "args",
        "callable",
        "ended_ns",
        "id",
        "is_call",
        "kwargs",
        "limits",
        "logs_failure",
        "queued_ns",
        "started_ns",
    )

    if not HAS_GIL:
        _unput = Once("_unput_list")

    def __init__(
        self,
        callable: Callable[..., object],  # noqa: A002 - the seed's name
        /,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        if not _is_callable(callable):
            raise TypeError(
                f"A task needs something to call, and {type_name(callable)} "
                "cannot be called."
            )
        # Future.__init__ would make a condition variable, a lock and lists.
        self.callable = callable
        self.args = args
        self.kwargs: Mapping[str, Any] = kwargs or NO_KEYWORDS
        self.limits: Limits | None = None
        self.logs_failure = True
        self.make_new()

    def make_new(self) -> None:
        """Be as one that was never put; for who makes one."""
        self.id = self.queued_ns = self.started_ns = self.ended_ns = 0
        self._phase: str = PENDING
        self._exception: BaseException | None = None
        self._awaited = False
        self._untouched = self._unput = True
        self.is_call = False

    def __repr__(self) -> str:
        return f"<Task {self.id} {function_name(self.callable)} {self.state.value}>"

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise TypeError("A task cannot be pickled or copied: its outcome is its own.")

    @property
    def future(self) -> Self:
        """The task itself, which is its future; there from the beginning."""
        return self

    @property
    def state(self) -> TaskState:
        """Where the task is in its life."""
        if self._phase is PENDING:
            if self.running():
                return TaskState.RUNNING
            return TaskState.QUEUED if self.queued_ns else TaskState.NEW
        state = self._verdict().state
        if state is not TaskState.RUNNING:
            return state
        return TaskState.DONE if self._exception is None else TaskState.FAILED

    def with_limits(
        self,
        *,
        priority: SupportsIndex = 0,
        queue_seconds: float | None = None,
        run_seconds: float | None = None,
    ) -> Self:
        """Set the task's priority and time limits, and return the task.

        To be called before the task is put.

        Args:
            priority: any whole number; larger ones run first, equal ones in the order
                in which they were put. Tasks without it have 0.
            queue_seconds: how long the task may wait in the queue. Past that it is not
                run, and its future raises `TaskExpiredError`.
            run_seconds: how long it should run. Past that it is logged as a warning and
                counted as overdue; it runs on, for **a thread cannot be killed**.

        Raises:
            TypeError: `priority` is no whole number.
            ValueError: a limit is not positive.
        """
        self.limits = Limits.of(priority, queue_seconds, run_seconds)
        return self

    # --- the future ----------------------------------------------------------------

    def cancel(self) -> bool:
        """Never run, if it has not begun; wake who waits.

        Returns:
            False if the task runs or has run, or has ended otherwise.
        """
        if self._phase is not PENDING:
            return self._phase is CANCELLED
        mine = Verdict(TaskState.CANCELLED)
        decided = self._decide(mine)
        if decided.state is not TaskState.CANCELLED:
            return False
        self._phase = CANCELLED  # perhaps for who has decided it, and is not so far yet
        if decided is mine and self._awaited:
            self.tell(Exception)
        return True

    def cancelled(self) -> bool:
        """Return whether the task was cancelled."""
        return self._phase is CANCELLED

    def running(self) -> bool:
        """Return whether the call has begun and is not over."""
        if self._phase is not PENDING:
            return False
        verdict = self._verdict()
        if verdict is RUNS:
            return bool(self.started_ns)
        return verdict.state is TaskState.RUNNING

    def done(self) -> bool:
        """Return whether the call is over, or will never be made."""
        is_old = 0 < self.queued_ns < _Fork.at_ns  # before this process was forked off
        if is_old and self._phase is PENDING and id(self) not in _Fork.survivors:
            self.abandon()  # a thread of the parent runs it
        return self._phase is not PENDING

    def result(self, timeout: float | None = None) -> Any:
        """Return what the call returned; wait for it up to `timeout` seconds.

        Raises:
            CancelledError: the task was cancelled.
            TimeoutError: it is not over in time.
            TaskExpiredError: it waited in the queue beyond its limit, and did not run.
            TaskDroppedError: it was dropped from a full queue.
            BaseException: whatever the call raised.
        """
        try:
            if self._phase is not FINISHED:
                self._await(timeout)
            if self._exception is None:
                return self._result
            raise self._exception
        finally:
            del self  # breaks the cycle with a raised exception

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """Return what the call raised, None if it returned; wait as `result` does.

        Raises:
            CancelledError: the task was cancelled.
            TimeoutError: it is not over in time.
        """
        if self._phase is not FINISHED:
            self._await(timeout)
        return self._exception

    def add_done_callback(self, fn: Callable[[Future[Any]], object]) -> None:
        """Have `fn(task)` called when the task is over; at once if it is.

        It is called by the thread that ends the task, or by this one. What it raises is
        logged.
        """
        if self.done():
            self._call(fn, Exception)
            return
        self.__dict__.setdefault("_callbacks", []).append(fn)
        self._awaited = True
        if self._phase is not PENDING:
            self._call_back(Exception)

    def set_running_or_notify_cancel(self) -> bool:
        """Say that the call begins, for who runs it without a pool.

        Returns:
            False if the task was cancelled.

        Raises:
            RuntimeError: it has begun already.
        """
        mine = Verdict(TaskState.RUNNING)
        if self._phase is PENDING and self._decide(mine) is mine:
            return True
        if self.cancel():
            return False
        raise RuntimeError("Future in unexpected state")

    def set_result(self, result: Any) -> None:
        """Say what the call returned, for who runs it without a pool.

        What a run in a pool returns that is not over yet is then left out.

        Raises:
            InvalidStateError: the task is over.
        """
        self._set(result, None)

    def set_exception(self, exception: BaseException | None) -> None:
        """Say what the call raised, as `set_result`.

        Raises:
            InvalidStateError: the task is over.
        """
        self._set(None, exception)

    def _set(self, result: Any, error: BaseException | None) -> None:
        mine = Verdict(TaskState.DONE if error is None else TaskState.FAILED)
        decided = self._decide(mine) if self._phase is PENDING else None
        if decided is not None and decided.state is TaskState.RUNNING:
            mark = RAN if self.ended_ns else mine
            decided = first(self.__dict__, "_ends", mark)
        if decided is not mine:
            raise InvalidStateError(f"{self._state}: {self!r}")
        self.end(error, result)

    def _await(self, timeout: float | None) -> None:
        """Wait until the task is over; raise if it was cancelled or is not in time."""
        if not self.done():
            lock = locked_lock()
            parked = self.__dict__.setdefault("_parked", [])
            wake = lock.release
            parked.append(wake)
            self._awaited = True
            try:
                if self._phase is PENDING:
                    await_release(lock, timeout)
            finally:
                with suppress(ValueError):  # the usual case: it was taken out
                    parked.remove(wake)
        if self._phase is not FINISHED:
            raise CancelledError if self._phase is CANCELLED else TimeoutError

    def _call(
        self, fn: Callable[[Future[Any]], object], catch: type[BaseException]
    ) -> None:
        try:
            fn(self)
        except catch as error:
            tell_callback(text(self), error)

    def _call_back(self, catch: type[BaseException] = BaseException) -> None:
        """Call the callbacks that nobody has taken, in their order."""
        callbacks = self.__dict__["_callbacks"]
        try:
            while callbacks:
                try:
                    fn = callbacks.pop(0)
                except IndexError:  # another thread was quicker
                    return
                self._call(fn, catch)
        except BaseException:  # Ctrl-C in a callback; the others are called anyway
            self._call_back()
            raise

    # What concurrent.futures.wait and as_completed look at; see standard.py.

    @property
    def _condition(self) -> StandardWaiters:  # type: ignore[override]  # made when wanted
        own = self.__dict__
        waiters: StandardWaiters | None = own.get("_standard")
        if waiters is None:
            waiters = own.setdefault("_standard", StandardWaiters())
        if not waiters.is_registered:
            if not self.done():
                own.setdefault("_parked", []).append(partial(waiters.tell, self))
                self._awaited = True
            if self._phase is not PENDING:
                self._wake_parked()
                waiters.tell(self)
            waiters.is_registered = True
        return waiters

    @property
    def _waiters(self) -> list[Any]:  # type: ignore[override]  # likewise
        return self._condition.waiters

    @property
    def _state(self) -> str:  # type: ignore[override]  # two steps in one word
        if not self.done():
            return RUNNING if self.running() else PENDING
        waiters: StandardWaiters | None = self.__dict__.get("_standard")
        return self._phase if waiters is None or waiters.is_told else RUNNING

    # --- what the pool does --------------------------------------------------------

    def begin(self, now_ns: int) -> bool:
        """Begin the run, for the one thread that may; False if it must not."""
        self.started_ns = now_ns
        return self._untouched or self.prevails()

    def claim(self) -> bool:
        """Be put: true for one caller alone; who puts it later puts a copy."""
        try:
            del self._unput  # one step: of two who put it one gets it
        except AttributeError:
            return False
        return self._phase is PENDING

    def unclaim(self) -> None:
        """Be as before a put that was refused."""
        self._unput = True

    def prevails(self) -> bool:
        """Decide for a run that was announced, against those who touched the task."""
        if first(self.__dict__, "_verdicts", RUNS) is RUNS:
            return True
        self.started_ns = 0
        return False

    def ends_run(self) -> bool:
        """Decide for what came out of an ended run; False: the outcome was set."""
        return self._untouched or first(self.__dict__, "_ends", RAN) is RAN

    def end(
        self,
        error: BaseException | None,
        result: Any = None,
        call_back: CallBack | None = None,
    ) -> None:
        """Finish a task, for who has decided that, and tell who waits."""
        self._result = result
        self._exception = error
        self._phase = FINISHED
        if self._awaited:
            self.tell(BaseException, call_back)

    def refuse(
        self,
        state: TaskState,
        error: BaseException | None,
        count: Callable[[], object],
        call_back: CallBack | None = None,
    ) -> bool:
        """End a task that has not begun, in this state and with this error.

        Args:
            state: CANCELLED, EXPIRED or DROPPED.
            error: what `result` is to raise; None: `CancelledError`.
            count: called when it is decided so, before anybody can learn of it.
            call_back: is given what calls the callbacks, if there are any; None: they
                are called here.

        Returns:
            False if the task has begun, or is over.
        """
        mine = Verdict(state, error, count)
        if self._phase is not PENDING or self._decide(mine) is not mine:
            return False
        self._conclude(mine, call_back)
        return True

    def bury(self, count: Callable[[], object]) -> None:
        """Conclude a task that must not run, for who finds it in a queue.

        Who has decided that may have been interrupted (Ctrl-C) before it was concluded.

        Args:
            count: called if who decided so has not counted it.
        """
        verdict = self._verdict()
        if verdict.count is None:
            count()
        if self._phase is PENDING and verdict.state in UNRUN:
            self._conclude(verdict)
        self.let_go()

    def _conclude(self, verdict: Verdict, call_back: CallBack | None = None) -> None:
        if verdict.count is not None:
            next(verdict.count, None)
        self._exception = verdict.error
        self._phase = CANCELLED if verdict.error is None else FINISHED
        if self._awaited:
            self.tell(BaseException, call_back)

    def abandon(self) -> None:
        """In a forked child: be cancelled, without a lock that nobody may release."""
        own = self.__dict__
        if self._phase is PENDING:
            own["_verdicts"] = [Verdict(TaskState.CANCELLED)]
            self._untouched = False
            self._phase = CANCELLED
        for name in ("_standard", "_parked", "_callbacks"):
            own.pop(name, None)

    def let_go(self) -> None:
        """Hold no more what a call that is over has called, and with what."""
        if self.is_call:
            self.callable, self.args, self.kwargs = NO_CALL

    def has_let_go(self) -> bool:
        """Whether what it called is let go."""
        return self.callable is _gone

    def _decide(self, mine: Verdict) -> Verdict:
        """Try to end a task that has not begun; return the verdict that decides."""
        self._untouched = False
        return first(self.__dict__, "_verdicts", RUNS if self.started_ns else mine)

    def _verdict(self) -> Verdict:
        """Return what was decided of the run; `RUNS` if nobody wants to end it."""
        marks = None if self._untouched else self.__dict__.get("_verdicts")
        return marks[0] if marks else RUNS

    def tell(
        self,
        catch: type[BaseException] = BaseException,
        call_back: CallBack | None = None,
    ) -> None:
        """Wake who waits, then call back."""
        self._wake_parked()
        if "_callbacks" not in self.__dict__:
            return
        if call_back is None:
            self._call_back(catch)
        else:
            call_back(self._call_back)

    def _wake_parked(self) -> None:
        parked = self.__dict__.get("_parked")
        while parked:
            try:
                wake = parked.pop(0)
            except IndexError:  # another thread was quicker
                return
            wake()


def is_task(item: object) -> TypeGuard[Task]:
    """Whether something is a task by its true class, whatever it says of that."""
    return issubclass(type(item), Task)  # isinstance would believe it


def note_fork(survivors: frozenset[int]) -> None:
    """Say in a forked child which of the parent's tasks its one thread still runs."""
    _Fork.at_ns, _Fork.survivors = perf_counter_ns(), survivors


_is_callable = callable  # the parameter of Task hides the builtin
