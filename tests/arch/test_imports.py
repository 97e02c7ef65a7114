"""Who may import whom, and what an import costs: seen in fresh interpreters."""

import shutil
import subprocess
import sys

import pytest
from arch.source import ROOT, modules

THIRD_PARTY = ("PySide6", "shiboken6", "pyqtgraph", "numpy", "msgspec", "psutil")


def run_python(code: str, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *options, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def imports_without(blocked: tuple[str, ...], name: str) -> str:
    """Import a module where the blocked ones do not exist; return the complaint."""
    code = f"import sys; sys.modules.update(dict.fromkeys({blocked!r})); import {name}"
    return run_python(code).stderr


def modules_of(*packages: str) -> list[str]:
    names = [
        one.name.removesuffix(".py").replace("/", ".") for one in modules(*packages)
    ]
    return [one.removesuffix(".__init__") for one in names if "__main__" not in one]


def test_the_import_contracts_hold() -> None:
    tool = shutil.which("lint-imports", path=f"{sys.prefix}/bin:{sys.prefix}/Scripts")
    if tool is None:
        pytest.skip("import-linter is not installed (the dev extra brings it)")
    done = subprocess.run(
        [tool, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_importing_pool_gui_loads_neither_qt_nor_numpy() -> None:
    loaded = run_python("import sys, pool_gui; print(*sys.modules)").stdout.split()
    assert "pool_gui" in loaded
    assert set(loaded).isdisjoint(THIRD_PARTY)


def test_what_runs_in_other_programs_needs_the_standard_library_alone() -> None:
    names = modules_of("wire", "agent", "demo")
    assert "pool_gui.wire.codec" in names
    assert imports_without(THIRD_PARTY, ", ".join(names)) == ""


def test_the_pool_can_be_imported_without_psutil() -> None:
    assert imports_without(THIRD_PARTY, ", ".join(modules_of("pool"))) == ""


def test_the_block_of_these_tests_is_seen_to_block() -> None:
    assert "ModuleNotFoundError" in imports_without(("json",), "json.decoder")


def test_the_command_line_and_the_preflight_need_no_third_party_module() -> None:
    names = (
        "pool_gui.cli.main",
        "pool_gui.cli.preflight",
        "pool_gui.cli.libraries",
    )
    assert imports_without(THIRD_PARTY, ", ".join(names)) == ""


def test_the_monitor_needs_no_qt() -> None:
    names = modules_of("monitor")
    assert imports_without(("PySide6", "pyqtgraph"), ", ".join(names)) == ""
