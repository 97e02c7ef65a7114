"""The legend over the lanes: what it names, and that it does not jump."""

from dataclasses import replace

from gui_support import Opened, running

from pool_gui.monitor.view.snapshot import FunctionRow, Snapshot


def legend(opened: Opened) -> list[str]:
    panel = opened.window.lanes
    return [text.text() for swatch, text in panel._legend if not swatch.isHidden()]


def test_the_legend_names_the_longest_bars_and_what_takes_most_time(
    opened: Opened,
) -> None:
    def snapshot(*rows: FunctionRow) -> Snapshot:
        shown = running(2)
        assert shown.lanes is not None
        names = tuple(row.name for row in rows)
        lanes = replace(shown.lanes, functions=(*shown.lanes.functions, *names))
        return replace(shown, lanes=lanes, functions=rows)

    def row(name: str, calls: int, seconds: float) -> FunctionRow:
        return FunctionRow(name, calls, 0, seconds, seconds, seconds, True)

    long = row("app.long", 2, 3.0)
    often = [row(f"app.quite_an_often_called_{n}", 1000, 0.1) for n in range(20)]
    opened.show(snapshot(*often, long))
    before = legend(opened)
    assert "long" in before
    assert 2 <= len(before) < 20
    more = [replace(one, calls=1000 + 30 * n) for n, one in enumerate(often)]
    opened.show(snapshot(*more, long))
    assert legend(opened) == before, (
        "a little more of one does not take another's place"
    )
