"""Decides when a frame is due, and which number it has.

Used by the agent thread alone. Ticks stand at fixed distances from the start, so that
lateness never adds up. While anything moves every tick is a frame; otherwise only a
slow pulse says that the process lives.
"""

from typing import Final

from pool_gui.wire.protocol import FRAME_INTERVAL_SECONDS

IDLE_INTERVAL_SECONDS: Final = 0.25
"""Between frames while nothing moves."""

IDLE_LOOK_SECONDS: Final = 1 / 15
"""So long after the last look, an idle agent looks whether anything moved."""

_NS = 1_000_000_000


class Schedule:
    """The ticks since a start, and the frames that were due at them."""

    def __init__(
        self,
        start_ns: int,
        interval_seconds: float = FRAME_INTERVAL_SECONDS,
        idle_seconds: float = IDLE_INTERVAL_SECONDS,
    ) -> None:
        self._start_ns = start_ns
        self._interval_ns = round(interval_seconds * _NS)
        self._idle_ns = round(idle_seconds * _NS)
        self._tick = 0
        self._moving = False
        self._sent_ns = start_ns
        self._sequence = 0

    def set_interval(self, interval_seconds: float, now_ns: int) -> None:
        """Let ticks stand at another distance from now on."""
        interval_ns = round(interval_seconds * _NS)
        if interval_ns != self._interval_ns:
            self._interval_ns, self._start_ns, self._tick = interval_ns, now_ns, 0

    def wait_seconds(self, now_ns: int) -> float:
        """Return how long it is to the next look; 0 when it has passed."""
        idle_ticks = max(round(IDLE_LOOK_SECONDS * _NS / self._interval_ns), 1)
        next_tick = self._tick + (1 if self._moving else idle_ticks)
        next_ns = self._start_ns + next_tick * self._interval_ns
        return max(0, next_ns - now_ns) / _NS

    def next_number(self) -> int:
        """Return the number of a frame that is sent out of turn."""
        self._sequence += 1
        return self._sequence

    def due(self, now_ns: int, *, moved: bool) -> int | None:
        """Return the sequence number of the frame to send now; None for no frame.

        Numbers are skipped for frames that were due since the last call and not sent,
        because the last one blocked or the processor was not given in time.
        """
        tick = (now_ns - self._start_ns) // self._interval_ns
        missed = max(0, tick - self._tick - 1)
        self._tick = max(tick, self._tick)
        pulse = now_ns - self._sent_ns >= self._idle_ns
        if not self._moving:
            # While nothing moved, only the pulse was due.
            missed = max(0, missed * self._interval_ns // self._idle_ns - 1)
        self._moving = moved
        if not moved and not pulse:
            return None
        self._sent_ns = now_ns
        self._sequence += missed + 1
        return self._sequence
