"""The window: Qt widgets over the snapshots of `pool_gui.monitor`.

Every QObject belongs to the GUI thread. This package module imports no Qt, so that the
checks before start-up can run where Qt cannot be loaded.
"""
