"""A real X server with a window manager, and a hand that clicks and types in it."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import psutil

NEEDED = ("Xvfb", "openbox", "xdotool")
DEADLINE_SECONDS = 30.0


def missing_tools() -> list[str]:
    return [tool for tool in NEEDED if shutil.which(tool) is None]


Result = TypeVar("Result")


def wait_for(
    probe: Callable[[], Result | None],
    claim: str,
    seconds: float = DEADLINE_SECONDS,
) -> Result:
    """Return the first true result of `probe`; fail with `claim` at the deadline."""
    deadline = time.monotonic() + seconds
    while True:
        result = probe()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"within {seconds:g} s: {claim}")
        # A process outside cannot be waited on; look again soon.
        subprocess.run(["sleep", "0.05"], check=True)


@dataclass
class App:
    """A started program with its window, as a person meets it."""

    display: str
    process: subprocess.Popen[str]
    output: Path
    window: str = ""
    _title: str = field(default="", repr=False)

    def xdotool(self, *arguments: str) -> str:
        done = subprocess.run(
            ["xdotool", *arguments],
            env={**os.environ, "DISPLAY": self.display},
            capture_output=True,
            text=True,
            timeout=DEADLINE_SECONDS,
            check=False,
        )
        return done.stdout.strip()

    def find_window(self) -> None:
        """Wait for the main window and give it the focus."""

        def visible() -> str | None:
            if self.process.poll() is not None:
                raise AssertionError(f"the program ended early: {self.text()}")
            found = self.xdotool("search", "--onlyvisible", "--name", "pool_gui")
            return found.splitlines()[0] if found else None

        self.window = wait_for(visible, "the window is on the screen")
        self.xdotool("windowfocus", "--sync", self.window)

    def title(self) -> str:
        return self.xdotool("getwindowname", self.window)

    def wait_for_title(self, pattern: str) -> str:
        """Wait until the title, which tells the pool's state, matches."""

        def matching() -> str | None:
            title = self.title()
            return title if re.search(pattern, title) else None

        try:
            return wait_for(matching, f"the title says {pattern!r}")
        except AssertionError as error:
            raise AssertionError(f"{error}; it says {self.title()!r}") from None

    def key(self, *keys: str) -> None:
        self.xdotool("key", "--window", self.window, "--clearmodifiers", *keys)

    def type(self, text: str) -> None:
        self.xdotool("type", "--window", self.window, text)

    def click(self, x: int, y: int) -> None:
        self.xdotool("mousemove", "--window", self.window, str(x), str(y), "click", "1")

    def picture(self, path: Path) -> None:
        """Save what the screen shows."""
        subprocess.run(
            ["import", "-window", "root", str(path)],
            env={**os.environ, "DISPLAY": self.display},
            check=True,
            timeout=DEADLINE_SECONDS,
        )

    def fill_in(self, opener: str, dialog: str, text: str, *keys: str) -> None:
        """Open a dialog by a key, type a text into it, and press keys."""

        def there() -> str | None:
            found = self.xdotool("search", "--onlyvisible", "--name", dialog)
            return found.splitlines()[0] if found else None

        window = self.press_until(opener, there, f"the dialog {dialog!r} is there")
        self._activate(window)
        self.xdotool("type", "--window", window, text)
        self.xdotool("key", "--window", window, "--clearmodifiers", *keys)
        wait_for(lambda: not there(), f"the dialog {dialog!r} is closed")
        self._activate(self.window)

    def _activate(self, window: str) -> None:
        """Give a window the focus; who is slow to say so is not waited for."""
        deadline = time.monotonic() + 3
        while time.monotonic() < deadline:
            self.xdotool("windowfocus", "--sync", window)
            if self.xdotool("getactivewindow") == window:
                return
            subprocess.run(["sleep", "0.1"], check=True)

    def press_until(
        self, key: str, probe: Callable[[], Result | None], claim: str
    ) -> Result:
        """Press a key until it had its effect; pressing it twice must do no harm.

        While the window manager hands the focus over, a key can get lost.
        """
        pressed = 0.0

        def pressing() -> Result | None:
            nonlocal pressed
            result = probe()
            if not result and time.monotonic() > pressed + 2:
                pressed = time.monotonic()
                self.key(key)
            return result

        return wait_for(pressing, claim)

    def press_until_title(self, key: str, pattern: str) -> None:
        """Press a key until the title matches; twice must do no harm."""
        self.press_until(
            key,
            lambda: re.search(pattern, self.title()),
            f"{key} lets the title say {pattern!r}",
        )

    def children(self) -> list[psutil.Process]:
        """Return the pool processes that live."""
        try:
            children = psutil.Process(self.process.pid).children()
            return [c for c in children if c.status() != psutil.STATUS_ZOMBIE]
        except psutil.NoSuchProcess:
            return []

    def pool_process(self) -> psutil.Process | None:
        """Return the first pool process, when one lives."""
        return next(iter(self.children()), None)

    def wait_for_pool_process(self) -> psutil.Process:
        return wait_for(self.pool_process, "a pool process lives")

    def text(self) -> str:
        return self.output.read_text(errors="replace")


def start(
    display: str, arguments: list[str], output: Path, extra: Mapping[str, str]
) -> App:
    """Start the installed program as `python -m pool_gui`."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in {"QT_QPA_PLATFORM", "WAYLAND_DISPLAY"}
    }
    with output.open("w") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "pool_gui", *arguments],
            env={**environment, "DISPLAY": display, **extra},
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            text=True,
        )
    return App(display, process, output)


@contextmanager
def x_server(width: int = 1600, height: int = 1000) -> Iterator[str]:
    """Run Xvfb and openbox; give the display's name."""
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", f"{width}x{height}x24",
         "-nolisten", "tcp", "-noreset"],
        pass_fds=[write],
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(write)
    with os.fdopen(read) as ready:
        display = f":{ready.readline().strip()}"
    manager = subprocess.Popen(
        ["openbox"],
        env={**os.environ, "DISPLAY": display},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield display
    finally:
        manager.terminate()
        manager.wait(10)
        server.terminate()
        server.wait(10)
