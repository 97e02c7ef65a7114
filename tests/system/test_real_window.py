"""The installed program in a real window under Xvfb, driven with xdotool."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from system.screen import App, missing_tools, start, wait_for, x_server

pytestmark = [
    pytest.mark.screen,
    pytest.mark.skipif(bool(missing_tools()), reason=f"no {missing_tools()}"),
    pytest.mark.timeout(180),
]

Launcher = Callable[..., App]


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    with x_server() as name:
        yield name


@pytest.fixture
def launch(display: str, tmp_path: Path) -> Iterator[Launcher]:
    apps: list[App] = []

    def go(*arguments: str) -> App:
        settings = {"XDG_CONFIG_HOME": str(tmp_path)}
        app = start(display, list(arguments), tmp_path / "output", settings)
        apps.append(app)
        app.find_window()
        return app

    yield go
    for app in apps:
        if app.process.poll() is None:
            app.process.kill()
        app.process.wait(20)


def test_a_person_starts_submits_resizes_pauses_and_dismisses(
    launch: Launcher,
) -> None:
    app = launch("--size", "1280x800", "--workers", "3")
    app.wait_for_title("no pool")
    app.key("F5")
    app.wait_for_title("running, 3 workers")
    process = app.wait_for_pool_process()
    before = process.cpu_times().user
    app.key("ctrl+Return")
    wait_for(
        lambda: process.cpu_times().user > before + 0.08,
        "the submitted tasks take processor time",
    )
    app.key("F6")
    app.wait_for_title("paused")
    app.key("F6")
    app.wait_for_title("running")
    app.click(396, 47)  # into the box of workers
    app.key("ctrl+a")
    app.type("5")
    app.wait_for_title("running, 5 workers")
    wait_for(lambda: process.num_threads() >= 5, "five workers and more threads")
    app.key("Tab")
    app.key("ctrl+d")
    app.wait_for_title("4 workers")
    app.key("ctrl+shift+d")
    app.wait_for_title("stopped")


def test_a_killed_pool_process_is_named_and_restarted_with_one_key(
    launch: Launcher,
) -> None:
    app = launch("--demo", "mix", "--workers", "4")
    app.wait_for_title("running, 4 workers")
    first = app.wait_for_pool_process()
    first.kill()
    app.wait_for_title("lost")
    app.key("ctrl+r")
    app.wait_for_title("running, 4 workers")
    second = app.wait_for_pool_process()
    assert second.pid != first.pid


def test_a_stopped_pool_process_is_said_to_give_no_answer(launch: Launcher) -> None:
    app = launch("--demo", "sleep", "--workers", "4")
    app.wait_for_title("running, 4 workers")
    process = app.wait_for_pool_process()
    process.send_signal(signal.SIGSTOP)
    app.wait_for_title("no answer")
    process.send_signal(signal.SIGCONT)
    app.wait_for_title("running, 4 workers")


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_window_and_the_pool_process_in_time(
    launch: Launcher, how: signal.Signals
) -> None:
    app = launch("--demo", "sleep", "--workers", "4")
    app.wait_for_title("running, 4 workers")
    process = app.wait_for_pool_process()
    app.process.send_signal(how)
    assert app.process.wait(10) == 0, app.text()
    wait_for(lambda: not process.is_running(), "the pool process has ended", 5)
    assert "Traceback" not in app.text()


def test_closing_an_idle_window_ends_all(launch: Launcher) -> None:
    app = launch()
    app.key("ctrl+q")
    assert app.process.wait(10) == 0
    assert app.text() == ""


def test_closing_with_work_asks_and_the_safe_answer_keeps_running(
    launch: Launcher,
) -> None:
    app = launch("--demo", "sleep", "--workers", "4")
    app.wait_for_title("running, 4 workers, sleep")
    app.key("ctrl+q")
    wait_for(
        lambda: len(app.xdotool("search", "--pid", str(app.process.pid)).split()) > 1,
        "a question is asked",
    )
    app.xdotool("key", "Escape")
    assert app.process.poll() is None
    process = app.wait_for_pool_process()
    app.process.kill()
    app.process.wait(10)
    wait_for(lambda: not process.is_running(), "the pool process went along", 5)


def test_a_window_frozen_for_a_while_shows_the_truth_afterwards(
    launch: Launcher,
) -> None:
    app = launch("--demo", "mix", "--workers", "4")
    app.wait_for_title("running, 4 workers")
    process = app.wait_for_pool_process()
    before = process.cpu_times().user
    app.process.send_signal(signal.SIGSTOP)
    wait_for(
        lambda: process.cpu_times().user > before + 0.3,
        "the pool works while the window is frozen",
    )
    app.process.send_signal(signal.SIGCONT)
    app.key("ctrl+period")
    app.wait_for_title(r"running, 4 workers \u2014")
    assert app.process.poll() is None


def test_two_pools_run_side_by_side_and_one_that_is_killed_stays_until_removed(
    launch: Launcher,
) -> None:
    app = launch("--demo", "sleep", "--workers", "4", "--size", "1280x800")
    app.wait_for_title("running, 4 workers, sleep")
    first = app.wait_for_pool_process()
    app.fill_in("ctrl+n", "New demo pool", "16", "Return")
    app.wait_for_title("Demo 2: running, 16 workers")
    (second,) = [child for child in app.children() if child.pid != first.pid]
    # The same load as the first has.
    app.press_until_title("ctrl+Return", "Demo 2: running, 16 workers, sleep")
    app.click(90, 132)  # the line of all pools
    app.wait_for_title("All pools: running, 20 workers, sleep")
    first.kill()
    app.wait_for_title("All pools: running, 16 workers, sleep")
    app.click(90, 170)  # the first demo's line
    app.wait_for_title("Demo 1: pool process lost")
    app.press_until_title("ctrl+shift+r", "^running, 16 workers, sleep")
    assert second.is_running()


def test_a_second_pool_in_the_same_process_is_told_apart(launch: Launcher) -> None:
    app = launch("--demo", "sleep", "--workers", "4")
    app.wait_for_title("running, 4 workers, sleep")
    app.fill_in("ctrl+n", "New demo pool", "2", "Tab", "Down", "Return")
    # Its size is not looked at: the first key in a new window can get lost.
    app.wait_for_title(r"Demo 1 · demo-2: running, \d+ workers \u2014")
    assert len(app.children()) == 1
    app.press_until_title("shift+F5", "Demo 1 · demo-2: stopped")
