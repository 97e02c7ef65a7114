"""The pool's threads: daemons where there are such, and asked for their end by many."""

import sys
import threading
from collections.abc import Iterator

import pytest
from pool_support import DEADLINE_SECONDS

from pool_gui.pool import ThreadPool
from pool_gui.pool.thread import DaemonThread

ROUNDS = 30


@pytest.fixture
def _often_switched() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("_often_switched")
def test_many_may_ask_for_the_end_of_a_thread_at_once() -> None:
    """Up to Python 3.12 a Thread may raise then, or release a lock twice."""
    for _ in range(ROUNDS):
        pool = ThreadPool(3)
        pool.start()
        workers = pool.workers()
        errors: list[BaseException] = []

        def ask(pool: ThreadPool = pool, errors: list[BaseException] = errors) -> None:
            try:
                for worker in pool.workers():
                    worker.is_alive()
                assert pool.join(DEADLINE_SECONDS)
                for worker in workers:  # noqa: B023 - called at once
                    worker.join(DEADLINE_SECONDS)
                    worker.is_alive()
            except BaseException as error:  # noqa: BLE001 - told below
                errors.append(error)

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert errors == []
        assert not any(worker.is_alive() for worker in workers)


def test_who_waits_for_too_short_a_time_goes_on_waiting_later() -> None:
    begun, over = threading.Event(), threading.Event()

    class Waiting(DaemonThread):
        def work(self) -> None:
            begun.set()
            assert over.wait(DEADLINE_SECONDS)

    thread = Waiting(name="waits")
    with pytest.raises(RuntimeError):
        thread.join()
    assert not thread.is_alive()
    thread.start()
    assert begun.wait(DEADLINE_SECONDS)
    assert thread.daemon
    thread.join(0)
    assert thread.is_alive()
    over.set()
    thread.join(DEADLINE_SECONDS)
    assert not thread.is_alive()
