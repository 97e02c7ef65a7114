"""The pool process: the demo tasks, the load that submits them, and its entry.

Started by the window as `python -m pool_gui.demo`. Standard library only. The
parts: `tasks` (what they do), `slow_server` (which they ask), `schedule` and `load`
(when they come), `service` (commands to deeds), `stderr` (what is written there),
`process` (how the process begins and ends).
"""
