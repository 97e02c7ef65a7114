"""`pool-gui run --headless`: a program run and watched without a window. Main thread.

Exit codes: the program's own where it is not 0 (128 + N for signal N); else 3 for
findings that `--fail-on` asks about, 2 where the report could not be written.
"""

import json
import signal
import sys
import threading
import time
from types import FrameType
from typing import Any, Final

from pool_gui.cli.run_arguments import LEVELS, RunOptions
from pool_gui.monitor.findings import rules_file
from pool_gui.monitor.session import Session
from pool_gui.monitor.source.child import pool_process
from pool_gui.monitor.source.guest import watched
from pool_gui.monitor.view.facts import LinkState
from pool_gui.monitor.view.snapshot import Snapshot
from pool_gui.monitor.view.viewport import Viewport
from pool_gui.window.style.findings_report import say_findings
from pool_gui.window.style.sentences import sentence

EXIT_FINDINGS: Final = 3
EXIT_REFUSED: Final = 2
_PATIENCE_SECONDS: Final = 5.0
_LAST_WORDS_SECONDS: Final = 3.0
_OVER: Final = (LinkState.LOST, LinkState.ENDED)


class Headless:
    """One run."""

    def __init__(self, options: RunOptions) -> None:
        self._options = options
        self._program = options.program
        self._woken = threading.Event()
        self._session = Session(pool_process(), notify=self._woken.set)
        self._asked_to_end = self._was_ended = False

    def run(self) -> int:
        """Run to the end; return the exit code."""
        signal.signal(signal.SIGINT, _leave_to_the_program)
        signal.signal(signal.SIGTERM, self._on_terminate)
        if self._options.rules is not None:
            self._session.judge(rules_file.read(self._options.rules))
        self._session.set_viewport(Viewport(stacks=self._options.stacks))
        self._session.start()
        self._session.add_source(watched(self._program))
        trouble = self._watch()
        report = self._session.report()
        say_findings(report)
        code = self._written(report)
        self._session.close(1)
        if trouble:
            sys.stderr.write(f"pool-gui: {trouble}\n")
        if not self._program.begun:
            return EXIT_REFUSED
        return self._exit_code(report) or code

    def _watch(self) -> str:
        """Watch until the program has ended; return what is to be said of it."""
        seconds = self._options.seconds
        deadline = None if seconds is None else time.monotonic() + seconds
        while True:
            self._woken.wait(0.1)
            self._woken.clear()
            snapshot = self._session.take()
            if not self._program.begun:
                if snapshot.link.state is LinkState.LOST:
                    return sentence(snapshot.link.note)
                continue
            if self._program.exit_code() is not None:
                return self._last_words()
            late = deadline is not None and time.monotonic() >= deadline
            if late or self._asked_to_end:
                self._was_ended = True
                self._program.end(_PATIENCE_SECONDS)

    def _last_words(self) -> str:
        """Take in what the program told before it ended."""
        deadline = time.monotonic() + _LAST_WORDS_SECONDS
        snapshot = self._session.take()
        while snapshot.link.state not in _OVER and time.monotonic() < deadline:
            self._woken.wait(0.1)
            self._woken.clear()
            snapshot = self._session.take()
        return _unwatched(snapshot)

    def _exit_code(self, report: dict[str, Any]) -> int:
        own = self._program.exit_code() or 0
        if own and not self._was_ended:
            return own if own > 0 else 128 - own
        wanted = self._options.fail_on
        if wanted is None:
            return 0
        grave = LEVELS[: LEVELS.index(wanted) + 1]
        found = [one for pool in report["pools"] for one in pool["findings"]]
        told = [one for one in found if one["level"] in grave]
        for one in told:
            sys.stderr.write(f"pool-gui: {one['rule']}: {one['text']}\n")
        return EXIT_FINDINGS if told else 0

    def _written(self, report: dict[str, Any]) -> int:
        """Write the report; return the exit code for that."""
        if self._was_ended:
            report |= {"stopped_by": "pool-gui", "complete": False}
            report["program"]["exit_code"] = None
        if self._options.report is None:
            return 0
        text = json.dumps(report, indent=2, allow_nan=False) + "\n"
        try:
            self._options.report.write_text(text, encoding="utf-8")
        except OSError as error:
            told = f"pool-gui: the report could not be written: {error}\n"
            sys.stderr.write(told)
            return EXIT_REFUSED
        return 0

    def _on_terminate(self, _number: int, _frame: FrameType | None) -> None:
        self._asked_to_end = True
        self._woken.set()


def _leave_to_the_program(_number: int, _frame: FrameType | None) -> None:
    """Ctrl-C reaches the program as well, which decides what it means."""


def _unwatched(snapshot: Snapshot) -> str:
    """Return why nothing was seen of the program; empty where something was."""
    told = snapshot.link.note
    return sentence(told) if told.code.startswith("unwatched-") else ""


def run(options: RunOptions) -> int:
    """Run a program without a window; return the exit code."""
    return Headless(options).run()
