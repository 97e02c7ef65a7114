"""A program that ends while its pool has work; the scene in scenes_reentry.py runs it.

    python -m interleaving.exits KIND SEED

It says on standard output what was accepted and what ran.
"""

from __future__ import annotations

import os
import sys
import threading
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial
from random import Random

from interleaving.dice import Dice
from interleaving.play import traced

from pool_gui import ThreadPool


def say(what: str, number: int) -> None:
    """Write a line in one piece, whichever thread it is."""
    os.write(1, f"{what} {number}\n".encode())


def submit(pool: Executor, first: int) -> None:
    """Submit until the interpreter ends."""
    try:
        for number in range(first, first + 6):
            pool.submit(say, "ran", number)
            say("accepted", number)
    except RuntimeError:
        say("refused", first)


def main(kind: str, seed: str) -> None:
    """Submit from two threads, and end."""
    random = Random(f"exits/{seed}")
    kinds = [
        partial(ThreadPool, 2),
        partial(ThreadPool, max_workers=2),
        partial(ThreadPool, 0, max_workers=2, keep_alive_seconds=0.0),
        partial(ThreadPool, 1, queue_limit=2),
    ]
    dice = Dice(int(seed), "exits", traced())
    dice.__enter__()  # for the rest of the program's life
    pool: Executor = random.choice(kinds)() if kind == "ours" else ThreadPoolExecutor(2)
    threading.Thread(target=submit, args=(pool, 0)).start()
    submit(pool, 6)


if __name__ == "__main__":
    main(*sys.argv[1:])
