"""Save picture: a file holds what its name says, and what the window showed."""

import re
from pathlib import Path

import pytest
from gui_support import Opened, running
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QMessageBox

KINDS = {"png": b"\x89PNG", "jpg": b"\xff\xd8\xff", "webp": b"RIFF", "pdf": b"%PDF"}


def _save(
    opened: Opened, name: Path, monkeypatch: pytest.MonkeyPatch, wanted: str = ""
) -> list[str]:
    """Save a picture under a name, as what was wanted; return the complaints."""
    told: list[str] = []
    monkeypatch.setattr(opened.window.exports, "_ask", lambda *_: (str(name), wanted))
    monkeypatch.setattr(QMessageBox, "warning", lambda *said: told.append(said[-1]))
    opened.show(running(4))
    opened.trigger("picture")
    return told


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_holds_what_its_name_says(
    opened: Opened, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = tmp_path / f"pool.{kind}"
    assert _save(opened, name, monkeypatch) == []
    assert name.read_bytes().startswith(KINDS[kind])
    assert kind == "pdf" or QImage(str(name)).size() == opened.window.size()


@pytest.mark.parametrize("name", ["pool", "pool.xyz", "v1.2"])
def test_a_name_of_no_kind_gets_one(
    opened: Opened, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _save(opened, tmp_path / name, monkeypatch) == []
    (made,) = tmp_path.iterdir()
    assert made.name == f"{name}.png"
    assert not QImage(str(made)).isNull()


def test_a_name_without_an_ending_gets_that_of_the_kind_that_was_chosen(
    opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _save(opened, tmp_path / "pool", monkeypatch, "PDF (*.pdf)") == []
    assert (tmp_path / "pool.pdf").read_bytes().startswith(b"%PDF")


def test_a_pdf_is_one_page_of_the_windows_size_in_letters(
    opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened.window.resize(1280, 800)
    name = tmp_path / "pool.pdf"
    assert _save(opened, name, monkeypatch) == []
    content = name.read_bytes()
    pages = re.findall(rb"/MediaBox \[([^]]*)\]", content)
    assert [[float(n) for n in page.split()] for page in pages] == [[0, 0, 960, 600]]
    assert b"/FontFile2" in content  # letters, which may be searched and copied


@pytest.mark.parametrize("kind", ["png", "pdf"])
def test_what_cannot_be_written_is_said(
    opened: Opened, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = tmp_path / "absent" / f"pool.{kind}"
    told = _save(opened, name, monkeypatch)
    assert told == [f"The picture could not be written to {name}."]
