"""The words for marks on the time axis. GUI thread only."""

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication

from pool_gui.monitor.view.facts import MarkRow
from pool_gui.window.style import finding_words, numbers, words
from pool_gui.window.style.theme import Colours

translate = QCoreApplication.translate


def said(mark: MarkRow) -> str:
    """Return what happened, in a few words."""
    if mark.kind == "finding":
        rule, level = str(mark.values["rule"]), str(mark.values["level"])
        return f"{finding_words.sign(level)} {finding_words.title(rule)}"
    if mark.kind == "resized":
        return _resized(mark)
    kinds = {
        "paused": translate("Marks", "paused"),
        "resumed": translate("Marks", "resumed"),
        "draining": translate("Marks", "draining"),
        "stopped": translate("Marks", "stopped"),
    }
    return kinds[mark.kind]


def _resized(mark: MarkRow) -> str:
    values = mark.values
    before, after = int(values["before"]), int(values["after"])
    text = f"{numbers.count(before)} → {words.workers(after)}"
    if "rate_after" in values:
        rates = [
            numbers.rate(float(values[name]))
            for name in ("rate_before", "rate_after")
            if name in values
        ]
        return f"{text}: {' → '.join(rates)}"
    return text


def told(marks: Sequence[MarkRow], now_ns: int) -> str:
    """Return marks as lines of text, with how long ago each was."""
    ago = translate("Marks", "{0} ago: {1}")
    lines = (
        ago.format(numbers.whole_seconds((now_ns - one.time_ns) / 1e9), said(one))
        for one in marks
    )
    return "\n".join(lines)


def colour(mark: MarkRow, colours: Colours) -> str:
    """Return the colour of a mark."""
    levels = {"error": colours.errortext, "warning": colours.warntext}
    return levels.get(str(mark.values.get("level", "")), colours.dim)
