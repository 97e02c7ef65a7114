"""Counts a pool at one moment, without a lock, while its workers go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pool_gui.pool.counters import PoolStatistics

if TYPE_CHECKING:
    from pool_gui.pool.core import PoolCore


def take_census(core: PoolCore) -> PoolStatistics:
    """Return all counts, sizes and peaks of a pool as they are now."""
    counters, workers, backlog = core.counters, core.workers, core.backlog
    # Read last what comes first in a task's life: no count overtakes another.
    over_here = counters.caller_done.taken(), counters.caller_failed.taken()
    roster, ran = workers.roster, workers.counts()
    begun_here = counters.caller_started.taken()
    cancelled, expired = counters.cancelled.taken(), counters.expired.taken()
    dropped, rejected = counters.dropped.taken(), counters.rejected.taken()
    started = ran.started + begun_here
    done, failed = ran.done + over_here[0], ran.failed + over_here[1]
    accepted = _accepted(core, started + cancelled + expired + dropped)
    queued = backlog.size()
    return PoolStatistics(
        name=core.name,
        state=core.state,
        submitted=accepted,
        started=started,
        done=done,
        failed=failed,
        cancelled=cancelled,
        expired=expired,
        dropped=dropped,
        rejected=rejected,
        overdue=counters.overdue.taken(),
        run_by_callers=begun_here,
        hook_errors=counters.hook_errors.taken(),
        queued=queued,
        # Tasks that began while the workers were counted are not all running.
        running=min(started - done - failed, len(roster.living) + _callers(core)),
        workers=len(roster.living),
        size=roster.size,
        max_workers=max(roster.size, roster.ceiling),
        queue_limit=core.admission.limit,
        peak_queued=max(workers.peaks.ever(), queued),
        peak_workers=roster.peak,
    )


def _callers(core: PoolCore) -> int:
    """Return how many tasks run in threads that put them."""
    counters = core.counters
    over = counters.caller_done.taken() + counters.caller_failed.taken()
    return counters.caller_started.taken() - over


def _accepted(core: PoolCore, taken_out: int) -> int:
    """Return how many tasks were accepted.

    Args:
        core: the pool.
        taken_out: how many have begun, or were ended unrun; counted before.
    """
    # A put that raced the closing took a number, then withdrew its task.
    withdrawn = core.counters.withdrawn.taken()
    if not core.admission.is_uncertain:
        return core.counters.ids.taken() - withdrawn
    # A Ctrl-C may have hit a put between number and queue. So what is there counts,
    # seen from where a task comes from to where it goes, that none is missed: each
    # worker that has begun to look may have one in hand. At rest that is exact.
    there = core.backlog.size() + core.workers.looking() + _taken_out(core)
    return min(core.counters.ids.taken() - withdrawn, max(there, taken_out))


def _taken_out(core: PoolCore) -> int:
    """Return how many tasks were taken out of the queue, and counted."""
    counters = core.counters
    unrun = counters.cancelled.taken() + counters.expired.taken()
    here = counters.caller_started.taken() + counters.dropped.taken()
    return core.workers.counts().started + unrun + here
