"""One line over the cards: which pools they, the charts and the tables speak of.

Shown where there is more than one pool. GUI thread only.
"""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from pool_gui.monitor.view.snapshot import Snapshot
from pool_gui.window.style import words
from pool_gui.window.style.sentences import load_text
from pool_gui.window.style.widgets import ElidedLabel, Figure


class ScopeLine(QWidget):
    """See the module."""

    def __init__(self) -> None:
        super().__init__()
        self.name = Figure("scope")
        self._more = ElidedLabel("dim")
        row = QHBoxLayout(self)
        row.setContentsMargins(2, 0, 2, 0)
        row.setSpacing(8)
        row.addWidget(self.name)
        row.addWidget(self._more, 1)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.hide()

    @Slot(object)
    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Show another snapshot's scope."""
        name = words.scope_name(snapshot)
        if name != self.name.text():
            self.name.setText(name)
            self.setVisible(bool(name))
        self._more.set_whole(_facts(snapshot) if name else "")


def _facts(snapshot: Snapshot) -> str:
    pool = snapshot.pool
    if pool is None:
        return ""
    facts = [words.pools(pool.pools)] if pool.pools > 1 else []
    facts.append(words.workers(pool.size))
    wrong = words.link_state(snapshot.link.state)
    if wrong or pool.pools == 1:
        facts.append(wrong or words.pool_state(pool.state))
    if pool.load is not None:
        facts.append(f"{pool.load.demo}: {load_text(pool.load)}")
    return " · ".join(facts)
