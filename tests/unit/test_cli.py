"""The entry point: in this process with a broken machine, and as a person starts it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pool_gui import __version__
from pool_gui.cli import arguments, preflight
from pool_gui.cli import main as cli


def pool_gui(*given: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m pool_gui` in an environment that names no display."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"}
    }
    return subprocess.run(
        [sys.executable, "-m", "pool_gui", *given],
        env={**kept, **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("given", [[], ["snapshot", "-o", "{folder}/x.png"]])
def test_trouble_that_the_preflight_finds_ends_it_with_one_sentence(
    given: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    seen: list[bool] = []

    def check(*, offscreen: bool) -> str | None:
        seen.append(offscreen)
        return "the machine is broken; mend it"

    monkeypatch.setattr(preflight, "check", check)
    code = cli.main([one.format(folder=tmp_path) for one in given])
    assert code == arguments.EXIT_REFUSED
    assert capsys.readouterr().err == "pool-gui: the machine is broken; mend it\n"
    assert seen == [bool(given)]


def test_the_demos_are_listed_without_looking_at_the_display() -> None:
    done = pool_gui("--list-demos")
    assert done.returncode == 0
    assert done.stdout.splitlines()[0].startswith("mix ")


def test_the_version_is_told() -> None:
    done = pool_gui("--version")
    assert (done.returncode, done.stdout) == (0, f"pool-gui {__version__}\n")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a display variable")
@pytest.mark.parametrize(
    ("environ", "says"),
    [({}, "there is no display"), ({"DISPLAY": ":4711"}, "the X server :4711")],
    ids=["no display", "no server"],
)
def test_without_a_display_it_ends_with_one_sentence_and_no_traceback(
    environ: dict[str, str], says: str
) -> None:
    done = pool_gui(**environ)
    assert done.returncode == arguments.EXIT_REFUSED
    assert done.stdout == ""
    assert done.stderr.startswith(f"pool-gui: {says}")
    assert done.stderr.count("\n") == 1
    assert "pool-gui snapshot" in done.stderr


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (["--demo", "prime"], "did you mean primes?"),
        (["--workers", "many"], "'many' is no whole number"),
        (["snapshot", "-o", "/absent/x.png"], "the folder /absent does not exist"),
    ],
    ids=str,
)
def test_a_mistake_ends_it_with_one_sentence_and_no_traceback(
    given: list[str], says: str
) -> None:
    done = pool_gui(*given)
    assert done.returncode == arguments.EXIT_REFUSED
    assert says in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("arguments", [["--list-demos"], ["--help"], ["--version"]])
@pytest.mark.parametrize(
    ("where", "code", "says"),
    [
        ("| true; exit ${PIPESTATUS[0]}", 0, ""),
        ("> /dev/full", 2, "pool-gui: standard output takes nothing: No space left"),
        (">&-", 2, "pool-gui: standard output takes nothing: Bad file descriptor"),
    ],
    ids=["nobody reads", "full", "closed"],
)
def test_output_that_goes_nowhere_is_one_sentence_or_none(
    arguments: list[str], where: str, code: int, says: str
) -> None:
    program = f"{sys.executable} -c 'from pool_gui.cli.main import main; exit(main())'"
    shell = ["bash", "-c", f"{program} {' '.join(arguments)} {where}"]
    ended = subprocess.run(shell, capture_output=True, text=True, check=False)
    assert ended.returncode == code, ended.stderr
    assert ended.stderr.startswith(says)
    assert len(ended.stderr.splitlines()) == bool(says)


def test_ctrl_c_before_there_is_a_window_leaves_no_traceback() -> None:
    program = """
import signal, sys
from pool_gui.cli import entry
class Importing:
    def find_spec(self, name, *_):
        if name == "pool_gui.cli.main":
            signal.raise_signal(signal.SIGINT)
sys.meta_path.insert(0, Importing())
entry.main()
"""
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stderr) == (-signal.SIGINT, "")
