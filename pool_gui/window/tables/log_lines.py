"""The log: what the window, the pool and the pool process said. GUI thread only."""

import time
from collections.abc import Sequence

from PySide6.QtGui import QColor, QFont, QFontDatabase, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QPlainTextEdit

from pool_gui.monitor.view.facts import LogLine
from pool_gui.window.style.sentences import log_sentence
from pool_gui.window.style.text import plain
from pool_gui.window.style.theme import Theme

MAX_LINES = 2000
_MAX_CHARACTERS = 2000


class LogView(QPlainTextEdit):
    """Appends what is new; stays where it is while a person reads further up."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._shown = 0
        self._filter = ""
        self._lines: Sequence[LogLine] = ()
        self.setReadOnly(True)
        self.setUndoRedoEnabled(False)
        self.setMaximumBlockCount(MAX_LINES)
        self.setAccessibleName(self.tr("Log"))
        self.setPlaceholderText(self.tr("What the pool process says will be here."))
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        font.setPixelSize(12)
        font.setStyleHint(QFont.StyleHint.Monospace)
        self.setFont(font)

    def show_lines(self, lines: Sequence[LogLine]) -> None:
        """Show these lines; those that were shown stay."""
        if lines is self._lines:
            return
        self._lines = lines
        fresh = [line for line in lines if line.number > self._shown]
        if fresh:
            self._shown = fresh[-1].number
            self._append(fresh)

    def set_filter(self, text: str) -> None:
        """Show only lines that hold this text."""
        self._filter = text.casefold().strip()
        self.rebuild()

    def rebuild(self) -> None:
        """Write all lines anew."""
        self.clear()
        self._append(self._lines)

    def _append(self, lines: Sequence[LogLine]) -> None:
        formats = {line.level: self._format(line.level) for line in lines}
        bar = self.verticalScrollBar()
        at_end = bar.value() >= bar.maximum() - 4
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.beginEditBlock()  # one layout for all of them
        for line in lines:
            if self._filter and self._filter not in log_sentence(line).casefold():
                continue
            if not self.document().isEmpty():
                cursor.insertBlock()
            cursor.insertText(line_text(line), formats[line.level])
        cursor.endEditBlock()
        if at_end:
            bar.setValue(bar.maximum())

    def _format(self, level: str) -> QTextCharFormat:
        colours = self._theme.colours
        made = QTextCharFormat()
        chosen = {"error": colours.errortext, "warning": colours.warntext}
        made.setForeground(QColor(chosen.get(level, colours.text)))
        return made


def line_text(line: LogLine) -> str:
    """Return a line as it is shown and saved."""
    moment = time.strftime("%H:%M:%S", time.localtime(line.wall_seconds))
    return f"{moment}  {line.source:<6}  {plain(log_sentence(line), _MAX_CHARACTERS)}"
