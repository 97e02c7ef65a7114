"""Programs run by `pool-gui run`: as they would run alone, and seen in full."""

import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
DEADLINE_SECONDS = 60.0

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="made on Linux"),
]


class Place:
    """A folder with a program in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.report_file = folder / "report.json"

    def write(self, text: str, name: str = "app.py") -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")

    def run(
        self, *arguments: str, stdin: str = "", env: dict[str, str] | None = None
    ) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            arguments,
            cwd=self.folder,
            env={**os.environ, **(env or {})},
            input=stdin,
            capture_output=True,
            text=True,
            timeout=DEADLINE_SECONDS,
            check=False,
        )

    def watch(
        self, *arguments: str, stdin: str = "", env: dict[str, str] | None = None
    ) -> "subprocess.CompletedProcess[str]":
        # Our own package must not be in the program's path by our doing.
        own = (sys.executable, "-c", RUN, str(ROOT))
        told = ("run", "--headless", "--report", str(self.report_file))
        return self.run(*own, *told, *arguments, stdin=stdin, env=env)

    def report(self) -> Any:
        return json.loads(self.report_file.read_text(encoding="utf-8"))


RUN = (
    "import sys; sys.path.append(sys.argv.pop(1)); "
    "from pool_gui.cli.entry import main; sys.exit(main())"
)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


ALONE = """
    import atexit
    if __name__ == "__main__":
        atexit.register(print, "before multiprocessing")
    import inspect, multiprocessing, multiprocessing.util, os, pickle, sys, traceback
    from concurrent.futures import ThreadPoolExecutor

    class Own:
        pass

    def child(queue):
        queue.put((os.environ.get("POOL_GUI_ADDRESS"), os.environ.get("PYTHONPATH")))

    def fail():
        1 / 0

    if __name__ == "__main__":
        print(__name__, __file__, sys.argv, sys.path, sys.flags, sys.stdin.read())
        print(sorted(name for name in os.environ if name.startswith("P")))
        print(type(pickle.loads(pickle.dumps(Own()))))
        for method in multiprocessing.get_all_start_methods():
            context = multiprocessing.get_context(method)
            queue = context.Queue()
            process = context.Process(target=child, args=(queue,))
            process.start()
            print(method, queue.get(timeout=30))
            process.join()
            print(process.exitcode)
        with ThreadPoolExecutor(2) as executor:
            try:
                executor.submit(fail).result()
            except ZeroDivisionError:
                traceback.print_exc()
        atexit.register(print, "after it")
        multiprocessing.util.Finalize(None, print, ("by it",), exitpriority=1)
        print(inspect.signature(ThreadPoolExecutor))
        print(inspect.signature(ThreadPoolExecutor.submit))
        sys.exit(7)
"""


def test_a_program_runs_as_it_would_alone(place: Place) -> None:
    place.write(ALONE)
    alone = place.run(sys.executable, "app.py", "a", "--b", stdin="said\n")
    watched = place.watch("app.py", "a", "--b", stdin="said\n")
    assert (watched.stdout, watched.stderr) == (alone.stdout, alone.stderr)
    assert watched.returncode == alone.returncode == 7
    report = place.report()
    assert report["program"]["exit_code"] == 7
    assert report["program"]["argv"] == ["app.py", "a", "--b"]
    (pool,) = report["pools"]
    assert pool["name"] == "app.py:29"
    assert (pool["tasks"]["done"], pool["tasks"]["failed"]) == (0, 1)


COUNTED = """
    from concurrent.futures import ThreadPoolExecutor

    def nothing(number):
        return number

    def fail(number):
        raise ValueError(number)

    with ThreadPoolExecutor(4, thread_name_prefix="orders") as executor:
        assert list(executor.map(nothing, range(20_000))) == list(range(20_000))
        failed = [executor.submit(fail, n) for n in range(50)]
        held = executor.submit(lambda: [one.exception() for one in failed])
        late = [executor.submit(nothing, n) for n in range(2000)]
        cancelled = sum(one.cancel() for one in late)
        held.result()
    print(cancelled)
"""


def test_counts_are_exact_whatever_becomes_of_tasks(place: Place) -> None:
    place.write(COUNTED)
    ran = place.watch("app.py")
    assert ran.returncode == 0, ran.stderr
    cancelled = int(ran.stdout)
    (pool,) = place.report()["pools"]
    assert pool["name"] == "orders"
    assert pool["kind"] == "concurrent.futures.ThreadPoolExecutor"
    tasks = pool["tasks"]
    assert tasks["submitted"] == 22_051
    assert tasks["failed"] == 50
    assert tasks["cancelled"] == cancelled
    assert tasks["done"] == 22_001 - cancelled
    assert sum(worker["done"] for worker in pool["workers"]) == tasks["done"]
    # Of so many a second only a sample is told one by one.
    assert "app.nothing" in {one["name"] for one in pool["functions"]}


def test_a_shutdown_that_cancels_is_counted(place: Place) -> None:
    place.write("""
        import threading
        from concurrent.futures import ThreadPoolExecutor

        gate = threading.Event()
        executor = ThreadPoolExecutor(1)
        executor.submit(gate.wait)
        for _ in range(100):
            executor.submit(int)
        executor.shutdown(wait=False, cancel_futures=True)
        gate.set()
    """)
    assert place.watch("app.py").returncode == 0
    tasks = place.report()["pools"][0]["tasks"]
    assert (tasks["done"], tasks["cancelled"]) == (1, 100)


def test_our_own_pools_are_watched_too(place: Place) -> None:
    place.write("""
        from pool_gui import ThreadPool
        with ThreadPool(3, name="ours") as pool:
            list(pool.map(abs, range(500)))
    """)
    ran = place.watch("app.py", env={"PYTHONPATH": str(ROOT)})
    assert ran.returncode == 0, ran.stderr
    (pool,) = place.report()["pools"]
    assert (pool["name"], pool["kind"]) == ("ours", "pool_gui.ThreadPool")
    assert pool["tasks"]["done"] == 500


def test_a_module_and_a_whole_command_are_run(place: Place) -> None:
    place.write("", "package/__init__.py")
    place.write(
        """
        import sys
        from concurrent.futures import ThreadPoolExecutor
        def work():
            return 1
        with ThreadPoolExecutor(1) as executor:
            executor.submit(work).result()
        print(sys.argv[1:], __spec__.name)
        """,
        "package/__main__.py",
    )
    ran = place.watch("-m", "package", "x")
    assert ran.stdout == "['x'] package.__main__\n"
    report = place.report()
    assert report["program"]["argv"] == ["-m", "package", "x"]
    assert report["pools"][0]["functions"][0]["name"] == "package.work"
    ran = place.watch("--", "sh", "-c", f"exec {sys.executable} -m package y")
    assert ran.stdout == "['y'] package.__main__\n"
    assert place.report()["pools"][0]["tasks"]["done"] == 1


def test_a_sitecustomize_of_the_users_own_runs_first(place: Place) -> None:
    place.write("print('mine')", "path/sitecustomize.py")
    place.write("import sitecustomize; print(sitecustomize.__file__)")
    env = {"PYTHONPATH": str(place.folder / "path")}
    alone = place.run(sys.executable, "app.py", env=env)
    watched = place.watch("app.py", env=env)
    # Our own interpreter, too, imports it.
    assert watched.stdout == "mine\n" + alone.stdout
    assert place.report()["program"]["pid"]


@pytest.mark.parametrize("option", ["-I", "-E", "-S"])
def test_a_python_that_reads_no_environment_is_said_to_be_unseen(
    place: Place, option: str
) -> None:
    place.write("print('ran')")
    ran = place.watch("--", sys.executable, option, "app.py")
    assert ran.stdout == "ran\n"
    assert "nothing was seen of it" in ran.stderr
    assert ran.stderr.count("\n") == 1
    assert place.report()["pools"] == []


def test_a_program_that_is_no_python_runs_too(place: Place) -> None:
    ran = place.watch("--", "sh", "-c", "exit 4")
    assert ran.returncode == 4
    assert "nothing was seen of it" in ran.stderr


@pytest.mark.parametrize(
    ("end", "code", "told"),
    [
        ("os.kill(os.getpid(), signal.SIGKILL)", 137, -9),
        ("os.abort()", 134, -6),
        ("os._exit(3)", 3, 3),
        ("raise RuntimeError('its own')", 1, 1),
    ],
)
def test_the_report_is_written_however_the_program_ends(
    place: Place, end: str, code: int, told: int
) -> None:
    place.write(f"""
        import os, signal
        from concurrent.futures import ThreadPoolExecutor
        executor = ThreadPoolExecutor(2)
        executor.submit(int).result()
        signal.sigtimedwait([], 0.6)  # a frame or more is told
        {end}
    """)
    ran = place.watch("app.py")
    assert ran.returncode == code
    report = place.report()
    assert report["program"]["exit_code"] == told
    assert report["pools"][0]["tasks"]["done"] == 1
    assert "pool_gui" not in ran.stderr


DEADLOCK = """
    from concurrent.futures import ThreadPoolExecutor
    executor = ThreadPoolExecutor(2)

    def outer():
        return executor.submit(int).result()

    for _ in range(4):
        last = executor.submit(outer)
    last.result()
"""


def test_a_script_that_waits_for_itself_is_understood_and_ended(place: Place) -> None:
    place.write(DEADLOCK)
    asked = ("--seconds", "9", "--stacks", "--fail-on", "error")
    ran = place.watch(*asked, "app.py")
    assert ran.returncode == 3
    assert "self-deadlock" in ran.stderr
    report = place.report()
    assert report["stopped_by"] == "pool-gui"
    assert report["program"]["exit_code"] is None
    assert not report["complete"]
    found = {one["rule"]: one for one in report["pools"][0]["findings"]}
    assert len(found["self-deadlock"]["evidence"]["waits_for"]) == 2
    for worker in report["pools"][0]["workers"]:
        own = [
            one for one in worker["stack"]["lines"] if one["function"] == "app.outer"
        ]
        assert [(Path(one["file"]).name, one["line"]) for one in own] == [("app.py", 6)]
        assert worker["stack"]["still_seconds"] > 3


def test_ctrl_c_is_the_programs_own(place: Place) -> None:
    place.write("""
        import signal, sys
        try:
            print("begun", flush=True)
            while True:  # one that comes before a wait begins is seen after it
                signal.sigtimedwait([], 0.1)
        except KeyboardInterrupt:
            print("interrupted")
            sys.exit(9)
    """)
    arguments = (sys.executable, "-c", RUN, str(ROOT), "run", "--headless", "app.py")
    with subprocess.Popen(
        arguments,
        cwd=place.folder,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        os.killpg(process.pid, signal.SIGINT)
        said, _ = process.communicate(timeout=DEADLINE_SECONDS)
    assert said == "interrupted\n"
    assert process.returncode == 9


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ((), "run needs a program"),
        (("--",), "run needs a program"),
        (("none.py",), "there is no file none.py"),
        (("--nonsense", "x"), "there is no option --nonsense"),
        (("--python", "/none", "x.py"), "there is no interpreter /none"),
        (("--", "no-such-command"), "there is no command no-such-command"),
    ],
)
def test_what_cannot_be_run_is_refused_in_a_sentence(
    place: Place, arguments: tuple[str, ...], why: str
) -> None:
    ran = place.watch(*arguments)
    assert ran.returncode == 2
    assert ran.stderr.startswith(f"pool-gui: {why}")
    assert ran.stderr.count("\n") == 1


SERVICE = """
    import threading, urllib.request
    import uvicorn
    from fastapi import FastAPI

    app = FastAPI()
    gate = threading.Event()

    @app.get("/quick")
    def quick():
        return 1

    @app.get("/report")
    def report():
        gate.wait(30)
        return 2

    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))

    def ask(path):
        (port,) = {s.getsockname()[1] for one in server.servers for s in one.sockets}
        urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=60).read()

    def visit():
        while not server.started:
            gate.wait(0.01)
        slow = [threading.Thread(target=ask, args=("/report",)) for _ in range(40)]
        quick = [threading.Thread(target=ask, args=("/quick",)) for _ in range(9)]
        for one in slow:
            one.start()
        gate.wait(1)  # until they have all threads
        for one in quick:
            one.start()
        gate.wait(8)  # until the window has seen it
        gate.set()
        for one in slow + quick:
            one.join()
        server.should_exit = True

    threading.Thread(target=visit).start()
    server.run()
"""


def test_the_endpoint_that_starves_a_service_is_named(place: Place) -> None:
    place.write(SERVICE)
    ran = place.watch("app.py")
    assert ran.returncode == 0, ran.stderr
    pools = {pool["name"]: pool for pool in place.report()["pools"]}
    pool = pools["anyio"]
    assert pool["tasks"]["done"] == 49
    calls = {one["name"]: one["calls"] for one in pool["functions"]}
    assert calls == {"app.report": 40, "app.quick": 9}
    (starved,) = (one for one in pool["findings"] if one["rule"] == "starved")
    assert starved["evidence"]["function"] == "app.report"
    assert starved["evidence"]["held"] == 40
    assert starved["evidence"]["queued"] == 9
    assert "40 run report" in starved["text"]


def test_the_standard_librarys_other_threads_are_watched_too(place: Place) -> None:
    place.write("""
        import asyncio
        from multiprocessing.pool import ThreadPool

        def crawl(page):
            return page

        with ThreadPool(3) as pool:
            assert sum(pool.imap_unordered(crawl, range(100))) == 4950

        async def main():
            await asyncio.gather(*(asyncio.to_thread(crawl, n) for n in range(50)))

        asyncio.run(main())
    """)
    ran = place.watch("app.py")
    assert ran.returncode == 0, ran.stderr
    first, second = place.report()["pools"]
    assert first["kind"] == "multiprocessing.pool.ThreadPool"
    assert (first["name"], first["tasks"]["done"]) == ("app.py:8", 100)
    assert (second["name"], second["tasks"]["done"]) == ("asyncio", 50)
    for pool in (first, second):
        assert [one["name"] for one in pool["functions"]] == ["app.crawl"]


def test_a_program_that_gevent_patches_runs_as_ever(place: Place) -> None:
    place.write("""
        import gevent.monkey
        gevent.monkey.patch_all()
        from concurrent.futures import ThreadPoolExecutor
        from multiprocessing.pool import ThreadPool
        with ThreadPoolExecutor(2) as executor:
            print(sum(executor.map(abs, range(-100, 0))))
        with ThreadPool(2) as pool:
            print(sum(pool.map(abs, range(-100, 0))))
    """)
    alone = place.run(sys.executable, "app.py")
    watched = place.watch("app.py")
    assert (watched.stdout, watched.stderr) == (alone.stdout, alone.stderr)
    assert watched.returncode == alone.returncode


def test_a_test_run_goes_as_it_would_alone(place: Place) -> None:
    place.write(
        """
        from concurrent.futures import ThreadPoolExecutor
        def test_pool():
            with ThreadPoolExecutor(2) as executor:
                assert list(executor.map(abs, [-1, -2])) == [1, 2]
        """,
        "test_own.py",
    )
    ran = place.watch("-m", "pytest", "-q", "-p", "no:cacheprovider", "test_own.py")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "1 passed" in ran.stdout
    (pool,) = place.report()["pools"]
    assert pool["tasks"]["done"] == 2
