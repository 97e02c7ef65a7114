"""Waits for a pool: for its end, or until nothing is queued or runs.

Any thread may call it that is none of the pool's workers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pool_gui.pool.errors import PoolStateError
from pool_gui.pool.states import PoolState
from pool_gui.pool.waiting import Deadline

if TYPE_CHECKING:
    from pool_gui.pool.core import PoolCore


def join(core: PoolCore, timeout: float | None) -> bool:
    """Drain, then wait for the end. See `ThreadPool.join`."""
    require_other_thread(core, "join")
    deadline = Deadline(timeout)
    core.drain()
    with core.life, core.life.lock:
        pass  # if another thread held it, the drain has come about now
    while threads := core.threads():
        left = deadline.seconds_left()
        threads[0].join(left if left >= 0 else None)
        # Python 3.11 may call an ended thread alive while another thread asks the same,
        # so only the clock decides.
        if deadline.is_over() and threads[0].is_alive():
            return False
    return True


def wait_idle(core: PoolCore, timeout: float | None) -> bool:
    """Wait until no task is queued or runs. See `ThreadPool.wait_idle`."""
    require_other_thread(core, "wait_idle")
    core.staffing.replace_dead()
    core.backlog.wake_some(core.backlog.size())
    return core.backlog.quiet.wait_until(lambda: _is_idle(core), Deadline(timeout))


def require_other_thread(core: PoolCore, call: str) -> None:
    """Raise PoolStateError if a worker calls what would wait for itself."""
    if core.hosts_current_thread():
        raise PoolStateError(
            f"{call}() was called by a worker of pool {core.name!r} itself and would "
            "wait for itself; call drain() there, or wait in another thread."
        )


def _is_idle(core: PoolCore) -> bool:
    # In this order: who decides tasks says so before they leave the outstanding.
    if core.state is not PoolState.STOPPED and core.statistics().outstanding > 0:
        return False
    return not (core.counters.is_at_work() or core.workers.busy())
