from pathlib import Path

import pytest

from pool_gui.cli import arguments
from pool_gui.monitor.recording.chunks import MAGIC
from pool_gui.window.options import SnapshotOptions, WindowOptions
from pool_gui.wire.catalogue import DEMOS
from pool_gui.wire.commands import Arrival, Submit


def window(*given: str) -> WindowOptions:
    options = arguments.parse(given)
    assert isinstance(options, WindowOptions)
    return options


def snapshot(*given: str) -> SnapshotOptions:
    options = arguments.parse(["snapshot", *given])
    assert isinstance(options, SnapshotOptions)
    return options


def load(options: WindowOptions) -> Submit:
    assert options.load is not None
    return options.load


def refusal(capsys: pytest.CaptureFixture[str], *given: str) -> str:
    """Return the one sentence that a refused command line prints."""
    with pytest.raises(SystemExit) as ended:
        arguments.parse(given)
    assert ended.value.code == arguments.EXIT_REFUSED
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("pool-gui: ")
    assert captured.err.endswith("\n")
    assert captured.err.count("\n") == 1
    return captured.err


def test_without_arguments_the_window_opens_empty_and_as_remembered() -> None:
    assert window() == WindowOptions(size=None, theme=None, workers=8, load=None)


def test_several_sizes_are_pools_side_by_side_on_one_load() -> None:
    options = window("--demo", "primes", "--workers", "4,16")
    assert (options.workers, options.beside) == (4, (16,))
    assert load(options).in_flight == 32


def test_a_demo_keeps_twice_as_many_tasks_in_flight_as_there_are_workers() -> None:
    submit = load(window("--demo", "primes", "--workers", "16"))
    assert submit.arrival is Arrival.IN_FLIGHT
    assert submit.in_flight == 32
    assert submit.count == 0  # until it is stopped
    assert submit.parameters == DEMOS["primes"].defaults()


def test_a_rate_means_steady_arrivals_unless_told_otherwise() -> None:
    steady = load(window("--demo", "noop", "--rate", "250.5"))
    assert (steady.arrival, steady.rate_per_second) == (Arrival.STEADY, 250.5)
    poisson = load(window("--demo", "noop", "--rate", "9", "--arrival", "poisson"))
    assert (poisson.arrival, poisson.rate_per_second) == (Arrival.POISSON, 9)


def test_arrivals_without_a_rate_use_the_one_that_the_catalogue_suggests() -> None:
    submit = load(window("--demo", "peer", "--arrival", "steady"))
    assert submit.rate_per_second == DEMOS["peer"].suggested_rate_per_second


@pytest.mark.parametrize("demo", DEMOS)
@pytest.mark.parametrize("arrival", list(Arrival))
def test_every_demo_runs_with_every_arrival(demo: str, arrival: Arrival) -> None:
    submit = load(window("--demo", demo, "--arrival", str(arrival), "--seed", "7"))
    assert (submit.demo, submit.arrival, submit.seed) == (demo, arrival, 7)


def test_size_and_theme_reach_the_window() -> None:
    options = window("--size", "1024x640", "--theme", "dark")
    assert (options.size, options.theme) == ((1024, 640), "dark")


def test_a_snapshot_runs_the_default_demo_and_leaves_no_file_yet(
    tmp_path: Path,
) -> None:
    options = snapshot("-o", str(tmp_path / "pool.png"))
    assert load(options.window).demo == "mix"
    assert options.seconds == 10
    assert options.report is None
    assert list(tmp_path.iterdir()) == []


def test_options_before_the_command_count_for_it_too(tmp_path: Path) -> None:
    picture = str(tmp_path / "pool.png")
    options = arguments.parse(["--demo", "lock", "snapshot", "-o", picture])
    assert isinstance(options, SnapshotOptions)
    assert load(options.window).demo == "lock"


def test_the_list_of_demos_names_and_explains_each() -> None:
    assert arguments.parse(["--list-demos"]) is None
    lines = arguments.demo_list().splitlines()
    assert [line.split()[0] for line in lines] == list(DEMOS)
    assert all(
        line.endswith(demo.explanation)
        for line, demo in zip(lines, DEMOS.values(), strict=True)
    )


def test_an_unknown_demo_suggests_the_close_one_and_names_all(
    capsys: pytest.CaptureFixture[str],
) -> None:
    sentence = refusal(capsys, "--demo", "prime")
    assert "did you mean primes?" in sentence
    assert all(name in sentence for name in DEMOS)


def test_an_unknown_option_is_named_rather_than_its_value(
    capsys: pytest.CaptureFixture[str],
) -> None:
    sentence = refusal(capsys, "--workrs", "3")
    assert "no option --workrs; did you mean --workers?" in sentence


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (["--workers", "0", "--demo", "mix"], "from 1 to 1024"),
        (["--workers", "4,", "--demo", "mix"], "'' is no whole number"),
        (["--workers", ",".join(["1"] * 17), "--demo", "mix"], "16 is the most"),
        (["--workers", "4,16"], "several pools need --demo"),
        (["--workers", "1_0", "--demo", "mix"], "'1_0' is no whole number"),
        (["--workers", "\N{ARABIC-INDIC DIGIT THREE}"], "no whole number"),
        (["--rate", "nan", "--demo", "mix"], "'nan' is no number"),
        (["--rate", "-1", "--demo", "mix"], "'-1' is no number"),
        (["--rate", "fast", "--demo", "mix"], "from 0.01 to 1,000,000"),
        (["--in-flight", "0", "--demo", "mix"], "from 1 to 100000"),
        (["--seed", "9" * 30, "--demo", "mix"], "no whole number"),
        (["--size", "huge"], "such as 1280x800"),
        (["--size", "859x560"], "from 860x560 to 7680x4320"),
        (["--size", "99999x800"], "from 860x560"),
        (["--theme", "blue"], "'blue'"),
        (["--rate", "3"], "--rate needs --demo"),
        (["--in-flight", "3"], "--in-flight needs --demo"),
        (["--demo", "mix", "--rate", "3", "--in-flight", "3"], "not allowed with"),
        (
            ["--demo", "mix", "--rate", "3", "--arrival", "in-flight"],
            "--rate cannot be kept with --arrival in-flight",
        ),
        (
            ["--demo", "mix", "--in-flight", "3", "--arrival", "poisson"],
            "--in-flight cannot be kept with --arrival poisson",
        ),
        (["snapshot"], "-o/--output"),
        (["snapshot", "-o", "x.png", "--seconds", "0"], "from 0.1 to 3,600"),
        (["snapshot", "-o", "x.jpg"], "must end in .png"),
        (["snapshot", "-o", f"{'x' * 300}.png"], "File name too long"),
        (["snapshot", "-o", "x.png", "--report", "./x.png"], "both be x.png"),
        (["snapshott"], "'snapshot'"),
    ],
    ids=str,
)
def test_a_mistake_is_one_sentence_that_names_it(
    given: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert says in refusal(capsys, *given)


@pytest.mark.parametrize("option", ["--output", "--report"])
def test_an_unwritable_file_is_refused_before_anything_runs(
    option: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fine = [] if option == "--output" else ["-o", str(tmp_path / "fine.png")]
    absent = tmp_path / "absent" / "x.png"
    folder = tmp_path / "folder.png"
    folder.mkdir()
    for path, says in ((absent, "does not exist"), (folder, "is a folder")):
        assert says in refusal(capsys, "snapshot", *fine, option, str(path))


def test_a_folder_that_takes_no_files_is_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    # Not even root may create a file in /dev/fd.
    sentence = refusal(capsys, "snapshot", "-o", "/dev/fd/pool.png")
    assert "/dev/fd cannot be written to" in sentence


def test_help_and_version_end_with_success(capsys: pytest.CaptureFixture[str]) -> None:
    for option, says in (("--help", "snapshot"), ("--version", "pool-gui ")):
        with pytest.raises(SystemExit) as ended:
            arguments.parse([option])
        assert ended.value.code == 0
        assert says in capsys.readouterr().out


def test_a_recording_is_opened_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "a.pgrec"
    path.write_bytes(MAGIC)
    options = arguments.parse(["open", str(path)])
    assert isinstance(options, WindowOptions)
    assert (options.recording, options.load) == (path, None)


@pytest.mark.parametrize("content", [None, b"dear diary"])
def test_what_is_no_recording_is_refused_in_a_sentence(
    content: bytes | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.pgrec"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SystemExit) as ended:
        arguments.parse(["open", str(path)])
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert ("cannot be read" if content is None else "is no recording") in said
