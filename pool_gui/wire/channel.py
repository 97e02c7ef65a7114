"""One proven connection: whole messages only, in both directions.

Built on `multiprocessing.connection`, of which only `send_bytes` and `recv_bytes` are
used. Nothing that arrives is unpickled. Both sides prove that they know the key.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, answer_challenge, deliver_challenge
from typing import TYPE_CHECKING, Any

from pool_gui.wire import codec
from pool_gui.wire.errors import (
    HandshakeError,
    LinkClosedError,
    OversizedMessageError,
)
from pool_gui.wire.protocol import (
    ENVIRONMENT_ADDRESS,
    ENVIRONMENT_KEY,
    HANDSHAKE_SECONDS,
    MAX_MESSAGE_BYTES,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, MutableMapping
    from multiprocessing.connection import Connection

    AnyConnection = Connection[Any, Any]


class Channel:
    """One proven connection. Any thread may send; one thread receives."""

    def __init__(self, connection: AnyConnection) -> None:
        self._connection = connection
        self._send_lock = threading.Lock()  # keeps the bytes of two messages apart

    def send(self, header: Mapping[str, object], body: bytes = b"") -> None:
        """Send one message; blocks while the peer does not read.

        Raises:
            LinkClosedError: the peer is gone.
            OversizedMessageError: the message is over the cap; nothing was sent.
        """
        message = codec.encode(header, body)
        try:
            with self._send_lock:
                self._connection.send_bytes(message)
        except (OSError, ValueError, TypeError) as error:
            # TypeError: closed by another thread between two parts: its handle is None
            raise LinkClosedError(f"the connection is closed ({error})") from None

    def receive(self) -> codec.RawMessage:
        """Return the next message; blocks until it is whole.

        Raises:
            LinkClosedError: the peer has closed, or `close` was called.
            MalformedMessageError: the bytes are no message; the link is of no use.
        """
        return codec.split(_receive_bytes(self._connection))

    def abandon(self) -> None:
        """Close this process's end alone: a forked child's link is the parent's."""
        self._connection.close()

    def close(self) -> None:
        """Close the link, and wake a thread that is blocked in it. Idempotent."""
        if self._connection.closed:
            return
        shut_down(self._connection)
        self._connection.close()


def _receive_bytes(connection: AnyConnection) -> bytes:
    try:
        return connection.recv_bytes(MAX_MESSAGE_BYTES)
    except EOFError:
        raise LinkClosedError("the peer has closed the connection") from None
    except TypeError as error:  # closed by another thread: its handle is None
        raise LinkClosedError(f"the connection is closed ({error})") from None
    except OSError as error:
        if str(error) == "bad message length":
            msg = f"a message was said to be over the cap of {MAX_MESSAGE_BYTES} bytes"
            raise OversizedMessageError(msg) from None
        raise LinkClosedError(f"the connection is closed ({error})") from None


def connect(environment: MutableMapping[str, str]) -> Channel:
    """Connect to the gate that `environment` names, and remove it from there.

    Raises:
        HandshakeError: the variables are missing or bad, who listens there is no
            window, a proof failed, or there was no answer in time.
        LinkClosedError: nobody listens there.
    """
    address = environment.pop(ENVIRONMENT_ADDRESS, "")
    key_text = environment.pop(ENVIRONMENT_KEY, "")
    if not address or not key_text:
        raise HandshakeError(
            "this program is started by pool-gui; to open the window, run: pool-gui"
        )
    try:
        key = bytes.fromhex(key_text)
        connection = Client(address)
    except (OSError, EOFError, ValueError) as error:
        raise LinkClosedError(f"cannot reach the window: {reason(error)}") from None

    def prove() -> None:
        answer_challenge(connection, key)
        deliver_challenge(connection, key)

    try:
        within_time(connection, prove)
    except TimeoutError:
        connection.close()
        raise HandshakeError(
            f"who listens there did not answer within {HANDSHAKE_SECONDS:g} seconds"
        ) from None
    except AuthenticationError as error:
        connection.close()
        raise HandshakeError(f"the window refused the key: {error}") from None
    except (OSError, EOFError, ValueError, AssertionError) as error:
        # CPython up to 3.11 asserts the form of what it is asked.
        connection.close()
        why = reason(error)
        raise HandshakeError(f"who listens there is no window ({why})") from None
    return Channel(connection)


def within_time(connection: AnyConnection, prove: Callable[[], None]) -> None:
    """Do one side of the handshake, all of it within the time limit.

    A watchdog shuts the link down at the limit, so that neither silence nor one byte
    every now and then can hold the handshake open.

    Raises:
        TimeoutError: it took longer.
    """
    expired = threading.Event()

    def expire() -> None:
        expired.set()
        shut_down(connection)

    watchdog = threading.Timer(HANDSHAKE_SECONDS, expire)
    watchdog.daemon = True
    watchdog.start()
    try:
        prove()
    except (OSError, EOFError):
        if not expired.is_set():
            raise
    finally:
        watchdog.cancel()
        watchdog.join()
    if expired.is_set():
        raise TimeoutError


def reason(error: BaseException) -> str:
    """Return what an error says, or its name: some say nothing."""
    return codec.clip_name(str(error)) or type(error).__name__


def shut_down(connection: AnyConnection) -> None:
    """End both directions, which wakes a thread that is blocked in one."""
    if sys.platform == "win32":
        return
    try:
        with socket.socket(fileno=os.dup(connection.fileno())) as duplicate:
            duplicate.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # the peer was faster
