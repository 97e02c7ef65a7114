"""No machine is broken for these tests: each hands the checks a broken one."""

import threading
from dataclasses import replace
from unittest import mock

import pytest

from pool_gui.cli import preflight
from pool_gui.cli.preflight import Machine, check

SOUND = Machine(
    platform="linux",
    python=(3, 11),
    executable="python3",
    environ={"DISPLAY": ":0"},
    module_found=lambda _: True,
    qt_version=lambda: "6.11.3",
    import_qt=lambda: None,
    platform_plugin=lambda name: f"/wheel/lib{name}.so",
    loads=lambda _: True,
    which=lambda name: name,
    x_server_answers=lambda: True,
    wayland_answers=lambda: True,
)


def sentence(machine: Machine, *, offscreen: bool = False) -> str:
    trouble = check(offscreen=offscreen, machine=machine)
    assert trouble is not None
    assert "\n" not in trouble
    return trouble


def test_a_sound_machine_may_open_a_window() -> None:
    assert check(offscreen=False, machine=SOUND) is None


def test_what_is_not_installed_is_named_with_the_pip_line() -> None:
    bare = replace(SOUND, module_found=lambda name: name not in {"PySide6", "numpy"})
    trouble = sentence(bare, offscreen=True)
    assert trouble.startswith("PySide6, numpy is not installed")
    assert "python3 -m pip install 'PySide6-Essentials>=6.11.2,<6.12' numpy" in trouble


@pytest.mark.parametrize(
    ("version", "python", "refused"),
    [
        ("6.12.0", (3, 11), True),
        ("7.0", (3, 11), True),
        ("6.12.0", (3, 12), False),
        ("6.11.3", (3, 11), False),
        ("unheard of", (3, 11), False),
        (None, (3, 11), False),
    ],
)
def test_the_pair_that_aborts_is_refused_and_no_other(
    version: str | None, python: tuple[int, int], *, refused: bool
) -> None:
    machine = replace(SOUND, qt_version=lambda: version, python=python)
    trouble = check(offscreen=True, machine=machine)
    assert (trouble is not None) is refused
    if trouble is not None:
        assert "PySide6 " in trouble
        assert "use Python 3.12 or newer" in trouble
        assert "pip install 'PySide6-Essentials>=6.11.2,<6.12'" in trouble


def test_the_pair_is_refused_before_qt_is_imported() -> None:
    def import_qt() -> str | None:
        raise AssertionError

    assert "6.12" in sentence(
        replace(SOUND, qt_version=lambda: "6.12.0", import_qt=import_qt)
    )


def test_all_libraries_that_qt_lacks_are_named_not_only_the_first() -> None:
    machine = replace(
        SOUND,
        import_qt=lambda: "libEGL.so.1: cannot open shared object file",
        loads=lambda name: name not in {"libEGL.so.1", "libdbus-1.so.3"},
    )
    trouble = sentence(machine, offscreen=True)
    assert "(libEGL.so.1, libdbus-1.so.3)" in trouble
    assert "sudo apt-get install libegl1 libdbus-1-3" in trouble


def test_an_unknown_complaint_of_the_loader_is_passed_on_in_one_line() -> None:
    machine = replace(SOUND, import_qt=lambda: "libodd.so: wrong\nELF class")
    assert sentence(machine) == "Qt cannot be loaded: libodd.so: wrong ELF class"


def test_without_a_display_the_picture_is_offered() -> None:
    trouble = sentence(replace(SOUND, environ={}))
    assert trouble.startswith("there is no display")
    assert "pool-gui snapshot -o" in trouble


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_only_linux_needs_a_display_variable(platform: str) -> None:
    machine = replace(SOUND, environ={}, platform=platform)
    assert check(offscreen=False, machine=machine) is None


def test_a_picture_needs_neither_display_nor_platform_plugin() -> None:
    machine = replace(
        SOUND, environ={}, loads=lambda _: False, x_server_answers=lambda: False
    )
    assert check(offscreen=True, machine=machine) is None


@pytest.mark.parametrize("platform", ["offscreen", "vnc", "offscreen:size=9x9"])
def test_a_platform_that_the_user_chose_needs_no_display(platform: str) -> None:
    machine = replace(SOUND, environ={"QT_QPA_PLATFORM": platform})
    assert check(offscreen=False, machine=machine) is None


def test_a_chosen_platform_whose_display_is_not_set_is_refused() -> None:
    environ = {"QT_QPA_PLATFORM": "wayland", "DISPLAY": ":0"}
    assert "unset QT_QPA_PLATFORM" in sentence(replace(SOUND, environ=environ))


def test_an_x_server_that_does_not_answer_is_named() -> None:
    machine = replace(SOUND, environ={"DISPLAY": ":7"}, x_server_answers=lambda: False)
    assert sentence(machine).startswith("the X server :7 (from DISPLAY) cannot be")


def test_all_libraries_of_the_platform_plugin_are_named() -> None:
    lacking = {"/wheel/libqxcb.so", "libxcb-icccm.so.4", "libxcb-keysyms.so.1"}
    machine = replace(
        SOUND,
        loads=lambda name: name not in lacking,
        which=lambda name: name if name == "dnf" else None,
    )
    trouble = sentence(machine)
    assert "(libxcb-icccm.so.4, libxcb-keysyms.so.1)" in trouble
    assert "sudo dnf install xcb-util-wm xcb-util-keysyms" in trouble


def test_a_qt_that_brings_its_own_libraries_is_not_refused() -> None:
    machine = replace(SOUND, loads=lambda name: name.startswith("/wheel/"))
    assert check(offscreen=False, machine=machine) is None


def test_a_broken_plugin_with_all_libraries_asks_for_a_new_installation() -> None:
    machine = replace(SOUND, loads=lambda name: not name.startswith("/wheel/"))
    assert "reinstall PySide6-Essentials" in sentence(machine)


def test_a_qt_without_a_plugin_in_the_wheel_is_left_to_its_distribution() -> None:
    machine = replace(SOUND, platform_plugin=lambda _: None, loads=lambda _: False)
    assert check(offscreen=False, machine=machine) is None


@pytest.mark.parametrize("x_answers", [True, False])
@pytest.mark.parametrize("wayland_answers", [True, False])
def test_one_display_that_answers_is_enough(
    *, x_answers: bool, wayland_answers: bool
) -> None:
    machine = replace(
        SOUND,
        environ={"DISPLAY": ":0", "WAYLAND_DISPLAY": "wayland-0"},
        x_server_answers=lambda: x_answers,
        wayland_answers=lambda: wayland_answers,
    )
    trouble = check(offscreen=False, machine=machine)
    assert (trouble is None) is (x_answers or wayland_answers)


def test_a_wayland_display_alone_is_named_when_it_does_not_answer() -> None:
    machine = replace(
        SOUND,
        environ={"WAYLAND_DISPLAY": "wayland-9"},
        wayland_answers=lambda: False,
    )
    assert sentence(machine).startswith("the Wayland display wayland-9")


@pytest.mark.parametrize(
    "probe", [preflight.x_server_answers, preflight.wayland_answers]
)
def test_no_server_stands_at_an_address_that_nobody_uses(
    probe: preflight.Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISPLAY", ":4711")
    monkeypatch.setenv("WAYLAND_DISPLAY", "nobody-0")
    assert not probe()


def test_a_server_that_never_answers_counts_as_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(preflight, "ANSWER_SECONDS", 0.01)
    release = threading.Event()
    ended = threading.Event()

    def connect() -> bool:
        release.wait(10)
        ended.set()
        return True

    with mock.patch.object(preflight, "_connect_x", connect):
        assert not preflight.x_server_answers()
    release.set()
    assert ended.wait(10)


def test_the_real_qt_of_this_environment_is_found_and_loads() -> None:
    version = preflight.qt_version()
    assert version is not None
    assert version.startswith("6.")
    assert preflight.import_qt() is None
    plugin = preflight.platform_plugin("qoffscreen")
    assert plugin is not None
    assert Machine().loads(plugin)
    assert preflight.platform_plugin("qnothing") is None
