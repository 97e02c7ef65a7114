"""The no-op tasks a second of a pool that is watched, beside the same pool unwatched.

The pool runs in a child process; this process is the window's side and reads every
frame. Rounds alternate within one child. Target: at least 95 %.

    python tests/bench/bench_agent.py [rounds]
"""

import json
import subprocess
import sys
import threading
import time

from figures import line, ratios, verdict

from pool_gui.agent.adapters.thread_pool import ThreadPoolAdapter
from pool_gui.agent.agent import Agent
from pool_gui.pool import Task, ThreadPool
from pool_gui.wire.channel import Channel, connect
from pool_gui.wire.codec import read_header
from pool_gui.wire.errors import LinkClosedError
from pool_gui.wire.gate import Gate
from pool_gui.wire.notes import note
from pool_gui.wire.protocol import PROTOCOL_VERSION

WORKERS = 4
TASKS = 1_000_000


def noop() -> None:
    """Do nothing."""


def rate(pool: ThreadPool) -> float:
    """Return the no-op tasks a second, from the first put to the last end."""
    tasks = [Task(noop) for _ in range(TASKS)]
    put = pool.put
    started = time.perf_counter()
    for task in tasks:
        put(task)
    if not pool.wait_idle(300):
        raise SystemExit("the pool did not finish")
    return TASKS / (time.perf_counter() - started)


def child() -> None:
    """Measure both ways in turn, as the gates on standard input allow."""
    for environment in json.loads(sys.stdin.readline()):
        pool = ThreadPool(WORKERS)
        pool.start()
        rate(pool)  # warm up
        without = rate(pool)
        agent = Agent(connect(environment), lambda _command, _pool: note("done"))
        agent.start()
        agent.watch(ThreadPoolAdapter(pool))
        rate(pool)  # warm up as well: the agent settles on how much it samples
        watched = rate(pool)
        agent.stop()
        pool.join()
        print(json.dumps([without, watched]), flush=True)


def drain(channel: Channel, frames: list[int]) -> None:
    """Answer hello, then read and drop every frame, as a quick window would."""
    channel.receive()
    channel.send({"kind": "welcome", "protocol": PROTOCOL_VERSION})
    try:
        while True:
            read_header(channel.receive().header)
            frames[0] += 1
    except LinkClosedError:
        channel.close()


def main() -> None:
    """Run the child and print the ratio."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 9
    gates = [Gate(print) for _ in range(rounds)]
    process = subprocess.Popen(
        [sys.executable, __file__, "--child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps([gate.environment() for gate in gates]) + "\n")
    process.stdin.flush()
    without, watched, frames = [], [], [0]
    for gate in gates:
        channel = gate.wait(120)
        if channel is None:
            raise SystemExit("the pool process did not connect")
        reader = threading.Thread(target=drain, args=(channel, frames), daemon=True)
        reader.start()
        bare, seen = json.loads(process.stdout.readline())
        without.append(bare)
        watched.append(seen)
        reader.join(10)
        gate.close()
    process.wait(30)
    line("no-op tasks a second, nobody watches", without)
    line("no-op tasks a second, the agent sends frames", watched)
    line("watched / unwatched", ratios(watched, without))
    print(f"{frames[0]} frames were read")
    middle = sorted(ratios(watched, without))[rounds // 2]
    verdict("share of the rate that remains when watched", middle, 0.95, at_least=True)


if __name__ == "__main__":
    if sys.argv[1:] == ["--child"]:
        child()
    else:
        main()
