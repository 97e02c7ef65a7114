"""What can be saved as a file: the picture, a table, the log. GUI thread only."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QImageWriter
from PySide6.QtWidgets import QFileDialog, QMainWindow, QMessageBox

from pool_gui.window.actions.actions import Actions
from pool_gui.window.actions.page import Page
from pool_gui.window.controller import Controller
from pool_gui.window.tables.log_lines import line_text

_PICTURES: Final = (
    ("PNG", ("png",)),
    ("PDF", ("pdf",)),
    ("JPEG", ("jpg", "jpeg")),
    ("WebP", ("webp",)),
    ("BMP", ("bmp",)),
)
_TOLD_MS: Final = 4000


class Exports(QObject):
    """Asks for a name, writes the file, and says what became of it."""

    def __init__(
        self,
        window: QMainWindow,
        controller: Controller,
        actions: Actions,
        table_csv: Callable[[], str],
    ) -> None:
        """Connect the actions.

        Args:
            window: in front of which is asked, and of which pictures are made.
            controller: has the newest snapshot.
            actions: those for files are connected.
            table_csv: returns the table that is shown, when one is.
        """
        super().__init__(window)
        self._window = window
        self._controller = controller
        self._table_csv = table_csv
        self.folder = ""
        """Where a file was saved last."""
        for name, slot in (
            ("picture", self.save_picture),
            ("save-table", self.save_table),
            ("save-log", self.save_log),
        ):
            actions[name].triggered.connect(slot)

    @Slot()
    def save_picture(self) -> None:
        """Save what the window shows as a picture that a person names."""
        # Both before the file dialog covers it.
        picture, page = self._window.grab(), Page(self._window)
        known = {bytes(one.data()) for one in QImageWriter.supportedImageFormats()}
        kinds = [
            (title, endings)
            for title, endings in _PICTURES
            if endings[0].encode() in known | {b"pdf"}
        ]
        name = self.ask_name(self.tr("Save picture"), "pool", kinds)
        if not name:
            return
        kind = Path(name).suffix.lower()
        if page.save(name) if kind == ".pdf" else picture.save(name):
            self._tell_saved(name)
        else:
            self._complain(
                self.tr("The picture could not be written to {0}.").format(name)
            )

    @Slot()
    def save_table(self) -> None:
        """Save the table that is shown, as other programs read it."""
        text = self._table_csv()
        name = self.ask_name(self.tr("Save table"), "pool", [("CSV", ("csv",))])
        self._write(name, text, self.tr("The table could not be written: {0}"))

    @Slot()
    def save_log(self) -> None:
        """Save the log as a text file that a person names."""
        kinds = [(self.tr("Text"), ("txt",))]
        name = self.ask_name(self.tr("Save log"), "pool-log", kinds)
        snapshot = self._controller.newest
        lines = () if snapshot is None else snapshot.log
        text = "".join(line_text(line) + "\n" for line in lines)
        self._write(name, text, self.tr("The log could not be written: {0}"))

    def _write(self, name: str, text: str, complaint: str) -> None:
        if not name:
            return
        try:
            Path(name).write_text(text, encoding="utf-8", newline="")
        except OSError as error:
            self._complain(complaint.format(error))
        else:
            self._tell_saved(name)

    def ask_name(
        self, title: str, name: str, kinds: Sequence[tuple[str, tuple[str, ...]]]
    ) -> str:
        """Return the name of a file to be written; empty when it is not wanted.

        A name that has none of the endings gets that of the kind that was chosen.

        Args:
            title: of the dialog.
            name: what is proposed, without an ending.
            kinds: (title, endings) of files.
        """
        filters = [
            f"{kind} ({' '.join(f'*.{one}' for one in endings)})"
            for kind, endings in kinds
        ]
        proposed = str(Path(self.folder) / f"{name}.{kinds[0][1][0]}")
        chosen, wanted = self._ask(title, proposed, ";;".join(filters))
        if not chosen:
            return ""
        path = Path(chosen)
        known = {ending for _, endings in kinds for ending in endings}
        if path.suffix.lower().lstrip(".") not in known:
            at = filters.index(wanted) if wanted in filters else 0
            path = path.with_name(f"{path.name}.{kinds[at][1][0]}")
        self.folder = str(path.parent)
        return str(path)

    def ask_file(self, title: str, pattern: str) -> str:
        """Return the name of a file to be read; empty when none is wanted.

        Args:
            title: of the dialog.
            pattern: which files are shown, such as '*.txt'.
        """
        filters = f"{pattern};;{self.tr('All files')} (*)"
        name = self._choose(title, self.folder, filters)
        if name:
            self.folder = str(Path(name).parent)
        return name

    def _choose(self, title: str, folder: str, filters: str) -> str:
        return QFileDialog.getOpenFileName(self._window, title, folder, filters)[0]

    def _ask(self, title: str, proposed: str, filters: str) -> tuple[str, str]:
        return QFileDialog.getSaveFileName(self._window, title, proposed, filters)

    def _tell_saved(self, name: str) -> None:
        told = self.tr("Saved: {0}").format(name)
        self._window.statusBar().showMessage(told, _TOLD_MS)

    def _complain(self, sentence: str) -> None:
        QMessageBox.warning(self._window, "pool_gui", sentence)
