"""The pool process: the demo tasks, the load that submits them, and its entry.

Started by the window as `python -m pool_gui.workload`. Standard library only. The
parts: `demos` (what the tasks do), `peer` (the slow server they ask), `arrivals` and
`load` (when they come), `service` (commands to deeds), `logs` (what standard error
gets), `process` (how the process begins and ends).
"""
