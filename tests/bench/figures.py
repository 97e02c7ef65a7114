"""Prints what the benchmarks measure: median and spread of each, and ratios."""

import statistics
from collections.abc import Sequence


def spread(values: Sequence[float]) -> str:
    """Return 'median (least to most)' of some values."""
    return (
        f"{statistics.median(values):,.4g} "
        f"({min(values):,.4g} to {max(values):,.4g}, n = {len(values)})"
    )


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """Return ours / theirs, round by round."""
    return [mine / other for mine, other in zip(ours, theirs, strict=True)]


def ratio_of_medians(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Return the median of ours / the median of theirs."""
    return statistics.median(ours) / statistics.median(theirs)


def line(label: str, values: Sequence[float], unit: str = "") -> None:
    """Print one measured row."""
    print(f"{label:<58} {spread(values)} {unit}".rstrip(), flush=True)


def verdict(label: str, value: float, bound: float, *, at_least: bool) -> None:
    """Print a target beside what was reached; it informs, it does not judge."""
    word = "at least" if at_least else "at most"
    reached = value >= bound if at_least else value <= bound
    mark = "reached" if reached else "MISSED"
    print(f"{label:<58} {value:.3g} (target: {word} {bound:g}) {mark}", flush=True)


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which this share of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
