"""Puts the findings of a report into words. Any thread; needs no window."""

from typing import Any

from pool_gui.window.style import finding_words


def say_findings(report: dict[str, Any]) -> None:
    """Put the findings of a report into words."""
    for pool in report.get("pools", ()):
        for found in pool["findings"]:
            rule, evidence = found["rule"], found["evidence"]
            found["text"] = finding_words.sentence(rule, evidence)
            found["advice"] = finding_words.advice(rule, evidence)
