"""The harness of tests/conftest.py is itself held to its promises, on tests run inside.

Each inner test commits one sin; the harness must fail it and name the culprit. One
inner run has them all: to start pytest takes far longer than the tests do.
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
        "thread 'sinner', started by *test_a_thread.py:4",
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


WELL_BEHAVED = """
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


def file_of(sin: str) -> str:
    return f"test_{sin.replace(' ', '_')}"


def test_a_test_that_leaves_something_fails_and_names_it_and_no_other_does(
    pytester: pytest.Pytester,
) -> None:
    harness, settles = CONFTEST.read_text(encoding="utf-8"), "SETTLE_SECONDS = 10.0"
    assert settles in harness
    pytester.makeconftest(harness.replace(settles, "SETTLE_SECONDS = 0.5"))
    pytester.makeini("[pytest]\nmarkers = expects_log\n    screen\n")
    pytester.makepyfile(**{file_of(sin): source for sin, (source, _) in SINS.items()})
    pytester.makepyfile(test_well_behaved=WELL_BEHAVED)
    outcome = pytester.runpytest_subprocess(
        *("-p", "no:pytest-qt", "-p", "no:hypothesispytest", "-p", "no:cacheprovider")
    )
    outcome.assert_outcomes(passed=len(SINS) + 4, errors=len(SINS))
    for sin, (_, says) in SINS.items():
        outcome.stdout.fnmatch_lines(["*ERROR at teardown of test_sin*", f"*{says}*"])
        outcome.stdout.fnmatch_lines([f"ERROR {file_of(sin)}.py::test_sin*"])


def test_the_harness_itself_imports_no_qt() -> None:
    assert "import PySide6" not in CONFTEST.read_text(encoding="utf-8")
