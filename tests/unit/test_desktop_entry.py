"""--install-desktop-entry: files that desktops find, which start this program."""

import subprocess
import sys
from pathlib import Path

import pytest

from pool_gui import resources
from pool_gui.cli import desktop_entry
from pool_gui.cli.main import main

ID = "io.github.pool_gui.PoolGui"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux's desktops")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "data"


def _program(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a pool-gui in a folder, and let it be the one that runs."""
    folder.mkdir()
    program = folder / "pool-gui"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "argv", [str(program)])
    return program


def _values(entry: Path, key: str) -> list[str]:
    lines = entry.read_text(encoding="utf-8").splitlines()
    return [line.partition("=")[2] for line in lines if line.startswith(f"{key}=")]


def _as_a_shell_reads(line: str) -> list[str]:
    command = ["sh", "-c", f"printf '%s\\n' {line}"]
    return subprocess.run(
        command, check=True, capture_output=True, text=True
    ).stdout.splitlines()


def test_three_files_come_where_desktops_look_and_are_named(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--install-desktop-entry"]) == 0
    icon = home / f"icons/hicolor/scalable/apps/{ID}.svg"
    places = [
        home / f"applications/{ID}.desktop",
        icon,
        home / f"metainfo/{ID}.metainfo.xml",
    ]
    assert capsys.readouterr().out.splitlines() == list(map(str, places))
    assert sorted(p for p in home.rglob("*") if p.is_file()) == sorted(places)
    assert icon.read_bytes() == resources.read_bytes("icons/pool-gui.svg")
    assert _values(places[0], "Icon") == [ID]


@pytest.mark.parametrize("folder", ["plain", "with blank", 'a"b$c`d\\e%f'])
def test_the_entry_starts_the_program_that_wrote_it_wherever_that_is(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    program = _program(tmp_path / folder, monkeypatch)
    desktop_entry.install()
    entry = home / f"applications/{ID}.desktop"
    escaped = str(program).replace("\\", "\\\\")
    assert _values(entry, "TryExec") == [escaped]
    begun, demo = (line.replace("\\\\", "\\") for line in _values(entry, "Exec"))
    # What is left is quoted as in a shell; only % means something to desktops alone.
    words = [one.replace("%%", "%") for one in _as_a_shell_reads(begun)]
    assert words == [str(program)]
    assert _as_a_shell_reads(demo)[1:] == ["--demo", "mix"]


def test_it_may_be_written_again_from_another_place(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _program(tmp_path / "old", monkeypatch)
    desktop_entry.install()
    new = _program(tmp_path / "new", monkeypatch)
    desktop_entry.install()
    assert _values(home / f"applications/{ID}.desktop", "TryExec") == [str(new)]
    assert len([p for p in home.rglob("*") if p.is_file()]) == 3


def test_a_data_home_that_is_not_absolute_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "somewhere")
    monkeypatch.setenv("HOME", str(tmp_path))
    places = desktop_entry.install()
    assert all(one.is_relative_to(tmp_path / ".local/share") for one in places)


def test_what_cannot_be_written_is_said_in_one_sentence(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home.write_text("a file where a folder is needed")
    assert main(["--install-desktop-entry"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("pool-gui: the desktop entry could not be written: ")
    assert said.count("\n") == 1


def test_without_a_program_to_start_nothing_is_written(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["__main__.py"])
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    monkeypatch.setenv("PATH", "/nowhere")
    assert main(["--install-desktop-entry"]) == 2
    assert "no pool-gui is installed" in capsys.readouterr().err
    assert not home.exists()
