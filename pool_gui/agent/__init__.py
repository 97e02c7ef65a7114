"""In the watched process: reads the pools, sends frames, carries out commands.

Standard library only, light enough to leave on. The parts: `adapters` (how each kind of
pool is read), `names`, `spans`, `tracked` and `frames` (what is said about it), `pace`
(when), `agent` (the two threads that talk to the window).
"""

from pool_gui.agent.adapters.base import WatchedPool, WatchedWorker
from pool_gui.agent.agent import Agent, CommandRefusedError

__all__ = [
    "Agent",
    "CommandRefusedError",
    "WatchedPool",
    "WatchedWorker",
]
