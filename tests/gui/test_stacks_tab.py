"""Stacks in the window: who is asked for them, and how they are read."""

from dataclasses import replace

import pytest
from gui_support import Opened, running
from PySide6.QtWidgets import QApplication

from pool_gui.monitor.view.facts import CodeLine, StackGroup
from pool_gui.window.controller import Selection
from pool_gui.window.style import finding_words, stack_words

STACKS = 3
NBSP = "\N{NO-BREAK SPACE}"
LIBRARY = CodeLine("threading.Condition.wait", "/usr/lib/python3.11/threading.py", 327)
OWN = CodeLine("shop.orders.Order.total", "/home/me/shop/orders.py", 41)
POOL = CodeLine("pool_gui.pool.thread.run", "/x/pool_gui/pool/thread.py", 90)


def group(*workers: int, still: float = 12.0, age: float = 0.1) -> StackGroup:
    names = tuple(f"worker-{one}" for one in workers)
    states = {"lock": len(workers)}
    return StackGroup(workers, names, (LIBRARY, OWN, POOL), still, age, states)


def test_stacks_are_asked_for_while_somebody_looks(opened: Opened) -> None:
    window = opened.window
    opened.show(running(2))
    asked = [window.controller.viewport.stacks]
    window.tabs.bar.setCurrentIndex(STACKS)
    asked.append(window.controller.viewport.stacks)
    window.tabs.bar.setCurrentIndex(0)
    asked.append(window.controller.viewport.stacks)
    window.controller.select(Selection(1))
    asked.append(window.controller.viewport.stacks)
    window.actions_by_name["selection"].trigger()  # hidden: nobody looks
    asked.append(window.controller.viewport.stacks)
    assert asked == [False, True, False, True, False]


def test_equal_stacks_stand_together_and_stay_closed_where_closed(
    opened: Opened,
) -> None:
    view = opened.window.tabs.stacks
    opened.window.tabs.bar.setCurrentIndex(STACKS)
    opened.show(replace(running(3), stacks=(group(1, 3), group(2, still=0.2))))
    head, other = view.topLevelItem(0), view.topLevelItem(1)
    assert head is not None
    assert other is not None
    assert (
        head.text(0) == f"worker-1, worker-3 · lock · unchanged for at least 12{NBSP}s"
    )
    assert "unchanged" not in other.text(0)
    own = head.child(1)
    assert own is not None
    assert (own.text(0), own.text(1)) == ("Order.total", "shop/orders.py:41")
    head.setExpanded(False)
    opened.show(replace(running(3), stacks=(group(1, 2, 3),)))
    again = view.topLevelItem(0)
    assert again is not None
    assert not again.isExpanded()
    view.set_filter("no such thing")
    assert view.topLevelItemCount() == 0


def test_stacks_are_copied_as_python_writes_them(opened: Opened) -> None:
    opened.window.tabs.bar.setCurrentIndex(STACKS)
    opened.show(replace(running(3), stacks=(group(1, 3),)))
    opened.window.tabs.copy()
    text = QApplication.clipboard().text()
    assert (
        '  File "/home/me/shop/orders.py", line 41, in shop.orders.Order.total' in text
    )


def test_a_click_on_a_stack_selects_its_worker(opened: Opened) -> None:
    opened.window.tabs.bar.setCurrentIndex(STACKS)
    opened.show(replace(running(3), stacks=(group(2),)))
    view = opened.window.tabs.stacks
    view.itemClicked.emit(view.topLevelItem(0), 0)
    assert opened.window.controller.selection == Selection(2)


def test_the_selected_workers_stack_leads_to_the_programs_own_code(
    opened: Opened,
) -> None:
    key = running(3).workers[0].key
    opened.window.controller.select(Selection(key))
    opened.show(replace(running(3), stacks=(group(key, age=7.0),)))
    shown = opened.window.selection._stack
    assert shown.isVisible()
    assert (
        shown._said.whole()
        == f"unchanged for at least 12{NBSP}s · last seen 7{NBSP}s ago"
    )
    roles = {one.whole(): one.property("role") for one in shown._lines}
    assert roles["total  shop/orders.py:41"] == "smallstrong"
    assert roles["wait  python3.11/threading.py:327"] == "small"
    opened.show(running(3))
    assert not shown.isVisible()


@pytest.mark.parametrize(
    ("line", "own"),
    [
        (OWN, True),
        (LIBRARY, False),
        (POOL, False),
        (CodeLine("a.b", "<frozen importlib>", 1), False),
        (CodeLine("a.b", "/v/lib/python3.12/site-packages/a.py", 1), False),
    ],
)
def test_own_code_is_told_from_libraries(line: CodeLine, *, own: bool) -> None:
    assert stack_words.is_own(line) is own


@pytest.mark.parametrize(
    ("waits", "drawn"),
    [
        ((("a", 7, ""),), "a → #7 (queued)"),
        ((("a", 2, "b"), ("b", 1, "a")), "a → #2 → b → #1 → a"),
        ((("a", 2, "b"), ("b", 9, "")), "a → #2 → b → #9 (queued)"),
        (tuple((f"w{n}", n, "") for n in range(9)), "and 6 more"),
        ((), ""),
    ],
)
def test_who_waits_for_whom_is_drawn(
    waits: tuple[tuple[str, int, str], ...], drawn: str
) -> None:
    lines = finding_words.drawing({"workers": 2, "waits_for": waits}).split("\n")
    assert lines[-1] == drawn
    assert len(lines) <= 4
