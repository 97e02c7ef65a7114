"""The words for forecasts: what is expected, and what that rests on. GUI thread."""

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication

from pool_gui.monitor.view.facts import WhatIf
from pool_gui.window.style import numbers, words

translate = QCoreApplication.translate


def said(told: WhatIf | None, rates: Sequence[tuple[int, float]]) -> str:
    """Return what is to be expected, or why nothing can be said.

    Args:
        told: the forecast.
        rates: (size, tasks a second) as resizes have shown it.
    """
    if told is None:
        return translate(
            "WhatIf", "Choose one pool: its load is replayed at other sizes."
        )
    if told.why_not:
        return _why_not(told.why_not)
    by_size = {one.size: one for one in told.forecasts}
    now, best = by_size.get(told.size), by_size[told.best]
    best_rate = numbers.rate(best.throughput_per_second)
    if now is None or told.best == told.size:
        text = translate("WhatIf", "No size does more than {0}: {1}.")
        return text.format(words.workers(told.best), best_rate)
    text = translate("WhatIf", "{0} now: {1}. With {2}: {3}, and no size does more.")
    return text.format(
        words.workers(told.size),
        numbers.rate(now.throughput_per_second),
        numbers.count(told.best),
        best_rate,
    ) + _measured(rates)


def _measured(rates: Sequence[tuple[int, float]]) -> str:
    if not rates:
        return ""
    told = ", ".join(
        f"{numbers.count(size)}: {numbers.rate(rate)}" for size, rate in rates
    )
    return " " + translate("WhatIf", "Measured (◆): {0}.").format(told)


def _why_not(why: str) -> str:
    texts = {
        "few": translate("WhatIf", "Too few tasks have ended to replay them."),
        "sampled": translate(
            "WhatIf", "There are too many tasks to tell each; their load is not known."
        ),
        "states": translate(
            "WhatIf", "What the workers wait for is not known here, so nothing is said."
        ),
    }
    return texts[why]


def rests_on(told: WhatIf | None) -> str:
    """Return what a forecast assumes; empty where there is none."""
    if told is None or not told.forecasts:
        return ""
    load = translate("WhatIf", "arriving as they did")
    if told.kept_full:
        load = translate("WhatIf", "{0} in the pool at a time").format(
            numbers.count(told.population)
        )
    text = translate(
        "WhatIf",
        "Replays {1} of the last {0}, {2}. Run times less waits for GIL, cores and "
        "locks; for {3} of that a task holds the GIL, for {4} a core (of {5}){6}.",
    )
    lock = ""
    if told.lock_share > 0:
        lock = translate("WhatIf", ", for {0} a lock that all want").format(
            numbers.share(told.lock_share)
        )
    return text.format(
        numbers.whole_seconds(told.seconds),
        words.tasks(told.tasks),
        load,
        numbers.share(told.gil_share),
        numbers.share(told.core_share),
        numbers.count(told.cores),
        lock,
    )
