import pytest

from pool_gui.cli import libraries
from pool_gui.cli.libraries import BASE, WAYLAND, XCB

EVERYTHING = (*BASE, *XCB, *WAYLAND)


def test_the_loader_finds_what_is_there_and_not_what_is_not() -> None:
    assert libraries.loads("libc.so.6")
    assert not libraries.loads("libnothing-of-this-name.so.1")


def test_only_what_the_loader_does_not_find_is_missing() -> None:
    lacking = libraries.missing(EVERYTHING, loads=lambda name: "xcb" not in name)
    assert {library.soname for library in lacking} == {
        library.soname for library in EVERYTHING if "xcb" in library.soname
    }


def test_a_package_that_brings_several_libraries_is_named_once() -> None:
    assert libraries.packages(XCB, "dnf").count("libxcb") == 1
    assert libraries.packages(BASE, "apt").count("libglib2.0-0") == 1


@pytest.mark.parametrize(
    ("tool", "says"),
    [
        ("apt-get", "install: sudo apt-get install libegl1"),
        ("dnf", "install: sudo dnf install libglvnd-egl"),
        ("pacman", "install the packages of your system"),
    ],
)
def test_the_advice_fits_the_package_manager(tool: str, says: str) -> None:
    advice = libraries.advice(
        BASE[:1], which=lambda name: tool if name == tool else None
    )
    assert advice.startswith(says)


def test_the_set_up_script_gets_package_names_only(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(libraries, "missing", lambda _: XCB[2:4])
    assert libraries.main(["apt"]) == 0
    assert capsys.readouterr().out == "libxcb-cursor0 libxcb-icccm4\n"
    assert libraries.main(["names"]) == 0
    assert capsys.readouterr().out == "libxcb-cursor.so.0 libxcb-icccm.so.4\n"
    assert libraries.main([]) == 2
    assert "give one of" in capsys.readouterr().err
