"""The tables of tasks, workers and functions, and the log."""
