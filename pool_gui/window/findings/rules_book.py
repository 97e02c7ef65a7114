"""Keeps what people decide about rules, in file and session. GUI thread only."""

from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from pool_gui.monitor.findings import rules_file
from pool_gui.monitor.findings.judgements import NO_JUDGEMENTS, Judgements
from pool_gui.monitor.findings.rules_file import RulesFileError
from pool_gui.monitor.view.facts import FindingRow
from pool_gui.window.findings.rules_form import RulesForm
from pool_gui.window.main_window import MainWindow


class RulesBook(QObject):
    """See the module."""

    refused = Signal(str)
    """One sentence: why something could not be kept, or read."""

    def __init__(self, window: MainWindow, path: Path) -> None:
        """Begin; `read` takes up what the file says.

        Args:
            window: whose form it opens, and whose controller it tells.
            path: of the file.
        """
        super().__init__(window)
        self._controller = window.controller
        self._path = path
        self._form = RulesForm(window)
        self._form.chosen.connect(self.decide)
        self.judgements = NO_JUDGEMENTS

    def read(self) -> None:
        """Take up what the file says; what is wrong with it is said."""
        try:
            self.judgements = rules_file.read(self._path)
        except RulesFileError as error:
            text = self.tr("The rules' own values are used: {0}")
            self.refused.emit(text.format(error))
            return
        if self.judgements != NO_JUDGEMENTS:
            self._controller.judge(self.judgements)

    @Slot()
    def open_form(self) -> None:
        """Let a person decide."""
        newest = self._controller.newest
        sources = () if newest is None else newest.sources
        names = {pool.name for source in sources for pool in source.pools if pool.name}
        self._form.ask(self.judgements, tuple(sorted(names)))

    @Slot(object)
    def silence(self, row: FindingRow) -> None:
        """Let a rule be quiet in the pool that a finding is about."""
        newest = self._controller.newest
        sources = () if newest is None else newest.sources
        names = [p.name for s in sources for p in s.pools if p.key == row.pool]
        self.decide(self.judgements.silencing(row.rule, names[0] if names else ""))

    @Slot(object)
    def silence_everywhere(self, row: FindingRow) -> None:
        """Let a rule be quiet in all pools."""
        self.decide(self.judgements.silencing(row.rule, ""))

    @Slot(object)
    def decide(self, judgements: Judgements) -> None:
        """Let this count from now on, and write it down."""
        self.judgements = judgements
        self._controller.judge(judgements)
        try:
            rules_file.write(self._path, judgements)
        except RulesFileError as error:
            text = self.tr("It counts, but could not be written down: {0}")
            self.refused.emit(text.format(error))
