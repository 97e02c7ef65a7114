"""A program that knows nothing of pool_gui's agent, and measures its own time.

    foreign.py WORKLOAD SECONDS FILE

The workloads of `program.py`, on a `ThreadPoolExecutor`.
"""

import json
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from truth.program import WORKERS, Workload


def run(name: str, seconds: float) -> list[dict[str, object]]:
    """Run a workload; return the account of each worker."""
    workload = Workload(name, has_gaps=False)
    deadline = time.perf_counter() + seconds
    over = threading.Event()

    def again() -> None:
        workload.task()
        if time.perf_counter() < deadline:
            executor.submit(again)
        else:
            over.set()

    with ThreadPoolExecutor(WORKERS) as executor:
        for _ in range(WORKERS):
            executor.submit(again)
        over.wait()
    return [
        {"native_id": key, "shares": account.shares()}
        for key, account in workload.accounts.items()
    ]


if __name__ == "__main__":
    workload_name, how_long, place = sys.argv[1:]
    accounts = run(workload_name, float(how_long))
    Path(place).write_text(json.dumps(accounts), encoding="utf-8")
