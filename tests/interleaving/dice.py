"""A dice that switches threads between any two bytecodes of chosen files.

It is a trace function: before each bytecode it decides by chance whether to let the
others run, for a moment or for long. What looks first and stores later is found out
that way. The same seed throws the same dice in each thread; when the system wakes a
thread is beyond it, so that a seed finds a fault often, and not each time.

Three strategies, since races differ: a stall somewhere in a call, in many of the calls;
a few places in the code that are always slow, whoever comes there; yields and stalls
anywhere. Seeds take turns.
"""

from __future__ import annotations

import dis
import itertools
import sys
import threading
import zlib
from contextlib import contextmanager
from dataclasses import dataclass, replace
from random import Random
from time import sleep
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path
    from types import CodeType, FrameType

    Trace = Callable[[FrameType, str, Any], Any]

_SECONDS_TO_LOSE = 0.3
"""How long all pauses of a run together may take; past that only the interpreter
itself switches threads."""
_SWITCH_SECONDS = (1e-6, 1e-4, 5e-3)
_CHANGES_PACE = 0.03
_CHECKS = ("RESUME", "CALL", "JUMP_BACKWARD", "PRECALL", "INSTRUMENTED")
"""After these instructions the interpreter looks for signals by itself."""
_UNWINDING = (
    *("PUSH_EXC_INFO", "WITH_EXCEPT_START", "CHECK_EXC_MATCH"),
    *("POP_EXCEPT", "RERAISE", "COPY", "SWAP"),
)
"""Before these nothing is raised: the compiler knows that nothing can be, and the
interpreter's stack would be wrong."""


@dataclass(frozen=True)
class Strategy:
    """How a run throws the dice."""

    name: str = ""
    yields: float = 0.0
    """How likely it is to yield before a bytecode."""
    stalls: float = 0.0
    """How likely it is to stall there."""
    stalling_calls: float = 0.0
    """How likely it is to stall somewhere in a function that is called."""
    slow_places: int = 0
    """One in so many places of the code is slow; 0: none."""
    longest_seconds: float = 0.002
    switch_seconds: float = 5e-3
    """How long the interpreter itself lets a thread run while others want to."""

    @classmethod
    def of(cls, seed: int, random: Random) -> Self:
        """Return the seed's strategy; three seeds in a row have all three."""
        found = cls(
            longest_seconds=random.choice((0.0003, 0.001, 0.003)),
            switch_seconds=random.choice(_SWITCH_SECONDS),
            yields=random.choice((0.0, 0.01)),
        )
        match seed % 3:
            case 0:
                part = random.choice((0.05, 0.2, 0.5, 1.0))
                return replace(found, name="calls", stalling_calls=part)
            case 1:
                places = random.choice((20, 60, 150))
                return replace(found, name="places", slow_places=places)
            case _:
                yields = random.choice((0.02, 0.1, 0.3, 1.0))
                stalls = random.choice((0.0, 0.001, 0.01))
                return replace(found, name="anywhere", yields=yields, stalls=stalls)


class Dice:
    """Thrown before each bytecode of these files or folders, while it is entered.

    Attributes:
        seed: what decides how it falls.
        thrown: how often, by the thread's number in the order of their appearance.
        strategy: how it is thrown.
    """

    def __init__(self, seed: int, what: str, traced: Iterable[str | Path]) -> None:
        self.seed = seed
        self._name = f"{what}/{seed}"
        random = Random(self._name)
        self.strategy = Strategy.of(seed, random)
        self.thrown: dict[int, int] = {}
        self._traced = tuple(str(one) for one in traced)
        self._is_traced: dict[str, bool] = {}
        self._slow: dict[tuple[int, int], float] = {}
        self._codes: list[CodeType] = []  # alive, so that their ids stay theirs
        self._seconds_left = _SECONDS_TO_LOSE
        self._is_laid_aside = False
        self._numbers = itertools.count()
        self._local = threading.local()
        self._armed: dict[int, _Armed] = {}
        self._before = sys.gettrace(), threading.gettrace(), sys.getswitchinterval()

    def __enter__(self) -> Self:
        sys.setswitchinterval(self.strategy.switch_seconds)
        threading.settrace(self._enter_frame)
        sys.settrace(self._enter_frame)
        return self

    def __exit__(self, *_: object) -> None:
        here, in_threads, switch_seconds = self._before
        sys.settrace(here)
        threading.settrace(in_threads)
        sys.setswitchinterval(switch_seconds)

    @contextmanager
    def laid_aside(self) -> Iterator[None]:
        """Trace neither this thread nor those that are started meanwhile."""
        self._is_laid_aside = True
        sys.settrace(None)
        threading.settrace(None)
        yield
        self._is_laid_aside = False
        threading.settrace(self._enter_frame)
        sys.settrace(self._enter_frame)

    def go_on(self) -> None:
        """Trace this thread again, after an act has raised through the tracer."""
        if not self._is_laid_aside:
            sys.settrace(self._enter_frame)

    def thrown_here(self) -> int:
        """Return how often it was thrown in this thread."""
        self._random()
        return self.thrown.get(self._local.number, 0)

    def arm(
        self, act: Callable[[], object], within: int, *, only_at_checks: bool = False
    ) -> None:
        """Let something happen in this thread, once, amid the next bytecodes.

        Args:
            act: what happens; what it raises is raised there.
            within: at a random one of so many bytecodes.
            only_at_checks: not between any two, but only where the interpreter itself
                may call a signal's handler.
        """
        number = self._random().randint(1, within)
        self._armed[threading.get_ident()] = _Armed(
            act, number, only_at_checks=only_at_checks
        )

    def disarm(self) -> bool:
        """Let it happen no more; True if it has not."""
        return self._armed.pop(threading.get_ident(), None) is not None

    def _random(self) -> Random:
        random: Random | None = getattr(self._local, "random", None)
        if random is None:
            number = next(self._numbers)
            random = self._local.random = Random(f"{self._name}/{number}")
            self._local.number = number
            is_slow = random.random() < 0.4
            self._local.part = self.strategy.stalling_calls if is_slow else 0.0
        return random

    def _enter_frame(self, frame: FrameType, event: str, _: Any) -> Any:
        """Choose what to trace; all else runs at full speed."""
        file = frame.f_code.co_filename
        is_traced = self._is_traced.get(file)
        if is_traced is None:
            is_traced = self._is_traced[file] = file.startswith(self._traced)
        if not is_traced or event != "call":
            return None
        frame.f_trace_opcodes = True
        frame.f_trace_lines = False
        trace = getattr(self._local, "trace", None)
        if trace is None:
            trace = self._local.trace = self._make_tracer()
        if self.strategy.stalling_calls and self._is_to_stall():
            return self._make_stalling(frame.f_code, trace)
        return trace

    def _is_to_stall(self) -> bool:
        """Whether to stall in a call: for a while one thread is slow, then others."""
        local, random = self._local, self._local.random
        if random.random() < _CHANGES_PACE:
            is_slow = random.random() < 0.4
            local.part = self.strategy.stalling_calls if is_slow else 0.0
        is_to_stall: bool = random.random() < local.part
        return is_to_stall

    def _make_stalling(self, code: CodeType, trace: Trace) -> Trace:
        """Return a trace function for one call, which stalls now and then."""
        random: Random = self._local.random
        length = max(8, len(code.co_code) // 4)  # about what is run of a function
        longest = self.strategy.longest_seconds
        shortest = min(longest, 0.0002)  # in which another thread gets somewhere
        left = random.randint(1, length)

        def stall(frame: FrameType, event: str, argument: Any) -> Any:
            nonlocal left
            if event == "opcode":
                left -= 1
                if left == 0:
                    left = random.randint(1, 2 * length)  # if it is a loop
                    self._pause(random.uniform(shortest, longest))
                trace(frame, event, argument)
            return stall

        return stall

    def _make_tracer(self) -> Trace:
        """Return the trace function of this thread; it is called for each bytecode."""
        random = self._random()
        roll, number = random.random, self._local.number
        strategy, armed, thrown = self.strategy, self._armed, self.thrown
        stalls, acts = strategy.stalls, strategy.stalls + strategy.yields
        has_slow_places = strategy.slow_places > 0
        thrown[number] = 0

        def trace(frame: FrameType, event: str, _: Any) -> Any:
            if event != "opcode":
                return trace
            thrown[number] += 1
            chance = roll()
            if chance < acts:
                if chance < stalls:
                    self._pause(random.uniform(0.0, strategy.longest_seconds))
                else:
                    self._pause(1e-6 if random.getrandbits(1) else 0.0)
            if has_slow_places and (seconds := self._slowness(frame)):
                self._pause(seconds)
            if armed:
                self._act_if_armed(frame)
            return trace

        return trace

    def _pause(self, seconds: float) -> None:
        if self._seconds_left > 0.0:
            # The system wakes nobody sooner than some 60 us; to yield takes 15.
            self._seconds_left -= seconds + (6e-5 if seconds else 1.5e-5)
            sleep(seconds)

    def _slowness(self, frame: FrameType) -> float:
        code = frame.f_code
        place = (id(code), frame.f_lasti)
        seconds = self._slow.get(place)
        if seconds is None:
            self._codes.append(code)
            text = f"{self._name}:{code.co_filename}:{code.co_name}:{frame.f_lasti}"
            value = zlib.crc32(text.encode())
            is_slow = value % self.strategy.slow_places == 0
            part = (value >> 16) / 0xFFFF
            seconds = self.strategy.longest_seconds * part if is_slow else 0.0
            self._slow[place] = seconds
        return seconds

    def _act_if_armed(self, frame: FrameType) -> None:
        armed = self._armed.get(threading.get_ident())
        if armed is not None and armed.is_time(frame):
            del self._armed[threading.get_ident()]
            armed.act()


class _Armed:
    """Something that happens at a certain bytecode."""

    def __init__(
        self, act: Callable[[], object], number: int, *, only_at_checks: bool
    ) -> None:
        self.act = act
        self._number = number
        self._only_at_checks = only_at_checks
        self._last: tuple[FrameType, int] | None = None

    def is_time(self, frame: FrameType) -> bool:
        self._number -= 1
        if not self._only_at_checks:
            is_time = self._number <= 0
            return is_time and _name_at(frame.f_code, frame.f_lasti) not in _UNWINDING
        last, self._last = self._last, (frame, frame.f_lasti)
        if self._number > 0 or last is None or last[0] is not frame:
            return False
        return _name_at(frame.f_code, last[1]).startswith(_CHECKS)


def _name_at(code: CodeType, offset: int) -> str:
    return dis.opname[code.co_code[offset]]
