"""Each way in which a wake-up could be lost, forced; and what must cost nothing."""

import contextlib
import gc
import signal
import sys
import threading
import weakref
from collections.abc import Callable
from typing import NoReturn

import pytest
from bounded_support import Caller
from pool_support import until

from pool_gui.pool.watchers import FOREVER, Watchers, locked_lock, seconds_left


class News:
    """Something that is true once it was said to be, and who asked for it."""

    def __init__(self) -> None:
        self.is_out = False
        self.asked = 0

    def __call__(self) -> bool:
        self.asked += 1
        return self.is_out


def waiter(watchers: Watchers, news: Callable[[], bool]) -> Caller:
    """Start a thread that waits without a limit, so that it needs to be woken."""
    return Caller(watchers.wait, news, None)


def waiters(
    watchers: Watchers, news: Callable[[], bool], count: int = 1
) -> list[Caller]:
    """Start threads that wait, and return once all do, the longest waiting first."""
    made = []
    for _ in range(count):
        before = len(watchers)
        made.append(waiter(watchers, news))
        until(lambda before=before: len(watchers) == before + 1)  # type: ignore[misc]
    return made


def test_what_is_true_already_needs_no_wait() -> None:
    watchers, news = Watchers(), News()
    news.is_out = True
    assert watchers.wait(news, None)
    assert watchers.wait(news, 0)
    assert not watchers


@pytest.mark.parametrize("seconds", [0, 0.01, -1])
def test_the_time_ends_a_wait_for_what_does_not_come(seconds: float) -> None:
    watchers = Watchers()
    assert not watchers.wait(lambda: False, seconds)
    assert not watchers


def test_a_wait_has_the_news_that_comes_as_the_time_ends() -> None:
    answers = iter([False, True])
    assert Watchers().wait(lambda: next(answers), 0)


def test_an_announcement_wakes_all() -> None:
    watchers, news = Watchers(), News()
    callers = waiters(watchers, news, 3)
    assert bool(watchers)
    news.is_out = True
    watchers.announce()
    assert [caller.result() for caller in callers] == [True] * 3
    assert not watchers


def test_an_announcement_to_one_wakes_who_waits_longest() -> None:
    watchers, news = Watchers(), News()
    callers = waiters(watchers, news, 3)
    news.is_out = True
    for number, caller in enumerate(callers, 1):
        assert watchers.announce_to_one()
        assert caller.result()
        assert [one.is_alive() for one in callers].count(True) == 3 - number
    assert not watchers.announce_to_one()


def test_nobody_is_told_nothing() -> None:
    watchers = Watchers()
    watchers.announce()
    assert not watchers.announce_to_one()
    assert not watchers


def test_who_is_told_too_early_waits_on() -> None:
    watchers, news = Watchers(), News()
    (caller,) = waiters(watchers, news)
    for times in (1, 2, 3):
        watchers.announce()
        until(lambda times=times: news.asked == times + 1)  # type: ignore[misc]
        until(lambda: bool(watchers))
    news.is_out = True
    watchers.announce()
    assert caller.result()


def test_news_between_registering_and_asking_is_not_missed() -> None:
    """It comes, with its announcement, while `is_true` is being asked."""
    watchers, news = Watchers(), News()

    def ask() -> bool:
        if not news.asked:
            news()
            assert len(watchers) == 1, "registered before it asks"
            news.is_out = True
            watchers.announce()
            return False  # as if it had looked just before
        return news()

    assert waiter(watchers, ask).result()
    assert news.asked == 2


def test_news_before_registering_is_found_by_asking(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It comes, with its announcement, when nobody is registered yet."""
    watchers, news = Watchers(), News()

    def make_lock() -> object:
        assert not watchers
        news.is_out = True
        watchers.announce()
        return locked_lock()

    monkeypatch.setattr("pool_gui.pool.watchers.locked_lock", make_lock)
    assert waiter(watchers, news).result()
    assert news.asked == 1


def test_a_wake_up_while_the_last_one_is_looked_into_is_not_missed() -> None:
    """Woken too early, it asks; meanwhile the true news comes."""
    watchers, news = Watchers(), News()

    def ask() -> bool:
        known = news()
        if news.asked == 1:
            watchers.announce()  # too early
        elif news.asked == 2:
            news.is_out = True
            watchers.announce()
        return known

    assert waiter(watchers, ask).result()
    assert news.asked == 3


def interrupted_wait(watchers: Watchers, ask: Callable[[], bool]) -> None:
    with pytest.raises(KeyboardInterrupt):
        watchers.wait(ask, None)


def test_who_is_interrupted_passes_its_wake_up_on() -> None:
    """The one that waits longest is told, and then Ctrl-C comes."""
    watchers, news = Watchers(), News()
    behind: list[Caller] = []

    def ask() -> NoReturn:
        behind.extend(waiters(watchers, news))
        news.is_out = True
        assert watchers.announce_to_one()
        assert len(watchers) == 1, "it was for us, and the other waits"
        raise KeyboardInterrupt

    interrupted_wait(watchers, ask)
    assert behind[0].result()
    assert not watchers


def test_who_is_interrupted_without_a_wake_up_leaves_nothing() -> None:
    watchers, news = Watchers(), News()
    behind = waiters(watchers, news)

    def ask() -> NoReturn:
        raise KeyboardInterrupt

    interrupted_wait(watchers, ask)
    until(lambda: len(watchers) == 1)
    news.is_out = True
    watchers.announce()
    assert behind[0].result()
    assert not watchers


@pytest.mark.skipif(sys.platform == "win32", reason="there is no pthread_kill")
def test_ctrl_c_ends_a_wait() -> None:
    watchers = Watchers()

    def interrupt() -> None:
        until(lambda: bool(watchers))
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    interrupter = Caller(interrupt)
    interrupted_wait(watchers, lambda: False)
    interrupter.result()
    assert not watchers


def test_whose_time_is_up_passes_its_wake_up_on() -> None:
    """It is told just after its time has ended, and has no use for the news."""
    watchers, news = Watchers(), News()
    behind: list[Caller] = []
    asked: list[int] = []

    def ask() -> bool:
        asked.append(1)
        if len(asked) == 2:  # the time is up
            behind.extend(waiters(watchers, news))
            news.is_out = True
            assert watchers.announce_to_one()
        return False

    assert not watchers.wait(ask, 0)
    # Its wake-up is on its way to who waits behind, or nobody tells that one any more.
    left = len(watchers)
    watchers.announce()
    assert behind[0].result()
    assert not left


def test_a_handler_and_a_finalizer_may_announce_in_the_middle_of_a_wait() -> None:
    watchers, news = Watchers(), News()

    class Node:
        def __init__(self) -> None:
            self.me = self

        def __del__(self) -> None:
            news.is_out = True
            watchers.announce()

    def ask() -> bool:
        known = news()
        if news.asked == 1:
            Node()
            gc.collect()
        return known

    assert waiter(watchers, ask).result()
    assert news.asked == 2


@pytest.mark.parametrize("error", [StopIteration, KeyError, RuntimeError])
def test_an_announcement_survives_that_others_come_and_go(
    error: type[Exception],
) -> None:
    class Busy(Watchers):
        failures = 2

        def __delitem__(self, lock: object) -> None:
            if self.failures:
                self.failures -= 1
                raise error
            super().__delitem__(lock)  # type: ignore[arg-type]  # it is a lock

    watchers, news = Busy(), News()
    (caller,) = waiters(watchers, news)
    news.is_out = True
    watchers.announce()
    assert caller.result()
    assert not watchers.failures


def test_a_wait_keeps_nothing_alive_afterwards() -> None:
    watchers = Watchers()

    class Question:
        def __call__(self) -> bool:
            return False

    question = Question()
    gone = weakref.ref(question)
    watchers.wait(question, 0)
    del question
    assert gone() is None
    assert not watchers


def test_in_a_forked_child_nobody_waits() -> None:
    watchers, news = Watchers(), News()
    (caller,) = waiters(watchers, news)
    lock = next(iter(watchers))
    watchers.forget()
    assert not watchers
    news.is_out = True
    lock.release()
    assert caller.result()


def test_no_wake_up_is_lost_among_many_threads() -> None:
    """Tokens go round: each is announced to one, and each waiter takes one."""
    watchers, each, takers = Watchers(), 300, 6
    tokens: list[None] = []
    taken: list[int] = []

    def take() -> None:
        for _ in range(each):
            while True:
                assert watchers.wait(lambda: bool(tokens), None)
                with contextlib.suppress(IndexError):
                    tokens.pop()
                    break
            taken.append(1)

    def give() -> None:
        for _ in range(each * takers // 2):
            tokens.append(None)
            watchers.announce_to_one()

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        callers = [Caller(take) for _ in range(takers)]
        callers += [Caller(give) for _ in range(2)]
        for caller in callers:
            caller.result()
    finally:
        sys.setswitchinterval(before)
    assert len(taken) == each * takers
    assert not tokens
    assert not watchers


def test_a_new_lock_is_locked() -> None:
    assert not locked_lock().acquire(blocking=False)


def test_the_time_left_is_never_negative() -> None:
    assert seconds_left(None) == FOREVER
    assert seconds_left(0) == 0
