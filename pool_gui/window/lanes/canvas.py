"""The lanes' picture, moved as time goes and painted anew only where that is new.

GUI thread, but free of Qt. Invariants: what is shown is what a picture made anew would
show, but for what became known later than `_STILL_NS` ago; that is made good within
`_ANEW_NS`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pool_gui.window.lanes.image import Pixels
from pool_gui.window.lanes.stacks import Painted, compose

_STILL_NS: Final = 1_500_000_000
"""What is older changes no more, as a rule: frames and looks have told of it."""

_ANEW_NS: Final = 2_000_000_000

Band = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Strip:
    """From when on a picture is, and what it was made from."""

    begin_ns: int
    pixel_ns: int
    about: tuple[object, ...]
    """Whatever must be the same for an old picture to be of use."""


class Canvas:
    """See the module."""

    def __init__(self) -> None:
        self._strip: Strip | None = None
        self._bands: tuple[Band, ...] = ()
        self._made: Pixels | None = None
        self._of: Painted | None = None
        self._anew_from_ns = 0

    def compose(
        self,
        painted: Painted,
        bands: Sequence[Band],
        height: int,
        unknown: str,
        strip: Strip,
    ) -> Pixels:
        """Return one picture of all lanes in sight; see `stacks.compose`.

        Args:
            painted: the lanes.
            bands: the lanes' rows, and from where to where each reaches.
            height: of the picture.
            unknown: the colour where nothing is known.
            strip: when it is, and what else it depends on.
        """
        same = (strip, tuple(bands), painted) == (self._strip, self._bands, self._of)
        if same and self._made is not None and len(self._made) == height:
            return self._made
        self._of = painted
        kept = self._keep(strip, tuple(bands), (height, painted.columns))
        made = compose(painted, bands, height, unknown, since=kept)
        if self._made is not None and kept:
            moved = self._moved(strip)
            made[:, :kept] = self._made[:, moved : moved + kept]
        else:
            self._anew_from_ns = strip.begin_ns + _ANEW_NS
        self._strip, self._bands, self._made = strip, tuple(bands), made
        return made

    def _moved(self, strip: Strip) -> int:
        before = self._strip
        return (
            0
            if before is None
            else (strip.begin_ns - before.begin_ns) // strip.pixel_ns
        )

    def _keep(
        self, strip: Strip, bands: tuple[Band, ...], shape: tuple[int, int]
    ) -> int:
        """Return how many columns, from the left, are those of the last picture."""
        before, made = self._strip, self._made
        if before is None or made is None or made.shape != shape:
            return 0
        same = (before.pixel_ns, before.about) == (strip.pixel_ns, strip.about)
        if not same or bands != self._bands or strip.begin_ns >= self._anew_from_ns:
            return 0
        moved, columns = self._moved(strip), shape[1]
        if moved <= 0:  # time stands still, but something else is to be shown
            return 0
        return max(columns - moved - _STILL_NS // strip.pixel_ns - 1, 0)
