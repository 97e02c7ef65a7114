"""The selected worker's stack, as much of it as there is room for. GUI thread only."""

from PySide6.QtWidgets import QVBoxLayout, QWidget

from pool_gui.monitor.view.facts import CodeLine, Raised, StackGroup
from pool_gui.window.style import numbers, stack_words
from pool_gui.window.style.text import plain
from pool_gui.window.style.widgets import ElidedLabel, label, plain_tip

_MOST = 6


class StackLines(QWidget):
    """A title that says for how long it stands, and the innermost calls below it."""

    def __init__(self) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 6, 0, 0)
        column.setSpacing(2)
        self._title = label("", "title")
        column.addWidget(self._title)
        self._said = ElidedLabel("dim")
        column.addWidget(self._said)
        self._lines = [ElidedLabel("small") for _ in range(_MOST)]
        for line in self._lines:
            column.addWidget(line)
        self._more = ElidedLabel("dim")
        column.addWidget(self._more)
        self._shown: tuple[CodeLine, ...] | None = None
        self.hide()

    def show_group(self, group: StackGroup | None, most: int = _MOST) -> None:
        """Show a stack; None: it is not known, and nothing is shown.

        Args:
            group: the stack.
            most: so many calls at the most.
        """
        self.setVisible(group is not None)
        if group is None:
            self._shown = None
            return
        said = (stack_words.still(group), stack_words.age(group))
        text = " · ".join(one for one in said if one)
        self._fill(self.tr("STACK"), text, group.lines, most)

    def show_raised(self, raised: Raised, most: int = _MOST) -> None:
        """Show where a task failed.

        Args:
            raised: what it raised.
            most: so many calls at the most.
        """
        self.setVisible(bool(raised.lines))
        self._fill(self.tr("RAISED AT"), "", raised.lines, most)

    def _fill(
        self, title: str, said: str, lines: tuple[CodeLine, ...], most: int
    ) -> None:
        self._title.setText(title)
        self._said.set_whole(said)
        self._said.setVisible(bool(said))
        chosen = self._chosen(lines, min(most, _MOST))
        if chosen != self._shown:
            self._shown = chosen
            self._show(chosen)
        left = len(lines) - len(chosen)
        self._more.setVisible(left > 0)
        self._more.set_whole(self.tr("and {0} more calls").format(numbers.count(left)))

    def _chosen(self, lines: tuple[CodeLine, ...], most: int) -> tuple[CodeLine, ...]:
        """Return the innermost calls, with the program's own one that led there."""
        chosen = list(lines[:most])
        own = next((line for line in lines if stack_words.is_own(line)), None)
        if own is not None and chosen and own not in chosen:
            chosen[-1] = own
        return tuple(chosen)

    def _show(self, lines: tuple[CodeLine, ...]) -> None:
        for place, shown in enumerate(self._lines):
            shown.setVisible(place < len(lines))
            if place >= len(lines):
                continue
            line = lines[place]
            role = "smallstrong" if stack_words.is_own(line) else "small"
            if shown.property("role") != role:
                shown.setProperty("role", role)
                shown.style().unpolish(shown)
                shown.style().polish(shown)
            name = stack_words.function(line).rpartition(".")[2]
            shown.set_whole(f"{name}  {stack_words.place(line)}")
            shown.setToolTip(
                plain_tip(f"{line.function}\n{plain(line.file)}:{line.line}")
            )
