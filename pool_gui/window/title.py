"""The window's title, which tells the pool's state also in a task bar. Any thread."""

from PySide6.QtCore import QCoreApplication

from pool_gui.monitor.view.facts import LinkState
from pool_gui.monitor.view.snapshot import Snapshot


def title_of(snapshot: Snapshot | None) -> str:
    """Return the title for a snapshot; figures that change all the time stay out."""
    return f"{_state(snapshot)} \u2014 pool_gui"


def _state(snapshot: Snapshot | None) -> str:
    translate = QCoreApplication.translate
    link = LinkState.NONE if snapshot is None else snapshot.link.state
    if link is LinkState.LOST:
        return translate("Title", "pool process lost")
    if link is LinkState.STARTING:
        return translate("Title", "starting")
    if link is LinkState.SILENT:
        return translate("Title", "no answer")
    if snapshot is None or snapshot.pool is None:
        return translate("Title", "no pool")
    states = {
        "new": translate("Title", "new"),
        "running": translate("Title", "running"),
        "paused": translate("Title", "paused"),
        "draining": translate("Title", "draining"),
        "stopped": translate("Title", "stopped"),
    }
    pool = snapshot.pool
    text = translate("Title", "{0}, {1} workers").format(states[pool.state], pool.size)
    if snapshot.load is not None:
        text += f", {snapshot.load.demo}"
    return text
