"""A thread that the program's own view of its threads does not show.

`threading.enumerate()` and `active_count()` answer as if it were not there, and nothing
waits for it at exit. What runs in it must not ask for `threading.current_thread()`.
"""

import _thread
import threading
from collections.abc import Callable


class QuietThread:
    """As much of `threading.Thread` as the agent needs. Any thread may call."""

    def __init__(self, target: Callable[[], None], name: str) -> None:
        self.name = name
        self._target = target
        self._begun = False
        self._ended = threading.Event()

    def start(self) -> None:
        """Begin.

        Raises:
            RuntimeError: no thread can be started.
        """
        _thread.start_new_thread(self._run, ())
        self._begun = True

    def _run(self) -> None:
        try:
            self._target()
        finally:
            self._ended.set()

    def is_alive(self) -> bool:
        """Whether it has begun and not ended."""
        return self._begun and not self._ended.is_set()

    def join(self, timeout: float | None = None) -> None:
        """Wait for its end."""
        self._ended.wait(timeout)


def daemon(target: Callable[[], None], name: str) -> threading.Thread:
    """Return a thread that everybody may see, and for which nothing waits at exit."""
    return threading.Thread(target=target, name=name, daemon=True)
