"""The words for findings: what is wrong, by which figures, and what to do about it.

GUI thread only. A test finds a rule that has no words.
"""

from collections.abc import Mapping

from PySide6.QtCore import QCoreApplication

from pool_gui.window.style import numbers
from pool_gui.window.style.text import plain, short_function

translate = QCoreApplication.translate
Waits = tuple[tuple[str, int, str], ...]
Evidence = Mapping[str, int | float | str | Waits]
_MOST_LINES = 4


def title(rule: str) -> str:
    """Return what a finding is called."""
    titles = {
        "saturated": translate("Findings", "Saturated"),
        "backlog": translate("Findings", "The queue grows"),
        "long-wait": translate("Findings", "Tasks wait long"),
        "starved": translate("Findings", "Starved"),
        "self-deadlock": translate("Findings", "The pool waits for itself"),
        "stuck-task": translate("Findings", "A task does not end"),
        "gil-bound": translate("Findings", "GIL-bound"),
        "oversized": translate("Findings", "Too many workers"),
        "undersized": translate("Findings", "Too few workers"),
        "failing": translate("Findings", "Tasks fail"),
        "monitor-degraded": translate("Findings", "Not all is seen"),
    }
    return titles[rule]


def sign(level: str) -> str:
    """Return what stands before a finding of this level, beside its colour."""
    return {"error": "■", "warning": "▲", "info": "●"}[level]


def sentence(rule: str, evidence: Evidence) -> str:
    """Return the evidence in one sentence."""
    said = _sentence(rule, evidence)
    return said.format(**_in_words(evidence))


def advice(rule: str, evidence: Evidence) -> str:
    """Return what to do, in one sentence."""
    return _advice(rule, evidence).format(**_in_words(evidence))


def drawing(evidence: Evidence) -> str:
    """Return who waits for what, a line for each chain; empty where nobody does.

    A chain ends with what is queued, or where it began.
    """
    told = evidence.get("waits_for")
    if not isinstance(told, tuple):
        return ""
    waits = {worker: (task, by) for worker, task, by in told}
    left, lines = dict(waits), []
    while left:
        worker = next(iter(left))
        chain = [plain(worker)]
        while worker in left:
            task, worker = left.pop(worker)
            queued = "" if worker else translate("Findings", " (queued)")
            chain.append(f"#{numbers.count(task)}{queued}")
            chain += [plain(worker)] if worker else []
        lines.append(" → ".join(chain))
    if len(lines) > _MOST_LINES:
        more = translate("Findings", "and {0} more")
        lines[_MOST_LINES - 1 :] = [
            more.format(numbers.count(len(lines) - _MOST_LINES + 1))
        ]
    return "\n".join(lines)


def _in_words(evidence: Evidence) -> dict[str, str]:
    """Return the values as people read them; the unit is in the name."""
    told = {}
    for name, value in evidence.items():
        if isinstance(value, tuple):
            continue  # `drawing` tells it
        if isinstance(value, str):
            told[name] = short_function(value) if name == "function" else plain(value)
        elif name.endswith(("_share", "load")):
            told[name] = numbers.share(value)
        elif name.endswith(("seconds", "_p50", "_p95", "_p99")):
            told[name] = numbers.duration(value)
        elif name in {"cores", "peak", "rate"}:
            told[name] = numbers.significant(value)
        else:
            told[name] = numbers.count(int(value))
    return told


def _sentence(rule: str, evidence: Evidence) -> str:
    if rule == "backlog" and "limit" in evidence:
        return translate("Findings", "{queued} of at most {limit} tasks wait.")
    if rule == "failing" and "rejected" in evidence:
        return translate("Findings", "{rejected} tasks were refused in {seconds}.")
    if rule == "failing" and evidence.get("in_a_row") in {0, 1}:
        return translate(
            "Findings", "{failed} of the last {calls} calls of {function} failed."
        )
    if rule == "stuck-task" and evidence.get("usual_p99") == -1:
        return translate(
            "Findings", "{function} #{task} has run for {seconds} on {worker}."
        )
    if rule == "monitor-degraded":
        return _degraded(evidence)
    return (_of_tasks() | _of_workers())[rule]


def _of_tasks() -> dict[str, str]:
    """Return what is said of tasks."""
    return {
        "saturated": translate(
            "Findings",
            "{workers} workers are busy {busy_share} of the time, and {queued} tasks "
            "wait.",
        ),
        "backlog": translate(
            "Findings",
            "{queued} tasks wait, {before} did {seconds} ago; at this pace they take "
            "{drain_seconds}.",
        ),
        "long-wait": translate(
            "Findings",
            "One in twenty tasks waits {wait_p95} or more to run for {run_p50}.",
        ),
        "starved": translate(
            "Findings",
            "{queued} tasks wait, and none of {workers} workers has taken one for "
            "{seconds}: {held} run {function}.",
        ),
        "stuck-task": translate(
            "Findings",
            "{function} #{task} has run for {seconds} on {worker}; usually it takes "
            "{usual_p99} at most.",
        ),
        "failing": translate(
            "Findings",
            "{failed} of the last {calls} calls of {function} failed, the last "
            "{in_a_row} in a row.",
        ),
    }


def _of_workers() -> dict[str, str]:
    """Return what is said of workers."""
    return {
        "self-deadlock": translate(
            "Findings",
            "All {workers} workers wait for results of tasks that are queued behind "
            "them ({queued} wait): none can ever run.",
        ),
        "gil-bound": translate(
            "Findings",
            "{workers} workers share one interpreter: {gil_share} of their busy time "
            "they wait for the GIL, and use {cores} cores together.",
        ),
        "oversized": translate(
            "Findings",
            "No more than {peak} of {size} workers were busy at a time in {seconds}.",
        ),
        "undersized": translate(
            "Findings",
            "{rate} tasks a second of {run_seconds} each keep more than {size} workers "
            "busy.",
        ),
    }


def _degraded(evidence: Evidence) -> str:
    if "spans" in evidence:
        return translate("Findings", "{spans} tasks were not told in detail.")
    if "gap_seconds" in evidence:
        return translate("Findings", "Nothing came from the process for {gap_seconds}.")
    if evidence.get("trouble") == "cpu-only":
        return translate(
            "Findings", "This system does not tell what the workers wait for."
        )
    return translate("Findings", "The threads cannot be looked at ({trouble}).")


def _advice(rule: str, evidence: Evidence) -> str:
    if rule == "failing" and "rejected" in evidence:
        return translate("Findings", "Give the queue more room, or submit more slowly.")
    if rule == "monitor-degraded":
        return translate(
            "Findings", "Counts are exact all the same; take other figures with care."
        )
    return _advices()[rule]


def _advices() -> dict[str, str]:
    return {
        "saturated": translate(
            "Findings",
            "It works at its limit. See what the workers wait for before you add some.",
        ),
        "backlog": translate(
            "Findings",
            "Submit more slowly, bound the queue, or make the tasks shorter.",
        ),
        "long-wait": translate(
            "Findings",
            "Add workers if they wait for something; else make the tasks shorter.",
        ),
        "starved": translate(
            "Findings",
            "See what the running tasks wait for; give slow ones a pool of their own.",
        ),
        "self-deadlock": translate(
            "Findings",
            "Wait outside of the pool, or run inner tasks in another one. More workers "
            "only put it off.",
        ),
        "stuck-task": translate(
            "Findings",
            "Look at what it waits for, and give the call a timeout.",
        ),
        "gil-bound": translate(
            "Findings",
            "More threads will not help: use processes, code that frees the GIL, or a "
            "free-threaded Python.",
        ),
        "oversized": translate("Findings", "{wanted} workers would do."),
        "undersized": translate(
            "Findings",
            "Try {wanted} workers, which would be busy {load} of the time.",
        ),
        "failing": translate(
            "Findings", "See the failed tasks' errors in the Tasks table."
        ),
    }
