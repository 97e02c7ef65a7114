"""Numbers as people read them: units chosen for size, three significant digits.

Figures and units are joined by no-break spaces, thousands by narrow ones. What is not
known is a dash, never 0. Pure functions; any thread may call them.
"""

import math

UNKNOWN = "\N{EN DASH}"
"""Shown where there is no value."""

_SPACE = "\N{NO-BREAK SPACE}"
_THIN = "\N{NARROW NO-BREAK SPACE}"
_MINUTE = 60
_HOUR = 3600
_DAY = 86400
_SECONDS_UP_TO = 2 * _MINUTE
"""Shorter times are told in seconds, for '95.3 s' says more than '1 min 35 s'."""


def significant(value: float) -> str:
    """Return a number with three significant digits, thousands set apart.

    Numbers of four and more figures are rounded to three: 83 412 is '83 400'.
    """
    if math.isnan(value):
        return UNKNOWN
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    if value == 0:
        return "0"
    exponent = math.floor(math.log10(abs(value)))
    rounded = round(value, 2 - exponent)
    exponent = math.floor(math.log10(abs(rounded)))  # 9.996 became 10.00
    decimals = max(0, min(9, 2 - exponent))
    return f"{rounded:,.{decimals}f}".replace(",", _THIN)


def count(value: float | None) -> str:
    """Return a whole number with its thousands set apart."""
    if value is None or math.isnan(value):
        return UNKNOWN
    return f"{round(value):,}".replace(",", _THIN)


def duration(seconds: float) -> str:
    """Return a measured time, from nanoseconds to days."""
    if math.isnan(seconds):
        return UNKNOWN
    if seconds < 0:
        return "-" + duration(-seconds)
    if seconds >= _SECONDS_UP_TO:
        return _long_duration(round(seconds))
    if seconds == 0:
        return f"0{_SPACE}s"
    for unit, scale in (("ns", 1e9), ("µs", 1e6), ("ms", 1e3)):
        # 999.6 would be rounded to 1000: the next unit says it better.
        if seconds * scale < 999.5:
            return f"{significant(seconds * scale)}{_SPACE}{unit}"
    return f"{significant(seconds)}{_SPACE}s"


def _long_duration(seconds: int) -> str:
    for unit, below, size, smaller in (
        ("min", "s", _MINUTE, 1),
        ("h", "min", _HOUR, _MINUTE),
        ("d", "h", _DAY, _HOUR),
    ):
        limit = {"min": _HOUR, "h": _DAY}.get(unit, math.inf)
        if seconds < limit:
            whole, rest = divmod(seconds, size)
            return f"{whole}{_SPACE}{unit}{_SPACE}{rest // smaller}{_SPACE}{below}"
    return UNKNOWN


def whole_seconds(seconds: float) -> str:
    """Return for how long something stands: no finer than seconds, such as '12 s'."""
    if math.isnan(seconds) or round(seconds) >= _SECONDS_UP_TO:
        return duration(seconds)
    return f"{round(seconds)}{_SPACE}s"


def axis_duration(seconds: float) -> str:
    """Return a round time of an axis without needless digits: '100 ms', '20 s'."""
    if seconds == 0:
        return f"0{_SPACE}s"
    if abs(seconds) >= _SECONDS_UP_TO:
        minutes = seconds / _MINUTE
        return f"{minutes:.3g}{_SPACE}min"
    for unit, scale in (("ns", 1e9), ("µs", 1e6), ("ms", 1e3)):
        if abs(seconds) * scale < 999.5:
            return f"{seconds * scale:.3g}{_SPACE}{unit}"
    return f"{seconds:.3g}{_SPACE}s"


def clock(seconds: float) -> str:
    """Return a running time as hours, minutes and seconds: '00:04:12'."""
    if math.isnan(seconds):
        return UNKNOWN
    minutes, second = divmod(int(seconds), _MINUTE)
    hour, minute = divmod(minutes, 60)
    return f"{hour:02d}:{minute:02d}:{second:02d}"


def rate(per_second: float) -> str:
    """Return how often a second something happens."""
    if math.isnan(per_second):
        return UNKNOWN
    if per_second >= 999_500:
        return f"{significant(per_second / 1e6)}{_SPACE}M/s"
    return f"{significant(per_second)}{_SPACE}/s"


def share(value: float) -> str:
    """Return a share of 1 as a percentage."""
    if math.isnan(value):
        return UNKNOWN
    percent = value * 100
    if percent == 0 or percent >= 9.95:
        return f"{percent:.0f}{_SPACE}%"
    return f"{percent:.1f}{_SPACE}%"


def data_size(size_bytes: float) -> str:
    """Return an amount of memory; kB, MB and GB are powers of 1000."""
    if math.isnan(size_bytes):
        return UNKNOWN
    for unit, scale in (("B", 1.0), ("kB", 1e3), ("MB", 1e6)):
        if size_bytes < 999.5 * scale:
            if unit == "B":
                return f"{size_bytes:.0f}{_SPACE}B"
            return f"{significant(size_bytes / scale)}{_SPACE}{unit}"
    return f"{significant(size_bytes / 1e9)}{_SPACE}GB"


def axis_count(value: float) -> str:
    """Return a round number of an axis: '150', '5 000', '20 k', '1.5 M'."""
    for unit, above, scale in (("M", 1e6, 1e6), ("k", 1e4, 1e3)):
        if abs(value) >= above:
            return f"{value / scale:.3g}{_SPACE}{unit}"
    return count(value) if abs(value) >= 1e3 else f"{value:.3g}"
