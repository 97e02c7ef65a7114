"""The window's side without Qt: session, history, percentiles, report.

Everything here can be tested without a screen. What is handed to the window is frozen.
"""
