"""What the README says can be typed, and its list of demos, are true."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from pool_gui.cli import arguments
from pool_gui.monitor.recording.chunks import MAGIC
from pool_gui.wire.catalogue import DEMOS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMAND_LINES = re.findall(r"^pool-gui.*$", README, re.MULTILINE)


def test_the_readme_tells_the_demos_as_the_catalogue_does() -> None:
    rows = re.findall(r"^\| `([\w-]+)` \| (.*) \|$", README, re.MULTILINE)
    assert rows == [(name, demo.explanation) for name, demo in DEMOS.items()]


@pytest.mark.parametrize("line", COMMAND_LINES)
def test_each_command_line_of_the_readme_is_accepted(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pool.pgrec").write_bytes(MAGIC)  # which one of them opens
    arguments.parse(shlex.split(line, comments=True)[1:])


def test_the_readme_shows_command_lines() -> None:
    assert len(COMMAND_LINES) >= 4


SNIPPETS = re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("snippet", SNIPPETS)
def test_each_program_of_the_readme_runs_to_its_end_without_an_error(
    snippet: str, tmp_path: Path
) -> None:
    ran = subprocess.run(
        [sys.executable, "-X", "dev", "-c", snippet],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")


def test_the_readme_shows_programs() -> None:
    assert len(SNIPPETS) >= 5


@pytest.mark.parametrize("command", ["run", "test"])
def test_the_set_up_script_knows_the_commands_that_the_readme_names(
    command: str,
) -> None:
    assert f"sh resources/setup.sh {command} " in README
    script = (ROOT / "resources" / "setup.sh").read_text(encoding="utf-8")
    assert re.search(rf"resources/setup\.sh {command} ", script)
