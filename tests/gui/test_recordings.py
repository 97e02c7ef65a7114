"""Recording what is watched, and playing what was recorded."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
from gui_support import Opened, running, two_sources

from pool_gui.monitor.source.base import Playing
from pool_gui.monitor.view.facts import Playback, RecordingRow
from pool_gui.monitor.view.snapshot import Snapshot
from pool_gui.window.panels.source_lines import entries_of

AT_END = Playback("a.pgrec", 60.0, 60.0, 1.0, False, 1_700_000_000.0, False)


def played(playback: Playback = AT_END) -> Snapshot:
    """Return the same pool as a recording."""
    snapshot = running(4)
    (source,) = snapshot.sources
    shown = replace(source, playback=playback, kind="recording", is_driven=False)
    return replace(snapshot, sources=(shown,), scope=replace(snapshot.scope, source=1))


def recorded(snapshot: Snapshot) -> Snapshot:
    row = RecordingRow("/x/a.pgrec", 1_200_000, 12.0)
    sources = tuple(replace(one, recording=row) for one in snapshot.sources)
    return replace(snapshot, sources=sources)


def _refusal(opened: Opened, name: str) -> str:
    action = opened.window.actions_by_name[name]
    assert not action.isEnabled()
    return action.toolTip().rpartition("\n")[2]


def test_a_recording_is_begun_by_naming_a_file_and_ended_by_the_same_action(
    opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened.show(running(4))
    action = opened.window.actions_by_name["record"]
    monkeypatch.setattr(
        opened.window.exports, "_ask", lambda *_: (str(tmp_path / "a"), "")
    )
    opened.trigger("record")
    assert opened.session.asked == [("record", 1, tmp_path / "a.pgrec")]
    assert not action.isChecked()
    opened.show(recorded(running(4)))
    assert action.isChecked()
    told = opened.window.status._recording.text()
    assert told.replace("\N{NO-BREAK SPACE}", " ") == "● recording 12 s, 1.20 MB"
    opened.trigger("record")
    assert opened.session.asked[-1] == ("end_recording", 1)
    opened.show(running(4))
    assert opened.window.status._recording.text() == ""


def test_who_names_no_file_records_nothing(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened.show(running(4))
    monkeypatch.setattr(opened.window.exports, "_ask", lambda *_: ("", ""))
    opened.trigger("record")
    assert opened.session.asked == []
    assert not opened.window.actions_by_name["record"].isChecked()


def test_what_cannot_be_recorded_or_played_says_why(opened: Opened) -> None:
    assert _refusal(opened, "record") == "Nothing runs that could be recorded."
    opened.show(two_sources())
    assert _refusal(opened, "record") == "Select one source first."
    assert _refusal(opened, "play").startswith("No recording is shown")
    opened.show(played())
    assert _refusal(opened, "record").startswith("A recording is shown")


def test_a_file_that_is_chosen_becomes_a_source(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opened.window.exports, "_choose", lambda *_: "/x/a.pgrec")
    opened.trigger("open")
    assert opened.session.asked == [("add_source", "recording")]
    assert opened.window.exports.folder == "/x"


def test_the_player_shows_place_and_date_while_a_recording_is_in_scope(
    opened: Opened,
) -> None:
    player = opened.window.player
    opened.show(running(4))
    assert not player.isVisible()
    opened.show(played(replace(AT_END, position_seconds=12.0)))
    assert player.isVisible()
    assert player._place.text() == "00:00:12 of 00:01:00"
    assert player._when.text().startswith("2023-11-1")
    assert (player.slider.value(), player.slider.maximum()) == (120, 600)
    opened.show(played(replace(AT_END, began_wall_seconds=math.nan)))
    assert player._when.text() == ""


def test_the_player_plays_pauses_and_begins_anew_at_the_end(opened: Opened) -> None:
    asked = opened.session.asked
    opened.show(played())
    opened.trigger("play")
    assert asked[-1] == ("play", 1, Playing(0.0, 1.0, is_playing=True))
    on_its_way = replace(AT_END, position_seconds=5.0, is_playing=True)
    opened.show(played(on_its_way))
    assert opened.window.player.button.accessibleName() == "Pause the recording"
    opened.window.player.button.click()
    assert asked[-1] == ("play", 1, Playing(None, 1.0, is_playing=False))


def test_another_place_and_another_speed_are_asked_for(opened: Opened) -> None:
    asked, player = opened.session.asked, opened.window.player
    opened.show(played())
    opened.controller.set_viewport(replace(opened.controller.viewport, end_ns=7))
    player.slider.setValue(300)
    assert asked[-1] == ("play", 1, Playing(30.0, 1.0, is_playing=False))
    assert opened.controller.viewport.end_ns is None
    player.speed.setCurrentIndex(player.speed.findData(10.0))
    player.speed.activated.emit(player.speed.currentIndex())
    assert asked[-1] == ("play", 1, Playing(None, 10.0, is_playing=False))
    before = len(asked)
    opened.show(played(replace(AT_END, position_seconds=31.0, speed=10.0)))
    assert len(asked) == before, "what is shown is not asked for"


def test_a_recording_is_called_by_its_file() -> None:
    assert [entry.name for entry in entries_of(played())] == ["a.pgrec"]
