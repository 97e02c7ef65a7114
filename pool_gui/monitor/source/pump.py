"""The two threads that may block on the connection, so that the session never does.

"link" receives into a bounded queue: when the session falls behind, the sender is made
to wait. "commands" sends from a bounded queue: a peer that does not read holds up
nobody else. Any thread may call these methods.
"""

import queue
import threading
import time
from collections.abc import Callable, Mapping
from typing import Final

from pool_gui.wire.channel import Channel
from pool_gui.wire.codec import RawMessage
from pool_gui.wire.errors import WireError

MAX_RECEIVED: Final = 64
MAX_UNSENT: Final = 64
_PUT_SECONDS: Final = 0.2

Received = tuple[int, RawMessage | WireError]
"""The clock when it came, and a message, or why there will be none any more."""


class LinkThreads:
    """A channel with a thread for each direction."""

    def __init__(
        self, channel: Channel, clock: Callable[[], int], wake: Callable[[], None]
    ) -> None:
        """Start both threads.

        Args:
            channel: a proven connection; the link closes it.
            clock: nanoseconds.
            wake: called from "link" when something came.
        """
        self._channel = channel
        self._clock = clock
        self._wake = wake
        self._closed = threading.Event()
        self._received: queue.Queue[Received] = queue.Queue(MAX_RECEIVED)
        self._unsent: queue.Queue[Mapping[str, object] | None] = queue.Queue()
        self._threads = (
            threading.Thread(target=self._receive, name="link", daemon=True),
            threading.Thread(target=self._send, name="commands", daemon=True),
        )
        for thread in self._threads:
            thread.start()

    def send(self, header: Mapping[str, object]) -> bool:
        """Send a message without waiting; return False when too many wait already."""
        if self._unsent.qsize() >= MAX_UNSENT:
            return False
        self._unsent.put(header)
        return True

    def receive(self) -> Received | None:
        """Return what came next, or None when there is nothing."""
        try:
            return self._received.get_nowait()
        except queue.Empty:
            return None

    def end(self) -> None:
        """Close the channel without waiting; `close` still ends the threads."""
        self._closed.set()
        self._channel.close()

    def close(self, seconds: float) -> tuple[str, ...]:
        """Send what can be sent within half the time, close, and end both threads.

        Returns:
            The names of the threads that did not end.
        """
        deadline = time.monotonic() + seconds
        self._unsent.put(None)
        self._threads[1].join(seconds / 2)
        self._closed.set()
        self._channel.close()
        for thread in self._threads:
            thread.join(max(deadline - time.monotonic(), 0))
        return tuple(thread.name for thread in self._threads if thread.is_alive())

    def _receive(self) -> None:
        while True:
            came: RawMessage | WireError
            try:
                came = self._channel.receive()
            except WireError as error:
                came = error
            if not self._hand_over((self._clock(), came)):
                return
            self._wake()
            if isinstance(came, WireError):
                return

    def _hand_over(self, item: Received) -> bool:
        """Wait until the session has room; return False when the link is closed."""
        while not self._closed.is_set():
            try:
                self._received.put(item, timeout=_PUT_SECONDS)
            except queue.Full:
                continue
            return True
        return False

    def _send(self) -> None:
        while (header := self._unsent.get()) is not None:
            try:
                self._channel.send(header)
            except WireError:
                return  # "link" learns of it as well, and tells
