"""The set-up script, as far as it can be tried without installing anything.

An empty Debian root is the real trial; these are its refusals.
"""

import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "resources" / "setup.sh"

pytestmark = pytest.mark.skipif(shutil.which("sh") is None, reason="a shell script")


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """Return the script in a checkout that has nothing else."""
    (tmp_path / "resources").mkdir()
    return Path(shutil.copy(SCRIPT, tmp_path / "resources"))


def run(script: Path, *given: str, path: str) -> subprocess.CompletedProcess[str]:
    shell = shutil.which("sh")
    assert shell is not None
    return subprocess.run(
        [shell, str(script), *given],
        env={"PATH": path, "HOME": str(script.parent)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("given", [[], ["walk"], ["--help"]], ids=str)
def test_an_unknown_command_gets_the_usage(given: list[str], script: Path) -> None:
    done = run(script, *given, path="/usr/bin:/bin")
    assert done.returncode == 2
    assert done.stderr == (
        "setup: usage: sh resources/setup.sh run [OPTIONS of pool-gui] | test\n"
    )


def test_a_machine_without_python_is_told_what_to_install(
    script: Path, tmp_path: Path
) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("dirname", "uname", "id"):
        found = shutil.which(name)
        assert found is not None
        (tools / name).symlink_to(found)
    done = run(script, "run", path=str(tools))
    assert done.returncode == 1
    assert done.stderr.startswith("setup: Python 3.11 or newer with its venv module")
    assert "python3-venv" in done.stderr
    assert not (tmp_path / ".venv").exists()


def test_a_python_that_is_too_old_is_passed_over(script: Path, tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    dirname = shutil.which("dirname")
    assert dirname is not None
    (tools / "dirname").symlink_to(dirname)
    old = tools / "python3"
    old.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    old.chmod(0o755)
    assert run(script, "test", path=str(tools)).returncode == 1
