"""The clocks of the pool, out of reach of whoever patches the `time` module.

freezegun and its like replace `time.monotonic` and `time.perf_counter_ns`, wherever a
module holds them. A wait that asked such a clock would never end, and a record written
by one would lie. So this module loads a `time` of its own, which nobody else holds.
"""

from importlib import import_module
from importlib.machinery import BuiltinImporter
from importlib.util import module_from_spec
from types import ModuleType
from typing import TYPE_CHECKING


def _load_time() -> ModuleType:
    spec = BuiltinImporter.find_spec("time")
    if spec is None or spec.loader is None:  # no CPython: what there is must do
        return import_module("time")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if TYPE_CHECKING:
    from time import monotonic, perf_counter_ns
else:
    _time = _load_time()
    monotonic, perf_counter_ns = _time.monotonic, _time.perf_counter_ns

__all__ = ["NS", "monotonic", "perf_counter_ns"]

NS = 1_000_000_000
"""Nanoseconds of a second."""
