import numpy as np
import pytest

from pool_gui.monitor.model.names import MAX_FUNCTIONS, OTHER_FUNCTIONS, FunctionNames
from pool_gui.wire.errors import MalformedMessageError


def test_a_name_keeps_its_index_when_another_process_tells_it() -> None:
    names = FunctionNames()
    names.learn([(1, "a"), (2, "b")])
    names.forget_ids()
    names.learn([(1, "b"), (2, "c")])
    assert names.names == ("a", "b", "c")
    np.testing.assert_array_equal(names.find(np.asarray([1, 2, 1])), [1, 2, 1])


def test_no_function_is_unknown_and_has_no_name() -> None:
    names = FunctionNames()
    assert names.find(np.asarray([0])).tolist() == [-1]
    assert names.name(-1) == ""


def test_an_id_that_was_never_named_is_refused() -> None:
    with pytest.raises(MalformedMessageError, match="id 5 was never named"):
        FunctionNames().find(np.asarray([5]))


def test_names_beyond_the_bound_share_one_entry_however_many_come() -> None:
    names = FunctionNames()
    for begin in range(1, 3 * MAX_FUNCTIONS, 256):
        names.learn([(n, f"f{n}") for n in range(begin, begin + 256)])
    last = names.find(np.asarray([MAX_FUNCTIONS + 1, 3 * MAX_FUNCTIONS]))
    assert {names.name(index) for index in last.tolist()} == {OTHER_FUNCTIONS}
    assert len(names.names) <= MAX_FUNCTIONS + 1
    assert len(names._ids) == MAX_FUNCTIONS
    with pytest.raises(MalformedMessageError):
        names.find(np.asarray([9 * MAX_FUNCTIONS]))


def test_names_beyond_the_bound_are_shared_over_processes_too() -> None:
    names = FunctionNames()
    names.learn([(n, f"a{n}") for n in range(1, MAX_FUNCTIONS + 1)])
    names.forget_ids()
    names.learn([(1, "new"), (2, "a7")])
    found = names.find(np.asarray([1, 2])).tolist()
    assert [names.name(index) for index in found] == [OTHER_FUNCTIONS, "a7"]
    names.check([(1, "new")])
