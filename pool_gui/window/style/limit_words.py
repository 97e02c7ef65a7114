"""The words for rules' thresholds, and what each stands for. GUI thread only.

A test finds a threshold that has no words.
"""

from PySide6.QtCore import QCoreApplication

translate = QCoreApplication.translate


def limit(rule: str, name: str) -> str:
    """Return what a threshold is, in a few words."""
    if rule == "backlog" and name == "drain_seconds":
        return translate("Limits", "time to drain, more than")
    return (_times(rule) | _shares(rule) | _counts(rule))[name]


def unit(name: str) -> str:
    """Return the unit in which a threshold is shown."""
    if "seconds" in name:
        return " " + translate("Limits", "s")
    if is_share(name):
        return " %"
    return ""


def is_share(name: str) -> bool:
    """Whether a threshold is a share of 1, shown as per cent."""
    return name.endswith("_share") or name == "load"


def _times(rule: str) -> dict[str, str]:
    standing = {
        "starved": translate("Limits", "no task taken for, at least"),
        "stuck-task": translate("Limits", "a task runs longer than"),
        "undersized": translate("Limits", "arrivals known for, at least"),
        "oversized": translate("Limits", "watched for, at least"),
    }
    return {
        "seconds": standing.get(rule, ""),
        "seconds_before_any": translate("Limits", "the same before any task has ended"),
        "wait_seconds": translate("Limits", "wait p95, more than"),
        "gap_seconds": translate("Limits", "nothing came for, more than"),
    }


def _shares(rule: str) -> dict[str, str]:
    gil = translate("Limits", "busy time that waits for the GIL, at least")
    if rule == "undersized":
        gil = translate("Limits", "busy time that waits for the GIL, less than")
    return {
        "busy_share": translate("Limits", "workers' time that is busy, at least"),
        "gil_share": gil,
        "peak_share": translate("Limits", "workers that were busy at most"),
        "full_share": translate("Limits", "a bounded queue is full to, at least"),
        "load": translate("Limits", "how busy the advised workers would be"),
    }


def _counts(rule: str) -> dict[str, str]:
    usual = translate("Limits", "and longer than its run time (p50), times")
    if rule == "starved":
        usual = translate("Limits", "and longer than its run time (p95), times")
    return {
        "runs": usual,
        "times_usual": translate("Limits", "and longer than its usual p99, times"),
        "least_calls": translate("Limits", "that counts from so many calls on"),
        "least_waits": translate("Limits", "waits known, at least"),
        "least_busy": translate("Limits", "workers at work, at least"),
        "least_cores": translate("Limits", "cores used together, at least"),
        "most_cores": translate("Limits", "cores used together, at most"),
        "windows": translate("Limits", "grows for so many times ten seconds"),
        "failed": translate("Limits", "failed of the last 100 calls, at least"),
        "in_a_row": translate("Limits", "or failed in a row, at least"),
        "rejected": translate("Limits", "or refused within a minute, at least"),
        "tasks": translate("Limits", "arrivals known, at least"),
        "spans": translate("Limits", "tasks not told in detail, more than"),
    }
