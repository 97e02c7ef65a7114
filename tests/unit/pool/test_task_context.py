"""In which `contextvars` context a task runs."""

import contextvars
from collections.abc import Callable, Iterator

import pytest
from pool_makers import Make, ended_after
from pool_support import DEADLINE_SECONDS, Stall

from pool_gui.pool import Task, ThreadPool

number: contextvars.ContextVar[int] = contextvars.ContextVar("number", default=0)


@pytest.fixture
def make(stall: Stall) -> Iterator[Make]:
    with ended_after(stall) as made:
        yield made


SUBMITS: dict[str, Callable[[ThreadPool], list[int]]] = {
    "submit": lambda pool: [pool.submit(number.get).result(DEADLINE_SECONDS)],
    "map": lambda pool: list(pool.map(lambda _: number.get(), range(3))),
    "put": lambda pool: put_and_wait(pool, 1),
    "batch_put": lambda pool: put_and_wait(pool, 3),
}


def put_and_wait(pool: ThreadPool, count: int) -> list[int]:
    tasks = [Task(number.get) for _ in range(count)]
    pool.put(tasks[0]) if count == 1 else pool.batch_put(tasks)
    return [task.future.result(DEADLINE_SECONDS) for task in tasks]


@pytest.mark.parametrize("call", SUBMITS)
@pytest.mark.parametrize("propagates", [True, False])
def test_calls_run_in_their_submitter_s_context_only_if_the_pool_is_made_so(
    make: Make,
    call: str,
    propagates: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    pool = make(2, propagate_context=propagates)
    for value in (1, 2):
        seen = contextvars.copy_context().run(
            lambda value=value: (number.set(value), SUBMITS[call](pool))[1]  # type: ignore[misc]
        )
        assert set(seen) == {value if propagates else 0}


@pytest.mark.parametrize("call", ["submit", "batch_put"])
def test_what_a_call_sets_in_its_context_nobody_else_sees(
    make: Make, call: str
) -> None:
    pool = make(1, propagate_context=True)

    def see_and_set() -> int:
        before = number.get()
        number.set(before + 1)
        return before

    if call == "submit":
        futures = [pool.submit(see_and_set) for _ in range(3)]
    else:
        tasks = [Task(see_and_set) for _ in range(3)]
        pool.batch_put(tasks)
        futures = [task.future for task in tasks]
    assert [future.result(DEADLINE_SECONDS) for future in futures] == [0, 0, 0]
    assert number.get() == 0


def test_a_task_put_elsewhere_leaves_its_context_behind(
    make: Make, stall: Stall
) -> None:
    """A context can be entered once at a time, and the pool there has none."""

    def see() -> int:
        begun.append(number.get())
        if len(begun) == 1:
            stall()
        return number.get()

    begun: list[int] = []
    task = Task(see)
    first = make(1, propagate_context=True)

    def put_with_five() -> None:
        number.set(5)
        first.put(task)

    contextvars.copy_context().run(put_with_five)
    stall.wait_entered()
    second = make(1)
    assert second.put(task).result(DEADLINE_SECONDS) == 0
    stall.release.set()
    assert task.result(DEADLINE_SECONDS) == 5
    assert second.put(task).result(DEADLINE_SECONDS) == 0
    assert begun == [5, 0, 0]
