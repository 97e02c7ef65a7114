from pool_gui.pool.counts import PoolCounts


def test_outstanding_is_what_was_accepted_and_is_not_over() -> None:
    counts = PoolCounts(
        submitted=10, started=6, done=3, failed=1, cancelled=2, rejected=7
    )
    assert counts.outstanding == 4
