"""Lets exceptions that nobody caught be seen, and signals end the program.

The exception hooks may be called in any thread. A fault that repeats at frame rate is
logged and shown when it is first seen and then ever more rarely, with its count.
"""

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Final

from PySide6.QtCore import QCoreApplication

_LOG = logging.getLogger("pool_gui.window")
_MAX_PLACES = 256
"""Faults are told apart by where they were raised, up to so many places."""

Place = tuple[str, str, int]

_HANG_UP: Final = getattr(signal, "SIGHUP", None)
_SIGNALS: Final = tuple(
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP")
    if hasattr(signal, name)
)
"""Those that end a program; the last one comes when its terminal goes."""


class Hooks:
    """Takes over Python's exception hooks and the signals that end programs."""

    def __init__(
        self,
        show: Callable[[str], None],
        end: Callable[[], None],
        spares: Callable[[int], bool] = lambda _: False,
    ) -> None:
        """Remember whom to tell.

        Args:
            show: shows one sentence; may be called from any thread.
            end: begins the orderly end; called on the main thread.
            spares: whether a signal is to be passed over now.
        """
        self._show = show
        self._end = end
        self._spares = spares
        self._threads = threading.excepthook
        self._lock = threading.Lock()
        self._counts: dict[Place, int] = {}  # guarded by _lock
        self._is_ending = False

    def install(self) -> None:
        """Take over the hooks and the signals."""
        sys.excepthook = self._on_exception
        threading.excepthook = self._on_thread_exception
        for number in _SIGNALS:
            is_ignored = signal.getsignal(number) is signal.SIG_IGN
            if not (is_ignored and number == _HANG_UP):  # who started it used nohup
                signal.signal(number, self._on_signal)

    def remove(self) -> None:
        """Give them back."""
        sys.excepthook = sys.__excepthook__
        threading.excepthook = self._threads
        for number in _SIGNALS:
            if signal.getsignal(number) == self._on_signal:
                signal.signal(number, signal.SIG_DFL)

    def _on_exception(
        self,
        kind: type[BaseException],
        error: BaseException,
        trace: TracebackType | None,
    ) -> None:
        count = self._count(kind, trace)
        if count != 10 ** (len(str(count)) - 1):  # 1, 10, 100 …
            return
        _LOG.error(
            "an error in the window, seen %d times",
            count,
            exc_info=(kind, error, trace),
        )
        sentence = QCoreApplication.translate("Hooks", "A defect of pool_gui: {0}: {1}")
        times = QCoreApplication.translate("Hooks", " (seen {0} times)")
        text = sentence.format(kind.__name__, error)
        self._show(text + times.format(count) if count > 1 else text)

    def _count(self, kind: type[BaseException], trace: TracebackType | None) -> int:
        place = kind.__name__, "", 0
        while trace is not None:
            place = kind.__name__, trace.tb_frame.f_code.co_filename, trace.tb_lineno
            trace = trace.tb_next
        with self._lock:
            if place not in self._counts and len(self._counts) >= _MAX_PLACES:
                place = "", "", 0
            self._counts[place] = self._counts.get(place, 0) + 1
            return self._counts[place]

    def _on_thread_exception(self, hooked: threading.ExceptHookArgs) -> None:
        error = hooked.exc_value or hooked.exc_type()
        self._on_exception(hooked.exc_type, error, hooked.exc_traceback)

    def _on_signal(self, number: int, _frame: object) -> None:
        if self._spares(number):
            return
        if self._is_ending:  # asked again: whatever it waits for, it takes too long
            os.write(2, b"pool-gui: ended at once, as it was asked twice\n")
            os._exit(128 + number)
        self._is_ending = True
        self._end()
