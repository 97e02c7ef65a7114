"""The pool against a model: states, sizes, counts, and each task's one fate."""

import os
import sys
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)
from pool_harness import PoolBesideModel
from pool_model import OPEN, Life
from pool_support import DEADLINE_SECONDS, until

from pool_gui.pool import (
    PoolState,
    PoolStateError,
    Task,
    TaskState,
    TaskTypeErrorException,
    WhenFull,
)

NEW, RUNNING, PAUSED = PoolState.NEW, PoolState.RUNNING, PoolState.PAUSED

EXAMPLES = int(os.environ.get("POOL_GUI_EXAMPLES", "30"))
"""Each is other than before; the variable may ask for more of them at once."""

LIMITS = st.none() | st.integers(1, 4)
SPECS = st.fixed_dictionaries(
    {
        "priority": st.sampled_from([0, 0, 0, -1, 1, 5]),
        "fails": st.booleans(),
        "expires": st.sampled_from([False, False, False, True]),
        "has_callback": st.booleans(),
    }
)


class PoolMachine(RuleBasedStateMachine):
    """Calls one after the other; each is followed by all that workers make of it."""

    @initialize(size=st.integers(0, 3), more=st.integers(0, 2), options=st.data())
    def make(self, size: int, more: int, options: st.DataObject) -> None:
        both = PoolBesideModel(
            size,
            size + more or 1,
            has_hooks=options.draw(st.booleans(), "hooks"),
            propagate_context=options.draw(st.booleans(), "propagate_context"),
        )
        self.both, self.pool, self.model = both, both.pool, both.model
        self.set_limit(options.draw(LIMITS, "limit"))
        self.set_policy(options.draw(st.sampled_from(WhenFull), "policy"))
        # Without this most pools would end before they have done anything.
        self.steps_to_end = options.draw(st.integers(0, 30), "steps to the end")
        if options.draw(st.booleans(), "start"):
            self.start()

    def teardown(self) -> None:
        if sys.exc_info()[0] is not None:
            if hasattr(self, "both"):
                self.pool.stop()
            return
        if self.model.state is not PoolState.STOPPED:
            self.stop()
            self.join()
        self.both.compare_at_the_end()

    # What is put.

    @rule(spec=SPECS)
    def put(self, spec: dict[str, Any]) -> None:
        life, task = self.both.make_task(spec)
        self.both.offer([life], lambda: self.pool.put(task))

    @rule(specs=st.lists(SPECS, min_size=1, max_size=9))
    def batch_put(self, specs: list[dict[str, Any]]) -> None:
        if not self.model.is_predictable(len(specs)):
            return
        if self.model.policy is WhenFull.DROP_OLDEST:
            # One that its own batch drops may have expired just before.
            specs = [{**spec, "expires": False} for spec in specs]
        made = [self.both.make_task(spec) for spec in specs]
        tasks = [task for _, task in made]
        lives = [life for life, _ in made]
        self.both.offer(lives, lambda: self.pool.batch_put(iter(tasks)))

    # It starts a new pool. Whether there is still no room then, nobody can tell.
    @precondition(lambda self: self.model.state is not NEW or self.model.has_room())
    @rule(fails=st.booleans())
    def submit(self, *, fails: bool) -> None:
        life = Life(self.both.take_number(), fails=fails)
        work = self.both.work

        def put() -> None:
            future = self.pool.submit(work, life.number, fails=fails)
            self.both.belongs(life, future)

        self.both.offer_to_start([life], put)

    @precondition(lambda self: self.model.is_settled and not self.model.is_live())
    @precondition(lambda self: self.both.lives)
    @rule(data=st.data(), in_batch=st.booleans())
    def put_again(self, data: st.DataObject, *, in_batch: bool) -> None:
        """One that was refused is put itself, of all others a copy."""
        task = data.draw(st.sampled_from(list(self.both.lives)))
        if task.has_let_go():
            with pytest.raises(TaskTypeErrorException, match="cannot be put again"):
                self.pool.put(task)
            return
        old, state = self.both.lives[task], task.state
        life = old.again()
        put: list[Task] = []

        def put_it() -> None:
            put.extend(
                self.pool.batch_put([task]) if in_batch else [self.pool.put(task)]
            )
            if put != [task]:
                self.both.belongs(life, put[0])

        if state is TaskState.NEW:
            self.both.lives[task] = life
            life.takes_over(old)
        if self.both.offer([life], put_it):
            assert (put == [task]) == (state is TaskState.NEW)
        else:
            assert not put
        if (
            state is TaskState.QUEUED
        ):  # it may have been dropped to make room for its copy
            assert task.state in {state, TaskState.DROPPED}
        elif state is not TaskState.NEW:
            assert task.state is state, "it is as it was"
        self.both.settle()

    # What is taken back.

    @precondition(lambda self: self.model.accepted)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        life = data.draw(st.sampled_from(self.model.accepted))
        assert life.task is not None
        is_cancelled = life.task.cancel()
        if self.model.is_settled or is_cancelled:
            assert is_cancelled is self.model.cancel(life)

    @rule()
    def purge(self) -> None:
        assert self.pool.purge() == self.model.purge()

    @rule()
    def clear(self) -> None:
        self.both.hear_of_handed_back(self.pool.clear())

    # Limits.

    @rule(limit=LIMITS)
    def set_limit(self, limit: int | None) -> None:
        self.pool.queue_limit = self.model.limit = limit

    @rule(policy=st.sampled_from(WhenFull))
    def set_policy(self, policy: WhenFull) -> None:
        self.pool.when_full = self.model.policy = policy

    # Workers.

    @rule(size=st.integers(0, 4), more=st.none() | st.integers(0, 2))
    def resize(self, size: int, more: int | None) -> None:
        ceiling = None if more is None else size + more or 1
        if self.model.state not in OPEN:
            with pytest.raises(PoolStateError):
                self.pool.resize(size, ceiling)
            return
        self.pool.resize(size, ceiling)
        self.model.resize(size, ceiling)
        self.both.let_go()
        self.both.settle()

    @rule(count=st.integers(0, 4))
    def dismiss(self, count: int) -> None:
        if self.model.state not in OPEN:
            with pytest.raises(PoolStateError):
                self.pool.dismiss(count)
            return
        assert len(self.pool.dismiss(count)) == self.model.dismiss(count)
        self.both.let_go()

    @precondition(lambda self: self.model.state in (RUNNING, PAUSED))
    @rule(index=st.integers(0, 3))
    def dismiss_directly(self, index: int) -> None:
        # How many there are may differ from run to run, if they come on demand.
        for worker in self.pool.workers()[index : index + 1]:
            worker.dismiss()
            self.model.dismiss(1)
        self.both.let_go()

    @precondition(lambda self: self.model.is_live() and not self.model.queue)
    @rule()
    def idle_ones_go(self) -> None:
        self.pool.keep_alive_seconds = 0
        until(lambda: self.pool.size() == self.model.lo)
        self.pool.keep_alive_seconds = None
        self.both.let_go()

    # Life.

    def move(self, call: str, to: PoolState, *sources: PoolState) -> None:
        if self.model.state not in sources:
            with pytest.raises(PoolStateError):
                getattr(self.pool, call)()
            return
        getattr(self.pool, call)()
        self.model.state = to
        self.both.settle()

    @rule()
    def start(self) -> None:
        if self.model.is_self_started and self.model.state is RUNNING:
            self.model.is_self_started = False
            self.pool.start()
        else:
            self.move("start", RUNNING, NEW)

    @rule()
    def pause(self) -> None:
        self.move("pause", PAUSED, RUNNING, PAUSED)
        if self.model.state is PAUSED:
            # One that looked before the gate was shut may still take what comes next.
            parked = self.pool._core.backlog.parked
            parked.unpark_all()
            until(lambda: len(parked) == len(self.pool.workers()))

    @rule()
    def resume(self) -> None:
        self.move("resume", RUNNING, RUNNING, PAUSED)

    @precondition(lambda self: self.steps_to_end < 0)
    @rule(call=st.sampled_from(["drain", "join", "shutdown", "cancelling"]))
    def end(self, call: str) -> None:
        if call == "drain":
            self.pool.drain()
        elif call == "join":
            assert self.pool.join(DEADLINE_SECONDS)
        else:
            # Later on nobody could tell what was cancelled and what had run.
            is_cancelling = call == "cancelling" and self.model.is_settled
            if is_cancelling:
                self.model.clear()
            self.pool.shutdown(wait=False, cancel_futures=is_cancelling)
        self.model.begin_end()

    @precondition(lambda self: self.steps_to_end < 0)
    @rule()
    def stop(self) -> None:
        self.both.hear_of_handed_back(self.pool.stop())
        self.model.begin_end()

    @precondition(lambda self: self.model.state not in OPEN)
    @rule()
    def join(self) -> None:
        assert self.pool.join(DEADLINE_SECONDS)
        assert self.pool.join(0)
        assert self.pool.workers() == ()
        self.model.end()

    # What must hold.

    @invariant()
    def a_step_is_over(self) -> None:
        self.steps_to_end -= 1

    @invariant()
    def is_as_the_model_says(self) -> None:
        self.both.compare()

    @invariant()
    def each_ran_as_often_as_it_should_in_the_right_order(self) -> None:
        self.both.compare_runs()


TestPool = PoolMachine.TestCase
TestPool.settings = settings(max_examples=EXAMPLES, stateful_step_count=50)
