import json
import logging
import os
import re
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from pool_gui.monitor.session import Session
from pool_gui.monitor.source import process as peer
from pool_gui.monitor.source.child import Launch
from pool_gui.monitor.source.process import started
from pool_gui.monitor.view.facts import LinkState, PoolRow
from pool_gui.monitor.view.snapshot import Snapshot
from pool_gui.monitor.view.viewport import Rate, Viewport
from pool_gui.window.style.sentences import log_sentence, sentence
from pool_gui.wire.commands import Command, Drain, Look, Pause, Resize
from pool_gui.wire.messages import Counts

SCRIPT = Path(__file__).with_name("agent_script.py")
ROOT = Path(__file__).parents[3]
SECONDS = 20.0
POOL = PoolRow("demo", "thread", "running", 1, 1, 0, 0, None, Counts(), 0.0)


class Watch:
    """A session that watches a scenario of `agent_script`."""

    def __init__(self, scenario: str) -> None:
        self.calls = 0
        self._others = set(psutil.Process().children())
        self.news = threading.Semaphore(0)
        argv = (sys.executable, str(SCRIPT), scenario)
        launch = Launch(argv, {"PYTHONPATH": str(ROOT)})
        self.session = Session(launch, notify=self.told)
        self.published = threading.Semaphore(0)
        publish = self.session._publish

        def publish_and_tell() -> None:
            publish()
            self.published.release()

        self.session._publish = publish_and_tell  # type: ignore[method-assign]  # a spy
        self.session.start()

    def children(self) -> set[psutil.Process]:
        """Return the processes that there are since it began."""
        return set(psutil.Process().children()) - self._others

    def await_publications(self, count: int) -> None:
        """Wait for so many new snapshots without taking any."""
        while self.published.acquire(blocking=False):
            pass
        for _ in range(count):
            assert self.published.acquire(timeout=SECONDS)

    def told(self) -> None:
        self.calls += 1
        self.news.release()

    def until(self, claim: Callable[[Snapshot], object]) -> Snapshot:
        """Return the first snapshot of which the claim is true."""
        deadline = time.monotonic() + SECONDS
        while True:
            snapshot = self.session.take()
            if claim(snapshot):
                return snapshot
            left = deadline - time.monotonic()
            assert left > 0, (
                snapshot.link,
                [log_sentence(line) for line in snapshot.log],
            )
            self.news.acquire(timeout=min(left, 0.5))

    def until_state(self, state: LinkState) -> Snapshot:
        return self.until(lambda snapshot: snapshot.link.state is state)

    def until_line(self, text: str) -> Snapshot:
        return self.until(lambda s: any(text in log_sentence(line) for line in s.log))


@pytest.fixture
def watch() -> Iterator[Callable[[str], Watch]]:
    made: list[Watch] = []

    def make(scenario: str) -> Watch:
        made.append(Watch(scenario))
        return made[-1]

    yield make
    for one in made:
        one.session.close()


def test_a_new_session_shows_that_there_is_nothing_yet(
    watch: Callable[[str], Watch],
) -> None:
    snapshot = watch("live").session.take()
    assert snapshot.link.state is LinkState.NONE
    assert snapshot.pool is None
    assert snapshot.lanes is None
    assert snapshot.workers == ()


def test_frames_become_snapshots(watch: Callable[[str], Watch]) -> None:
    one = watch("live")
    one.session.launch_pool(8)
    snapshot = one.until(lambda s: s.pool is not None and s.pool.counts.done > 10)
    assert snapshot.link.state is LinkState.LIVE
    assert snapshot.program is not None
    assert snapshot.program.python == "3.11.7"
    assert [worker.name for worker in snapshot.workers] == ["demo_0"]
    assert snapshot.workers[0].function == "fetch"
    assert snapshot.lanes is not None
    assert snapshot.lanes.coverage.shape == (1, 600)
    assert {task.state for task in snapshot.tasks} == {"running", "done"}
    assert snapshot.functions[0].name == "app.fetch"
    assert not snapshot.quiet
    assert one.until_line("start is done.").log[-1].source == "pool"


def test_a_window_is_woken_once_until_it_takes(watch: Callable[[str], Watch]) -> None:
    one = watch("live")
    one.session.launch_pool(8)
    one.until_state(LinkState.LIVE)
    one.news.acquire(timeout=SECONDS)
    calls = one.calls
    one.await_publications(10)
    assert one.calls <= calls + 1
    newest = one.session._newest.number
    assert one.session.take().number >= newest


def test_a_window_that_takes_nothing_costs_no_memory_and_misses_no_count(
    watch: Callable[[str], Watch],
) -> None:
    one = watch("live")
    one.session.launch_pool(8)
    one.until_state(LinkState.LIVE)
    frames = one.session._sources.chosen().history.frames
    deadline = time.monotonic() + SECONDS
    while one.session._sources.chosen().history.frames < frames + 25:
        assert time.monotonic() < deadline, "the session waits to be taken from"
        one.await_publications(5)
    one.await_publications(2)
    snapshot = one.session.take()
    assert snapshot.pool is not None
    assert snapshot.pool.counts.done >= frames + 25
    assert snapshot.loss.complete


def test_commands_are_answered_in_the_log(watch: Callable[[str], Watch]) -> None:
    one = watch("live")
    one.session.send(Pause())
    one.until_line("pause was not sent")
    one.session.launch_pool(8)
    one.until_state(LinkState.LIVE)
    one.session.send(Resize(4))
    one.session.send(Drain())
    log = one.until_line("drain cannot be done.").log
    levels = {log_sentence(line): line.level for line in log}
    assert levels["resize is done."] == "info"
    assert levels["drain cannot be done."] == "warning"


def test_output_of_the_process_reaches_the_log(watch: Callable[[str], Watch]) -> None:
    one = watch("talkative")
    one.session.launch_pool(8)
    log = one.until_line("after").log
    lines = {log_sentence(line): (line.source, line.level) for line in log}
    assert lines["to stdout"] == ("stdout", "info")
    one.until_line("to stderr")
    assert "bad \ufffd byte" in lines
    assert max(map(len, lines)) <= 2000


def test_a_silent_process_is_named_and_the_window_goes_on(
    watch: Callable[[str], Watch],
) -> None:
    one = watch("silent")
    one.session.launch_pool(8)
    first = one.until_state(LinkState.SILENT)
    assert re.search(r"has not answered for \d\.\d+\ss", sentence(first.link.note))
    later = one.until(
        lambda s: s.link.silent_seconds > 1.5 and s.number > first.number + 3
    )
    assert later.lanes is not None
    assert later.lanes.now_ns > later.lanes.begin_known_ns


def test_a_process_that_stops_in_mid_message_holds_nobody_up(
    watch: Callable[[str], Watch],
) -> None:
    one = watch("half")
    one.session.launch_pool(8)
    one.until_state(LinkState.SILENT)
    begin = time.monotonic()
    assert one.session.close() == ()
    assert time.monotonic() - begin < 3.5


@pytest.mark.parametrize(
    ("scenario", "words"),
    [
        ("killed", "ended by signal 9 (SIGKILL)"),
        ("exits", "exited with code 3"),
        ("exits_early", "exited with code 1 before it was connected"),
        ("foreign", "speaks version 7"),
        ("malformed", "body: 2 workers"),
        ("no_message", "header of"),
        ("oversized", "over the cap"),
        ("again", "said hello again"),
        ("early", "before it said hello"),
        ("unasked", "nobody sent the command 77"),
    ],
)
def test_a_lost_process_is_named_with_the_reason(
    watch: Callable[[str], Watch], scenario: str, words: str
) -> None:
    one = watch(scenario)
    one.session.launch_pool(8)
    snapshot = one.until_state(LinkState.LOST)
    assert words in sentence(snapshot.link.note)
    assert snapshot.log[-1].level == "error"
    assert not any(row.state == "running" for row in snapshot.tasks)
    assert not one.children()


def test_a_process_that_never_connects_is_ended(
    watch: Callable[[str], Watch], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peer, "HELLO_SECONDS", 0.3)
    one = watch("mute")
    one.session.launch_pool(8)
    assert "did not say hello within 300\N{NO-BREAK SPACE}ms" in sentence(
        one.until_state(LinkState.LOST).link.note
    )


def test_a_wrong_key_is_refused_in_the_log_and_the_right_one_let_in(
    watch: Callable[[str], Watch],
) -> None:
    one = watch("wrong_key")
    one.session.launch_pool(8)
    log = one.until_state(LinkState.LIVE).log
    assert any("wrong key" in log_sentence(line) for line in log)


def test_a_program_that_cannot_be_started_is_one_sentence(
    watch: Callable[[str], Watch],
) -> None:
    one = watch("live")
    one.session._sources.chosen().kind = started(Launch(("/nowhere/python",)))
    one.session.launch_pool(8)
    text = sentence(one.until_state(LinkState.LOST).link.note)
    assert "cannot be started" in text
    assert "\n" not in text


def test_after_a_loss_the_history_stays_and_a_new_process_adds_to_it(
    watch: Callable[[str], Watch],
) -> None:
    one = watch("live")
    one.session.launch_pool(8)
    before = one.until(lambda s: s.pool is not None and s.pool.counts.done > 5)
    assert before.program is not None
    os.kill(before.program.pid, signal.SIGKILL)
    lost = one.until_state(LinkState.LOST)
    assert "SIGKILL" in sentence(lost.link.note)
    assert lost.lanes is not None
    assert lost.workers[0].state.value == "gone"
    one.session.launch_pool(8)
    after = one.until(lambda s: len({task.worker for task in s.tasks}) == 2)
    assert len({worker.key for worker in after.workers}) == 2
    assert after.functions
    assert after.lanes is not None
    assert after.lanes.functions == ("app.fetch",)
    assert {task.worker for task in after.tasks} == {w.key for w in after.workers}
    assert len(after.workers) == 2


def test_closing_ends_the_process_in_time_and_leaves_nothing(
    watch: Callable[[str], Watch],
) -> None:
    for scenario in ("live", "silent", "stubborn", "mute"):
        one = watch(scenario)
        one.session.launch_pool(8)
        one.until(lambda s: s.link.state is not LinkState.NONE)
        begin = time.monotonic()
        assert one.session.close(3.0) == ()
        assert time.monotonic() - begin < 3.5
        assert one.session.close(3.0) == ()
        assert one.session.take().link.state is LinkState.ENDED
        assert not one.children()


def test_closing_a_session_that_never_began_is_nothing() -> None:
    assert Session(Launch(("none",))).close() == ()


def test_the_viewport_chooses_what_is_drawn(watch: Callable[[str], Watch]) -> None:
    one = watch("live")
    one.session.launch_pool(8)
    one.until_state(LinkState.LIVE)
    one.session.set_viewport(Viewport(5.0, None, 250))
    snapshot = one.until(
        lambda s: s.lanes is not None and s.lanes.coverage.shape[1] == 250
    )
    assert snapshot.lanes is not None
    assert snapshot.lanes.end_ns - snapshot.lanes.begin_ns == 5_000_000_000


def test_the_report_can_be_had_before_while_and_after(
    watch: Callable[[str], Watch],
) -> None:
    one = watch("live")
    assert json.dumps(one.session.report())
    one.session.launch_pool(8)
    one.until(lambda s: s.pool is not None and s.pool.counts.done > 5)
    running = one.session.report()
    assert "stopped_by" not in running
    one.session.close()
    ended = one.session.report()
    assert ended["stopped_by"] == "pool-gui"
    assert ended["seconds"]


@pytest.mark.expects_log
def test_a_session_that_fails_says_so_and_ends_its_process(
    watch: Callable[[str], Watch],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    one = watch("live")
    one.session.launch_pool(8)
    one.until_state(LinkState.LIVE)

    def broken() -> bool:
        raise ZeroDivisionError

    with caplog.at_level(logging.ERROR):
        monkeypatch.setattr(one.session._sources.chosen(), "poll", broken)
        one.until_line("The session failed")
        one.session._thread.join(SECONDS)
    assert "ZeroDivisionError" in caplog.text
    assert not one.children()


def test_a_window_that_is_gone_does_not_stop_the_session(
    watch: Callable[[str], Watch],
) -> None:
    one = watch("live")

    def gone() -> None:
        raise RuntimeError("the object was deleted")

    one.session._notify = gone
    one.session.launch_pool(8)
    snapshot = one.until_line("can no longer be told")
    one.until(lambda s: s.number > snapshot.number + 2)


def test_agents_are_asked_for_more_frames_where_a_pixel_is_short(
    watch: Callable[[str], Watch],
) -> None:
    one = watch("live")
    asked: list[bool] = []
    one.session.launch_pool(8)
    one.until_state(LinkState.LIVE)
    peer = one.session._sources.chosen()._peer
    assert peer is not None
    send = peer.send

    def spy(command: Command, pool: int = 0) -> bool:
        asked.extend([command.close] if isinstance(command, Look) else [])
        return send(command, pool)

    peer.send = spy  # type: ignore[method-assign]  # a spy
    for span_seconds in (30.0, 5.0, 4.0, 60.0):
        one.session.set_viewport(Viewport(span_seconds, None, 500))
        one.await_publications(2)
    assert asked == [True, False], "only what is news"


@pytest.mark.parametrize(
    ("rate", "span_seconds", "least", "most"),
    [
        (Rate.NORMAL, 30.0, 0.08, 0.1),
        (Rate.NORMAL, 5.0, 0.02, 0.04),
        (Rate.NORMAL, 300.0, 0.2, 0.2),
        (Rate.HIGH, 30.0, 0.03, 0.06),
        (Rate.LOW, 5.0, 0.5, 0.5),
    ],
)
def test_views_are_brought_up_to_date_as_often_as_the_rate_says(
    rate: Rate, span_seconds: float, least: float, most: float
) -> None:
    session = Session(Launch(("none",), {}))
    session._newest = replace(
        session._newest, sources=(replace(session._newest.sources[0], pools=(POOL,)),)
    )
    session._shown_viewport = Viewport(span_seconds, None, 600, rate=rate)
    assert least <= session._due_seconds(fresh=True, urgent=False) <= most
    assert session._due_seconds(fresh=True, urgent=True) < 0.033, "a person asked"
