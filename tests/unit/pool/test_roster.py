"""The roster: one record of who is there, replaced as a whole, by whomever."""

import sys
from dataclasses import replace
from itertools import pairwise

import pytest
from bounded_support import Caller

from pool_gui.pool import (
    LEGAL_MOVES,
    PoolState,
    PoolStateError,
    ProcessThread,
    ThreadSafeQueue,
)
from pool_gui.pool.roster import Roster, Rosters


def worker() -> ProcessThread:
    return ProcessThread(ThreadSafeQueue())


def with_workers(count: int, roster: Roster | None = None) -> Roster:
    """Return a roster with so many workers, as many as are wanted."""
    roster = roster or Roster(ceiling=10)
    for _ in range(count):
        roster = roster.with_one(worker(), is_more=True)
    return roster


# --- one roster --------------------------------------------------------------------


@pytest.mark.parametrize("before", PoolState)
@pytest.mark.parametrize("after", PoolState)
def test_a_roster_moves_as_the_table_of_moves_says(
    before: PoolState, after: PoolState
) -> None:
    roster = Roster(state=before, size=3)
    if after is before:
        assert roster.moved(after, "ours") is roster
    elif after in LEGAL_MOVES[before]:
        moved = roster.moved(after, "ours")
        assert (moved.state, moved.size) == (after, 3)
    else:
        with pytest.raises(PoolStateError, match="and cannot become"):
            roster.moved(after, "ours")
    assert roster.state is before, "it never changes"


def test_a_pool_is_elastic_between_floor_and_ceiling() -> None:
    fixed, elastic = Roster(size=2, floor=2, ceiling=2), Roster(size=2, ceiling=3)
    assert (fixed.is_elastic, fixed.may_grow) == (False, False)
    assert (elastic.is_elastic, elastic.may_grow) == (True, True)
    assert not replace(elastic, size=3).may_grow


def test_a_worker_is_wanted_from_its_start_and_counts_if_it_is_one_more() -> None:
    new = worker()
    for is_more in (False, True):
        roster = Roster().with_one(new, is_more=is_more)
        assert (roster.living, roster.size) == ((new,), is_more)
        assert roster.wanted == {id(new)}


@pytest.mark.parametrize("for_good", [False, True])
@pytest.mark.parametrize(("floor", "ceiling"), [(0, 10), (2, 2), (1, 2)])
def test_a_worker_that_is_to_go_makes_the_pool_smaller_once(
    floor: int,
    ceiling: int,
    for_good: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    roster = replace(with_workers(2), floor=floor, ceiling=ceiling)
    gone = roster.living[0]
    less = roster.with_less(gone, for_good=for_good)
    assert (less.size, less.living) == (1, roster.living)
    assert less.wanted == {id(roster.living[1])}
    is_fixed = floor == ceiling
    assert less.floor == (min(floor, 1) if for_good else floor)
    assert less.ceiling == (1 if for_good and is_fixed else ceiling)
    assert less.with_less(gone, for_good=for_good) is less
    assert roster.unwanted(gone).size == 2


@pytest.mark.parametrize("counts", [False, True])
def test_a_worker_that_left_is_struck_off_and_what_it_did_is_kept(
    counts: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    roster = with_workers(2)
    gone, left = roster.living
    gone.record.started, gone.record.done, gone.record.failed = 5, 3, 2
    gone.record.peak_queued = 7
    after = roster.without(gone, counts=counts)
    assert after.living == (left,)
    assert after.wanted == {id(left)}
    ran = (after.retired.started, after.retired.done, after.retired.failed)
    assert ran == ((5, 3, 2) if counts else (0, 0, 0))
    assert after.peak_queued == 7
    assert after.without(gone, counts=counts) is after


def test_the_most_queued_is_remembered() -> None:
    roster = Roster().with_queued(3)
    assert roster.peak_queued == 3
    assert roster.with_queued(3) is roster
    assert roster.with_queued(2) is roster
    assert roster.with_queued(4).peak_queued == 4


# --- one after the other ------------------------------------------------------------


def grow(roster: Roster) -> Roster:
    return replace(roster, size=roster.size + 1)


def test_a_change_makes_the_latest_roster_and_says_so() -> None:
    rosters, heard = Rosters(), list[int]()
    rosters.on_change = lambda: heard.append(rosters.latest().size)
    first = rosters.latest()
    assert rosters.change(grow)
    assert (first.size, rosters.latest().size, heard) == (0, 1, [1])
    latest = rosters.latest()
    assert not rosters.change(lambda old: old)
    assert rosters.latest() is latest
    assert heard == [1]


def test_the_hot_path_is_told_whether_the_pool_may_grow() -> None:
    rosters = Rosters()
    for ceiling, size, expected in [(2, 1, True), (2, 2, False), (0, 0, False)]:
        rosters.change(lambda old, c=ceiling, s=size: replace(old, ceiling=c, size=s))  # type: ignore[misc]
        assert rosters.may_grow is expected


def test_what_changes_in_the_midst_of_a_change_is_not_lost() -> None:
    """As by a signal handler, or by another thread: the change is made anew."""
    rosters, asked = Rosters(), list[int]()

    def change(roster: Roster) -> Roster:
        asked.append(roster.size)
        if len(asked) < 3:
            rosters.change(grow)
        return grow(roster)

    assert rosters.change(change)
    assert asked == [0, 1, 2]
    assert rosters.latest().size == 3


def test_what_changes_when_a_change_is_told_is_not_lost() -> None:
    rosters = Rosters()

    def more() -> None:
        if rosters.latest().size < 3:
            rosters.change(grow)

    rosters.on_change = more
    rosters.change(lambda old: replace(old, ceiling=4))
    assert rosters.latest().size == 3
    assert rosters.may_grow


def test_a_change_that_fails_changes_nothing() -> None:
    rosters = Rosters()
    before = rosters.latest()

    def fail(_: Roster) -> Roster:
        raise PoolStateError

    with pytest.raises(PoolStateError):
        rosters.change(fail)
    assert rosters.latest() is before


def test_no_change_is_lost_among_many_threads() -> None:
    rosters, each = Rosters(), 200
    seen: list[list[int]] = [[] for _ in range(4)]

    def change(number: int) -> None:
        for _ in range(each):
            rosters.change(grow)
            seen[number].append(rosters.latest().size)

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        for caller in [Caller(change, number) for number in range(4)]:
            caller.result()
    finally:
        sys.setswitchinterval(before)
    assert rosters.latest().size == 4 * each
    for sizes in seen:
        assert all(one < two for one, two in pairwise(sizes))
