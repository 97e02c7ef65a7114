import threading
from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot
from window_support import NOW_NS, FakeSession, Scene, nothing

from pool_gui.monitor.view.facts import LinkState
from pool_gui.monitor.view.snapshot import Scope, Snapshot
from pool_gui.monitor.view.viewport import Viewport
from pool_gui.window.controller import AT_ONCE, Controller, Order, Selection
from pool_gui.wire import commands


@pytest.fixture
def pair(qtbot: QtBot) -> tuple[FakeSession, Controller]:
    made: list[Controller] = []

    def wake() -> None:
        made[0].wake()

    session = FakeSession(wake)
    made.append(Controller(session))
    return session, made[0]


Pair = tuple[FakeSession, Controller]


def test_a_wake_up_from_another_thread_is_handled_on_the_gui_thread(
    pair: Pair, qtbot: QtBot
) -> None:
    session, controller = pair
    seen: list[threading.Thread] = []
    controller.snapshot_changed.connect(
        lambda _: seen.append(threading.current_thread())
    )
    ticker = threading.Thread(target=session.publish, args=(Scene().snapshot(),))
    with qtbot.waitSignal(controller.snapshot_changed):
        ticker.start()
    ticker.join()
    assert seen == [threading.main_thread()]


def test_only_the_newest_of_many_snapshots_is_shown(pair: Pair, qtbot: QtBot) -> None:
    session, controller = pair
    shown: list[Snapshot] = []
    controller.snapshot_changed.connect(shown.append)

    def tick() -> None:
        for number in range(1, 20):
            session.publish(Scene(number=number, workers=2, tasks=2).snapshot())

    ticker = threading.Thread(target=tick)
    with qtbot.waitSignal(controller.snapshot_changed):
        ticker.start()
        ticker.join()
    assert [snapshot.number for snapshot in shown] == [19]


def test_an_order_placed_at_the_start_goes_along_with_it(pair: Pair) -> None:
    session, controller = pair
    batch = commands.Batch("mix", {}, 10, 0)
    controller.start_pool(4, batch, source=2)
    controller.add_demo(16, batch)
    controller.add_pool(2)
    assert session.asked == [
        ("launch_pool", 4, (batch,), 2),
        ("add_demo", 16, (batch,)),
        ("add_pool", 2, ()),
    ]


def test_an_absent_scope_is_not_asked_for_again(pair: Pair, qtbot: QtBot) -> None:
    session, controller = pair
    with qtbot.waitSignal(controller.observed):
        session.publish(replace(Scene().snapshot(), scope=Scope(3)))
    controller.select_scope(Scope(3))
    assert session.asked == []
    controller.select_scope(Scope())
    assert session.asked == [("set_scope", Scope())]


def test_a_paused_display_holds_snapshots_back_and_counts_what_ended(
    pair: Pair, qtbot: QtBot
) -> None:
    session, controller = pair
    with qtbot.waitSignal(controller.snapshot_changed):
        session.publish(Scene().snapshot())
    controller.pause_display(paused=True)
    later = Scene(number=2).snapshot()
    assert later.pool is not None
    counts = replace(later.pool.counts, done=later.pool.counts.done + 40)
    later = replace(later, pool=replace(later.pool, counts=counts))
    shown: list[Snapshot] = []
    controller.snapshot_changed.connect(shown.append)
    with qtbot.waitSignal(controller.held_back_changed) as held_back:
        session.publish(later)
    assert held_back.args == [40]
    assert shown == []
    controller.pause_display(paused=False)
    assert shown == [later]


def test_on_a_paused_display_a_person_looks_round_in_what_was(
    pair: Pair, qtbot: QtBot
) -> None:
    session, controller = pair
    with qtbot.waitSignal(controller.snapshot_changed):
        session.publish(Scene().snapshot())
    controller.pause_display(paused=True)
    frozen = Viewport(30.0, NOW_NS, 600)
    assert session.viewports == [frozen]
    controller.set_viewport(Viewport(10.0, None, 600))
    assert session.viewports[-1] == Viewport(10.0, NOW_NS, 600)
    zoomed = Scene(number=2, span_seconds=10.0).snapshot()
    with qtbot.waitSignal(controller.snapshot_changed) as shown:
        session.publish(zoomed)
    assert shown.args is not None
    assert shown.args[0].number == 1, "all but the lanes stands still"
    assert shown.args[0].lanes is zoomed.lanes
    controller.pause_display(paused=False)
    assert session.viewports[-1] == Viewport(10.0, None, 600), "follows now again"


def test_a_display_paused_on_the_past_stays_there_afterwards(
    pair: Pair, qtbot: QtBot
) -> None:
    session, controller = pair
    past = Viewport(30.0, NOW_NS - 50, 600)
    controller.set_viewport(past)
    with qtbot.waitSignal(controller.snapshot_changed):
        session.publish(Scene(end_ns=NOW_NS - 50).snapshot())
    controller.pause_display(paused=True)
    controller.pause_display(paused=False)
    assert session.viewports == [past]


def test_live_on_a_paused_display_leads_to_when_it_was_paused(
    pair: Pair, qtbot: QtBot
) -> None:
    session, controller = pair
    controller.set_viewport(Viewport(30.0, NOW_NS - 50, 600))
    with qtbot.waitSignal(controller.snapshot_changed):
        session.publish(Scene(end_ns=NOW_NS - 50).snapshot())
    controller.pause_display(paused=True)
    controller.set_viewport(Viewport(30.0, None, 600))
    assert session.viewports[-1] == Viewport(30.0, NOW_NS, 600)


def test_views_rest_while_nothing_moves_but_the_time(pair: Pair, qtbot: QtBot) -> None:
    session, controller = pair
    shown: list[int] = []
    controller.snapshot_changed.connect(lambda one: shown.append(one.number))
    for number, quiet in ((1, False), (2, True), (3, True), (4, True), (5, False)):
        snapshot = Scene(number=number, workers=1, tasks=1).snapshot()
        with qtbot.waitSignal(controller.observed):
            session.publish(replace(snapshot, quiet=quiet))
    assert shown == [1, 2, 5]


def test_the_link_is_told_only_when_its_state_or_sentence_is_another(
    pair: Pair, qtbot: QtBot
) -> None:
    session, controller = pair
    told: list[LinkState] = []
    controller.link_changed.connect(lambda link: told.append(link.state))
    for scene in (
        Scene(silent_seconds=0.01),
        Scene(silent_seconds=0.04),
        Scene(link=LinkState.LOST, link_text="ended by signal 9"),
    ):
        with qtbot.waitSignal(controller.observed):
            session.publish(scene.snapshot())
    assert told == [LinkState.LIVE, LinkState.LOST]


def test_a_pool_that_cannot_be_reached_has_no_state(pair: Pair, qtbot: QtBot) -> None:
    session, controller = pair
    states: list[str] = []
    controller.pool_state_changed.connect(states.append)
    for scene in (Scene(), Scene(state="paused"), Scene(link=LinkState.LOST)):
        with qtbot.waitSignal(controller.observed):
            session.publish(scene.snapshot())
    assert states == ["running", "paused", ""]


def test_a_selection_is_told_once(pair: Pair) -> None:
    _, controller = pair
    told: list[Selection] = []
    controller.selection_changed.connect(told.append)
    controller.select(Selection(3, 12))
    controller.select(Selection(3, 12))
    assert told == [Selection(3, 12)]


def test_a_viewport_reaches_the_session_once(pair: Pair) -> None:
    session, controller = pair
    wanted = Viewport(10.0, None, 800)
    controller.set_viewport(wanted)
    controller.set_viewport(wanted)
    assert session.viewports == [wanted]


def test_there_is_no_work_before_the_first_pool(pair: Pair, qtbot: QtBot) -> None:
    session, controller = pair
    assert not controller.has_work
    with qtbot.waitSignal(controller.observed):
        session.publish(nothing())
    assert not controller.has_work


@pytest.mark.parametrize(
    ("arrival", "command"),
    [
        (AT_ONCE, commands.Batch("sleep", {"milliseconds": 5.0}, 7, 3)),
        (
            "steady",
            commands.Submit(
                "sleep",
                {"milliseconds": 5.0},
                commands.Arrival.STEADY,
                7.0,
                1,
                0,
                3,
            ),
        ),
        (
            "in-flight",
            commands.Submit(
                "sleep",
                {"milliseconds": 5.0},
                commands.Arrival.IN_FLIGHT,
                1.0,
                7,
                0,
                3,
            ),
        ),
    ],
)
def test_an_order_becomes_the_command_of_its_arrival(
    arrival: str, command: commands.Command
) -> None:
    order = Order("sleep", {"milliseconds": 5.0}, arrival, 7, 3)
    assert order.command() == command
