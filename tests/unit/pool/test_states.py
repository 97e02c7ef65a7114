from pool_gui.pool.states import LEGAL_MOVES, PoolState, TaskState, WorkerState
from pool_gui.wire.protocol import POOL_STATES, WorkerCode


def test_the_table_knows_every_state() -> None:
    assert set(LEGAL_MOVES) == {*PoolState, *WorkerState, *TaskState}


def test_states_move_only_within_their_own_kind() -> None:
    for state, others in LEGAL_MOVES.items():
        assert all(type(other) is type(state) for other in others)


def test_every_state_but_the_first_can_be_reached_and_the_last_is_final() -> None:
    reached = set().union(*LEGAL_MOVES.values())
    assert {*PoolState, *WorkerState, *TaskState} - reached == {PoolState.NEW}
    assert not LEGAL_MOVES[PoolState.STOPPED]
    assert not LEGAL_MOVES[WorkerState.GONE]


def test_a_task_that_is_over_stays_so_and_put_again_a_copy_is_queued() -> None:
    over = {*TaskState} - {TaskState.NEW, TaskState.QUEUED, TaskState.RUNNING}
    assert {LEGAL_MOVES[state] for state in over} == {frozenset()}


def test_the_outcome_of_a_task_may_be_set_before_it_is_put_and_after() -> None:
    for state in (TaskState.NEW, TaskState.QUEUED, TaskState.RUNNING):
        assert LEGAL_MOVES[state] >= {TaskState.DONE, TaskState.FAILED}


def test_states_are_called_as_on_the_wire() -> None:
    assert tuple(PoolState) == POOL_STATES
    assert [state.name for state in WorkerState] == [code.name for code in WorkerCode]
