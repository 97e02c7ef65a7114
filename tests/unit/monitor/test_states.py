import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pool_gui.monitor.model.state_cells import CELL_NS, CELLS, StateCells
from pool_gui.monitor.model.states import Records, StateFolder
from pool_gui.monitor.model.steps import Settler, StepMaker
from pool_gui.monitor.model.task_time import task_time
from pool_gui.monitor.sampling.look import Look, Wait
from pool_gui.monitor.states import STATES, State
from pool_gui.monitor.view.snapshot import Floats, Ints

MS = 1_000_000
BEGIN = 50 * CELL_NS
KEY, SLOT = 7, 0


def look(ms: float, cpu: float = 0, ready: float = 0, wait: int = Wait.NONE) -> Look:
    """Return a look at the worker, with totals in milliseconds."""
    return BEGIN + round(ms * MS), KEY, round(cpu * MS), round(ready * MS), wait


def spans(*edges: tuple[float, float]) -> Ints:
    rows = [(SLOT, BEGIN + b * MS, BEGIN + e * MS) for b, e in edges]
    return np.asarray(rows, np.int64).reshape(-1, 3).T


class Stage:
    """A folder with one worker, told looks and records."""

    def __init__(self) -> None:
        self.folder = StateFolder()
        self.folder.reset(SLOT)

    def tell(
        self,
        looks: list[Look],
        ms: float,
        tasks: Ints,
        busy: float = 1,
        *,
        complete: bool = True,
    ) -> None:
        self.folder.add(looks)
        now_ns = BEGIN + round(ms * MS)
        shares = np.asarray([busy])
        records = Records(now_ns, {KEY: SLOT}, tasks, shares, complete)
        self.folder.fold(records)

    def spent_ms(self) -> dict[str, float]:
        totals = self.folder.cells.totals_ns(SLOT) / MS
        return {
            state.name.lower(): round(float(totals[state]), 3)
            for state in State
            if totals[state]
        }


def test_totals_are_the_kernels_and_looks_split_what_remains() -> None:
    stage = Stage()
    looks = [look(0)] + [
        look(10 * n, cpu=2 * n, ready=n, wait=Wait.SLEEP if n % 2 else Wait.GIL)
        for n in range(1, 11)
    ]
    stage.tell(looks, 100, spans((0, 200)))
    told = {"cpu": 20, "ready": 10, "sleep": 35, "gil": 35}
    assert stage.spent_ms() == told


def test_time_outside_of_tasks_is_idle_but_for_what_the_gil_took() -> None:
    stage = Stage()
    waits = [Wait.SLEEP] * 4 + [Wait.LOCK] * 3 + [Wait.GIL] * 3
    looks = [look(0)] + [look(10 * n, wait=w) for n, w in enumerate(waits, 1)]
    stage.tell(looks, 100, spans((0, 40)))
    assert stage.spent_ms() == {"sleep": 40, "idle": 30, "gil": 30}


def test_what_no_look_saw_is_as_before_or_unknown() -> None:
    stage = Stage()
    stage.tell([look(0), look(90, cpu=30)], 100, spans((0, 100)))
    stage.tell([look(190, cpu=60, wait=Wait.DISK)], 195, spans((0, 195)))
    assert stage.spent_ms() == {"cpu": 60, "unknown": 60, "disk": 70}
    looks = [look(290, cpu=90), look(380, cpu=100, wait=Wait.DISK)]
    stage.tell(looks, 390, spans((0, 390)))
    assert stage.spent_ms() == {"cpu": 100, "unknown": 60, "disk": 220}


def test_totals_that_come_late_belong_to_the_looks_before() -> None:
    stage = Stage()
    # Runnable all along, without a core: the kernel tells only when it gets one.
    looks = [
        look(0),
        look(10),
        look(20),
        look(30, ready=28),
        look(40, 10, 28, Wait.LOCK),
    ]
    stage.tell(looks, 50, spans((0, 100)))
    assert stage.spent_ms() == {"ready": 28, "cpu": 10, "lock": 2}


def test_looks_wait_for_the_records_of_their_time() -> None:
    stage = Stage()
    stage.tell(
        [look(0), look(10, wait=Wait.SLEEP), look(20, wait=Wait.SLEEP)], 15, spans()
    )
    assert stage.spent_ms() == {"idle": 10}
    stage.tell([], 30, spans((10, 30)))
    assert stage.spent_ms() == {"idle": 10, "sleep": 10}


def test_where_tasks_are_sampled_a_waiting_worker_waits_for_one() -> None:
    stage = Stage()
    looks = [look(0), look(10, cpu=3, wait=Wait.LOCK), look(20, cpu=8, wait=Wait.GIL)]
    stage.tell(looks, 20, spans(), busy=0.3, complete=False)
    assert stage.spent_ms() == {"cpu": 8, "idle": 6, "gil": 6}


def test_a_thread_that_takes_anothers_slot_begins_anew() -> None:
    stage = Stage()
    stage.tell([look(0), look(10, cpu=5, wait=Wait.SLEEP)], 10, spans((0, 10)))
    stage.folder.reset(SLOT)
    assert stage.spent_ms() == {}
    late = (BEGIN + 20 * MS, 99, 0, 0, int(Wait.NONE))
    stage.tell([late], 20, spans())
    assert stage.spent_ms() == {}


@given(
    st.lists(
        st.tuples(
            st.integers(1, 300),
            st.integers(0, 300),
            st.integers(0, 300),
            st.sampled_from(list(Wait)),
            st.booleans(),
        ),
        min_size=1,
        max_size=40,
    )
)
def test_all_time_is_in_one_state_whatever_is_looked_at(
    steps: list[tuple[int, int, int, Wait, bool]],
) -> None:
    stage = Stage()
    at = cpu = ready = 0
    looks, tasks = [look(0)], []
    for length, used, waited, wait, busy in steps:
        if busy:
            tasks.append((at, at + length))
        at, cpu, ready = at + length, cpu + used, ready + waited
        looks.append(look(at, cpu, ready, wait))
    looks.append(look(at + 1, cpu, ready, Wait.LOCK))  # settles what is held back
    stage.tell(looks, at + 1, spans(*tasks))
    totals = stage.folder.cells.totals_ns(SLOT)
    assert totals.sum() == pytest.approx((at + 1) * MS)
    assert (totals >= -1e-6).all()


def test_a_task_that_is_told_twice_counts_once() -> None:
    looks = [look(10 * n, wait=Wait.SLEEP) for n in range(11)]
    steps = StepMaker().make(looks, {KEY: SLOT})
    busy_ns, inside = task_time(steps, spans((5, 42), (5, 60), (70, 75)))
    assert busy_ns.sum() == 60 * MS
    assert inside.tolist() == [True] * 6 + [False] * 4


def test_what_is_held_back_is_bounded() -> None:
    looks = [look(10 * n) for n in range(400)]
    steps = StepMaker().make(looks, {KEY: SLOT})
    nothing: Floats = np.zeros(len(steps.slot))
    settler = Settler()
    settled = settler.settle(steps, nothing, nothing > 0)
    assert len(settled.busy_ns) >= 399 - 50


def cells_of(*rows: tuple[int, int, State, float]) -> StateCells:
    """Return cells in which (slot, cell, state, ms) were spent."""
    cells = StateCells()
    for slot, cell, state, ms in rows:
        spent = np.zeros((1, STATES))
        spent[0, state] = ms * MS
        cells.add(np.asarray([slot]), np.asarray([cell]), spent)
    return cells


def test_a_pixel_has_the_shares_of_its_cells() -> None:
    cells = cells_of(
        (0, 10, State.CPU, 100), (0, 11, State.GIL, 50), (1, 11, State.IDLE, 100)
    )
    edges = np.asarray([9, 10, 11, 13]) * CELL_NS
    shares = cells.over(np.asarray([0, 1]), edges)
    assert shares.shape == (2, 3, STATES)
    assert np.isnan(shares[0, 0]).all()
    assert shares[0, 1, State.CPU] == 1
    assert shares[0, 2, State.GIL] == 1
    assert np.isnan(shares[1, :2]).all()
    both = cells.over(np.asarray([0]), np.asarray([10, 12]) * CELL_NS)[0, 0]
    assert both[State.CPU] == pytest.approx(2 / 3)
    assert cells.spent(np.asarray([0, 1]), edges)[2].sum() == 300


def test_cells_finer_than_a_step_add_up_over_time() -> None:
    cells = StateCells()
    spent = np.zeros((1, STATES))
    spent[0, State.CPU], spent[0, State.IDLE] = 0.3 * MS, 99.7 * MS
    for cell in range(1000):
        cells.add(np.asarray([0]), np.asarray([cell]), spent)
    shares = cells.over(np.asarray([0]), np.asarray([0, 1000]) * CELL_NS)[0, 0]
    assert shares[State.CPU] == pytest.approx(0.003, abs=1e-4)
    assert cells.totals_ns(0)[State.CPU] == pytest.approx(300 * MS)


def test_cells_beyond_the_history_are_forgotten() -> None:
    cells = cells_of((0, 5, State.CPU, 100), (0, 5 + CELLS, State.GIL, 100))
    old = cells.over(np.asarray([0]), np.asarray([5, 6]) * CELL_NS)
    assert np.isnan(old).all()
    new = cells.over(np.asarray([0]), np.asarray([5 + CELLS, 6 + CELLS]) * CELL_NS)
    assert new[0, 0, State.GIL] == 1
