"""What tests of a task's outcome share: who comes, how it ends, threads, steps."""

import itertools
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from functools import partial
from types import FrameType
from typing import Any

from pool_support import DEADLINE_SECONDS

from pool_gui.pool import (
    ProcessThread,
    Task,
    TaskDroppedError,
    TaskState,
    atomic,
    deferring,
    standard,
)
from pool_gui.pool import task as task_module
from pool_gui.pool.task import CANCELLED, FINISHED, PENDING, RUNNING

Move = Callable[[Any], object]

STATES = (PENDING, RUNNING, "RUN OUTSIDE", FINISHED, "REFUSED", CANCELLED)
"""Of those that run one is run by a worker; of those over one was dropped."""

_FILES = [module.__file__ for module in (atomic, deferring, standard, task_module)]
_FUNCTIONS = [ProcessThread._process.__code__]
"""What is gone through step by step: what has to do with a task's outcome."""

_POLL_SECONDS = 1e-4


class FalsyError(Exception):
    """An exception that says it is false."""

    def __bool__(self) -> bool:
        return False


def nobody(future: Future[Any]) -> None:
    """Leave the task as it was made."""


def who_waited(future: Future[Any]) -> None:
    """Have waited for the result, until the time was up."""
    with suppress(TimeoutError):
        future.result(0)


def who_calls_back(future: Future[Any]) -> None:
    """Have waited, and leave a callback."""
    who_waited(future)
    future.add_done_callback(hash)


def who_watches(future: Future[Any]) -> None:
    """Leave what `concurrent.futures.wait` looks at, and a callback."""
    with future._condition:
        assert future._waiters == []
    future.add_done_callback(hash)


CAME: tuple[Move, ...] = (nobody, who_waited, who_calls_back, who_watches)
"""Who came before."""

ALL_STATES = list(itertools.product(STATES, CAME))
"""Each state, and who came to the task before it."""


def brought_to(state: str, come: Move = nobody) -> Task:
    """Return a task in that state, to which somebody came while it was pending."""
    task = Task(int)
    come(task)
    if state == CANCELLED:
        assert task.cancel()
    elif state == "REFUSED":
        assert task.refuse(TaskState.DROPPED, TaskDroppedError(), int)
    elif state == "RUN OUTSIDE":
        assert task.set_running_or_notify_cancel()
    elif state != PENDING:
        assert task.begin(1)
        if state == FINISHED:
            end(task, None)
    return task


def end(task: Task, outcome: object) -> None:
    """Do to the task what becomes of its call, as a worker does."""
    if isinstance(outcome, CancelledError):
        assert task.cancel()
        return
    if not task.started_ns:
        assert task.begin(1)
    task.ended_ns = 2
    assert task.ends_run()
    if isinstance(outcome, BaseException):
        task.end(outcome)
    else:
        task.end(None, outcome)


def ask(call: Callable[..., object], *args: object) -> object:
    """Return what the call returns, or else what it raises."""
    try:
        return call(*args)
    except BaseException as error:  # noqa: BLE001 - whatever it is
        return error


def is_same(answer: object, outcome: object) -> bool:
    """Whether it is the very outcome; a cancel raises a new exception each time."""
    if isinstance(outcome, CancelledError):
        return isinstance(answer, CancelledError)
    return answer is outcome


def comers(task: Future[Any]) -> int:
    """Return how many have come to wait; callbacks are not counted."""
    own = vars(task)
    parked = [one for one in own.get("_parked", ()) if not isinstance(one, partial)]
    return len(parked) + len(own["_standard"].waiters if "_standard" in own else ())


def waiting(task: Future[Any]) -> int:
    """Return how many wait for the end, callbacks included."""
    return comers(task) + len(vars(task).get("_callbacks", ()))


class InThread(threading.Thread):
    """A call made in a thread of its own."""

    def __init__(self, call: Callable[..., object], *args: object) -> None:
        super().__init__(daemon=True)
        self._call = partial(call, *args)
        self.start()

    def run(self) -> None:
        """Make the call."""
        self._answer = ask(self._call)

    def answer(self) -> object:
        """Wait for the end; return what `ask` does."""
        self.join(DEADLINE_SECONDS)
        assert not self.is_alive(), "it waits for ever"
        return self._answer


class Comer:
    """Somebody who comes to wait for a task, in a thread of his own."""

    def __init__(self, task: Task, wait: Callable[[Task], object]) -> None:
        before = waiting(task)
        self._waits = InThread(wait, task)
        while self._waits.is_alive() and waiting(task) == before:
            self._waits.join(_POLL_SECONDS)

    def answer(self) -> object:
        """Return what he was told."""
        return self._waits.answer()


class Step:
    """One step of the pool's code, before which somebody comes in between.

    Attributes:
        number: which step of a call it is, from 1.
        has_come: whether the call had so many.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        self.has_come = False
        self._intrude: Callable[[], object] = int
        self._error: BaseException | None = None

    def run(self, act: Callable[[], object], intrude: Callable[[], object]) -> object:
        """Make a call, with another made at that step, or else when it is over."""
        self._intrude, self._left = intrude, self.number
        before = sys.gettrace()
        sys.settrace(self._trace)
        try:
            answer = act()
        finally:
            sys.settrace(before)
        if not self.has_come:
            intrude()
        if self._error is not None:
            raise self._error
        return answer

    def _trace(self, frame: FrameType, event: str, _: object) -> Any:
        if frame.f_code.co_filename not in _FILES and frame.f_code not in _FUNCTIONS:
            return None
        frame.f_trace_opcodes = True
        if event == "opcode":
            self._left -= 1
            if not self._left:
                self.has_come = True
                sys.settrace(None)
                try:
                    self._intrude()
                except BaseException as error:  # noqa: BLE001 - raised when all is over
                    self._error = error
        return self._trace


def each_step(least: int = 20) -> Iterator[Step]:
    """Yield a step after the other, up to the first one that the call does not have.

    A step is one instruction of the interpreter: nobody can come more often. Who comes
    there does all that he does, and perhaps in a thread of his own, before the call
    goes on.
    """
    for number in itertools.count(1):
        step = Step(number)
        yield step
        if not step.has_come:
            break
    assert number > least, "few steps were tried; is the code traced?"
