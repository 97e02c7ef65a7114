import numpy as np

from pool_gui.window.lanes.canvas import Canvas, Strip
from pool_gui.window.lanes.image import Pixels
from pool_gui.window.lanes.stacks import Flat, compose

PIXEL_NS = 100_000_000
COLUMNS = 60
STILL = 16
"""So many columns, on the right, are always painted anew."""

BANDS = [(0, 0, 2), (1, 3, 5)]
UNKNOWN = "#000000"


class Film:
    """Two lanes whose columns have the number of their time, and a canvas."""

    def __init__(self) -> None:
        self.canvas = Canvas()
        self.asked: list[int] = []

    def lanes(self, first: int, extra: int = 0) -> Flat:
        """Return lanes that begin with this column; `extra` is new everywhere."""
        columns = np.arange(first, first + COLUMNS, dtype=np.uint32) + 1 + extra
        return Flat(np.stack((columns, columns + 1000)))

    def show(self, first: int, extra: int = 0, about: str = "") -> Pixels:
        strip = Strip(first * PIXEL_NS, PIXEL_NS, (about,))
        lanes = self.lanes(first, extra)
        return self.canvas.compose(lanes, BANDS, 6, UNKNOWN, strip)

    def anew(self, first: int, extra: int = 0) -> Pixels:
        return compose(self.lanes(first, extra), BANDS, 6, UNKNOWN)


def test_a_picture_that_moved_is_what_it_would_be_anew() -> None:
    film = Film()
    for first in (0, 1, 2, 5, 9):
        np.testing.assert_array_equal(film.show(first), film.anew(first))


def test_what_is_new_is_painted_and_what_is_old_is_moved() -> None:
    film = Film()
    film.show(0)
    made = film.show(2, extra=7)
    kept = COLUMNS - 2 - STILL
    np.testing.assert_array_equal(made[:, :kept], film.anew(2)[:, :kept])
    np.testing.assert_array_equal(made[:, kept:], film.anew(2, 7)[:, kept:])


def test_what_became_known_late_is_made_good_before_long() -> None:
    film = Film()
    film.show(0)
    for first in range(1, 21):
        made = film.show(first, extra=7)
    np.testing.assert_array_equal(made, film.anew(20, 7))


def test_another_view_is_painted_anew() -> None:
    film = Film()
    film.show(0, about="by state")
    made = film.show(1, extra=7, about="by function")
    np.testing.assert_array_equal(made, film.anew(1, 7))
    np.testing.assert_array_equal(film.show(1, 9), film.anew(1, 9))
    np.testing.assert_array_equal(film.show(0, 3), film.anew(0, 3))


def test_the_same_lanes_are_composed_once() -> None:
    film = Film()
    lanes, strip = film.lanes(0), Strip(0, PIXEL_NS, ())
    once = film.canvas.compose(lanes, BANDS, 6, UNKNOWN, strip)
    assert film.canvas.compose(lanes, BANDS, 6, UNKNOWN, strip) is once
