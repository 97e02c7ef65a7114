import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pool_gui.monitor.model.spans import Outcome, SpanField, SpanRing, longest_of_each
from pool_gui.monitor.view.snapshot import Ints

Task = tuple[int, int]


def matrix(tasks: list[Task], first_task: int = 0, slot: int = 0) -> Ints:
    spans = np.zeros((len(SpanField), len(tasks)), np.int64)
    spans[SpanField.SLOT] = slot
    spans[SpanField.TASK] = first_task + np.arange(len(tasks))
    for place, (begin, end) in enumerate(tasks):
        spans[SpanField.STARTED_NS, place] = begin
        spans[SpanField.ENDED_NS, place] = end
    return spans


TASKS = st.lists(
    st.tuples(st.integers(0, 50), st.integers(0, 50)).map(
        lambda t: (min(t), max(t) + 1)
    ),
    max_size=7,
)


@given(st.lists(TASKS, max_size=8), st.integers(0, 50), st.integers(1, 20))
def test_the_ring_is_the_list_of_its_newest_spans(
    batches: list[list[Task]], begin: int, length: int
) -> None:
    ring = SpanRing(7)
    everything: list[Task] = []
    for tasks in batches:
        assert ring.add(matrix(tasks, len(everything))) == len(everything)
        everything += tasks
    numbered = list(enumerate(everything))
    kept, lost = numbered[-7:], numbered[:-7]
    assert ring.newest(99)[SpanField.TASK].tolist() == [n for n, _ in kept][::-1]
    found = ring.column(SpanField.TASK, ring.within(begin, begin + length))
    assert sorted(found.tolist()) == [
        number for number, (b, e) in kept if e > begin and b < begin + length
    ]
    assert ring.lost_before_ns == max((end for _, (_, end) in lost), default=0)


def test_a_span_can_be_changed_as_long_as_it_is_there() -> None:
    ring = SpanRing(4)
    serial = ring.add(matrix([(0, 5)]))
    ring.add(matrix([(1, 2)] * 3))
    assert ring.replace(serial, matrix([(0, 3)], 42)[:, 0])
    assert ring.newest(4)[SpanField.TASK, -1] == 42
    ring.add(matrix([(1, 2)]))
    assert not ring.replace(serial, matrix([(0, 3)], 42)[:, 0])


def test_the_longest_of_each_worker_and_all_failed_ones_are_kept() -> None:
    one = matrix([(0, 5), (5, 20), (20, 22)], first_task=1, slot=1)
    two = matrix([(0, 1), (2, 9)], first_task=4, slot=2)
    one[SpanField.OUTCOME, 0] = Outcome.FAILED
    kept = longest_of_each(np.concatenate((one, two), axis=1))
    assert kept[SpanField.TASK].tolist() == [1, 2, 5]
