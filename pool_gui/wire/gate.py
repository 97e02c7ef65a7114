"""The window's end of the connection: a private place to listen, a proven peer.

Any thread may call anything. Nobody who is silent, slow or many keeps out who knows the
key.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import struct
import sys
import tempfile
import threading
from collections.abc import Callable
from multiprocessing import AuthenticationError
from multiprocessing.connection import (
    Client,
    Listener,
    answer_challenge,
    deliver_challenge,
)
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from pool_gui.wire.channel import Channel, reason, shut_down, within_time
from pool_gui.wire.errors import HandshakeError, WireError
from pool_gui.wire.protocol import (
    ENVIRONMENT_ADDRESS,
    ENVIRONMENT_KEY,
    HANDSHAKE_SECONDS,
)

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    AnyConnection = Connection[Any, Any]

_KEY_BYTES = 32
_MAX_HANDSHAKES = 128
"""Connections that may be proving themselves at once."""

_FIRST_PAUSE_SECONDS = 0.01
_LONGEST_PAUSE_SECONDS = 5.0
"""After an accept that failed, until the next one."""

_MAX_ADDRESS_BYTES = 100
"""The kernel's limit for the name of a socket is 104 to 108."""

Refusal = Callable[[str], None]

_SOCKET_NAME = "s"


class Gate:
    """Listens at a private address and lets in the one peer that knows the key.

    Silent peers are dropped after two seconds, each in a thread of its own, so that
    they hold nobody up; where too many are silent at once, the one that has been so for
    longest makes room for the next, who may be the one that knows the key. After the
    first proven peer every other one is turned away.
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
        self._lock = threading.Lock()  # guards _admitted, _proving and _closed
        self._admitted: Channel | None = None
        self._proving: dict[AnyConnection, None] = {}  # the oldest first
        self._settled = threading.Event()
        self._closed = False
        self._over = threading.Event()  # once it is closed
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
        self._over.set()
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
        pause_seconds = _FIRST_PAUSE_SECONDS
        while True:
            try:
                connection = self._listener.accept()
            except OSError as error:
                if self._closed:
                    return
                # It fails again and again, such as without a free descriptor: told
                # ever more seldom, and without spinning.
                self._refused(f"a connection failed: {reason(error)}")
                self._over.wait(pause_seconds)
                pause_seconds = min(2 * pause_seconds, _LONGEST_PAUSE_SECONDS)
                continue
            pause_seconds = _FIRST_PAUSE_SECONDS
            if not self._begin_proof(connection):
                return

    def _begin_proof(self, connection: AnyConnection) -> bool:
        """Let a peer prove itself; False when the gate is closed."""
        with self._lock:
            closed, oldest = self._closed, None
            if not closed:
                if len(self._proving) >= _MAX_HANDSHAKES:
                    oldest = next(iter(self._proving))
                    del self._proving[oldest]
                self._proving[connection] = None
        if closed:
            connection.close()
            return False
        if oldest is not None:
            shut_down(oldest)  # its own thread closes it
        thread = threading.Thread(
            target=self._prove, args=(connection,), name="handshake", daemon=True
        )
        try:
            thread.start()
        except RuntimeError as error:  # the system is short of threads
            with self._lock:
                self._proving.pop(connection, None)
            connection.close()
            self._refused(f"a connection could not be served: {reason(error)}")
        return True

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
                self._proving.pop(connection, None)

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
            _remove(self._folder)


def _remove(folder: str) -> None:
    """Remove a gate's folder with its socket; also where no descriptor is left.

    (shutil.rmtree opens what it removes.)
    """
    with contextlib.suppress(OSError):
        Path(folder, _SOCKET_NAME).unlink(missing_ok=True)
        Path(folder).rmdir()


def _prove_peer(connection: AnyConnection, key: bytes) -> None:
    """Challenge the peer and answer its challenge, all of it within the time limit."""

    def prove() -> None:
        if not _same_user(connection):
            raise HandshakeError("a peer of another user was turned away")
        deliver_challenge(connection, key)
        answer_challenge(connection, key)

    try:
        within_time(connection, prove)
    except TimeoutError:
        msg = f"a peer did not prove itself within {HANDSHAKE_SECONDS:g} seconds"
        raise HandshakeError(msg) from None
    except AuthenticationError:
        raise HandshakeError("a peer with a wrong key was turned away") from None
    except (OSError, EOFError, ValueError, AssertionError) as error:
        # CPython up to 3.11 asserts the form of the peer's answer.
        msg = f"a peer did not finish the handshake ({reason(error)})"
        raise HandshakeError(msg) from None


def _same_user(connection: AnyConnection) -> bool:
    if sys.platform != "linux":
        return True  # the folder's mode keeps others out
    with socket.socket(fileno=os.dup(connection.fileno())) as duplicate:
        if duplicate.family is not socket.AF_UNIX:
            return True
        credentials = duplicate.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    _, user, _ = struct.unpack("@iII", credentials)  # struct ucred: pid, uid, gid
    return bool(user == os.geteuid())


def _private_address() -> tuple[str | None, str, str]:
    """Return (folder to remove, address, family) that only this user can reach."""
    if sys.platform == "win32":
        return None, rf"\\.\pipe\pool-gui-{secrets.token_hex(16)}", "AF_PIPE"
    troubles = []
    for place in (None, "/tmp", "/dev/shm"):  # noqa: S108  # a folder of its own in it
        try:
            # Mode 0700 from the start.
            folder = tempfile.mkdtemp(prefix="pool-gui-", dir=place)
        except OSError as error:
            troubles.append(reason(error))
            continue
        address = str(Path(folder, _SOCKET_NAME))
        if len(os.fsencode(address)) <= _MAX_ADDRESS_BYTES:
            return folder, address, "AF_UNIX"
        troubles.append(f"its name is too long for a socket ({address})")
        _remove(folder)
    raise WireError(
        f"there is no private folder to be had: {'; '.join(troubles)}; set TMPDIR to a "
        "folder with a short name that can be written"
    )
