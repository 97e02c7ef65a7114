"""In the watched process: reads the pools, sends frames, carries out commands.

Standard library only, light enough to leave on. The parts: `adapter` (how a pool is
read), `thread_pool` (how ours is), `names`, `spans` and `frames` (what is said about
it), `schedule` (when), `agent` (the two threads that talk to the window).
"""

from pool_gui.agent.adapter import WatchedPool, WatchedWorker
from pool_gui.agent.agent import Agent, CommandRefusedError

__all__ = [
    "Agent",
    "CommandRefusedError",
    "WatchedPool",
    "WatchedWorker",
]
