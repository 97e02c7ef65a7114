"""The window's title, which tells the pool's state also in a task bar. GUI thread."""

from PySide6.QtCore import QCoreApplication

from pool_gui.monitor.view.facts import LinkState
from pool_gui.monitor.view.snapshot import Snapshot
from pool_gui.window.style import words


def title_of(snapshot: Snapshot | None) -> str:
    """Return the title for a snapshot; figures that change all the time stay out."""
    return f"{_state(snapshot)} \u2014 pool_gui"


def _state(snapshot: Snapshot | None) -> str:
    translate = QCoreApplication.translate
    if snapshot is None:
        return words.link_state(LinkState.NONE)
    link, pool = snapshot.link.state, snapshot.pool
    if link is LinkState.LOST:
        text = translate("Title", "pool process lost")
    elif link in {LinkState.STARTING, LinkState.SILENT}:
        text = words.link_state(link)
    elif pool is None:
        text = words.link_state(LinkState.NONE)
    else:
        text = f"{words.pool_state(pool.state)}, {words.workers(pool.size)}"
        if snapshot.load is not None:
            text += f", {snapshot.load.demo}"
    name = words.scope_name(snapshot)
    return f"{name}: {text}" if name else text
