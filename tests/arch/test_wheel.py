"""What people install holds all that the checkout has."""

import subprocess
import sys
import zipfile

import pytest
from arch.source import ROOT, modules

pytest.importorskip("hatchling", reason="the dev extra brings it")


@pytest.fixture(scope="module")
def contents(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_the_wheel_holds_every_module(contents: set[str]) -> None:
    assert {module.name for module in modules()} <= contents
    assert "pool_gui/py.typed" in contents


def test_the_wheel_holds_every_resource(contents: set[str]) -> None:
    resources = ROOT / "resources"
    wanted = {
        f"pool_gui/resources/{path.relative_to(resources).as_posix()}"
        for path in resources.rglob("*")
        if path.is_file()
    }
    assert wanted
    assert wanted <= contents


def test_the_wheel_brings_the_desktop_entry(contents: set[str]) -> None:
    assert any(
        name.endswith(
            ".data/data/share/applications/io.github.pool_gui.PoolGui.desktop"
        )
        for name in contents
    )


def test_the_wheel_brings_no_tests(contents: set[str]) -> None:
    assert not any(name.startswith("tests/") for name in contents)
