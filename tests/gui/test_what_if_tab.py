"""Forecasts in the window."""

from dataclasses import replace

import pytest
from gui_support import Opened, running

from pool_gui.monitor.view.facts import ForecastRow, WhatIf
from pool_gui.window.style import what_if_words

NBSP = "\N{NO-BREAK SPACE}"
WHAT_IF = 4


def told(size: int = 8, best: int = 4, why: str = "", *, full: bool = True) -> WhatIf:
    rows = tuple(
        ForecastRow(n, min(n * 34.0, 136.0), 1.0 / n, 1.0) for n in (1, 2, 4, 8, 16)
    )
    return WhatIf(
        pool=1,
        size=size,
        forecasts=() if why else rows,
        best=0 if why else best,
        why_not=why,
        seconds=58.0,
        tasks=1204,
        kept_full=full,
        population=16,
        gil_share=0.97,
        lock_share=0.0,
        core_share=1.0,
        cores=2,
    )


def test_forecasts_are_made_while_somebody_looks(opened: Opened) -> None:
    opened.show(running(4))
    controller, bar = opened.window.controller, opened.window.tabs.bar
    asked = [controller.viewport.what_if]
    for page in (WHAT_IF, 0):
        bar.setCurrentIndex(page)
        asked.append(controller.viewport.what_if)
    assert asked == [False, True, False]


def test_the_curve_marks_todays_size_and_what_was_measured(opened: Opened) -> None:
    snapshot = running(8)
    assert snapshot.pool is not None
    pool = replace(snapshot.pool, rates=((4, 134.0), (8, 136.0)))
    opened.window.tabs.bar.setCurrentIndex(WHAT_IF)
    opened.show(replace(snapshot, pool=pool, what_if=told()))
    view = opened.window.tabs.what_if
    curve = view.throughput
    assert curve._today.value() == pytest.approx(3)
    xs, ys = curve._curve.getData()
    assert list(xs) == pytest.approx([0, 1, 2, 3, 4])
    assert list(ys) == pytest.approx([34, 68, 136, 136, 136])
    assert [point.pos().y() for point in curve._seen.points()] == [134.0, 136.0]
    said = view.words.text()
    assert f"8 workers now: 136{NBSP}/s. With 4: 136{NBSP}/s" in said
    assert f"4: 134{NBSP}/s" in said
    assert "16 in the pool" in view.rests_on.text()
    opened.show(running(8))
    assert not curve.isVisible()
    assert "one pool" in view.words.text()


def test_what_is_best_already_is_said_so() -> None:
    said = what_if_words.said(told(size=4), ())
    assert said == f"No size does more than 4 workers: 136{NBSP}/s."
    assert "arriving as they did" in what_if_words.rests_on(told(full=False))
    lock = replace(told(), lock_share=0.4)
    assert f"40{NBSP}% a lock" in what_if_words.rests_on(lock)


@pytest.mark.parametrize("why", ["few", "sampled", "states"])
def test_why_nothing_is_foretold_is_said(why: str) -> None:
    assert what_if_words.said(told(why=why), ()).endswith(".")
    assert what_if_words.rests_on(told(why=why)) == ""
