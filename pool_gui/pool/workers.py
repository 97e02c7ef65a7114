"""The workers of one pool: hired, dismissed, grown on demand, and what they have done.

Who hires holds the pool's lifecycle lock, for threads are started one after the other.
All else is in the roster, which needs no lock: no worker waits for one.
"""

from __future__ import annotations

import threading
import weakref
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING

from pool_gui.pool.atomic import SerialNumbers
from pool_gui.pool.counters import NO_SPANS, WorkerRecord
from pool_gui.pool.errors import WorkerStartError
from pool_gui.pool.peaks import Peaks
from pool_gui.pool.roster import Roster, Rosters
from pool_gui.pool.waiting import FOREVER
from pool_gui.pool.worker import ProcessThread

if TYPE_CHECKING:
    from pool_gui.pool.backlog import Backlog
    from pool_gui.pool.core import PoolCore
    from pool_gui.pool.counters import RunCounts
    from pool_gui.pool.queue import ThreadSafeQueue

MAX_DEPARTED = 256
"""Workers remembered after their end."""

_ASK_AGAIN_SECONDS = 0.1


class Workers:
    """The workers of one pool. Any thread may call what only looks.

    Attributes:
        rosters: who is there, and how many are to be.
        peaks: the most tasks that were queued at once.
        idle_limit_seconds: after that long idle workers ask whether to stay.
        departed: workers that ended lately, oldest first.
        span_mask: which tasks leave a span; see `WorkerRecord`.
    """

    def __init__(
        self, name: str, queue: ThreadSafeQueue, backlog: Backlog, core: PoolCore
    ) -> None:
        self.rosters = Rosters()
        self.peaks = Peaks(backlog, self.rosters)
        self.idle_limit_seconds = FOREVER
        self.departed: deque[ProcessThread] = deque(maxlen=MAX_DEPARTED)
        self.span_mask = NO_SPANS
        self._name = name
        self._queue = queue
        self._backlog = backlog
        self._core = weakref.ref(core)
        self._numbers = SerialNumbers()
        self._prepared: deque[ProcessThread] = deque()
        # Left, but their threads may still run. A dict as an ordered set.
        self._ending: dict[ProcessThread, None] = {}

    # --- looking -------------------------------------------------------------------

    @property
    def roster(self) -> Roster:
        """Who is there now. Read it once for what is to fit together."""
        return self.rosters.latest()

    def is_empty(self) -> bool:
        """Whether no worker is left."""
        return not self.roster.living

    def threads(self) -> list[ProcessThread]:
        """Return all workers whose threads run, those just leaving included."""
        # One that is just being started cannot be joined; if the pool has ended, it
        # ends at once. One that leaves is entered in the second before it is struck off
        # the first, so it is found in one of them.
        both = dict.fromkeys((*self.roster.living, *list(self._ending)))
        return [worker for worker in both if worker.is_alive()]

    def prepared(self) -> tuple[ProcessThread, ...]:
        """Return the workers of a new pool, as many as are wanted, not started yet.

        Under the lifecycle lock.
        """
        size = self.roster.size
        while len(self._prepared) < size:
            self._prepared.append(self._make())
        return tuple(self._prepared)[:size]

    def counts(self) -> RunCounts:
        """Return the exact counts over all workers, those gone included."""
        roster = self.roster
        return roster.retired.plus([worker.record for worker in roster.living])

    def busy(self) -> int:
        """Return how many workers have a task in hand, or see to its end."""
        return sum(one.record.task is not None for one in self.roster.living)

    def free(self) -> int:
        """Return how many workers will look for a task before they do anything else."""
        return sum(worker.is_free for worker in self.roster.living)

    def looking(self) -> int:
        """Return how many workers may have a task in hand that nobody sees yet."""
        return sum(worker.may_have_task for worker in self.roster.living)

    def has_dead(self) -> bool:
        """Whether the thread of a worker ended that has not left."""
        return any(worker.has_ended() for worker in self.roster.living)

    # --- more and fewer --------------------------------------------------------------

    def set_bounds(self, floor: int, ceiling: int) -> None:
        """Say between what the number of workers moves; hires and dismisses nobody."""
        self.rosters.change(lambda old: replace(old, floor=floor, ceiling=ceiling))

    def set_size(self, size: int) -> None:
        """Say how many workers a pool is to have that has none yet."""
        self.rosters.change(lambda old: replace(old, size=size))

    def hire_all(self) -> None:
        """Start as many workers as are wanted and queued tasks ask for, the first ones.

        Under the lifecycle lock.

        Raises:
            WorkerStartError: a thread could not be started; none is kept.
        """
        before = self.roster
        demand = min(self._backlog.size(), before.ceiling)
        self.set_size(max(before.size, demand))
        try:
            self.hire(self.roster.size - len(before.wanted), are_more=False)
        except WorkerStartError:
            self.rosters.change(
                lambda old: replace(
                    old,
                    size=before.size,
                    floor=before.floor,
                    ceiling=before.ceiling,
                )
            )
            raise

    def hire(self, count: int, *, are_more: bool = True, bounded: bool = False) -> None:
        """Start `count` workers. Under the lifecycle lock.

        Args:
            count: how many.
            are_more: whether the pool gets that much larger.
            bounded: no more than the ceiling allows, see `Roster.with_one_if_room`.

        Raises:
            WorkerStartError: a thread could not be started; those this call had
                started are dismissed again.
        """
        hired: list[ProcessThread] = []
        for _ in range(count):
            try:
                if not (worker := self._launch(is_more=are_more, bounded=bounded)):
                    return
                hired.append(worker)
            except (RuntimeError, MemoryError) as error:
                for other in hired:
                    other.dismiss()
                raise WorkerStartError(
                    f"Pool {self._name!r} could not start worker "
                    f"{len(hired) + 1} of {count} ({error}); use fewer workers."
                ) from error

    def catch_up(self, missing: int) -> None:
        """Start so many more, up to the ceiling, under the lifecycle lock.

        Raises:
            WorkerStartError: as `hire`.
        """
        self.hire(min(missing, self.roster.ceiling), bounded=True)

    def dismiss(self, count: int) -> tuple[ProcessThread, ...]:
        """Tell up to `count` workers to go, idle ones first, newest first."""
        dismissed = tuple(self._idle_first()[: max(0, count)])
        for worker in dismissed:
            worker.dismiss()
        return dismissed

    def _idle_first(self) -> list[ProcessThread]:
        roster = self.roster
        newest_first = [w for w in reversed(roster.living) if id(w) in roster.wanted]
        return sorted(newest_first, key=lambda one: one.record.task is not None)

    def shrink(self, size: int) -> None:
        """Dismiss workers as long as more are wanted; some may go by themselves."""
        for worker in self._idle_first():
            if self.rosters.change(lambda old, one=worker: old.shrunk(one, size)):  # type: ignore[misc]
                worker.dismiss()

    def dismiss_one(self, worker: ProcessThread) -> bool:
        """Tell this worker to go; False if it was told already or has left."""
        if id(worker) not in self.roster.wanted:
            return False
        worker.dismiss()
        return True

    def set_idle_limit(self, seconds: float) -> None:
        """Set after how long an idle worker above the floor goes; negative: never."""
        self.idle_limit_seconds = seconds
        for worker in self.roster.living:
            worker.reconsider(seconds)

    def watch(self, mask: int) -> None:
        """Set the span mask of all workers, and of those to come."""
        self.span_mask = mask
        for worker in self.roster.living:
            worker.record.span_mask = mask

    # --- what workers say of themselves ----------------------------------------------

    def idles(self, worker: ProcessThread) -> float:
        """Say for how long a worker that has been idle for long is to stay.

        Returns:
            Seconds, after which it asks again; `FOREVER`: until told to reconsider.
            0: it is no longer wanted, and must go.
        """
        # The size first, then a look at the queue. A put does it the other way round:
        # it adds its task, and then looks whether the pool may grow. So either that put
        # hires somebody, or this worker sees its task.
        if not self.rosters.change(lambda old: old.smaller(worker)):
            return FOREVER
        is_needed = self._backlog.has_ended or self._backlog.size()
        if is_needed and self.rosters.change(Roster.larger):
            return _ASK_AGAIN_SECONDS
        self.rosters.change(lambda old: old.unwanted(worker))
        worker.retire()
        return 0.0

    def dismissed(self, worker: ProcessThread) -> None:
        """Lower the wanted size for a worker that was told to go."""
        if self._backlog.has_ended:
            # Everybody goes then, and the size stays as it was.
            self.rosters.change(lambda old: old.unwanted(worker))
        else:
            self.rosters.change(lambda old: old.with_less(worker, for_good=True))

    def leaves(self, worker: ProcessThread, *, can_run: bool) -> bool:
        """Strike a worker off, its counts kept.

        False: it must go on, for it can run tasks and is the last one, and accepted
        tasks are queued that nobody else would run.
        """
        if worker not in self.roster.living:
            return True  # a forked child knows no workers
        # It may be quicker here than its dismissal, told by another thread.
        self.dismissed(worker)
        backlog = self._backlog

        def without(old: Roster) -> Roster:
            # Of two last ones that leave at once, the second comes here again.
            is_needed = can_run and backlog.has_ended and backlog.size()
            if is_needed and len(old.living) == 1:
                return old
            return old.without(worker, counts=True)

        self._enter_elsewhere(worker)
        return self.rosters.change(without)

    def bury_dead(self) -> int:
        """Strike off the workers whose threads ended without a word.

        An exception thrown in by another thread can do that, at one unlucky moment.
        Under the lifecycle lock. Returns how many are to be replaced.
        """
        missing = 0
        for worker in self.roster.living:
            if worker.has_ended():
                missing += self._no_more_counted(worker)
                worker.give_up(SystemExit("the worker's thread has ended"))
                self._strike_off(worker)
        return missing

    def forget_threads(self) -> None:
        """In a forked child: the workers stayed in the parent."""
        for worker in self.roster.living:
            task = worker.record.task
            if task is not None and worker is not threading.current_thread():
                task.abandon()  # its outcome is the parent's to know
        counts = self.counts()
        self.rosters.change(
            lambda old: replace(old, living=(), wanted=frozenset(), retired=counts)
        )
        self._ending.clear()

    # --- inside --------------------------------------------------------------------

    def _no_more_counted(self, worker: ProcessThread) -> bool:
        """Want one worker less, for one that may come in its place."""
        return self.rosters.change(lambda old: old.with_less(worker, for_good=False))

    def _strike_off(self, worker: ProcessThread) -> None:
        self._enter_elsewhere(worker)
        self.rosters.change(lambda old: old.without(worker, counts=True))

    def _enter_elsewhere(self, worker: ProcessThread) -> None:
        # Before it is struck off: a watcher, or who joins, finds it in one at least.
        for one in list(self._ending):
            if not one.is_alive():
                self._ending.pop(one, None)
        self._ending[worker] = None
        if worker not in self.departed:
            self.departed.append(worker)

    def _make(self) -> ProcessThread:
        return ProcessThread(
            self._queue,
            name=f"{self._name}_{self._numbers.take() - 1}",
            record=WorkerRecord(self.span_mask),
            core=self._core(),
        )

    def _launch(self, *, is_more: bool, bounded: bool) -> ProcessThread | None:
        """Start a worker, and forget it if that fails; None: the ceiling is reached."""
        try:
            worker = self._prepared.popleft()
        except IndexError:
            worker = self._make()
        try:
            # Entered before it starts, for it may be gone before this thread goes on;
            # and before it is told what may change, for who changes that tells all who
            # are entered.
            make = Roster.with_one_if_room if bounded else Roster.with_one
            if not self.rosters.change(lambda old: make(old, worker, is_more=is_more)):
                self._prepared.appendleft(worker)
                return None
            worker.patience.limit_seconds = self.idle_limit_seconds
            worker.record.span_mask = self.span_mask
            count = len(self.roster.living)  # before it may be gone
            if worker.ident is None:  # else a program has started it, as the note does
                worker.start()
        except BaseException:
            # After a Ctrl-C its thread may run all the same; then it leaves by itself.
            worker.retire()
            if is_more:
                self._no_more_counted(worker)
            if worker.ident is None:
                self.rosters.change(lambda old: old.without(worker, counts=False))
            raise
        self.rosters.change(lambda old: replace(old, peak=max(old.peak, count)))
        return worker
