"""The main window: arranges the panels and connects them. GUI thread only.

Data goes one way: snapshots down from the controller, commands up by the actions. All
connections of the window stand in `_connect`.
"""

from dataclasses import replace

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QCloseEvent, QResizeEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QMainWindow,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from pool_gui.monitor.view.facts import LinkState
from pool_gui.monitor.view.snapshot import Snapshot
from pool_gui.monitor.view.viewport import Viewport
from pool_gui.window.actions.actions import Actions
from pool_gui.window.actions.dialogs import Dialogs
from pool_gui.window.actions.exports import Exports
from pool_gui.window.actions.failed_tasks import FailedTasks
from pool_gui.window.actions.keys import SpaceGuard
from pool_gui.window.actions.menus import build_menus
from pool_gui.window.actions.operations import Operations
from pool_gui.window.actions.recordings import Recordings
from pool_gui.window.actions.refreshing import Refreshing
from pool_gui.window.actions.toolbar import Toolbar
from pool_gui.window.charts.cards import Cards
from pool_gui.window.charts.row import ChartsRow
from pool_gui.window.controller import Controller
from pool_gui.window.lanes.arrangement import Arrangement
from pool_gui.window.lanes.panel import LanesPanel, live_icon
from pool_gui.window.layout_memory import COLUMNS, LayoutMemory
from pool_gui.window.options import LEAST_SIZE
from pool_gui.window.pace import CHARTS_MS, DIGITS_MS, LanesPace, Pace
from pool_gui.window.panels.bars import MessageBars
from pool_gui.window.panels.findings_panel import FindingsPanel
from pool_gui.window.panels.player_bar import PlayerBar
from pool_gui.window.panels.scope_line import ScopeLine
from pool_gui.window.panels.selection import SelectionPanel
from pool_gui.window.panels.sources_panel import SourcesPanel
from pool_gui.window.panels.status import StatusBar
from pool_gui.window.panels.welcome import WelcomePanel
from pool_gui.window.settings import Settings
from pool_gui.window.style.theme import Theme
from pool_gui.window.tables.tabs import Tabs
from pool_gui.window.title import title_of

FIRST_SIZE = QSize(1280, 800)
_NARROW_BELOW = {"selection": 1120, "sources": 940}
"""Below this width a column gives way to what stands in the middle."""
_SPLIT = [344, 154, 178]
_MOVING = (LinkState.STARTING, LinkState.LIVE, LinkState.SILENT)


class MainWindow(QMainWindow):
    """See the module."""

    closing = Signal()
    """A person wants to leave, and has said so if there was work."""

    def __init__(
        self, controller: Controller, theme: Theme, settings: Settings
    ) -> None:
        super().__init__()
        self.controller = controller
        self.theme = theme
        self._may_close = False
        self._follows = True
        self.actions_by_name = Actions(theme, self)
        self.toolbar = Toolbar(theme, self.actions_by_name)
        self.cards = Cards(theme)
        self.sources = SourcesPanel(theme, self.actions_by_name)
        self.scope_line = ScopeLine()
        self.player = PlayerBar(theme)
        self.lanes = LanesPanel(theme, self.actions_by_name["live"])
        self.welcome = WelcomePanel()
        self.charts = ChartsRow(theme)
        self.tabs = Tabs(theme)
        self.findings = FindingsPanel(self.actions_by_name["rules"])
        self.selection = SelectionPanel()
        self._right = QWidget()
        self.status = StatusBar()
        named = self.actions_by_name
        self.bars = MessageBars(named)
        self.operations = Operations(controller, named, self.toolbar)
        self.arrangement = Arrangement(controller, named, self.lanes)
        self.refreshing = Refreshing(controller, named, self)
        self.dialogs = Dialogs(self, controller, named)
        self.failed_tasks = FailedTasks(self, controller, named)
        self.exports = Exports(self, controller, named, self.tabs.table_csv)
        self.operations.may_remove = self.dialogs.confirm_remove
        self.recordings = Recordings(controller, named, self.exports, self.player)
        self._stage = QStackedWidget()
        self._split = QSplitter(Qt.Orientation.Vertical)
        self._memory = LayoutMemory(self, self._split, settings)
        self._build()
        self._connect()
        self.toolbar.follow_theme()
        self.follow_theme()
        self.lanes.follow(controller.viewport)
        SpaceGuard(self).guard(self)
        self.lanes.view.setFocus()

    def _build(self) -> None:
        self.setWindowTitle(title_of(None))
        self.setMinimumSize(*LEAST_SIZE)
        self.resize(FIRST_SIZE)
        build_menus(self.menuBar(), self.actions_by_name)
        self._stage.addWidget(self.welcome)
        self._stage.addWidget(self.lanes)
        for part in (self._stage, self.charts, self.tabs):
            self._split.addWidget(part)
        self._split.setChildrenCollapsible(False)
        self._split.setHandleWidth(8)
        self._split.setSizes(_SPLIT)
        for place, share in enumerate((5, 3, 3)):
            self._split.setStretchFactor(place, share)
        middle = QVBoxLayout()
        middle.setSpacing(8)
        middle.addWidget(self.bars)
        middle.addWidget(self.scope_line)
        middle.addWidget(self.player)
        middle.addWidget(self.cards)
        middle.addWidget(self._split, 1)
        content = QHBoxLayout()
        content.setContentsMargins(10, 10, 10, 10)
        content.setSpacing(8)
        content.addWidget(self.sources)
        content.addLayout(middle, 1)
        right = QVBoxLayout(self._right)
        right.setContentsMargins(0, 0, 0, 0)
        right.setSpacing(8)
        right.addWidget(self.findings)
        right.addWidget(self.selection, 1)
        content.addWidget(self._right)
        page = QWidget()
        page.setObjectName("page")
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.toolbar)
        column.addLayout(content, 1)
        self.setCentralWidget(page)
        self.setStatusBar(self.status)
        for name in COLUMNS:
            self.actions_by_name[name].setChecked(True)

    def _connect(self) -> None:
        self._connect_views()
        self._connect_wishes()
        self._connect_actions()

    def _connect_views(self) -> None:
        """Snapshots, selections and colours, down to the widgets."""
        controller = self.controller
        # The window first: it brings the lanes on, and only who is seen paints.
        controller.snapshot_changed.connect(self.show_snapshot)
        digits, charts = Pace(DIGITS_MS, self), Pace(CHARTS_MS, self)
        observed, lanes = Pace(DIGITS_MS, self), LanesPace(self)
        read = (
            *(self.scope_line, self.player, self.cards, self.tabs, self.welcome),
            *(self.findings, self.selection),
        )
        for source, pace, views in (
            (controller.snapshot_changed, lanes, (self.lanes,)),
            (controller.snapshot_changed, charts, (self.charts,)),
            (controller.snapshot_changed, digits, read),
            (controller.observed, observed, (self.sources, self.bars, self.status)),
        ):
            source.connect(pace.offer)
            controller.display_paused_changed.connect(pace.flush)
            for view in views:
                pace.due.connect(view.show_snapshot)
        for marked in (self.lanes, self.tabs, self.selection):
            controller.selection_changed.connect(marked.show_selection)
        controller.viewport_changed.connect(self.lanes.follow)
        controller.viewport_changed.connect(self._on_viewport)
        controller.display_paused_changed.connect(self.bars.show_paused)
        controller.held_back_changed.connect(self.bars.show_held_back)
        for follower in (
            *(self.actions_by_name, self.toolbar, self.cards, self.lanes),
            *(self.charts, self.tabs, self.sources, self.player, self),
        ):
            self.theme.changed.connect(follower.follow_theme)

    def _connect_wishes(self) -> None:
        """What a person wants, up from the widgets."""
        controller = self.controller
        self.lanes.view.selected.connect(controller.select)
        self.lanes.view.viewport_wanted.connect(controller.set_viewport)
        self.lanes.viewport_wanted.connect(controller.set_viewport)
        self.lanes.view.scope_wanted.connect(controller.select_scope)
        self.lanes.view.menu_wanted.connect(self.arrangement.open_menu)
        self.sources.scope_wanted.connect(controller.select_scope)
        for finding in (self.findings.chosen, self.lanes.findings.chosen):
            finding.connect(controller.show_finding)
            finding.connect(self.tabs.explain)
        self.tabs.selected.connect(controller.select)
        self.tabs.traceback_wanted.connect(self.failed_tasks.show_traceback)
        self.tabs.interest_changed.connect(self._tell_interest)
        controller.selection_changed.connect(self._tell_interest)
        self.welcome.demo_wanted.connect(self.operations.start_demo)
        self.welcome.empty_wanted.connect(self.operations.start)
        self.operations.refused.connect(self.bars.show_refusal)

    def _connect_actions(self) -> None:
        named = self.actions_by_name
        for name, slot in (
            ("live", self.go_live),
            ("zoom-in", self.lanes.zoom_in),
            ("zoom-out", self.lanes.zoom_out),
            ("zoom-reset", self.lanes.reset_zoom),
            ("search", self.tabs.search),
            ("copy", self.tabs.copy),
            ("columns", self.tabs.choose_columns),
            ("selection", self._show_columns),
            ("sources", self._show_columns),
            ("reset-layout", self.reset_layout),
            ("stop", self.stop),
            ("close", self.close),
            ("theme-system", self.theme.follow_system),
            ("theme-light", self.theme.be_light),
            ("theme-dark", self.theme.be_dark),
        ):
            named[name].triggered.connect(slot)

    @Slot(object)
    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Follow what is the window's own: the stage, the title, the size box."""
        begun = (
            snapshot.pool is not None
            or snapshot.link.state is LinkState.LOST
            or len(snapshot.sources) > 1
        )
        self._stage.setCurrentWidget(self.lanes if begun else self.welcome)
        title = title_of(snapshot)
        if title != self.windowTitle():
            self.setWindowTitle(title)
        follows = not snapshot.sources or any(
            source.link.state in _MOVING
            and (source.playback is None or source.playback.is_playing)
            for source in snapshot.sources
        )
        if follows is not self._follows:
            self._follows = follows
            self._colour_live()
        pool = snapshot.pool
        if pool is not None and pool.pools == 1 and self.controller.pool_state:
            self.toolbar.show_size(pool.size)

    @Slot()
    def go_live(self) -> None:
        """Let the lanes follow now."""
        self.controller.set_viewport(replace(self.controller.viewport, end_ns=None))

    @Slot(object)
    def _on_viewport(self, _viewport: Viewport) -> None:
        self._colour_live()

    def _colour_live(self) -> None:
        """Let the mark say whether the lanes move: they follow, and something lives."""
        live = self._follows and self.controller.viewport.end_ns is None
        icon = live_icon(live=live, dim=self.theme.colours.faint)
        self.actions_by_name["live"].setIcon(icon)

    @Slot()
    def follow_theme(self) -> None:
        """Take over the theme's colours."""
        self._colour_live()
        self.actions_by_name[f"theme-{self.theme.name}"].setChecked(True)

    @Slot()
    def reset_layout(self) -> None:
        """Put everything back where it was at first."""
        self.resize(FIRST_SIZE)
        self._split.setSizes(_SPLIT)
        for name in COLUMNS:
            self.actions_by_name[name].setChecked(True)
        self._show_columns()
        self.tabs.reset_columns()

    @Slot()
    def stop(self) -> None:
        """End the pool; with work running, ask once."""
        if not self.controller.has_work or self.dialogs.confirm_stop():
            self.operations.stop()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  # Qt's name
        """Give up a column where there is no room for it."""
        super().resizeEvent(event)
        self._show_columns()

    @Slot()
    def _show_columns(self) -> None:
        """Show the columns that are wanted and have room."""
        for name, column in (("selection", self._right), ("sources", self.sources)):
            wanted = self.actions_by_name[name].isChecked()
            column.setVisible(wanted and self.width() >= _NARROW_BELOW[name])
        self._tell_interest()

    @Slot()
    def _tell_interest(self) -> None:
        """Let be told and computed what somebody looks at, and nothing else."""
        selected = self.controller.selection
        chosen = selected.worker != 0 and not self._right.isHidden()
        stacks, what_if = chosen or self.tabs.shows_stacks, self.tabs.shows_what_if
        none = self.tr("No table is shown; choose one of the tabs below first.")
        for name in ("save-table", "columns"):
            refusal = none if self.tabs.table is None else ""
            self.actions_by_name.allow(name, refusal)
        self.controller.set_viewport(
            replace(
                self.controller.viewport,
                stacks=stacks,
                what_if=what_if,
                task=(selected.worker, selected.task),
                tasks=self.tabs.task_query,
            )
        )

    def remember(self) -> None:
        """Write down size, splitter, columns and theme."""
        self._memory.write()

    def restore(self) -> None:
        """Take up what was written down; what is broken stays as it is."""
        self._memory.take_up()
        self._show_columns()

    def allow_closing(self) -> None:
        """Let the next close through: all has ended."""
        self._may_close = True

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802  # Qt's name
        """Ask once when there is work; then let the application end all first."""
        if self._may_close:
            event.accept()
            return
        event.ignore()
        if not self.controller.has_work or self.dialogs.confirm_close():
            self.remember()
            self.setEnabled(False)
            self.closing.emit()
