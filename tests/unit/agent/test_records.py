"""A record that is read between any two bytecodes of its writer."""

import sys
import threading
from types import FrameType
from typing import TYPE_CHECKING, Any

import pytest

from pool_gui.agent.records import ThreadRecord

if TYPE_CHECKING:
    from pool_gui.agent.adapters.base import WorkerReading


@pytest.mark.parametrize("error", [None, ValueError("so it is")])
def test_no_look_misses_a_task_or_counts_it_twice(error: ValueError | None) -> None:
    record = ThreadRecord(threading.current_thread)
    record.end(0, "FINISHED", None)  # nothing ran: it is no task
    seen: list[WorkerReading] = []

    def look(frame: FrameType, _event: str, _told: object) -> Any:
        if frame.f_code is ThreadRecord.end.__code__:
            frame.f_trace_opcodes = True
            seen.append(record.read(1, gone=False))
        return look

    before = sys.gettrace()
    for number in range(1, 4):
        record.running = number, print, 10 * number, 10 * number + 1
        sys.settrace(look)
        try:
            record.end(10 * number + 5, "FINISHED", error)
        finally:
            sys.settrace(before)
        assert {one.started for one in seen} == {number}
        finished = [one.done + one.failed for one in seen]
        assert finished == sorted(finished)
        assert set(finished) == {number - 1, number}
        for one in seen:
            assert (one.task != 0) is (one.done + one.failed == number - 1)
        seen.clear()
    assert record.read(1, gone=False).busy_ns == 12
