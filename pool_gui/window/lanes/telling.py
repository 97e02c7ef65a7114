"""Says in words what is on the lanes. Pure functions of a snapshot; GUI thread only."""

from PySide6.QtCore import QCoreApplication

from pool_gui.monitor.view.snapshot import (
    LaneGroup,
    Snapshot,
    WorkerRow,
    WorkerState,
)
from pool_gui.window.style import numbers, words
from pool_gui.window.style.text import plain, short_function

translate = QCoreApplication.translate


def head_name(snapshot: Snapshot, group: LaneGroup) -> str:
    """Return what is written on a head: of which pool it is."""
    if not group.pool:
        return translate("LaneView", "Pinned")
    source = words.find_source(snapshot, group.source)
    name = plain(group.name)
    return name if source is None else f"{words.source_name(source)} · {name}"


def head_facts(snapshot: Snapshot, group: LaneGroup, *, is_folded: bool) -> str:
    """Return what is written beside a head's name: how its pool is."""
    source = words.find_source(snapshot, group.source)
    facts = []
    if source is not None:
        pool = next((row for row in source.pools if row.key == group.pool), None)
        wrong = words.link_state(source.link.state)
        if wrong:
            facts.append(wrong)
        elif pool is not None and pool.state != "running":
            facts.append(words.pool_state(pool.state))
        elif pool is not None:
            busy = translate("LaneView", "{0} of {1} busy")
            facts.append(busy.format(pool.busy, words.workers(pool.alive)))
            facts.append(words.queued(pool.depth))
    if len(facts) < 2:
        facts.append(words.workers(group.workers))
    if group.hidden and not is_folded:
        hidden = translate("LaneView", "{0} not shown")
        facts.append(hidden.format(numbers.count(group.hidden)))
    return " · ".join(facts)


def describe_head(snapshot: Snapshot, group: LaneGroup) -> str:
    """Return what a head says when the cursor rests on it."""
    if not group.pool:
        return translate("LaneView", "Lanes that were pinned on top.")
    return "\n".join(
        (
            head_name(snapshot, group),
            head_facts(snapshot, group, is_folded=False),
            translate(
                "LaneView",
                "Click the name: cards, charts and tables speak of it. Click the "
                "triangle: its lanes fold.",
            ),
        )
    )


def age_text(seconds: float) -> str:
    """Return how long ago something was, as an axis says it."""
    whole = abs(seconds - round(seconds)) < 0.01
    return (
        numbers.axis_duration(round(seconds)) if whole else (numbers.duration(seconds))
    )


def doing(worker: WorkerRow) -> str:
    """Return what a worker does now, in a few words."""
    if worker.task:
        return f"{short_function(worker.function)} #{numbers.count(worker.task)}"
    states = {
        WorkerState.IDLE: translate("LaneView", "idle"),
        WorkerState.BUSY: translate("LaneView", "busy"),
        WorkerState.DISMISSED: translate("LaneView", "dismissed"),
        WorkerState.GONE: translate("LaneView", "gone"),
    }
    return states[worker.state]


def describe(snapshot: Snapshot, row: int, place: int) -> str:
    """Return what is on a lane, as a few lines of text.

    Args:
        snapshot: what is shown.
        row: the worker's.
        place: of the task in the table of spans; -1 for none.
    """
    lanes, worker = snapshot.lanes, snapshot.workers[row]
    if place < 0 or lanes is None:
        return f"{plain(worker.name)}: {doing(worker)}{_spent(snapshot, worker)}"
    spans = lanes.spans
    outcomes = (
        translate("LaneView", "done"),
        translate("LaneView", "failed"),
        translate("LaneView", "running"),
        translate("LaneView", "ended (its detail was lost)"),
    )
    wait = int(spans.started_ns[place] - spans.queued_ns[place]) / 1e9
    run = int(spans.ended_ns[place] - spans.started_ns[place]) / 1e9
    return translate("LaneView", "{0} #{1} on {2}\nwaited {3}, ran {4}\n{5}").format(
        plain(lanes.functions[int(spans.function[place])])
        if spans.function[place] >= 0
        else translate("LaneView", "(unknown function)"),
        int(spans.task[place]),
        plain(worker.name),
        numbers.duration(wait),
        numbers.duration(run),
        outcomes[int(spans.outcome[place])],
    ) + _spent(snapshot, worker)


def _spent(snapshot: Snapshot, worker: WorkerRow) -> str:
    """Return a line that says where a worker's time went; empty: it is not known."""
    lanes = snapshot.lanes
    if not worker.shares or lanes is None:
        return ""
    shown = numbers.axis_duration((lanes.end_ns - lanes.begin_ns) / 1e9)
    told = words.shares(worker.shares)
    return translate("LaneView", "\nin these {0}: {1}").format(shown, told)
