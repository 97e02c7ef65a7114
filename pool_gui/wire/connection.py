"""The connection: a private place to listen, a proven peer, whole messages only.

Built on `multiprocessing.connection`, of which only `send_bytes` and `recv_bytes` are
used. Nothing that arrives is unpickled. Both sides prove that they know the key.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import struct
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, MutableMapping
from multiprocessing import AuthenticationError
from multiprocessing.connection import (
    Client,
    Listener,
    answer_challenge,
    deliver_challenge,
)
from typing import TYPE_CHECKING, Any, Self

from pool_gui.wire import codec
from pool_gui.wire.errors import (
    HandshakeError,
    LinkClosedError,
    MalformedMessageError,
    OversizedMessageError,
    WireError,
)
from pool_gui.wire.protocol import (
    ENVIRONMENT_ADDRESS,
    ENVIRONMENT_KEY,
    HANDSHAKE_SECONDS,
    MAX_MESSAGE_BYTES,
)

_KEY_BYTES = 32
_MAX_HANDSHAKES = 128
"""Connections that may be proving themselves at once; further ones are closed."""

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    AnyConnection = Connection[Any, Any]

Refusal = Callable[[str], None]


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

    def close(self) -> None:
        """Close the link, and wake a thread that is blocked in it. Idempotent."""
        if self._connection.closed:
            return
        _shut_down(self._connection)
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


class Gate:
    """Listens at a private address and lets in the one peer that knows the key.

    Silent peers are dropped after two seconds, each in a thread of its own, so that
    they hold nobody up. After the first proven peer every other one is turned away.
    """

    def __init__(self, refused: Refusal) -> None:
        """Start to listen.

        Args:
            refused: told, from one of the gate's threads, why a peer was turned away.

        Raises:
            WireError: no private address can be had here.
        """
        self._refused = refused
        self._key = secrets.token_bytes(_KEY_BYTES)
        self._folder, address, family = _private_address()
        try:
            self._listener = Listener(address, family, backlog=_MAX_HANDSHAKES)
        except OSError as error:
            self._remove_folder()
            raise WireError(f"cannot listen at a private address: {error}") from None
        self.address = address
        self._lock = threading.Lock()  # guards _admitted and _proving
        self._admitted: Channel | None = None
        self._proving = 0
        self._settled = threading.Event()
        self._closed = False
        self._thread = threading.Thread(
            target=self._accept_loop, name="gate", daemon=True
        )
        self._thread.start()

    def environment(self) -> dict[str, str]:
        """Return the variables by which a child finds the gate and proves itself."""
        return {ENVIRONMENT_ADDRESS: self.address, ENVIRONMENT_KEY: self._key.hex()}

    def wait(self, timeout_seconds: float) -> Channel | None:
        """Return the proven peer; None when there is none within the time."""
        self._settled.wait(timeout_seconds)
        with self._lock:
            return self._admitted

    def close(self) -> None:
        """Listen no more and remove the address. Idempotent; not the peer's link."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        self._settled.set()
        self._wake_accept()
        self._thread.join(HANDSHAKE_SECONDS)
        self._listener.close()
        self._remove_folder()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _accept_loop(self) -> None:
        while True:
            try:
                connection = self._listener.accept()
            except OSError as error:
                if self._closed:
                    return
                self._refused(f"a connection failed: {error}")
                continue
            with self._lock:
                if self._closed:
                    connection.close()
                    return
                busy = self._proving >= _MAX_HANDSHAKES
                if not busy:
                    self._proving += 1
            if busy:
                connection.close()
                continue
            threading.Thread(
                target=self._prove, args=(connection,), name="handshake", daemon=True
            ).start()

    def _prove(self, connection: AnyConnection) -> None:
        try:
            _prove_peer(connection, self._key)
        except HandshakeError as error:
            connection.close()
            if not self._closed:
                self._refused(str(error))
        else:
            self._admit(connection)
        finally:
            with self._lock:
                self._proving -= 1

    def _admit(self, connection: AnyConnection) -> None:
        with self._lock:
            first = self._admitted is None and not self._closed
            if first:
                self._admitted = Channel(connection)
        if first:
            self._settled.set()
        else:
            connection.close()
            self._refused("a second peer knew the key; it was turned away")

    def _wake_accept(self) -> None:
        # accept() has no time limit; a connection of our own ends its wait.
        try:
            Client(self.address).close()
        except OSError:
            return  # it no longer listens: there is nothing to wake

    def _remove_folder(self) -> None:
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


def connect(environment: MutableMapping[str, str]) -> Channel:
    """Connect to the gate that `environment` names, and remove it from there.

    Raises:
        HandshakeError: the variables are missing or bad, or a proof failed.
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
        connection = Client(address, authkey=key)
    except AuthenticationError as error:
        raise HandshakeError(f"the window refused the key: {error}") from None
    except (OSError, EOFError, ValueError) as error:
        raise LinkClosedError(f"cannot reach the window: {error}") from None
    return Channel(connection)


def _prove_peer(connection: AnyConnection, key: bytes) -> None:
    """Challenge the peer and answer its challenge, all of it within the time limit.

    A watchdog closes the link at the limit, so that neither silence nor one byte every
    now and then can hold the handshake open.
    """
    expired = threading.Event()

    def expire() -> None:
        expired.set()
        _shut_down(connection)

    watchdog = threading.Timer(HANDSHAKE_SECONDS, expire)
    watchdog.daemon = True
    watchdog.start()
    try:
        if not _same_user(connection):
            raise HandshakeError("a peer of another user was turned away")
        deliver_challenge(connection, key)
        answer_challenge(connection, key)
    except AuthenticationError:
        raise HandshakeError("a peer with a wrong key was turned away") from None
    except (OSError, EOFError, ValueError, AssertionError) as error:
        # CPython up to 3.11 asserts the form of the peer's answer.
        if expired.is_set():
            msg = f"a peer did not prove itself within {HANDSHAKE_SECONDS:g} seconds"
        else:
            msg = f"a peer did not finish the handshake ({error!r})"
        raise HandshakeError(msg) from None
    finally:
        watchdog.cancel()
        watchdog.join()
    if expired.is_set():
        raise HandshakeError("a peer proved itself too late")


def _same_user(connection: AnyConnection) -> bool:
    if sys.platform != "linux":
        return True  # the folder's mode keeps others out
    with socket.socket(fileno=os.dup(connection.fileno())) as duplicate:
        if duplicate.family is not socket.AF_UNIX:
            return True
        credentials = duplicate.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    _, user, _ = struct.unpack("@iII", credentials)  # struct ucred: pid, uid, gid
    return bool(user == os.geteuid())


def _shut_down(connection: AnyConnection) -> None:
    if sys.platform == "win32":
        return
    try:
        with socket.socket(fileno=os.dup(connection.fileno())) as duplicate:
            duplicate.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # the peer was faster


def _private_address() -> tuple[str | None, str, str]:
    """Return (folder to remove, address, family) that only this user can reach."""
    if sys.platform == "win32":
        return None, rf"\\.\pipe\pool-gui-{secrets.token_hex(16)}", "AF_PIPE"
    try:
        folder = tempfile.mkdtemp(prefix="pool-gui-")  # mode 0700 from the start
    except OSError as error:
        raise WireError(f"cannot make a private folder: {error}") from None
    address = os.path.join(folder, "s")  # noqa: PTH118  # an address, not a file to open
    if len(address.encode()) > 100:  # the kernel's limit is 104 to 108
        shutil.rmtree(folder, ignore_errors=True)
        raise WireError(
            f"the temporary folder's name is too long for a socket ({address}); "
            "set TMPDIR to a shorter one"
        )
    return folder, address, "AF_UNIX"


__all__ = ["Channel", "Gate", "MalformedMessageError", "connect"]
