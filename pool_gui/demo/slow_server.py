"""A slow server for the demo `peer`: answers each line after the time that it asks for.

Any thread may connect and close; one thread of its own serves. It listens nowhere: each
connection is a pair of joined sockets, so that no other program can reach it and no
address is left behind, however the process ends.
"""

import heapq
import itertools
import selectors
import socket
import threading
import time
from collections import deque
from typing import Final

_MAX_LINE_BYTES: Final = 64
_MAX_SECONDS: Final = 3600.0
_JOIN_SECONDS: Final = 1.0


class SlowPeer:
    """A line server: the line 0.15 is answered by ok, 0.15 seconds later."""

    def __init__(self) -> None:
        # Guards _thread, _closed and the sending end; the thread never takes it.
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._arrived: deque[socket.socket] = deque()
        self._wake_sender, self._wake_receiver = socket.socketpair()
        self._wake_receiver.setblocking(False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._wake_receiver, selectors.EVENT_READ)
        # (when, a serial number so that sockets are never compared, whom)
        self._due: list[tuple[float, int, socket.socket]] = []
        self._serial = itertools.count()

    def connect(self) -> socket.socket:
        """Return a connection to the peer; the caller closes it.

        Raises:
            ConnectionError: the peer is closed.
        """
        mine, its = socket.socketpair()
        its.setblocking(False)
        with self._lock:
            if self._closed:
                mine.close()
                its.close()
                raise ConnectionError("the peer has closed")
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._serve, name="slow-peer", daemon=True
                )
                self._thread.start()
            self._arrived.append(its)
            self._wake_sender.send(b"\0")
        return mine

    def close(self) -> None:
        """Hang up on everybody and end the thread. Idempotent."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            thread = self._thread
            # This wakes the thread, and cannot fail as a byte does that comes after
            # the thread has seen the flag and closed the other end.
            self._wake_sender.close()
        if thread is not None:
            thread.join(_JOIN_SECONDS)
        else:
            self._clean_up()

    def _serve(self) -> None:
        while not self._closed:
            self._wait_for_events()
            while self._arrived:
                link = self._arrived.popleft()
                self._selector.register(link, selectors.EVENT_READ, bytearray())
            now = time.monotonic()
            while self._due and self._due[0][0] <= now:
                self._answer(heapq.heappop(self._due)[2])
        self._clean_up()

    def _wait_for_events(self) -> None:
        # Without anything due only an event can bring work; close() makes one.
        wait = max(0.0, self._due[0][0] - time.monotonic()) if self._due else None
        for key, _ in self._selector.select(wait):
            if key.fileobj is self._wake_receiver:
                self._wake_receiver.recv(4096)
            elif isinstance(key.fileobj, socket.socket):
                self._read(key.fileobj, key.data)

    def _read(self, link: socket.socket, line: bytearray) -> None:
        try:
            received = link.recv(_MAX_LINE_BYTES)
        except OSError:
            received = b""  # it hung up the hard way
        line += received
        if received and not line.endswith(b"\n") and len(line) < _MAX_LINE_BYTES:
            return  # the rest of the line comes later
        self._selector.unregister(link)
        seconds = _seconds(line)
        if seconds is None:
            link.close()
            return
        entry = (time.monotonic() + seconds, next(self._serial), link)
        heapq.heappush(self._due, entry)

    def _answer(self, link: socket.socket) -> None:
        with link:
            try:
                link.send(b"ok\n")
            except OSError:
                return  # who asked did not wait

    def _clean_up(self) -> None:
        links = [link for _, _, link in self._due] + list(self._arrived)
        links += [
            key.fileobj
            for key in self._selector.get_map().values()
            if isinstance(key.fileobj, socket.socket)
        ]
        self._selector.close()
        for link in links:
            link.close()


def _seconds(line: bytearray) -> float | None:
    """Return the time that a line asks for; None when it says none, or nonsense."""
    try:
        seconds = float(line)
    except ValueError:
        return None
    return seconds if 0 <= seconds <= _MAX_SECONDS else None
