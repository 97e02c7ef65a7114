"""The harness of tests/conftest.py is itself held to its promises, on tests run inside.

Each inner test commits one sin; the harness must fail it and name the culprit.
"""

from pathlib import Path

import pytest

CONFTEST = Path(__file__).parents[1] / "conftest.py"

SINS = {
    "a thread": (
        """
        import threading
        release = threading.Event()
        def test_sin():
            threading.Thread(target=release.wait, name="sinner", daemon=True).start()
        """,
        "thread 'sinner', started by *test_sin.py:4",
    ),
    "a process": (
        """
        import subprocess, sys
        def test_sin():
            test_sin.process = subprocess.Popen([sys.executable, "-c", "input()"],
                                                stdin=subprocess.PIPE)
        """,
        "process * (*): *input()*",
    ),
    "a folder": (
        """
        import tempfile
        def test_sin():
            tempfile.mkdtemp(prefix="pool-gui-")
        """,
        "folder *pool-gui-*",
    ),
    "a log line": (
        """
        import logging
        def test_sin():
            logging.getLogger("pool_gui.pool").warning("a task failed")
        """,
        "pool_gui.pool: a task failed",
    ),
}


@pytest.fixture
def inner(pytester: pytest.Pytester) -> pytest.Pytester:
    source = CONFTEST.read_text(encoding="utf-8")
    pytester.makeconftest(
        source.replace("SETTLE_SECONDS = 3.0", "SETTLE_SECONDS = 0.2")
    )
    pytester.makeini("[pytest]\nmarkers = expects_log\n    screen\n")
    return pytester


@pytest.mark.parametrize("sin", SINS)
def test_a_test_that_leaves_something_fails_and_names_it(
    sin: str, inner: pytest.Pytester
) -> None:
    source, says = SINS[sin]
    inner.makepyfile(test_sin=source)
    outcome = inner.runpytest_subprocess("-p", "no:pytest-qt", "-p", "no:cacheprovider")
    outcome.assert_outcomes(passed=1, errors=1)
    outcome.stdout.fnmatch_lines([f"*{says}*"])


def test_what_is_put_away_or_announced_passes(inner: pytest.Pytester) -> None:
    inner.makepyfile(
        """
        import logging, os, pathlib, tempfile, threading
        import pytest

        def test_puts_away():
            thread = threading.Thread(target=int)
            thread.start()
            thread.join()
            os.rmdir(tempfile.mkdtemp(prefix="pool-gui-"))

        @pytest.mark.expects_log
        def test_announces():
            logging.getLogger("pool_gui").error("as it should")

        def test_has_a_private_place():
            assert os.environ["QT_QPA_PLATFORM"] == "offscreen"
            place = pathlib.Path(tempfile.gettempdir())
            assert pathlib.Path(os.environ["XDG_CONFIG_HOME"]).parent == place

        @pytest.mark.screen
        def test_on_a_screen():
            assert "QT_QPA_PLATFORM" not in os.environ
        """
    )
    outcome = inner.runpytest_subprocess("-p", "no:pytest-qt", "-p", "no:cacheprovider")
    outcome.assert_outcomes(passed=4)


def test_the_harness_itself_imports_no_qt() -> None:
    assert "import PySide6" not in CONFTEST.read_text(encoding="utf-8")
